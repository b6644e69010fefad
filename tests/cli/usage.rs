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
    // Of `apply`, and of `validate --fix`.
    assert_eq!(fish.matches("-l yes").count(), 2, "{fish}");
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

/// Words of other tools get a sentence, and not the name that only looks alike.
#[test]
fn words_of_other_tools_say_what_is_meant_here() {
    for (args, told) in [
        (&["import", "a.yaml"][..], "`rcsync export` writes"),
        (&["sync", "a.yaml"], "`rcsync apply` makes"),
        (&["destroy", "a.yaml"], "`state: absent`"),
        (&["taint", "a.yaml"], "`state: absent`, and then without"),
        (&["refresh"], "every plan reads the server"),
        (&["lint", "a.yaml"], "`rcsync validate`"),
        (
            &["plan", "a.yaml", "--token", "hunter2"],
            "--auth-token-file FILE",
        ),
        (
            &["plan", "a.yaml", "--token=hunter2"],
            "--auth-token-file FILE",
        ),
        (
            &["apply", "a.yaml", "--password", "hunter2"],
            "--password-file FILE",
        ),
        (&["plan", "a.yaml", "--target", "x"], "write `--only NAME`"),
        (&["plan", "a.yaml", "--json"], "write `--format json`"),
        (&["apply", "a.yaml", "--noop"], "`rcsync plan` shows"),
        (&["apply", "a.yaml", "--force"], "write `--yes`"),
        (&["apply", "a.yaml", "-auto-approve"], "write `--yes`"),
        (&["plan", "a.yaml", "--insecure"], "`--ca-file FILE` trusts"),
        (
            &["apply", "a.yaml", "--parallelism", "4"],
            "write `--concurrency N`",
        ),
    ] {
        let run = Run::of(&mut rcsync(args)).exits(3);
        assert!(run.err.contains(told), "{args:?}: {}", run.err);
        assert!(
            !run.err.contains("hunter2") && !run.err.contains("similar"),
            "{args:?}: {}",
            run.err
        );
    }
    // A slip of the fingers is still told by what looks alike.
    let run = Run::of(&mut rcsync(&["plna", "a.yaml"])).exits(3);
    assert!(
        run.err.contains("similar subcommand exists: 'plan'"),
        "{}",
        run.err
    );
}

#[test]
fn slips_in_what_a_run_is_given_are_told_by_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "a.yaml", &manifest(1));
    let script = write(
        folder.path(),
        "hook.js",
        "class Script { process_incoming_request() {} }",
    );
    let twice = write(folder.path(), "twice.yaml", "a: 1.10\nb: 2\na: 3\n");
    let missing = folder.path().join("nope.yaml").display().to_string();
    for (args, told) in [
        (
            &["plan", &file, "--url", "chat.example.org"][..],
            "help: give it as `https://chat.example.org`",
        ),
        (
            &["plan", &file, "--url", "localhost:3000"],
            "help: give it as `https://localhost:3000`",
        ),
        (
            &["plan", &file, "--url", "me:hunter2@localhost"],
            "help: give it as `https://chat.example.org`",
        ),
        (
            &["plan", &file, "--url", "\"https://chat.example.org\""],
            "in quotes: leave them out",
        ),
        (
            &["plan", &file, "--url", "https://chat.example.org/api/v1"],
            "leave out `/api/` and what follows",
        ),
        (
            &["plan", &file, "--url", "https://chat.example.org/api/v1/"],
            "leave out `/api/` and what follows",
        ),
        (
            &["validate", &file, "--var", "room"],
            "help: for example `--var room=ops`",
        ),
        (
            &["validate", &file, "--var", "RCSYNC_VAR_room=ops"],
            "help: write `--var room=…`",
        ),
        (&["validate", &script], "this is a script, not a manifest"),
        (
            &["validate", &file, "--var-file", &twice],
            "twice.yaml:3: `a` is there twice; the first stands at line 1",
        ),
        (
            &["plan", &file, "--secret-file", &missing],
            "nope.yaml: no such file or folder\nhelp: name a file that is there",
        ),
    ] {
        let run = Run::of(&mut rcsync(args)).exits(3);
        assert!(run.err.contains(told), "{args:?}: {}", run.err);
    }
    for token in ["\"hunter2hunter2\"", "Bearer hunter2hunter2"] {
        let mut command = rcsync(&[
            "plan",
            &file,
            "--url",
            "http://127.0.0.1:9",
            "--user-id",
            "u",
        ]);
        command.env("RCSYNC_AUTH_TOKEN", token);
        let run = Run::of(&mut command).exits(3);
        assert!(
            run.err.contains("without quotes and without `Bearer`"),
            "{}",
            run.err
        );
        assert!(!run.err.contains("hunter2"), "{}", run.err);
    }
    // A secret of nearly that name has a value.
    let outgoing = "integrations:\n  - {type: webhook-outgoing, name: A, event: sendMessage, username: rocket.cat, \
        channel: \"#general\", urls: [\"https://x\"], token: \"${secret.hook}\"}\n";
    let named = write(folder.path(), "s.yaml", outgoing);
    let mut command = rcsync(&["plan", &named, "--url", "http://127.0.0.1:9"]);
    command.env("RCSYNC_SECRET_HOOK", "hunter2-of-a-hook");
    let run = Run::of(&mut command).exits(3);
    assert!(
        run.err.contains("did you mean `${secret.HOOK}`"),
        "{}",
        run.err
    );
    assert!(!run.err.contains("hunter2"), "{}", run.err);
    // Numbers are taken as they are written.
    let values = write(folder.path(), "v.yaml", "n: 1.10\n");
    let text = manifest(1).replace("Hook 0", "\"Hook ${var.n}\"");
    let named = write(folder.path(), "n.yaml", &text);
    let sandbox = format!("--sandbox={}", folder.path().join("s.jsonl").display());
    let run = Run::of(&mut rcsync(&[
        "plan",
        &named,
        "--var-file",
        &values,
        &sandbox,
    ]))
    .exits(0);
    assert!(run.out.contains("Hook 1.10"), "{}", run.out);
}

/// What the manifests are refused for is shown, also where warnings are not.
#[test]
fn warnings_that_are_refused_are_shown_under_quiet_too() {
    let folder = tempfile::tempdir().unwrap();
    let text = manifest(1).replace("#general", "#general #ops");
    assert_ne!(text, manifest(1));
    let file = write(folder.path(), "a.yaml", &text);
    let quiet = Run::of(&mut rcsync(&["validate", &file, "--quiet"])).exits(0);
    assert_eq!(quiet.err, "");
    for command in [
        &["validate", &file, "--strict", "--quiet"][..],
        &["plan", &file, "--sandbox", "--strict", "--quiet"],
    ] {
        let run = Run::of(&mut rcsync(command)).exits(3);
        assert!(
            run.err.starts_with("warning[channel-separator]"),
            "{}",
            run.err
        );
        let closing = "error: 1 warning in 1 file, which `--strict` refuses\n";
        assert!(run.err.ends_with(closing), "{}", run.err);
    }
}

/// What `-h` says of a command fits a screen; `--help` says everything.
#[test]
fn short_help_fits_a_screen() {
    let commands = [
        "init",
        "validate",
        "plan",
        "apply",
        "show",
        "export",
        "snapshot",
        "urls",
        "doctor",
        "schema",
        "sandbox",
        "completions",
        "man",
    ];
    for command in commands {
        let short = Run::of(&mut rcsync(&[command, "-h"])).exits(0).out;
        let lines = short.lines().count();
        assert!(lines <= 45, "{command} -h has {lines} lines");
        assert!(
            short.lines().all(|line| line.chars().count() <= 100),
            "{short}"
        );
        let long = Run::of(&mut rcsync(&[command, "--help"])).exits(0).out;
        let flags = |help: &str| {
            help.split_whitespace()
                .filter(|it| it.starts_with("--"))
                .count()
        };
        assert!(flags(&long) >= flags(&short), "{command}");
    }
    let all = Run::of(&mut rcsync(&["plan", "--help"])).exits(0).out;
    for rare in ["--read-timeout", "--allow-url-loss", "--script-diff"] {
        assert!(all.contains(rare), "{rare}");
    }
}
