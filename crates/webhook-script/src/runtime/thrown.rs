//! What a script threw, as it reaches the server.

use rquickjs::{Coerced, Ctx, FromJs, Function, Object, Value as Js};

use super::copy::Copier;
use super::host::{FILE, OUR_LINES};
use super::outcome::{Place, Thrown, ThrownValue};
use super::session::{Session, Stop};
use crate::value::Value;

/// What isolated-vm says of a thrown object that is not an error.
const NOT_AN_ERROR: &str = "An object was thrown from supplied code within isolated-vm, but that object was not an instance of `Error`.";

impl Session {
    /// The error that the engine holds.
    pub(super) fn caught<'js>(&self, ctx: &Ctx<'js>, host: &Object<'js>) -> Stop {
        let thrown = ctx.catch();
        Stop::Threw(self.thrown(ctx, host, &thrown))
    }

    pub(super) fn thrown<'js>(
        &self,
        ctx: &Ctx<'js>,
        host: &Object<'js>,
        thrown: &Js<'js>,
    ) -> Thrown {
        let text = |object: &Object<'js>, key: &str| -> Option<String> {
            let value: Js<'js> = object.get(key).ok()?;
            if value.is_undefined() {
                return None;
            }
            let Coerced(text) = Coerced::<String>::from_js(ctx, value).ok()?;
            Some(text)
        };
        let found = match thrown.as_object() {
            Some(object) if thrown.is_error() => Thrown {
                value: ThrownValue::Error {
                    name: text(object, "name").unwrap_or_else(|| "Error".into()),
                    message: text(object, "message").unwrap_or_default(),
                },
                place: self.place(host, thrown),
            },
            Some(object) => Thrown {
                value: ThrownValue::Error {
                    name: "Error".into(),
                    message: text(object, "message").unwrap_or_else(|| NOT_AN_ERROR.into()),
                },
                place: None,
            },
            None => {
                let inspect: rquickjs::Result<Function<'js>> = host.get("inspect");
                let copied = inspect
                    .ok()
                    .map(|inspect| Copier::new(ctx, &inspect).copy(thrown));
                Thrown {
                    value: match copied {
                        Some(Ok(value)) => ThrownValue::Other(value),
                        _ => ThrownValue::Other(Value::Undefined),
                    },
                    place: None,
                }
            }
        };
        ctx.catch();
        found
    }

    /// Where in the script an error was made, if there.
    fn place<'js>(&self, host: &Object<'js>, error: &Js<'js>) -> Option<Place> {
        let place: Function<'js> = host.get("place").ok()?;
        let place: Object<'js> = place.call((error.clone(),)).ok()?;
        let file: String = place.get("file").ok()?;
        let line: u32 = place.get::<_, u32>("line").ok()?;
        let column: u32 = place.get("column").ok()?;
        let line = line.checked_sub(OUR_LINES).filter(|line| *line > 0)?;
        let lines = self.state.borrow().source.matches('\n').count() + 1;
        (file == FILE && line as usize <= lines).then_some(Place { line, column })
    }
}
