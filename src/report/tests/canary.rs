//! Canary secrets: plans that differ in their secrets alone read the same, in every format.

use std::sync::LazyLock;

use super::super::{
    Budget, PlanReport, RenderOptions, ScriptDiff, json, plan_github, plan_markdown, plan_text,
};
use super::draw::{Draw, Secrets};

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let schema = crate::schema::of_written::<PlanReport>();
    jsonschema::validator_for(&schema).unwrap()
});

/// What no other text holds.
const CANARY: &str = "cAnArY";

/// Secrets that are hard to keep: short, numeric, of several lines, parts of URLs, and words that stand everywhere.
const HARD: [&str; 20] = [
    "a",
    "1",
    "7",
    "4711",
    "0",
    "true",
    "false",
    "token",
    "secret",
    "general",
    "(secret)",
    "name",
    "update",
    "https",
    "one\ntwo\n",
    "-----BEGIN-----\nkey\n-----END-----",
    "h1.example",
    "/hooks/",
    "@@ -1 +1 @@",
    "ZQX",
];

fn hard(number: usize) -> String {
    format!(
        "{}{}",
        HARD[number % HARD.len()],
        "x".repeat(number / HARD.len())
    )
}

fn loud(number: usize) -> String {
    format!("{CANARY}{number}{CANARY}")
}

/// The plan in every format there is.
fn everything(report: &PlanReport) -> [String; 7] {
    let options = RenderOptions::default();
    let colored = RenderOptions {
        color: true,
        scripts: ScriptDiff::Stat,
        ..options
    };
    let small = RenderOptions {
        budget: Some(Budget::Characters(2000)),
        ..options
    };
    [
        plan_text(report, &options),
        plan_text(report, &colored),
        plan_markdown(report, &options),
        plan_markdown(report, &small),
        json(report),
        plan_github(report),
        format!("{report:?}"),
    ]
}

/// A plan with secrets that would be found in any text, which is the same plan whatever they are. Every format is
/// made of it alone; a few are looked at anyway.
pub(super) fn keeps_its_secrets(seed: u64) -> PlanReport {
    let report = |secrets: Secrets| Draw::new(seed, secrets).report();
    let (loud, quiet) = (report(loud), report(hard));
    if loud != quiet {
        let (loud, quiet) = (json(&loud), json(&quiet));
        let mut lines = loud.lines().zip(quiet.lines());
        let first = lines.find(|(loud, quiet)| loud != quiet);
        panic!("plan {seed} depends on its secrets: {first:?}");
    }
    if seed.is_multiple_of(10) {
        for text in everything(&loud) {
            assert!(!text.contains(CANARY), "plan {seed}: {text}");
        }
        let saved = json(&loud);
        let json = serde_json::from_str(&saved).unwrap();
        assert!(SCHEMA.is_valid(&json), "plan {seed}: {saved}");
        assert_eq!(PlanReport::read(&saved).unwrap(), loud);
    }
    loud
}
