//! `rcsync validate --fix`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::approval::{fed, typed_at};
use super::support::{Run, rcsync};

const WRONG: &str = "\
integrations:
  - type: webhook-incoming
    name: Grafana
    username: rocket.cat
    channel: [#ops, #dev]   # two rooms
    \"icon_emoji\": \":bell:\"
    scriptEnable: yes
    script: |
      class Script { process_incoming_request() {} }
";

const RIGHT: &str = "\
integrations:
  - type: webhook-incoming
    name: Grafana
    username: rocket.cat
    channel: [\"#ops\", \"#dev\"]   # two rooms
    \"emoji\": \":bell:\"
    scriptEnabled: true
    script: |
      class Script { process_incoming_request() {} }
";

fn written(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

fn fix(folder: &Path, args: &[&str]) -> Command {
    let mut command = rcsync(&[&["validate", "--fix"], args].concat());
    command.current_dir(folder);
    command
}

#[test]
fn what_is_certain_is_shown_and_written_and_nothing_else_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "a.yaml", WRONG);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let run = Run::of(&mut fix(folder.path(), &["--yes", "a.yaml"])).exits(0);
    insta::assert_snapshot!(run.out, @r##"
    --- a.yaml
    +++ a.yaml
    @@ -5,3 +5,3 @@
    -    channel: [#ops, #dev]   # two rooms
    -    "icon_emoji": ":bell:"
    -    scriptEnable: yes
    +    channel: ["#ops", "#dev"]   # two rooms
    +    "emoji": ":bell:"
    +    scriptEnabled: yes
    --- a.yaml
    +++ a.yaml
    @@ -7 +7 @@
    -    scriptEnabled: yes
    +    scriptEnabled: true
    valid: 1 file, 1 integration
    "##);
    insta::assert_snapshot!(run.err, @r"
    fixed: 3 problems in 1 file
    fixed: 1 problem in 1 file
    ");
    assert_eq!(fs::read_to_string(&path).unwrap(), RIGHT);
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o640
    );
    let again = Run::of(&mut fix(folder.path(), &["--yes", "a.yaml"])).exits(0);
    assert_eq!(again.out, "valid: 1 file, 1 integration\n");
    assert_eq!(again.err, "nothing to fix: no suggestion is certain\n");
    // Line ends and a byte order mark stay.
    let windows = format!("\u{feff}{}", WRONG.replace('\n', "\r\n"));
    let path = written(folder.path(), "b.yaml", &windows);
    Run::of(&mut fix(folder.path(), &["--yes", "b.yaml"])).exits(0);
    let expected = format!("\u{feff}{}", RIGHT.replace('\n', "\r\n"));
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
}

#[test]
fn what_may_be_meant_otherwise_is_left_and_still_told() {
    let folder = tempfile::tempdir().unwrap();
    let text = WRONG.replace("scriptEnable:", "scrptEnble:");
    let path = written(folder.path(), "a.yaml", &text);
    let run = Run::of(&mut fix(folder.path(), &["--yes", "a.yaml"])).exits(3);
    assert!(
        run.err.contains("did you mean `scriptEnabled`?"),
        "{}",
        run.err
    );
    let left = fs::read_to_string(&path).unwrap();
    assert!(
        left.contains("scrptEnble: yes") && left.contains("\"#ops\""),
        "{left}"
    );
}

#[test]
fn nothing_is_written_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "a.yaml", WRONG);
    let left = || fs::read_to_string(&path).unwrap() == WRONG;
    let run = fed(&mut fix(folder.path(), &["a.yaml"]), "y\n").exits(4);
    assert!(
        run.out.contains("+    channel: [\"#ops\", \"#dev\"]"),
        "{}",
        run.out
    );
    insta::assert_snapshot!(run.err, @r"
    error: there is no terminal to ask on; nothing was written
    help: add `--yes` to write without being asked
    ");
    assert!(left());
    let run = fed(&mut fix(folder.path(), &["--yes", "-"]), WRONG).exits(4);
    insta::assert_snapshot!(run.err, @r"
    error: standard input cannot be fixed; nothing was written
    help: name a file
    ");

    let line = format!(
        "cd {} && {} validate --fix a.yaml",
        folder.path().display(),
        env!("CARGO_BIN_EXE_rcsync")
    );
    let run = typed_at(&line, "n\n").exits(4);
    assert!(
        run.out.contains("Fix 3 problems in 1 file? [y/N]"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("Nothing was written.") && left(),
        "{}",
        run.out
    );
    // Once for each round.
    typed_at(&line, "y\ny\n").exits(0);
    assert_eq!(fs::read_to_string(&path).unwrap(), RIGHT);
}

#[test]
fn a_file_that_is_a_link_or_not_the_one_that_was_read_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let target = written(folder.path(), "target.yaml", WRONG);
    symlink("target.yaml", folder.path().join("link.yaml")).unwrap();
    let run = Run::of(&mut fix(folder.path(), &["--yes", "link.yaml"])).exits(4);
    assert!(run.err.contains("link.yaml is a link"), "{}", run.err);
    assert_eq!(fs::read_to_string(&target).unwrap(), WRONG);

    // Saved while the question stands.
    let path = written(folder.path(), "a.yaml", WRONG);
    let line = format!(
        "cd {} && (sleep 1; echo '# mine' >> a.yaml; sleep 1; echo y) | script -qec '{} validate --fix a.yaml' /dev/null; \
         exit ${{PIPESTATUS[1]}}",
        folder.path().display(),
        env!("CARGO_BIN_EXE_rcsync")
    );
    let run = Run::of(Command::new("timeout").args(["60", "bash", "-c", &line])).exits(4);
    assert!(
        run.out
            .contains("a.yaml has changed since it was read; nothing was written"),
        "{}",
        run.out
    );
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        format!("{WRONG}# mine\n")
    );
}

#[test]
fn no_secret_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let text = "integrations:\n  - type: webhook-outgoing\n    name: A\n    username: b\n    event: sendMessage\n    \
                channel: #ops\n    urls: [\"https://h.example/x\"]\n    token: @c4nary-word\n";
    let path = written(folder.path(), "a.yaml", text);
    let run = Run::of(&mut fix(folder.path(), &["--yes", "a.yaml"]));
    assert!(!(run.out + &run.err).contains("c4nary"));
    // What looks like a secret is left to its author.
    let expected = text.replace("#ops", "\"#ops\"");
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
}
