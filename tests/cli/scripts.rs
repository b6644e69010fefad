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

/// An upgrade breaks nothing by itself: the next save of a record does, even one that only changes its alias.
#[test]
fn a_write_that_switches_a_script_to_strict_mode_is_told_and_held_back() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("s.jsonl");
    let state = state.to_str().unwrap();
    let sloppy = "class Script {\n  process_incoming_request() {\n    msg = 'hi';\n    return { content: { text: msg } };\n  }\n}\n";
    let sound = sloppy.replace("msg = 'hi'", "let msg = 'hi'");
    let maybe = sloppy.replace("msg = 'hi'", "let msg = 'hi'; if (msg === 1) other = 1");
    let manifest = |alias: &str| {
        let entry = |name: &str, script: &str| {
            let script = script
                .lines()
                .fold(String::new(), |all, line| all + "      " + line + "\n");
            format!(
                "  - type: webhook-incoming\n    name: {name}\n    username: rocket.cat\n    channel: '#general'\n    \
                 alias: {alias}\n    script: |\n{script}"
            )
        };
        format!(
            "integrations:\n{}{}{}",
            entry("Sloppy", sloppy),
            entry("Sound", &sound),
            entry("Maybe", &maybe)
        )
    };
    let old = Sandbox::with(&["--invent", "--state", state, "--server-version", "8.8"]);
    let path = old.file("a.yaml", &manifest("One"));
    old.run(&["apply", "--yes", &path]).exits(0);
    drop(old);
    let new = Sandbox::with(&["--invent", "--state", state, "--server-version", "9.0"]);
    let path = new.file("a.yaml", &manifest("One"));
    let run = new.run(&["plan", &path]).exits(0);
    assert!(run.out.contains("No changes"), "{}", run.out);

    let path = new.file("a.yaml", &manifest("Two"));
    let run = new.run(&["apply", "--yes", &path]).exits(3);
    let places = new.file("a.yaml", &manifest("Two"));
    let told = run.err.replace(&places, "a.yaml");
    insta::assert_snapshot!(told.trim_end(), @r#"
    error[strict-switch]: this write switches the script of "Sloppy" to strict mode, and it breaks there: `msg` is assigned but not declared: in a class this throws when it runs
      --> a.yaml:2:5
       |
     2 |   - type: webhook-incoming
       |     ^^^^^^^^^^^^^^^^^^^^^^
    ...
    10 |           msg = 'hi';
       |           --- here
       |
    help: declare it: `let msg = …`; or `--allow-strict-switch "Sloppy"` for this
          run; on 8.4 to 8.9, `skipTranspile: true` tries it before the upgrade

    note[strict-switch]: this write switches the script of "Sound" to strict mode
      --> a.yaml:14:5
       |
    14 |   - type: webhook-incoming
       |     ^^^^^^^^^^^^^^^^^^^^^^
       |
    help: nothing was found that strict mode breaks

    warning[strict-switch]: this write switches the script of "Maybe" to strict mode, and it may break there: `other` is assigned but not declared: in a class this throws when it runs
      --> a.yaml:26:5
       |
    26 |   - type: webhook-incoming
       |     ^^^^^^^^^^^^^^^^^^^^^^
    ...
    34 |           let msg = 'hi'; if (msg === 1) other = 1;
       |                                          ----- here
       |
    help: declare it: `let other = …`; or save the record by itself, and watch its
          next delivery

    error: 1 problem and 1 warning in 1 file
    "#);
    assert!(new.records().iter().all(|it| it["alias"] == "One"));

    let allowed = ["apply", "--yes", &path, "--allow-strict-switch", "Slop*"];
    let run = new.run(&allowed).exits(0);
    assert!(run.err.contains("warning[strict-switch]"), "{}", run.err);
    assert!(
        new.records()
            .iter()
            .all(|it| it["scriptCompiled"] == it["script"])
    );
    // Once it is saved there is nothing more to switch.
    let path = new.file("a.yaml", &manifest("Three"));
    let run = new.run(&["plan", &path]).exits(0);
    assert!(!run.err.contains("strict-switch"), "{}", run.err);
}
