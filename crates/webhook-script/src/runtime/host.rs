//! What `host.js` and its siblings ask of Rust, and the state behind it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Instant;

use rquickjs::{Ctx, Function, Object, Value as Js};

use super::copy::{Copier, Refused};
use super::http::{self, Failure, Http, HttpAnswer, HttpCall};
use super::{ConsoleLine, wording};
use crate::value::Value;

/// What a response has on the server, besides what is known here.
const OF_RESPONSE: &[&str] = &[
    "body",
    "size",
    "timeout",
    "counter",
    "blob",
    "buffer",
    "textConverted",
];
/// How many lines a script may log in a call, and how many calls it may make.
const MOST_LINES: usize = 10_000;
const MOST_CALLS: usize = 1_000;

/// How many lines of the server's own stand before the script: its log counts them.
pub(super) const SERVER_LINES: u32 = 43;
/// How many lines of ours do.
pub(super) const OUR_LINES: u32 = 1;
/// The name under which the engine tells places in the script.
pub(super) const FILE: &str = "script";

/// What a call leaves behind, and what it needs.
pub(super) struct State {
    pub(super) source: Rc<str>,
    pub(super) now: f64,
    pub(super) random: u64,
    pub(super) console: Vec<ConsoleLine>,
    /// Why the outcome cannot be told, once it cannot.
    pub(super) unknown: Option<String>,
    pub(super) out_of_memory: bool,
    pub(super) calls: Vec<HttpCall>,
    pub(super) http: Box<dyn Http>,
    /// Until when the step that runs has time. Waiting for an answer does not count.
    pub(super) deadline: Rc<Cell<Instant>>,
    requests: Vec<Option<Vec<Value>>>,
    answers: Vec<Answered>,
}

/// An answer that the script may read later.
#[derive(Clone)]
struct Answered {
    url: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl State {
    pub(super) fn new(source: Rc<str>, now: i64, seed: u64, http: Box<dyn Http>) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "dates end long before")]
        let now = now as f64;
        Self {
            source,
            now,
            random: seed,
            console: Vec::new(),
            unknown: None,
            out_of_memory: false,
            calls: Vec::new(),
            http,
            deadline: Rc::new(Cell::new(Instant::now())),
            requests: Vec::new(),
            answers: Vec::new(),
        }
    }

    pub(super) fn cannot_tell(&mut self, why: &str) {
        self.unknown.get_or_insert_with(|| why.to_owned());
    }

    /// A number from 0 to below 1 (`SplitMix64`).
    fn random(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        #[expect(clippy::cast_precision_loss, reason = "53 bits are kept")]
        let number = (mixed >> 11) as f64 / (1_u64 << 53) as f64;
        number
    }

    /// The script around a place: its line up to the column, and the rest.
    fn around(&self, line: u32, column: u32) -> Option<(&str, &str)> {
        let line = self
            .source
            .lines()
            .nth(line.checked_sub(OUR_LINES + 1)? as usize)?;
        let at = line.char_indices().nth(column.checked_sub(1)? as usize);
        line.split_at_checked(at.map_or(line.len(), |(at, _)| at))
    }
}

/// Copies arguments; if they cannot be cloned, the words for it.
///
/// Errors are left to be thrown by the scripts of the host: functions of Rust are called in the host's own context, where
/// they would be other errors than the script's.
fn copied<'js>(
    ctx: &Ctx<'js>,
    state: &RefCell<State>,
    inspect: &Function<'js>,
    arguments: &Js<'js>,
) -> rquickjs::Result<Result<Vec<Value>, String>> {
    match Copier::new(ctx, inspect).copy(arguments) {
        Ok(Value::Array(items)) => Ok(Ok(items)),
        Ok(_) => Ok(Ok(Vec::new())),
        Err(Refused::Threw) => Err(rquickjs::Error::Exception),
        Err(Refused::Uncloneable(words)) => Ok(Err(words)),
        Err(Refused::Unknown(why)) => {
            state.borrow_mut().cannot_tell(why);
            Ok(Ok(Vec::new()))
        }
    }
}

/// The object that `host.js` knows as `native`.
pub(super) fn native<'js>(
    ctx: &Ctx<'js>,
    state: &Rc<RefCell<State>>,
) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    let of = Rc::clone(state);
    let unknown = move |what: String| of.borrow_mut().cannot_tell(&what);
    native.set("unknown", Function::new(ctx.clone(), unknown)?)?;
    let of = Rc::clone(state);
    native.set("now", Function::new(ctx.clone(), move || of.borrow().now)?)?;
    let of = Rc::clone(state);
    let random = move || of.borrow_mut().random();
    native.set("random", Function::new(ctx.clone(), random)?)?;
    let is_of_response = |key: String| OF_RESPONSE.contains(&key.as_str());
    native.set("isOfResponse", Function::new(ctx.clone(), is_of_response)?)?;
    output(ctx, &native, state)?;
    errors(ctx, &native, state)?;
    calls(ctx, &native, state)?;
    Ok(native)
}

fn output<'js>(
    ctx: &Ctx<'js>,
    native: &Object<'js>,
    state: &Rc<RefCell<State>>,
) -> rquickjs::Result<()> {
    let of = Rc::clone(state);
    let log = move |ctx: Ctx<'js>, level: String, arguments: Js<'js>, inspect: Function<'js>| {
        let arguments = match copied(&ctx, &of, &inspect, &arguments)? {
            Ok(arguments) => arguments,
            Err(words) => return Ok(Some(words)),
        };
        let mut state = of.borrow_mut();
        if state.console.len() >= MOST_LINES {
            state.cannot_tell("more than 10,000 lines in the console");
        } else {
            state.console.push(ConsoleLine { level, arguments });
        }
        Ok::<_, rquickjs::Error>(None)
    };
    native.set("log", Function::new(ctx.clone(), log)?)?;
    let of = Rc::clone(state);
    let copyable = move |ctx: Ctx<'js>, values: Js<'js>, inspect: Function<'js>| {
        Ok::<_, rquickjs::Error>(copied(&ctx, &of, &inspect, &values)?.err())
    };
    native.set("copyable", Function::new(ctx.clone(), copyable)?)
}

fn errors<'js>(
    ctx: &Ctx<'js>,
    native: &Object<'js>,
    state: &Rc<RefCell<State>>,
) -> rquickjs::Result<()> {
    let frame = |name: String, file: String, line: u32, column: u32| {
        let line = match file.as_str() {
            FILE => line - OUR_LINES.min(line) + SERVER_LINES,
            _ => 1,
        };
        if name.is_empty() {
            format!("\n    at <isolated-vm>:{line}:{column}")
        } else {
            format!("\n    at {name} (<isolated-vm>:{line}:{column})")
        }
    };
    native.set("frame", Function::new(ctx.clone(), frame)?)?;
    let of = Rc::clone(state);
    let reword = move |name: String, message: String, line: u32, column: u32| {
        let mut state = of.borrow_mut();
        if name == "InternalError" && message == "out of memory" {
            state.out_of_memory = true;
        }
        wording::reword(&name, &message, state.around(line, column))
    };
    native.set("reword", Function::new(ctx.clone(), reword)?)
}

fn calls<'js>(
    ctx: &Ctx<'js>,
    native: &Object<'js>,
    state: &Rc<RefCell<State>>,
) -> rquickjs::Result<()> {
    let of = Rc::clone(state);
    let request = move |ctx: Ctx<'js>, arguments: Js<'js>, inspect: Function<'js>| {
        let made = Object::new(ctx.clone())?;
        match copied(&ctx, &of, &inspect, &arguments)? {
            Ok(arguments) => {
                let mut state = of.borrow_mut();
                state.requests.push(Some(arguments));
                made.set("id", state.requests.len() - 1)?;
            }
            Err(words) => made.set("refused", words)?,
        }
        Ok::<_, rquickjs::Error>(made)
    };
    native.set("request", Function::new(ctx.clone(), request)?)?;
    let of = Rc::clone(state);
    let send = move |ctx: Ctx<'js>, request: usize| {
        let told = Object::new(ctx)?;
        let sent = send(&mut of.borrow_mut(), request);
        match sent {
            Ok((id, status, url)) => {
                told.set("id", id)?;
                told.set("status", status)?;
                told.set("statusText", http::status_text(status))?;
                told.set("url", url)?;
            }
            Err(failure) => fail(&told, &failure)?,
        }
        Ok::<_, rquickjs::Error>(told)
    };
    native.set("send", Function::new(ctx.clone(), send)?)?;
    let of = Rc::clone(state);
    let headers = move |id: usize| {
        let found = of.borrow().answers.get(id).cloned();
        let pairs = found.into_iter().flat_map(|answer| answer.headers);
        let pairs: Vec<_> = pairs
            .map(|(name, value)| [name.to_lowercase(), value])
            .collect();
        serde_json::json!(pairs).to_string()
    };
    native.set("headers", Function::new(ctx.clone(), headers)?)?;
    let of = Rc::clone(state);
    let body = move |ctx: Ctx<'js>, id: usize, kind: String| {
        let told = Object::new(ctx)?;
        let Some(answer) = of.borrow().answers.get(id).cloned() else {
            return Ok(told);
        };
        match kind.as_str() {
            "json" => match http::json(&answer.url, &answer.body) {
                Ok(()) => told.set("value", answer.body)?,
                Err(failure) => fail(&told, &failure)?,
            },
            "arrayBuffer" => told.set("value", answer.body.into_bytes())?,
            _ => told.set("value", answer.body)?,
        }
        Ok::<_, rquickjs::Error>(told)
    };
    native.set("body", Function::new(ctx.clone(), body)?)
}

fn fail(told: &Object<'_>, failure: &Failure) -> rquickjs::Result<()> {
    told.set("type", failure.is_type_error)?;
    told.set("message", failure.message.as_str())
}

/// Makes a call, and keeps its answer: where, its status and its URL.
fn send(state: &mut State, request: usize) -> Result<(usize, u16, String), Failure> {
    let arguments = state.requests.get_mut(request).and_then(Option::take);
    let call = http::call(&arguments.unwrap_or_default())?;
    if state.calls.len() >= MOST_CALLS {
        state.cannot_tell("more than 1,000 HTTP calls");
        return Err(Failure::plain("too many calls"));
    }
    state.calls.push(call.clone());
    let start = Instant::now();
    let answer = state.http.answer(&call);
    state.deadline.set(state.deadline.get() + start.elapsed());
    match answer {
        HttpAnswer::Fail(reason) => Err(Failure::plain(format!(
            "request to {} failed, reason: {reason}",
            call.url
        ))),
        HttpAnswer::Unknown => {
            let what = format!("the answer of {} {}", call.method, call.url);
            state.cannot_tell(&what);
            Err(Failure::plain(format!("{what} is not known")))
        }
        HttpAnswer::Response {
            status,
            headers,
            body,
        } => {
            state.answers.push(Answered {
                url: call.url.clone(),
                headers,
                body,
            });
            Ok((state.answers.len() - 1, status, call.url))
        }
    }
}
