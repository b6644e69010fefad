//! Structured clones: what of a script's value reaches the server, and the other way round.

use rquickjs::atom::PredefinedAtom;
use rquickjs::object::Property;
use rquickjs::{Array, Ctx, FromJs, Function, Object, Value as Js};

use crate::value::Value;

/// The most values of one copy.
const MOST: usize = 200_000;
/// How deep they may be nested.
const DEEPEST: usize = 200;

/// Why there is no copy.
pub(super) enum Refused {
    /// The engine holds an error of the script's own: a getter threw.
    Threw,
    /// It cannot be cloned; the server's words.
    Uncloneable(String),
    /// It cannot be said here what the server would do; why.
    Unknown(&'static str),
}

impl From<rquickjs::Error> for Refused {
    fn from(_: rquickjs::Error) -> Self {
        Refused::Threw
    }
}

/// Copies values out of a context.
pub(super) struct Copier<'a, 'js> {
    ctx: &'a Ctx<'js>,
    /// `inspect` of `host.js`.
    inspect: &'a Function<'js>,
    /// The objects around the one that is copied.
    around: Vec<Js<'js>>,
    left: usize,
}

impl<'a, 'js> Copier<'a, 'js> {
    pub(super) fn new(ctx: &'a Ctx<'js>, inspect: &'a Function<'js>) -> Self {
        Self {
            ctx,
            inspect,
            around: Vec::new(),
            left: MOST,
        }
    }

    pub(super) fn copy(&mut self, value: &Js<'js>) -> Result<Value, Refused> {
        self.left = self
            .left
            .checked_sub(1)
            .ok_or(Refused::Unknown("a value of more than 200,000 parts"))?;
        if let Some(text) = value.as_string() {
            return Ok(Value::String(self.text(text)?));
        }
        if let Some(number) = value.as_number() {
            return Ok(Value::Number(number));
        }
        if let Some(value) = value.as_bool() {
            return Ok(Value::Bool(value));
        }
        if value.is_null() {
            return Ok(Value::Null);
        }
        if value.is_big_int() {
            let text: rquickjs::Coerced<String> = FromJs::from_js(self.ctx, value.clone())?;
            return Ok(Value::BigInt(text.0));
        }
        if let Some(symbol) = value.as_symbol() {
            let name = symbol.description()?;
            let name = name.as_string().map(|name| self.text(name)).transpose()?;
            return Err(refuse(&format!("Symbol({})", name.unwrap_or_default())));
        }
        match value.as_object() {
            Some(object) => self.object(object),
            None => Ok(Value::Undefined),
        }
    }

    fn object(&mut self, object: &Object<'js>) -> Result<Value, Refused> {
        if self.around.len() >= DEEPEST {
            return Err(Refused::Unknown("a value nested more than 200 levels deep"));
        }
        let value = object.as_value();
        if self.around.contains(value) {
            return Ok(Value::Circular);
        }
        self.around.push(value.clone());
        let copied = self.known(object);
        self.around.pop();
        copied
    }

    fn known(&mut self, object: &Object<'js>) -> Result<Value, Refused> {
        let value = object.as_value();
        if value.is_proxy() {
            let text = if value.is_function() {
                let target = value.as_proxy().map(rquickjs::Proxy::target).transpose()?;
                let target = target.map_or_else(|| value.clone(), Object::into_value);
                self.inspect.call::<_, String>((target,))?
            } else {
                "#<Object>".to_owned()
            };
            return Err(refuse(&text));
        }
        if value.is_function() {
            let text: String = self.inspect.call((value.clone(),))?;
            return Err(refuse(&text));
        }
        if value.is_promise() {
            return Err(refuse("#<Promise>"));
        }
        if value.is_error() {
            return self.error(object);
        }
        if let Some(array) = value.as_array() {
            return self.array(array);
        }
        let inspected: Js<'js> = self.inspect.call((value.clone(),))?;
        if let Some(name) = inspected.as_string() {
            let name = name.to_string()?;
            return Err(refuse(&format!("#<{name}>")));
        }
        match inspected.as_array() {
            Some(parts) => self.special(parts),
            None => self.plain(object),
        }
    }

    fn plain(&mut self, object: &Object<'js>) -> Result<Value, Refused> {
        let mut entries = Vec::new();
        for key in object.keys::<rquickjs::Atom<'js>>() {
            let key = key?;
            let value: Js<'js> = object.get(key.clone())?;
            entries.push((self.text(&key.to_js_string()?)?, self.copy(&value)?));
        }
        Ok(Value::Object(entries))
    }

    fn array(&mut self, array: &Array<'js>) -> Result<Value, Refused> {
        let mut items = Vec::new();
        for at in 0..array.len() {
            let item: Js<'js> = array.get(at)?;
            if item.is_undefined() {
                let key = u32::try_from(at).unwrap_or(u32::MAX);
                if !array.as_object().contains_key(key)? {
                    self.left = self.left.saturating_sub(1);
                    if self.left == 0 {
                        return Err(Refused::Unknown("a value of more than 200,000 parts"));
                    }
                    items.push(Value::Hole);
                    continue;
                }
            }
            items.push(self.copy(&item)?);
        }
        Ok(Value::Array(items))
    }

    fn error(&mut self, error: &Object<'js>) -> Result<Value, Refused> {
        let text = |this: &Self, value: Js<'js>| match value.as_string() {
            Some(text) => this.text(text),
            None => Ok(String::new()),
        };
        let name = text(self, error.get(PredefinedAtom::Name)?)?;
        let known = [
            "EvalError",
            "RangeError",
            "ReferenceError",
            "SyntaxError",
            "TypeError",
            "URIError",
        ];
        let name = known.into_iter().find(|known| *known == name);
        Ok(Value::Error {
            name: name.unwrap_or("Error").to_owned(),
            message: text(self, error.get(PredefinedAtom::Message)?)?,
        })
    }

    /// What `inspect` found: a kind, and what is in it.
    fn special(&mut self, parts: &Array<'js>) -> Result<Value, Refused> {
        let kind: String = parts.get(0)?;
        let inner: Js<'js> = parts.get(1)?;
        let text = |this: &Self, at| match parts.get::<Js<'js>>(at)?.as_string() {
            Some(text) => this.text(text),
            None => Ok(String::new()),
        };
        Ok(match kind.as_str() {
            "date" => Value::Date(inner.as_number().filter(|time| !time.is_nan())),
            "regexp" => Value::RegExp {
                source: text(self, 1)?,
                flags: text(self, 2)?,
            },
            "map" => {
                let flat = self.list(&inner)?;
                let pairs = flat.chunks_exact(2);
                Value::Map(
                    pairs
                        .map(|pair| (pair[0].clone(), pair[1].clone()))
                        .collect(),
                )
            }
            "set" => Value::Set(self.list(&inner)?),
            "bytes" => Value::Bytes {
                kind: text(self, 1)?,
                values: self.list(&parts.get(2)?)?,
            },
            "buffer" => {
                let bytes = self.list(&inner)?;
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "the engine's own bytes"
                )]
                let byte = |value: Value| match value {
                    Value::Number(number) => number as u8,
                    _ => 0,
                };
                Value::ArrayBuffer(bytes.into_iter().map(byte).collect())
            }
            _ => Value::Boxed(Box::new(self.copy(&inner)?)),
        })
    }

    fn list(&mut self, list: &Js<'js>) -> Result<Vec<Value>, Refused> {
        let Some(array) = list.as_array() else {
            return Ok(Vec::new());
        };
        let mut items = Vec::with_capacity(array.len().min(MOST));
        for at in 0..array.len() {
            items.push(self.copy(&array.get(at)?)?);
        }
        Ok(items)
    }

    /// A string, without halves of surrogate pairs.
    fn text(&self, text: &rquickjs::String<'js>) -> Result<String, Refused> {
        if let Ok(text) = text.to_string() {
            return Ok(text);
        }
        Ok(self.inspect.call((text.clone(),))?)
    }
}

fn refuse(what: &str) -> Refused {
    Refused::Uncloneable(format!("{what} could not be cloned."))
}

/// Makes a value in a context. `make` is the one of `host.js`.
pub(super) fn make<'js>(
    ctx: &Ctx<'js>,
    make: &Function<'js>,
    value: &Value,
) -> rquickjs::Result<Js<'js>> {
    let text = |text: &str| rquickjs::String::from_str(ctx.clone(), text);
    let list = |items: &[Value]| -> rquickjs::Result<Array<'js>> {
        let array = Array::new(ctx.clone())?;
        for (at, item) in items.iter().enumerate() {
            if matches!(item, Value::Hole) {
                array.as_object().set(PredefinedAtom::Length, at + 1)?;
            } else {
                array.set(at, self::make(ctx, make, item)?)?;
            }
        }
        Ok(array)
    };
    Ok(match value {
        Value::Undefined | Value::Hole | Value::Circular => Js::new_undefined(ctx.clone()),
        Value::Null => Js::new_null(ctx.clone()),
        Value::Bool(value) => Js::new_bool(ctx.clone(), *value),
        Value::Number(number) if *number == 0.0 && number.is_sign_negative() => {
            Js::new_float(ctx.clone(), -0.0)
        }
        Value::Number(number) => Js::new_number(ctx.clone(), *number),
        Value::String(value) => text(value)?.into_value(),
        Value::Array(items) => list(items)?.into_value(),
        Value::Object(entries) => {
            let object = Object::new(ctx.clone())?;
            for (key, value) in entries {
                let value = self::make(ctx, make, value)?;
                let property = Property::from(value).writable().enumerable().configurable();
                object.prop(key.as_str(), property)?;
            }
            object.into_value()
        }
        Value::BigInt(digits) => make.call(("big", digits.as_str()))?,
        Value::Date(time) => make.call(("date", time.unwrap_or(f64::NAN)))?,
        Value::RegExp { source, flags } => make.call(("regexp", text(source)?, flags.as_str()))?,
        Value::Map(pairs) => {
            let flat: Vec<Value> = pairs
                .iter()
                .flat_map(|(key, value)| [key.clone(), value.clone()])
                .collect();
            make.call(("map", list(&flat)?))?
        }
        Value::Set(items) => make.call(("set", list(items)?))?,
        Value::Error { name, message } => make.call((name.as_str(), text(message)?))?,
        Value::Bytes { kind, values } => make.call(("bytes", list(values)?, kind.as_str()))?,
        Value::ArrayBuffer(bytes) => make.call(("buffer", bytes.clone()))?,
        Value::Boxed(inner) => make.call(("boxed", self::make(ctx, make, inner)?))?,
    })
}
