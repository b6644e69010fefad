//! What the tests share.

use serde_json::{Value as Json, json};
use webhook_script::Sandbox;
use webhook_script::runtime::{End, Engine, Kind, Method, Mode, Options, Outcome, ServerProfile};
use webhook_script::value::Value;

pub(crate) const METHOD: Method = Method::ProcessIncomingRequest;

pub(crate) fn profile(mode: Mode) -> ServerProfile {
    ServerProfile {
        sandbox: Sandbox::IsolatedVm,
        mode,
    }
}

/// A script whose method has this body.
pub(crate) fn method(body: &str) -> String {
    format!("class Script {{ process_incoming_request({{ request }}) {{\n{body}\n}} }}")
}

pub(crate) fn input() -> Value {
    Value::from_json(&json!({"request": {"content": {"text": "hello"}}}))
}

/// Loads a script and calls it once.
pub(crate) fn run_with(script: &str, mode: Mode, options: Options) -> Outcome {
    let mut engine = Engine::load_with(script, Kind::Incoming, profile(mode), options);
    engine.call(METHOD, &input())
}

pub(crate) fn run(script: &str) -> Outcome {
    run_with(script, Mode::Raw, Options::default())
}

/// What a method with this body returns, as JSON with tags.
pub(crate) fn returned(body: &str) -> Json {
    match run(&method(body)).end {
        End::Returned(value) => value.to_json(),
        end => panic!("{body}: {end:?}"),
    }
}

/// Why the outcome of a method with this body cannot be told.
pub(crate) fn unknown(body: &str) -> String {
    match run(&method(body)).end {
        End::Unknown(why) => why,
        end => panic!("{body}: {end:?}"),
    }
}
