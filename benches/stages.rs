//! The stages of a plan, at three sizes. Growth is linear where each tenfold takes ten times as long.

use divan::{Bencher, black_box};
use rcsync::internals::stages;

/// How many integrations.
const SIZES: [usize; 3] = [100, 1_000, 10_000];

fn main() {
    divan::main();
}

#[divan::bench(args = SIZES)]
fn a_read_yaml(bencher: Bencher<'_, '_>, size: usize) {
    let manifest = String::from_utf8(stages::manifest(size)).unwrap_or_default();
    bencher.bench_local(|| stages::read_yaml(black_box(&manifest)));
}

#[divan::bench(args = SIZES)]
fn b_load_and_validate(bencher: Bencher<'_, '_>, size: usize) {
    let manifest = stages::manifest(size);
    bencher.bench_local(|| stages::load(black_box(&manifest)));
}

#[divan::bench(args = SIZES)]
fn c_desired_state(bencher: Bencher<'_, '_>, size: usize) {
    let typed = stages::read(&stages::manifest(size));
    bencher.bench_local(|| black_box(&typed).build());
}

#[divan::bench(args = SIZES)]
fn d_decode_the_listing(bencher: Bencher<'_, '_>, size: usize) {
    let listing = stages::listing(size);
    bencher.bench_local(|| stages::observe(black_box(&listing)));
}

#[divan::bench(args = SIZES)]
fn e_plan_nothing(bencher: Bencher<'_, '_>, size: usize) {
    let loaded = stages::load(&stages::manifest(size));
    let listing = stages::listing(size);
    // A record that was compared once is compared faster.
    bencher
        .with_inputs(|| stages::observe(&listing))
        .bench_local_refs(|observed| stages::plan(black_box(&loaded), black_box(observed)));
}

#[divan::bench(args = SIZES)]
fn f_plan_all(bencher: Bencher<'_, '_>, size: usize) {
    let loaded = stages::load(&stages::manifest(size));
    let observed = stages::observe(&stages::listing(0));
    bencher.bench_local(|| stages::plan(black_box(&loaded), black_box(&observed)));
}

#[divan::bench(args = SIZES)]
fn g_report_all_as_text(bencher: Bencher<'_, '_>, size: usize) {
    let loaded = stages::load(&stages::manifest(size));
    let plan = stages::plan(&loaded, &stages::observe(&stages::listing(0)));
    bencher.bench_local(|| stages::report(&loaded, black_box(&plan)).text());
}

#[divan::bench(args = SIZES)]
fn h_report_all_as_json(bencher: Bencher<'_, '_>, size: usize) {
    let loaded = stages::load(&stages::manifest(size));
    let plan = stages::plan(&loaded, &stages::observe(&stages::listing(0)));
    bencher.bench_local(|| stages::report(&loaded, black_box(&plan)).json());
}
