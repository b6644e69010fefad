//! Scripts are checked before they are written, and left alone where they are not.

use crate::support::{Sandbox, manifest, write};

const SOUND: &str = "class Script { process_incoming_request() {} }";
const BROKEN: &str = "class Script { process_incoming_request( }";
const USELESS: &str = "class Script {}";

fn with_script(script: &str) -> String {
    manifest(1) + "    script: { file: a.js }\n" + script
}

#[test]
fn a_script_that_would_be_written_is_checked_first() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &with_script(""));
    for (script, code) in [(BROKEN, "script-syntax"), (USELESS, "script-method")] {
        write(sandbox.folder.path(), "a.js", script);
        for command in [&["plan"][..], &["apply", "--yes"], &["validate"]] {
            let args = [command, &[&path]].concat();
            let run = match command {
                ["validate"] => crate::support::Run::of(&mut crate::support::rcsync(&args)),
                _ => sandbox.run(&args),
            };
            let run = run.exits(3);
            assert!(run.err.contains(&format!("error[{code}]")), "{}", run.err);
            assert!(run.err.contains("a.js:1:"), "{}", run.err);
            assert_eq!(run.out, "", "{command:?}");
        }
    }
    assert_eq!(sandbox.creates(), 0);

    write(sandbox.folder.path(), "a.js", SOUND);
    sandbox.run(&["apply", "--yes", &path]).exits(0);

    // An update whose script changes is one that would be written, too.
    write(sandbox.folder.path(), "a.js", BROKEN);
    let run = sandbox.run(&["apply", "--yes", &path]).exits(3);
    assert!(run.err.contains("error[script-syntax]"), "{}", run.err);
    assert_eq!(sandbox.records()[0]["script"], SOUND);
}

#[test]
fn a_script_that_stays_as_it_is_is_not_looked_at() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &with_script("    scriptEnabled: false\n"));
    // Not enabled it is a warning.
    write(sandbox.folder.path(), "a.js", USELESS);
    let run = sandbox.run(&["apply", "--yes", &path]).exits(0);
    assert!(run.err.contains("warning[script-method]"), "{}", run.err);
    assert!(
        run.err.contains("warning[script-not-enabled]"),
        "{}",
        run.err
    );
    let run = sandbox.run(&["plan", &path]).exits(0);
    assert!(!run.err.contains("script-method"), "{}", run.err);
    sandbox.file(
        "a.yaml",
        &with_script("    scriptEnabled: false\n    alias: Alerts\n"),
    );
    let run = sandbox.run(&["apply", "--yes", &path]).exits(0);
    assert!(!run.err.contains("script-method"), "{}", run.err);
}
