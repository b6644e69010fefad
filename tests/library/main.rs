//! The library as its users see it: the scenario folders, and the laws that hold over any desired and any observed state.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod architecture;
#[path = "../../examples/embed.rs"]
#[expect(dead_code, reason = "its `main` is for whoever runs it")]
mod embed;
mod export;
mod fixes;
#[path = "../../benches/made_up/mod.rs"]
mod made_up;
mod scenarios;
mod simulation;
mod support;
mod targets;

/// What the benchmarks measure is what they say: a server that has just what the manifest wants, and one that has nothing.
#[test]
fn a_made_up_server_has_what_the_made_up_manifest_wants() {
    let checked = targets::loaded(&made_up::manifest(20)).unwrap();
    assert!(checked.findings.is_empty(), "{:#?}", checked.findings);
    let changes = |count| {
        let observed =
            rcsync::server::observed(targets::facts(), &made_up::listing(count)).unwrap();
        rcsync::plan::Plan::between(&checked.desired, &observed)
            .changes
            .len()
    };
    assert_eq!(
        (checked.desired.entries.len(), changes(20), changes(0)),
        (20, 0, 20)
    );
}

/// The example that the front page of the library names does what it says.
#[tokio::test]
async fn the_example_plans_a_manifest_against_a_sandbox() {
    let changes = embed::changes().await.unwrap();
    assert_eq!(changes.len(), 7, "{changes:#?}");
    for change in ["create incoming Grafana alerts", "create outgoing Guggy"] {
        assert!(
            changes.iter().any(|it| it == change),
            "{change}: {changes:#?}"
        );
    }
}
