//! Plans made up at random, in every format: what is foreign stays where it is harmless, what is secret stays out.

mod canary;
mod draw;
mod markdown;

use std::thread;

const PLANS: u64 = 10_000;

/// How often something was left out in each room, how many secrets there were, and how many keys in old scripts.
type Reach = [usize; 5];

fn hold(seed: u64) -> Reach {
    let report = canary::keeps_its_secrets(seed);
    let [small, middle, large] = markdown::stays_inside(&report).map(usize::from);
    let text = super::plan_text(&report, &super::RenderOptions::default());
    let count = |words| text.matches(words).count();
    let keys = count("(another secret)") + count("(not shown: it may hold a secret)");
    [small, middle, large, count("(secret)"), keys]
}

#[test]
fn ten_thousand_plans_let_nothing_out_and_fit_their_room() {
    let share = |first: u64| {
        let reached = (first..PLANS).step_by(2).map(hold);
        reached.fold(Reach::default(), |sum, more| {
            std::array::from_fn(|i| sum[i] + more[i])
        })
    };
    let [even, odd] = thread::scope(|scope| {
        [0, 1]
            .map(|first| scope.spawn(move || share(first)))
            .map(|thread| thread.join().unwrap())
    });
    // The rooms were too small often enough, and there were secrets to keep.
    let least: Reach = [700, 15, 3, 10_000, 1_000];
    for (i, least) in least.into_iter().enumerate() {
        assert!(even[i] + odd[i] > least, "{even:?} {odd:?}");
    }
}
