//! Whatever a script does, its outcome is clear and in time.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use webhook_script::isolated;
use webhook_script::runtime::{
    Answers, End, HttpAnswer, IsolatedEngine, Kind, Limits, Load, Mode, Options, Outcome,
};
use webhook_script::value::Value;

use crate::support::{METHOD, input, method, profile, run_with};

fn options() -> Options {
    Options {
        limits: Limits {
            load: Duration::from_millis(300),
            call: Duration::from_millis(200),
            ..Limits::default()
        },
        ..Options::default()
    }
}

fn run(body: &str, mode: Mode) -> Outcome {
    let start = Instant::now();
    let outcome = run_with(&method(body), mode, options());
    assert!(start.elapsed() < Duration::from_secs(10), "{body}");
    outcome
}

#[test]
fn what_does_not_end_hangs() {
    for body in [
        "for (;;);",
        "for (;;) try { throw 1 } catch {}",
        "for (;;) try { for (;;); } finally { continue }",
        "return (async () => { for (;;) await 0 })()",
        "const f = () => Promise.resolve().then(f); return f()",
        "return /^(a+)+$/.test('a'.repeat(40) + 'b')",
        "return { get a() { for (;;); } }",
        "throw { get message() { for (;;); } }",
        "throw Object.defineProperty(new Error(), 'name', { get() { for (;;); } })",
        "return new Proxy([], { ownKeys() { for (;;); } }).length + Object.keys(new Proxy({}, { ownKeys() { for (;;); } }))",
        "eval('for (;;);')",
        "new Function('for (;;);')()",
        "return [3, 1, 2].sort(() => { for (;;); })",
        "return 'a'.replace(/a/, () => { for (;;); })",
        "return JSON.stringify({ toJSON() { for (;;); } })",
        "return new Promise((resolve) => resolve({ get then() { for (;;); } }))",
    ] {
        for mode in [Mode::Raw, Mode::Transpiled] {
            let outcome = run(body, mode);
            assert_eq!(outcome.end, End::Hangs, "{body}");
        }
    }
}

#[test]
fn memory_ends() {
    for body in [
        "const a = []; for (;;) a.push({ a: 1 })",
        "const a = []; for (;;) a.push(new Array(1000).fill(0))",
        "const a = []; for (;;) try { for (;;) a.push(new Uint8Array(100000)) } catch {}",
        "let a = ''; for (let i = 0; ; i++) a += String.fromCharCode(i % 60000) + i; return a",
        "return 'x'.repeat(2 ** 28)",
        "const m = new Map(); for (let i = 0; ; i++) m.set(i, 'v' + i)",
        "let a = []; for (;;) a = [a, a.concat([a])]",
    ] {
        let outcome = run(body, Mode::Raw);
        assert!(
            matches!(outcome.end, End::OutOfMemory | End::Hangs),
            "{body}: {:?}",
            outcome.end
        );
    }
}

#[test]
fn what_is_too_deep_or_too_long_is_told() {
    for body in [
        "const f = () => f() + 1; return f()",
        "const f = (n) => [1].map(() => f(n + 1)); return f(0)",
        "return eval('('.repeat(100000))",
        "return new RegExp('('.repeat(100000))",
        "return JSON.parse('['.repeat(1000000))",
        "return new Array(-1)",
        "let t = 'x'; for (;;) t += t",
        "const e = new Error('a'); e.name = { toString() { throw e } }; throw e",
        "throw new Proxy(new Error('a'), { get() { throw 1 } })",
        "return { get a() { throw new Error('getter') } }",
        "return new Proxy({}, { ownKeys() { throw new Error('trap') } })",
        "Object.prototype.toString = () => { throw 1 }; Function.prototype.call = null; throw new Error('a')",
        "Error.prepareStackTrace = () => { throw 1 }; throw new Error('a')",
        "Error.stackTraceLimit = 1 / 0; throw new Error('a')",
        "Promise.prototype.then = () => { throw new Error('then') }; return (async () => { throw new Error('a') })()",
        "console.log = 1; console.log()",
        "console.log(globalThis)",
        "return globalThis",
        "return { a: Symbol('s') }",
    ] {
        let outcome = run(body, Mode::Raw);
        assert!(
            matches!(outcome.end, End::Threw(_)),
            "{body}: {:?}",
            outcome.end
        );
    }
    for body in [
        "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a",
        "return new Array(1e9)",
        "let a = [1, 2]; for (let i = 0; i < 30; i++) a = [a, a]; return a",
    ] {
        let outcome = run(body, Mode::Raw);
        assert!(
            matches!(outcome.end, End::Unknown(_)),
            "{body}: {:?}",
            outcome.end
        );
    }
}

#[test]
fn what_a_script_logs_and_calls_is_counted() {
    for body in [
        "for (let i = 0; i < 20000; i++) console.log()",
        "for (let i = 0; i < 2000; i++) fetch('http://a.example/')",
    ] {
        let outcome = run_with(&method(body), Mode::Raw, Options::default());
        let known = outcome.console.len() + outcome.late_calls.len();
        assert!(
            matches!(outcome.end, End::Unknown(_) | End::Hangs) && known <= 10_000,
            "{body}: {:?}",
            outcome.end
        );
    }
}

#[test]
fn what_a_script_breaks_does_not_break_its_host() {
    let all = "for (const owner of [Object, Array, Function, String, Promise, Error, Map, Set, Date, RegExp, Symbol, Reflect, JSON, Math, WeakMap])
        for (const of of [owner, owner.prototype]) if (of) for (const key of Object.getOwnPropertyNames(of))
          try { of[key] = () => { throw new Error('broken') } } catch {}
      for (let at = 0; at < 3; at++) Object.defineProperty(Object.prototype, at, { set() { throw new Error('setter') }, get() { throw new Error('getter') } });
      for (const key of ['value', 'get', 'then', 'id', 'message', 'refused', 'file', 'line'])
        try { Object.defineProperty(Object.prototype, key, { get() { throw new Error('getter') }, set() {}, configurable: true }) } catch {}";
    for end in [
        "return { a: [1, { b: 2 }] }",
        "throw new TypeError('mine')",
        "console.log(1); return 1",
    ] {
        let outcome = run(&format!("{all}; {end}"), Mode::Raw);
        assert!(
            matches!(outcome.end, End::Returned(_) | End::Threw(_)),
            "{end}: {:?}",
            outcome.end
        );
    }
}

#[test]
fn loading_ends() {
    let load = |script: &str| {
        let mut engine =
            IsolatedEngine::load(script, Kind::Incoming, profile(Mode::Raw), options());
        (engine.loaded().clone(), engine.call(METHOD, &input()))
    };
    let (loaded, outcome) = load("for (;;);");
    assert_eq!(loaded, Load::Failed(End::LoadTimedOut));
    assert!(outcome.failed_to_load);
    let (loaded, _) = load("const a = []; for (;;) a.push(new Array(10000).fill(0));");
    assert_eq!(loaded, Load::Failed(End::OutOfMemory));
    for script in [
        "(".repeat(100_000),
        "a=".repeat(100_000),
        "a.".repeat(200_000),
        "\0".into(),
    ] {
        for mode in [Mode::Raw, Mode::Transpiled] {
            let engine = IsolatedEngine::load(&script, Kind::Incoming, profile(mode), options());
            assert!(
                matches!(engine.loaded(), Load::Refused(_) | Load::Failed(_)),
                "{:?}",
                engine.loaded()
            );
        }
    }
}

/// The example that runs scripts for others: it is built with the tests.
fn program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let target = tests.parent().and_then(|deps| deps.parent()).unwrap();
    let program = target
        .join("examples")
        .join(format!("vectors{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "`cargo test` builds {}",
        program.display()
    );
    program
}

#[test]
fn a_process_of_its_own_is_killed_when_nothing_else_helps() {
    isolated::set_program(program());
    let script = "let n = 0; class Script { async process_incoming_request({ request }) {
        n++;
        if (request.spin) [].indexOf.call({ length: 2 ** 53 - 1, 0: 1 }, 2);
        if (request.call) { const answer = await fetch('http://a.example/'); return [n, await answer.text()]; }
        Store.set('n', n); console.log(n); return n; } }";
    let answer = HttpAnswer::Response {
        status: 200,
        headers: Vec::new(),
        body: "answer".into(),
    };
    let options = Options {
        http: Box::new(Answers::new(vec![answer])),
        ..options()
    };
    let mut engine = IsolatedEngine::load(script, Kind::Incoming, profile(Mode::Raw), options);
    assert!(matches!(engine.loaded(), Load::Methods(methods) if methods.len() == 1));
    let request = |json| Value::from_json(&serde_json::json!({ "request": json }));
    let call = |engine: &mut IsolatedEngine, json| engine.call(METHOD, &request(json));

    let outcome = call(&mut engine, serde_json::json!({}));
    assert_eq!(outcome.end, End::Returned(Value::Number(1.0)));
    assert_eq!(outcome.console.len(), 1);
    let outcome = call(&mut engine, serde_json::json!({"call": true}));
    assert_eq!(outcome.calls.len(), 1);
    let End::Returned(value) = outcome.end else {
        panic!("{:?}", outcome.end);
    };
    assert_eq!(value.to_json(), serde_json::json!([2, "answer"]));
    assert_eq!(engine.store().len(), 1);

    let start = Instant::now();
    let outcome = call(&mut engine, serde_json::json!({"spin": true}));
    assert_eq!(outcome.end, End::Hangs);
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(call(&mut engine, serde_json::json!({})).end, End::Hangs);
    engine.saved();
    let outcome = call(&mut engine, serde_json::json!({}));
    assert_eq!(outcome.end, End::Returned(Value::Number(1.0)));
    engine.saved();
    let outcome = call(&mut engine, serde_json::json!({}));
    assert_eq!(outcome.end, End::Returned(Value::Number(1.0)));
}
