//! How long it takes to load a script of 40 lines and to call it, a thousand times each.

#![allow(clippy::print_stdout, reason = "a program")]

use std::time::Instant;

use serde_json::json;
use webhook_script::Sandbox;
use webhook_script::runtime::{End, Engine, Kind, Method, Mode, ServerProfile};
use webhook_script::value::Value;

const SCRIPT: &str = include_str!("speed.js");
const TIMES: u32 = 1_000;

fn main() {
    let input = json!({"request": {"content": {"status": "failed", "branch": "main", "jobs": [
        {"name": "build", "ok": true}, {"name": "test", "ok": false},
    ]}}});
    let input = Value::from_json(&input);
    for mode in [Mode::Raw, Mode::Transpiled] {
        let profile = ServerProfile {
            sandbox: Sandbox::IsolatedVm,
            mode,
        };
        let start = Instant::now();
        let mut returned = 0;
        for _ in 0..TIMES {
            let mut engine = Engine::load(SCRIPT, Kind::Incoming, profile);
            let outcome = engine.call(Method::ProcessIncomingRequest, &input);
            returned += u32::from(matches!(outcome.end, End::Returned(_)));
        }
        let time = start.elapsed();
        println!("{mode:?}: {returned} of {TIMES} in {time:.2?}");
    }
}
