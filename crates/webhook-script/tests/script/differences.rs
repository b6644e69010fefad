//! Each difference of `docs/script-engine.md`.

use serde_json::json;
use webhook_script::Sandbox;
use webhook_script::runtime::{
    Answers, End, Engine, HttpAnswer, Kind, Load, Mode, Options, ServerProfile, ThrownValue,
};
use webhook_script::value::Value;

use crate::support::{METHOD, input, method, profile, returned, run, run_with, unknown};

#[test]
fn what_depends_on_a_locale_cannot_be_told() {
    for body in [
        "return new Intl.NumberFormat('de').format(1)",
        "return Intl.DateTimeFormat().resolvedOptions().timeZone",
        "return (1).toLocaleString()",
        "return 1n.toLocaleString()",
        "return new Date(0).toLocaleDateString('en-US')",
        "return 'i'.toLocaleUpperCase('tr')",
        "return ['b', 'a'].sort((a, b) => a.localeCompare(b))",
    ] {
        unknown(body);
    }
    assert_eq!(
        returned("return [typeof Intl, 'a'.localeCompare('a'), 'i'.toLocaleUpperCase()]"),
        json!(["object", 0, "I"])
    );
}

#[test]
fn dates_outside_of_the_standard_cannot_be_told() {
    for text in ["1 Jan 2026", "2026/01/31", "31.1.2026", "2026-1-1", "12:00"] {
        unknown(&format!("return new Date('{text}')"));
        unknown(&format!("return Date.parse('{text}')"));
    }
    let standard =
        "return ['2026-01-31', '2026-01-31T09:08', '2026-01-31T09:08:07.5+01:00', 'nonsense',
        new Date(0).toString(), new Date(0).toUTCString()].map((text) => Date.parse(text))";
    assert_eq!(
        returned(standard),
        json!([
            1_769_817_600_000_u64,
            1_769_850_480_000_u64,
            1_769_846_887_500_u64,
            {"$number": "NaN"},
            0,
            0
        ])
    );
}

#[test]
fn parts_of_the_server_that_are_not_here_cannot_be_told() {
    for body in [
        "return new ivm.Isolate()",
        "return serverFetch.apply(undefined, [])",
        "return s.stripTags('<b>a</b>')",
        "return WebAssembly.validate(new Uint8Array())",
        "function f() { return f.caller } return f()",
    ] {
        let script = method(body);
        let outcome = run_with(&script, Mode::Transpiled, Options::default());
        assert!(
            matches!(outcome.end, End::Unknown(_)),
            "{body}: {outcome:?}"
        );
    }
}

#[test]
fn a_call_without_a_known_answer_cannot_be_told() {
    let script = "class Script { async process_incoming_request() { return (await fetch('http://a.example/')).status } }";
    let End::Unknown(why) = run(script).end else {
        panic!("told");
    };
    assert_eq!(why, "the answer of GET http://a.example/");
}

#[test]
fn clock_chance_and_zone_are_the_callers() {
    let body = "const at = new Date(); return [Date.now(), at.getHours(), at.getTimezoneOffset(), String(at),
        new Date(2026, 0, 1).toISOString(), Math.random(), Math.random()]";
    let told = |seed| {
        let options = Options {
            now: 1_769_850_487_123,
            seed,
            ..Options::default()
        };
        match run_with(&method(body), Mode::Raw, options).end {
            End::Returned(value) => value.to_json(),
            end => panic!("{end:?}"),
        }
    };
    let first = told(1);
    assert_eq!(first, told(1));
    assert_ne!(first[5], told(2)[5]);
    assert_ne!(first[5], first[6]);
    assert_eq!(
        first.as_array().unwrap()[..5],
        [
            json!(1_769_850_487_123_u64),
            json!(9),
            json!(0),
            json!("Sat Jan 31 2026 09:08:07 GMT+0000 (Coordinated Universal Time)"),
            json!("2026-01-01T00:00:00.000Z"),
        ]
    );
}

#[test]
fn errors_have_the_words_and_stacks_of_v8() {
    for (body, message) in [
        (
            "request.a.b",
            "Cannot read properties of undefined (reading 'b')",
        ),
        (
            "request.a.b = 1",
            "Cannot set properties of undefined (setting 'b')",
        ),
        ("request.a()", "request.a is not a function"),
        ("new request.a()", "request.a is not a constructor"),
        ("missing", "missing is not defined"),
        ("const a = 1; a = 2", "Assignment to constant variable."),
        ("a; let a", "Cannot access 'a' before initialization"),
        (
            "Script()",
            "Class constructor Script cannot be invoked without 'new'",
        ),
        (
            "const a = {}; a.a = a; JSON.stringify(a)",
            "Converting circular structure to JSON",
        ),
        ("'a'.repeat(-1)", "Invalid count value"),
        ("'' + Symbol()", "Cannot convert a Symbol value to a string"),
    ] {
        let body = format!("try {{ {body} }} catch (error) {{ return error.message }}");
        assert_eq!(returned(&body), json!(message), "{body}");
    }
    let stack = returned("return new TypeError('m').stack");
    assert_eq!(
        stack,
        json!("TypeError: m\n    at process_incoming_request (<isolated-vm>:45:12)")
    );
}

#[test]
fn errors_of_own_classes_are_placed_where_they_are_made() {
    let script = "class Mine extends Error {\n constructor() { super('m'); }\n}\n".to_owned()
        + &method("\nthrow new Mine()");
    let End::Threw(thrown) = run(&script).end else {
        panic!("no error");
    };
    assert_eq!(thrown.place.map(|place| place.line), Some(6));
}

#[test]
fn classes_with_private_members_are_noted() {
    let script = "class Script { #a = 1; process_incoming_request() { undeclared = this.#a; return undeclared } }";
    let engine = Engine::load(script, Kind::Incoming, profile(Mode::Transpiled));
    assert_eq!(engine.notes().len(), 1);
    let plain = Engine::load(
        &method("return 1"),
        Kind::Incoming,
        profile(Mode::Transpiled),
    );
    assert!(plain.notes().is_empty());
}

#[test]
fn sloppy_classes_are_classes() {
    let script = "
class A {
  static made = [];
  static { this.made.push('block', A === this); }
  #hidden;
}
class B {
  count = 1; ['comp' + 'uted'] = () => this.count; 'quoted name' = 2;
  static get one() { return 1; }
  static async later() { return 2 }
  constructor(given, other = 2) { this.given = given; this.target = new.target; }
  get value() { return this._value; }
  set value(to) { this._value = to; }
  *[Symbol.iterator]() { yield 1; yield this.given; }
  whoami() { return 'B' + (this === undefined); };
}
class C extends B {
  own = super.whoami();
  constructor(...all) {
    const early = () => this.given;
    super(...all);
    this.early = early();
    this.said = super.whoami();
  }
  whoami() { return 'C' + super.whoami(); }
}
class Mine extends Error { constructor(text) { super(text); this.name = 'Mine'; } }
const Anonymous = class extends Array {};
class Script {
  process_incoming_request() {
    const c = new C(5), mine = new Mine('m'), list = new Anonymous(); c.value = 7; list.push(1, 2);
    let early; try { B(); } catch (error) { early = error.name; }
    const off = c.whoami; let loose = (0, new B(1).whoami)();
    return [c.count, c.computed(), c['quoted name'], B.one, c.given, c.target === C, c.value, [...c], c.whoami(), c.own, c.early, c.said,
      C.length, B.length, C.name, Anonymous.name, mine instanceof Mine, mine instanceof Error, String(mine), list.length, early,
      typeof off, loose, Object.keys(c), c.constructor === C, Object.getPrototypeOf(C) === B, 2 ** 3, A.made];
  }
}";
    let outcome = run_with(script, Mode::Transpiled, Options::default());
    let End::Returned(value) = outcome.end else {
        panic!("{:?}", outcome.end);
    };
    let raw = match run(script).end {
        End::Returned(value) => value.to_json(),
        end => panic!("{end:?}"),
    };
    let (told, raw) = (value.to_json(), raw);
    for (at, (told, raw)) in
        std::iter::zip(told.as_array().unwrap(), raw.as_array().unwrap()).enumerate()
    {
        // A method that lost its object has another `this`, as it should.
        if at == 22 {
            assert_eq!((told, raw), (&json!("Bfalse"), &json!("Btrue")));
        } else {
            assert_eq!(told, raw, "{at}");
        }
    }
}

#[test]
fn transpiled_scripts_keep_their_blocks_and_loops() {
    let body = "const all = []; for (let i = 0; i < 3; i++) { const j = i; all.push(() => j); }
        let x = 1; { let x = 2; all.push(() => x); } { function inner() { return 3; } all.push(inner); }
        try { throw 4; } catch (e) { let y = e; all.push(() => y); }
        switch (1) { case 1: let z = 5; all.push(() => z); }
        return [all.map((f) => f()), x, typeof inner, typeof y, late]; var late;";
    let outcome = run_with(&method(body), Mode::Transpiled, Options::default());
    let End::Returned(value) = outcome.end else {
        panic!("{:?}", outcome.end);
    };
    let expected =
        json!([[0, 1, 2, 2, 3, 4, 5], 1, "undefined", "undefined", {"$undefined": true}]);
    assert_eq!(value.to_json(), expected);
}

#[test]
fn late_calls_are_told_apart() {
    let script = method("fetch('http://a.example/', { method: 'POST', body: { a: 1 } }); return 1");
    let answer = HttpAnswer::Response {
        status: 200,
        headers: Vec::new(),
        body: String::new(),
    };
    let options = Options {
        http: Box::new(Answers::new(vec![answer])),
        ..Options::default()
    };
    let outcome = run_with(&script, Mode::Raw, options);
    assert_eq!(outcome.end, End::Returned(Value::Number(1.0)));
    assert!(outcome.calls.is_empty());
    assert_eq!(outcome.late_calls.len(), 1);
    assert_eq!(outcome.late_calls[0].body.as_deref(), Some("{\"a\":1}"));
}

#[test]
fn vm2_is_not_run() {
    let profile = ServerProfile::of((6, 4), false);
    assert_eq!(profile.sandbox, Sandbox::Vm2);
    let script = method("return _.map([1], (x) => x)");
    let mut engine = Engine::load(&script, Kind::Incoming, profile);
    assert!(matches!(engine.loaded(), Load::Methods(_)));
    assert!(matches!(engine.call(METHOD, &input()).end, End::Unknown(_)));
    let mut engine = Engine::load(&method("return 1"), Kind::Incoming, profile);
    assert_eq!(
        engine.call(METHOD, &input()).end,
        End::Returned(Value::Number(1.0))
    );
    let mut engine = Engine::load(
        &method("return fetch('http://a.example')"),
        Kind::Incoming,
        profile,
    );
    let End::Threw(thrown) = engine.call(METHOD, &input()).end else {
        panic!("vm2 has no fetch");
    };
    assert!(matches!(thrown.value, ThrownValue::Error { name, .. } if name == "ReferenceError"));
}

#[test]
fn profiles_follow_the_versions() {
    let of = |version, skip| {
        let profile = ServerProfile::of(version, skip);
        (profile.sandbox, profile.mode)
    };
    assert_eq!(of((9, 0), false), (Sandbox::IsolatedVm, Mode::Raw));
    assert_eq!(of((8, 8), false), (Sandbox::IsolatedVm, Mode::Transpiled));
    assert_eq!(of((8, 4), true), (Sandbox::IsolatedVm, Mode::Raw));
    assert_eq!(of((8, 3), true), (Sandbox::IsolatedVm, Mode::Transpiled));
    assert_eq!(of((6, 5), true), (Sandbox::Vm2, Mode::Transpiled));
}

#[test]
fn names_of_the_servers_program_cannot_be_declared_again() {
    for declaration in [
        "function Store() {}",
        "class fetch {}",
        "var reproxy",
        "let { Store } = {}",
    ] {
        for mode in [Mode::Raw, Mode::Transpiled] {
            let script = format!("\n{declaration}\n{}", method("return 1"));
            let engine = Engine::load(&script, Kind::Incoming, profile(mode));
            let Load::Failed(End::Threw(thrown)) = engine.loaded() else {
                panic!("{declaration}: {:?}", engine.loaded());
            };
            assert_eq!(thrown.place.map(|place| place.line), Some(2));
        }
    }
    let script = method("function Store() { return 1 } const fetch = 2; return Store() + fetch");
    assert_eq!(run(&script).end, End::Returned(Value::Number(3.0)));
}

#[test]
fn what_the_engine_does_not_place_is_placed() {
    for (body, line) in [("1;\n/(/", 3), ("return this.#missing", 2)] {
        let engine = Engine::load(&method(body), Kind::Incoming, profile(Mode::Raw));
        let Load::Refused(error) = engine.loaded() else {
            panic!("{body}: {:?}", engine.loaded());
        };
        assert_eq!(error.line, line, "{body}");
    }
    let engine = Engine::load(
        "\nexport { missing };",
        Kind::Incoming,
        profile(Mode::Transpiled),
    );
    assert!(matches!(engine.loaded(), Load::Refused(error) if error.line == 2));
    // Babel does not look into regular expressions.
    let engine = Engine::load(&method("/(/"), Kind::Incoming, profile(Mode::Transpiled));
    assert!(matches!(engine.loaded(), Load::Failed(End::Threw(_))));
}

#[test]
fn the_store_can_be_read() {
    let script = method("Store.set('a', { n: 1 }); Store.set('f', () => 1); return 1");
    let mut engine = Engine::load(&script, Kind::Incoming, profile(Mode::Raw));
    engine.call(METHOD, &input());
    let store = engine.store();
    assert_eq!(
        store[0].1.as_ref().map(Value::to_json),
        Some(json!({"n": 1}))
    );
    assert_eq!(store[1], ("f".to_owned(), None));
    engine.saved();
    assert!(engine.store().is_empty());
}
