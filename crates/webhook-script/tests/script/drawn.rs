//! Drawn scripts run twice with the same outcome, and never with a panic.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use webhook_script::runtime::{Engine, Kind, Limits, Mode, Options, Outcome};

use crate::support::{METHOD, input, profile};

/// How many scripts are drawn; `SCRIPTS` says another number.
const SCRIPTS: u32 = 1_000;

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("request".to_owned()),
        Just("request.content.text".to_owned()),
        Just("this".to_owned()),
        Just("undefined".to_owned()),
        Just("Math.random()".to_owned()),
        Just("Date.now()".to_owned()),
        Just("new Date(0)".to_owned()),
        Just("Store.get('a')".to_owned()),
        Just("[1, , 'b']".to_owned()),
        Just("new Map([[1, { a: 2n }]])".to_owned()),
        Just("missing".to_owned()),
        Just("(() => 1)".to_owned()),
        Just("new Error('e')".to_owned()),
        (-5_i32..300).prop_map(|number| number.to_string()),
        "[a-z ]{0,6}".prop_map(|text| format!("'{text}'")),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            (
                two.clone(),
                prop::sample::select(vec!["+", "**", "===", "??", "in", "<", ","])
            )
                .prop_map(|((a, b), operator)| format!("(({a}) {operator} ({b}))")),
            inner.clone().prop_map(|a| format!("({a}).name")),
            inner.clone().prop_map(|a| format!("[...({a})]")),
            inner
                .clone()
                .prop_map(|a| format!("({{ a: {a}, get b() {{ return {a}; }} }})")),
            inner.clone().prop_map(|a| format!("JSON.stringify({a})")),
            inner.clone().prop_map(|a| format!("s.trim({a})")),
            inner.clone().prop_map(|a| format!("((x) => x)({a})")),
            two.clone()
                .prop_map(|(a, b)| format!("(({a}) ? ({b}) : [{a}])")),
            two.prop_map(|(a, b)| format!(
                "new (class extends Array {{ f = {a}; m() {{ return {b}; }} }})().m()"
            )),
        ]
    })
}

fn statement() -> impl Strategy<Value = String> {
    expression().prop_flat_map(|e| {
        prop::sample::select(vec![
            format!("let v{} = {e};", e.len()),
            format!("console.log({e});"),
            format!("Store.set('a', {e});"),
            format!("if ({e}) {{ function f() {{}} leak = typeof f; }}"),
            format!("for (const x of [{e}]) this.x = x;"),
            format!("try {{ {e}; }} catch (error) {{ console.warn(error.message); }}"),
            format!("Promise.resolve({e}).then((x) => console.log(x));"),
            format!("throw {e};"),
            format!("return {e};"),
            format!("await {e};"),
            format!("await fetch('http://a.example/', {{ body: {e} }});"),
        ])
    })
}

fn script() -> impl Strategy<Value = String> {
    let body = prop::collection::vec(statement(), 0..5);
    (body, expression(), any::<bool>()).prop_map(|(body, field, is_async)| {
        let keyword = if is_async { "async " } else { "" };
        let body = body.join("\n    ");
        format!("class Script {{\n  field = {field};\n  {keyword}process_incoming_request({{ request }}) {{\n    {body}\n  }}\n}}\n")
    })
}

fn twice(script: &str, mode: Mode) -> Vec<Outcome> {
    let options = Options {
        now: 1,
        seed: 2,
        limits: Limits::default(),
        ..Options::default()
    };
    let mut engine = Engine::load_with(script, Kind::Incoming, profile(mode), options);
    (0..2).map(|_| engine.call(METHOD, &input())).collect()
}

#[test]
fn drawn_scripts_run_twice_with_the_same_outcome() {
    let cases = std::env::var("SCRIPTS")
        .ok()
        .and_then(|given| given.parse().ok());
    let mut runner = TestRunner::new(Config {
        cases: cases.unwrap_or(SCRIPTS),
        failure_persistence: None,
        ..Config::default()
    });
    let ran = runner.run(&script(), |script| {
        for mode in [Mode::Raw, Mode::Transpiled] {
            // NaN is not equal to itself.
            let (first, second) = (twice(&script, mode), twice(&script, mode));
            prop_assert_eq!(format!("{first:?}"), format!("{second:?}"));
        }
        Ok(())
    });
    ran.unwrap();
}
