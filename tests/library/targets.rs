//! What must hold for any bytes: the fuzz targets, which `fuzz/` runs with bytes that it makes up, and the tests with those
//! of its corpora.
//!
//! Each target takes bytes from outside through the stages that read them, and through what is made of them, and
//! asserts what must hold for any bytes.

#![allow(unreachable_pub, reason = "`fuzz/` exports what it runs")]

use std::collections::BTreeMap;
#[cfg(test)]
use std::fs;
#[cfg(test)]
use std::path::Path;
use std::time::Duration;

use rocketchat_sandbox as sandbox;

use rcsync::engine::check::{Checked, Typed};
use rcsync::observed::{ObservedState, ServerFacts, Snapshot};
use rcsync::plan::{Annotations, Plan};
use rcsync::problem::{Place, Texts};
use rcsync::report::{self, Budget, Context, PlanReport, RenderOptions, ScriptDiff, diagnostics};
use rcsync::schema::Checker;
use rcsync::server;
use rcsync::variables::{Resolver, Secrets, Undefined, Variables};
use rocketchat_client::escape;
use rocketchat_client::redactor::Redactor;
use rocketchat_client::secret::Secret;
use webhook_script::Sandbox;
use webhook_script::delivery::{self, Integration, World};
use webhook_script::runtime::{Engine, Kind, Limits, Load, Method, Mode, Options, ServerProfile};
use webhook_script::value::Value;

/// A target: a name, and what takes the bytes.
type Target = (&'static str, fn(&[u8]));

/// All targets, by the names of their corpora in `fuzz/corpus`.
const TARGETS: &[Target] = &[
    ("manifest", manifest),
    ("variables", variables),
    ("escapers", escapers),
    ("listing", listing),
    ("plan_file", plan_file),
    ("snapshot", snapshot),
    ("fixture", |bytes| assert!(sandbox::files::fixture(bytes))),
    ("journal", |bytes| assert!(sandbox::files::journal(bytes))),
    ("script", script),
];

/// Runs the target of this name.
#[cfg_attr(test, expect(dead_code, reason = "for the programs in `fuzz/`"))]
pub fn run(name: &str, bytes: &[u8]) {
    for (_, target) in TARGETS.iter().filter(|(other, _)| *other == name) {
        target(bytes);
    }
}

thread_local! {
    static CHECKER: Option<Checker> = rcsync::manifest::checker().ok();

    /// What the records of a server are compared with.
    static MANIFEST: Option<Checked> = loaded(include_bytes!("../../examples/integrations.yaml"));
}

/// Loads a script and calls it: raw or transpiled, as its first byte says. Whatever it does, there is an outcome.
fn script(bytes: &[u8]) {
    let Some((first, text)) = bytes.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(text);
    let mode = if first % 2 == 0 {
        Mode::Raw
    } else {
        Mode::Transpiled
    };
    let profile = ServerProfile {
        sandbox: Sandbox::IsolatedVm,
        mode,
    };
    let options = Options {
        limits: Limits {
            load: Duration::from_millis(50),
            call: Duration::from_millis(50),
            memory: 4 << 20,
            ..Limits::default()
        },
        ..Options::default()
    };
    let mut engine = Engine::load_with(&text, Kind::Incoming, profile, options);
    if let Load::Refused(error) = engine.loaded() {
        // As the language counts lines.
        let ends = text.matches(['\n', '\r', '\u{2028}', '\u{2029}']);
        assert!(error.line as usize <= ends.count() + 2, "{error:?}");
    }
    let input = Value::Object(vec![("request".into(), Value::Object(Vec::new()))]);
    let outcome = engine.call(Method::ProcessIncomingRequest, &input);
    let _ = delivery::incoming(
        &outcome,
        &input,
        &Integration::default(),
        &mut World::default(),
    );
    let _ = serde_json::to_string(&outcome);
}

fn typed(bytes: &[u8]) -> Option<Typed> {
    CHECKER.with(|checker| Some(Typed::read_bytes(bytes, checker.as_ref()?)))
}

pub fn loaded(bytes: &[u8]) -> Option<Checked> {
    Some(typed(bytes)?.build_all(&no_variables()))
}

/// Variables of which none is known; what a secret is stays unknown.
fn no_variables() -> Variables {
    Variables {
        undefined_secrets: Undefined::Unknown,
        ..Variables::default()
    }
}

/// A manifest, up to what is said about it: every place lies in its text, and nothing of it steers a terminal.
fn manifest(bytes: &[u8]) {
    let Some(loaded) = loaded(bytes) else { return };
    let texts = &loaded.sources.texts;
    for found in loaded.findings.iter() {
        let at = found.place.as_ref().unwrap();
        assert!(at.bytes.end as usize <= texts.get(at.source).text.len());
    }
    is_harmless(&diagnostics::text(&loaded.findings, texts, &[], false));
    let _ = report::json(&diagnostics::json(&loaded.findings, texts));
}

/// A text with references: without any it stays as it is, and a secret is in no stretch that is shown.
fn variables(bytes: &[u8]) {
    const CANARY: &str = "canary-4711";
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let mut texts = Texts::default();
    let source = texts.add("fuzzed", text);
    let place = Place::new(source, 0..text.len());
    let variables = Variables {
        plain: BTreeMap::from([("a".to_owned(), "${secret.b}".to_owned())]),
        secrets: BTreeMap::from([("b".to_owned(), Secret::new(CANARY))]),
        undefined_secrets: Undefined::Unknown,
    };
    for secrets in [Secrets::Allowed, Secrets::Refused] {
        let mut resolver = Resolver::new(&variables, &texts);
        let resolved = resolver.text(text, &place, secrets);
        if let Some(resolved) = resolved {
            let shown = resolved.masked();
            assert!(text.contains(CANARY) || !shown.contains(CANARY));
            assert!(text.contains("${") || shown == text);
            assert!(secrets == Secrets::Allowed || !resolved.holds_secret());
        } else {
            assert!(!resolver.findings.is_empty());
        }
    }
}

/// Text from outside in every form in which it is shown.
fn escapers(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let line = escape::line(&text);
    is_harmless(&line);
    assert!(!line.contains('\n') && escape::line(&line) == line);
    is_harmless(&escape::lines(&text));
    assert_eq!(
        escape::lines(&text).matches('\n').count(),
        text.matches('\n').count()
    );
    let json = serde_json::to_string(&text).unwrap_or_default();
    let escaped = escape::json(&json);
    is_harmless(&escaped);
    assert_eq!(
        serde_json::from_str::<String>(&escaped).ok().as_deref(),
        Some(&*text)
    );
    in_markdown(&line, &text);
}

/// The body of a listing, planned with a manifest and reported in every format.
fn listing(bytes: &[u8]) {
    if let Ok(observed) = server::observed(facts(), bytes) {
        planned(&observed);
    }
}

pub fn facts() -> ServerFacts {
    ServerFacts {
        url: "https://chat.example.org".to_owned(),
        version: None,
        version_text: Some("8.6.0".into()),
        user_id: "uSomebody".into(),
        username: "somebody".into(),
        roles: None,
    }
}

/// A snapshot, planned with a manifest and reported in every format.
fn snapshot(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(observed) = Snapshot::parse(text).and_then(|it| it.observed(&Redactor::default())) {
        planned(&observed);
    }
}

fn planned(observed: &ObservedState) {
    MANIFEST.with(|manifest| {
        let Some(manifest) = manifest else { return };
        let plan = Plan::between(&manifest.desired, observed);
        shown(&reported(manifest, &plan));
    });
}

fn reported(manifest: &Checked, plan: &Plan) -> PlanReport {
    let context = Context {
        texts: &manifest.sources.texts,
        paths: &["integrations.yaml".to_owned()],
        files: 1,
        integrations: manifest.integrations(),
        base: None,
        sandbox: None,
    };
    PlanReport::new(plan, &Annotations::default(), &context)
}

/// A saved plan, shown in every format; saved again it is read as the same.
fn plan_file(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(plan) = PlanReport::read(text) {
        shown(&plan);
    }
}

fn shown(plan: &PlanReport) {
    let saved = report::json(plan);
    is_harmless(&saved);
    let again = PlanReport::read(&saved).map(|again| report::json(&again));
    assert_eq!(again.ok().as_ref(), Some(&saved));
    is_harmless(&report::plan_github(plan));
    for scripts in [ScriptDiff::Full, ScriptDiff::Stat, ScriptDiff::None] {
        let text = RenderOptions {
            scripts,
            verbose: true,
            ..RenderOptions::default()
        };
        is_harmless(&report::plan_text(plan, &text).replace('\t', ""));
        let room = 4000;
        let markdown = RenderOptions {
            budget: Some(Budget::Characters(room)),
            ..text
        };
        assert!(
            report::plan_markdown(plan, &markdown)
                .encode_utf16()
                .count()
                <= room
        );
    }
}

/// Asserts that text from outside gets out of nothing that it is put in: `line` is one line, `lines` are several.
fn in_markdown(line: &str, lines: &str) {
    use rcsync::report::markdown_escape::{
        LONGEST_COMMENT, cell, code, comment, fence, html, longest_run,
    };
    let ticks = |text: &str| text.chars().take_while(|c| *c == '`').count();
    for span in [code(line), cell(line)] {
        let edge = ticks(&span);
        let inner = span.get(edge..span.len() - edge).unwrap_or_default();
        assert!(line.is_empty() || edge > longest_run(inner));
    }
    let fenced = fence("diff", &format!("{lines}\n"));
    assert!(ticks(&fenced) > longest_run(lines).max(2));
    assert!(!html(line).contains(['<', '>', '"', '\'']));
    let comment = comment(line);
    assert!(
        !comment.contains("--") && !comment.contains('>') && comment.len() < LONGEST_COMMENT + 16
    );
}

/// Nothing that a terminal obeys is left, but for the ends of lines.
fn is_harmless(text: &str) {
    assert_eq!(escape::lines(text), text);
}

#[cfg(test)]
#[test]
fn the_corpora_break_no_promise() {
    // They hold the seeds, and whatever has broken a promise once.
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, target) in TARGETS {
        let files = fs::read_dir(corpora.join(name)).unwrap();
        let files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        assert!(!files.is_empty(), "{name}");
        for file in files {
            target(&fs::read(file).unwrap());
        }
    }
}
