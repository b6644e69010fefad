//! `rcsync sandbox`.

use crate::support::Sandbox;

#[test]
fn each_start_is_a_fresh_world_unless_a_file_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("s.jsonl");
    let flags = ["--invent", "--state", state.to_str().unwrap()];
    for expected in [1, 1] {
        let sandbox = Sandbox::with(&flags);
        let path = sandbox.file("a.yaml", &crate::support::manifest(1));
        sandbox.run(&["apply", "--yes", &path]).exits(0);
        assert_eq!(sandbox.records().len(), expected);
    }
    assert!(Sandbox::inventive().records().is_empty());
}
