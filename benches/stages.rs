//! The stages of a plan, at three sizes. Growth is linear where each tenfold takes ten times as long.

#![expect(clippy::expect_used, reason = "what is made up here is sound")]

mod made_up;

use divan::{Bencher, black_box};
use rcsync::engine::check::{Checked, Typed};
use rcsync::manifest;
use rcsync::observed::{ObservedState, ServerFacts};
use rcsync::plan::{Annotations, Plan};
use rcsync::problem::Texts;
use rcsync::report::{self, Context, PlanReport, RenderOptions};
use rcsync::variables::{Undefined, Variables};
use rcsync::{server, yaml};

/// How many integrations.
const SIZES: [usize; 3] = [100, 1_000, 10_000];

fn main() {
    divan::main();
}

/// Variables of which none is known.
fn variables() -> Variables {
    Variables {
        undefined_secrets: Undefined::Unknown,
        ..Variables::default()
    }
}

fn typed(manifest: &[u8]) -> Typed {
    let checker = manifest::checker().expect("the schema is sound");
    Typed::read_bytes(manifest, &checker)
}

fn load(manifest: &[u8]) -> Checked {
    let checked = typed(manifest).build_all(&variables());
    assert!(checked.findings.is_empty(), "{:#?}", checked.findings);
    checked
}

fn observe(listing: &[u8]) -> ObservedState {
    let server = ServerFacts {
        url: "https://chat.example.org".to_owned(),
        version: None,
        version_text: Some("8.6.0".into()),
        user_id: "uSomebody".into(),
        username: "somebody".into(),
        roles: None,
    };
    server::observed(server, listing).expect("the listing is sound")
}

fn report(checked: &Checked, plan: &Plan) -> PlanReport {
    let context = Context {
        texts: &checked.sources.texts,
        paths: &["integrations.yaml".to_owned()],
        files: 1,
        integrations: checked.integrations(),
        base: None,
        sandbox: None,
    };
    PlanReport::new(plan, &Annotations::default(), &context)
}

#[divan::bench(args = SIZES)]
fn a_read_yaml(bencher: Bencher<'_, '_>, size: usize) {
    let manifest = String::from_utf8(made_up::manifest(size)).unwrap_or_default();
    let source = Texts::default().add("manifest", "");
    bencher.bench_local(|| yaml::read(source, black_box(&manifest)).documents.len());
}

#[divan::bench(args = SIZES)]
fn b_load_and_validate(bencher: Bencher<'_, '_>, size: usize) {
    let manifest = made_up::manifest(size);
    bencher.bench_local(|| load(black_box(&manifest)));
}

#[divan::bench(args = SIZES)]
fn c_desired_state(bencher: Bencher<'_, '_>, size: usize) {
    let typed = typed(&made_up::manifest(size));
    bencher.bench_local(|| black_box(&typed).build(&variables()).state.entries.len());
}

#[divan::bench(args = SIZES)]
fn d_decode_the_listing(bencher: Bencher<'_, '_>, size: usize) {
    let listing = made_up::listing(size);
    bencher.bench_local(|| observe(black_box(&listing)));
}

#[divan::bench(args = SIZES)]
fn e_plan_nothing(bencher: Bencher<'_, '_>, size: usize) {
    let checked = load(&made_up::manifest(size));
    let listing = made_up::listing(size);
    // A record that was compared once is compared faster.
    bencher
        .with_inputs(|| observe(&listing))
        .bench_local_refs(|observed| Plan::between(black_box(&checked.desired), observed));
}

#[divan::bench(args = SIZES)]
fn f_plan_all(bencher: Bencher<'_, '_>, size: usize) {
    let checked = load(&made_up::manifest(size));
    let observed = observe(&made_up::listing(0));
    bencher.bench_local(|| Plan::between(black_box(&checked.desired), black_box(&observed)));
}

#[divan::bench(args = SIZES)]
fn g_report_all_as_text(bencher: Bencher<'_, '_>, size: usize) {
    let checked = load(&made_up::manifest(size));
    let plan = Plan::between(&checked.desired, &observe(&made_up::listing(0)));
    let options = RenderOptions::default();
    bencher.bench_local(|| report::plan_text(&report(&checked, black_box(&plan)), &options));
}

#[divan::bench(args = SIZES)]
fn h_report_all_as_json(bencher: Bencher<'_, '_>, size: usize) {
    let checked = load(&made_up::manifest(size));
    let plan = Plan::between(&checked.desired, &observe(&made_up::listing(0)));
    bencher.bench_local(|| report::json(&report(&checked, black_box(&plan))));
}
