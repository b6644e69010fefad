//! The command line itself.

use crate::support::{Run, manifest, rcsync, write};

#[test]
fn a_usage_error_exits_with_3_and_help_with_0() {
    for args in [
        &["plann"][..],
        &["plan"],
        &["plan", "--nope", "x"],
        &["apply", "x", "--concurrency", "0"],
        &[],
    ] {
        let run = Run::of(&mut rcsync(args)).exits(3);
        assert!(!run.err.is_empty());
    }
    for args in [&["--help"][..], &["plan", "--help"], &["--version"]] {
        let run = Run::of(&mut rcsync(args)).exits(0);
        assert!(!run.out.is_empty());
    }
}

#[test]
fn a_plan_that_is_approved_is_told_that_it_needs_no_approval() {
    for flag in ["--yes", "-y", "--auto-approve"] {
        let run = Run::of(&mut rcsync(&["plan", "x", flag])).exits(3);
        assert!(run.err.contains("a plan changes nothing"), "{}", run.err);
        assert!(!run.err.contains("as a value"), "{}", run.err);
    }
    let help = Run::of(&mut rcsync(&["plan", "--help"])).exits(0).out;
    assert!(!help.contains("--yes"), "{help}");
    let fish = Run::of(&mut rcsync(&["completions", "fish"])).exits(0).out;
    assert_eq!(fish.matches("-l yes").count(), 1, "{fish}");
}

#[test]
fn the_sandbox_wins_over_the_environment_and_clashes_with_flags() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "a.yaml", &manifest(1));
    let sandbox = format!("--sandbox={}/s.jsonl", folder.path().display());
    let mut command = rcsync(&["plan", &path, &sandbox]);
    Run::of(
        command
            .env("RCSYNC_URL", "http://127.0.0.1:1")
            .env("RCSYNC_USER_ID", "x"),
    )
    .exits(0);
    for flag in [["--url", "http://127.0.0.1:1"], ["--user-id", "x"]] {
        Run::of(rcsync(&["plan", &path, &sandbox]).args(flag)).exits(3);
    }
}

#[test]
fn help_never_shows_a_secret_from_the_environment() {
    let mut command = rcsync(&["plan", "--help"]);
    let run = Run::of(
        command
            .env("RCSYNC_AUTH_TOKEN", "canary")
            .env("RCSYNC_SECRET_x", "canary"),
    );
    assert!(!run.exits(0).out.contains("canary"));
}

#[test]
fn variables_come_from_the_environment_files_and_flags() {
    let folder = tempfile::tempdir().unwrap();
    let text = "integrations:\n  - type: webhook-incoming\n    name: x\n    username: rocket.cat\n    \
                channel: \"#${var.room}\"\n    enabled: ${var.on}\n";
    let path = write(folder.path(), "a.yaml", text);
    let vars = write(folder.path(), "v.txt", "room: from-file\non: false\n");
    let sandbox = format!("--sandbox={}/s.jsonl", folder.path().display());
    let plan = || {
        let mut command = rcsync(&["plan", &path, &sandbox]);
        command
            .env("RCSYNC_VAR_room", "from-env")
            .env("RCSYNC_VAR_on", "true");
        command
    };
    assert!(Run::of(&mut plan()).exits(0).out.contains("#from-env"));
    let run = Run::of(plan().args(["--var-file", &vars])).exits(0);
    assert!(
        run.out.contains("#from-file") && run.out.contains("enabled   false"),
        "{}",
        run.out
    );
    assert!(
        Run::of(plan().args(["--var-file", &vars, "--var", "room=flag"]))
            .exits(0)
            .out
            .contains("#flag")
    );
    let run = Run::of(plan().args(["--var", "on=perhaps"])).exits(3);
    assert!(
        run.err.contains("give the variable one of these values"),
        "{}",
        run.err
    );
}

#[test]
fn a_broken_file_of_values_is_named_without_its_values() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "a.yaml", &manifest(1));
    let secrets = write(folder.path(), "s.txt", "token: [canary]\n");
    let run = Run::of(&mut rcsync(&["validate", &path, "--secret-file", &secrets])).exits(3);
    assert!(
        run.err.contains("s.txt") && !run.err.contains("canary"),
        "{}",
        run.err
    );
}
