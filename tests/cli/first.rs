//! The first minutes with rcsync: a first manifest, completions, man pages, and help after a typo.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Run, rcsync, write};

fn init(folder: &Path, args: &[&str]) -> Run {
    Run::of(rcsync(&["init"]).args(args).current_dir(folder))
}

fn files(folder: &Path) -> Vec<String> {
    let mut folders = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let path = path.strip_prefix(folder).unwrap();
                files.push(path.display().to_string());
            }
        }
    }
    files.sort();
    files
}

#[test]
fn the_first_manifest_is_valid_and_can_be_applied() {
    let folder = tempfile::tempdir().unwrap();
    let run = init(folder.path(), &[]).exits(0);
    assert_eq!(run.out, "");
    assert_eq!(
        run.err,
        "wrote chat/integrations.yaml\nwrote chat/manifest.schema.json\n\
         next: `rcsync plan chat --sandbox` shows what would be created, without a server\n"
    );
    let here = |args: &[&str]| Run::of(rcsync(args).current_dir(folder.path()));
    here(&["validate", "chat", "--strict"]).exits(0);
    let first = here(&["apply", "chat", "--sandbox"]).exits(0);
    let help = "rcsync urls chat --sandbox=.rcsync/sandbox.jsonl\n";
    assert!(first.out.ends_with(help), "{}", first.out);
    let urls = here(&["urls", "chat", "--sandbox=.rcsync/sandbox.jsonl"]).exits(0);
    assert!(urls.out.contains("/hooks/"), "{}", urls.out);
    let second = here(&["plan", "chat", "--sandbox", "--detailed-exitcode"]).exits(0);
    assert!(
        second.out.contains("No changes. The integration"),
        "{}",
        second.out
    );

    // The first line names the schema that is there, and what is commented out is right, too.
    let manifest = fs::read_to_string(folder.path().join("chat/integrations.yaml")).unwrap();
    let schema = manifest
        .lines()
        .next()
        .unwrap()
        .split_once("$schema=")
        .unwrap()
        .1;
    assert_eq!(
        fs::read_to_string(folder.path().join("chat").join(schema)).unwrap(),
        fs::read_to_string("schema/manifest.schema.json").unwrap()
    );
    let all = manifest
        .replace("# settings:", "settings:")
        .replace("#   ", "  ")
        .replace("  # - type", "  - type")
        .replace("  #   ", "    ");
    let path = write(folder.path(), "all.yaml", &all);
    let run = here(&["validate", &path, "--strict", "--format", "json"]).exits(0);
    assert!(all.contains("\nsettings:\n  server:") && all.contains("\n  - type: webhook-outgoing"));
    assert!(run.out.contains("\"problems\": []"), "{}", run.out);
}

#[test]
fn a_pipeline_is_written_for_the_folder_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path(), &["ops/hooks", "--ci", "github"]).exits(0);
    init(folder.path(), &["more", "--ci", "gitlab"]).exits(0);
    assert_eq!(
        files(folder.path()),
        [
            ".github/workflows/apply.yml",
            ".github/workflows/drift.yml",
            ".github/workflows/plan.yml",
            ".github/workflows/snapshot.yml",
            ".gitlab-ci.yml",
            "more/integrations.yaml",
            "more/manifest.schema.json",
            "ops/hooks/integrations.yaml",
            "ops/hooks/manifest.schema.json",
        ]
    );
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let plan = read(".github/workflows/plan.yml");
    assert!(
        plan.contains("paths: [\"ops/hooks/**\"]")
            && plan.contains("rcsync plan ops/hooks/ --state")
    );
    let template = fs::read_to_string("examples/ci/gitlab-ci.yml").unwrap();
    assert_eq!(read(".gitlab-ci.yml"), template.replace("chat/", "more/"));
}

#[test]
fn nothing_that_exists_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join(".github/workflows")).unwrap();
    let mine = write(folder.path(), ".github/workflows/apply.yml", "mine");
    let run = init(folder.path(), &["--ci", "github"]).exits(3);
    assert_eq!(
        run.err,
        "error: .github/workflows/apply.yml exists already; nothing was written\n\
         help: choose another folder, or move the existing file\n"
    );
    assert_eq!(files(folder.path()), [".github/workflows/apply.yml"]);
    assert_eq!(fs::read_to_string(mine).unwrap(), "mine");

    let run = init(folder.path(), &["../elsewhere", "--ci", "gitlab"]).exits(3);
    assert!(
        run.err.contains("at the root of the repository"),
        "{}",
        run.err
    );
    assert_eq!(files(folder.path()).len(), 1);
}

#[test]
fn five_shells_complete_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let run = Run::of(&mut rcsync(&["completions", shell])).exits(0);
        for command in [
            "validate",
            "plan",
            "apply",
            "snapshot",
            "--detailed-exitcode",
        ] {
            assert!(
                run.out.contains(command.trim_start_matches('-')),
                "{shell}: {command}"
            );
        }
    }
    // One that every machine can check.
    let script = Run::of(&mut rcsync(&["completions", "bash"])).exits(0).out;
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "rcsync.bash", &script);
    let words =
        "COMP_WORDS=(rcsync pl); COMP_CWORD=1; _rcsync rcsync pl rcsync; echo \"${COMPREPLY[@]}\"";
    let mut bash = Command::new("bash");
    let bash = bash
        .args(["-c", &format!(". {path}; {words}")])
        .stdin(Stdio::null());
    assert_eq!(Run::of(bash).exits(0).out.trim(), "plan");
    Run::of(&mut rcsync(&["completions", "tcsh"])).exits(3);
}

#[test]
fn every_command_has_a_man_page() {
    let folder = tempfile::tempdir().unwrap();
    let man = folder.path().join("man1").display().to_string();
    Run::of(&mut rcsync(&["man", "--out", &man])).exits(0);
    let help = Run::of(&mut rcsync(&["--help"])).exits(0).out;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.take_while(|line| !line.is_empty());
    let commands: Vec<_> = commands
        .map(|line| line.split_whitespace().next().unwrap())
        .collect();
    assert!(commands.len() >= 10, "{commands:?}");
    for command in commands.into_iter().filter(|command| *command != "help") {
        let page = fs::read_to_string(format!("{man}/rcsync-{command}.1")).unwrap();
        assert!(page.contains(&format!(".TH rcsync-{command} 1")), "{page}");
        assert_eq!(Run::of(&mut rcsync(&["man", command])).exits(0).out, page);
        let examples = page.split(".SH EXAMPLES\n.nf\n").nth(1).unwrap();
        assert!(examples.contains("\n.fi\n"), "{page}");
        assert!(!page.contains(".SH EXTRA"), "{page}");
    }
    let plan = fs::read_to_string(format!("{man}/rcsync-plan.1")).unwrap();
    for part in [
        ".SH \"EXIT STATUS\"\n0 done",
        ".SH ENVIRONMENT\n.TP\n\\fBRCSYNC_URL\\fR",
        "Size limit of Markdown",
        "rcsync 0.1.0",
    ] {
        assert!(plan.contains(part), "{part}: {plan}");
    }
    let whole = Run::of(&mut rcsync(&["man"])).exits(0).out;
    assert!(whole.contains("rcsync\\-plan(1)"), "{whole}");
    Run::of(&mut rcsync(&["man", "nope"])).exits(3);
}

#[test]
fn a_slip_of_the_pen_is_answered_with_what_was_meant() {
    for (args, meant) in [
        (&["plann", "x"][..], "'plan'"),
        (&["aply", "x"], "'apply'"),
        (&["plan", "--sandbx", "x"], "'--sandbox"),
        (&["plan", "x", "--format", "markdwon"], "'markdown'"),
    ] {
        let run = Run::of(&mut rcsync(args)).exits(3);
        assert!(run.err.contains(meant), "{}", run.err);
    }
}

#[test]
fn help_has_examples_that_are_right() {
    let help = Run::of(&mut rcsync(&["--help"])).exits(0).out;
    for command in [
        "init", "validate", "plan", "apply", "show", "export", "snapshot", "urls", "schema",
        "sandbox", "doctor",
    ] {
        assert!(help.contains(&format!("  {command} ")), "{command}");
        let help = Run::of(&mut rcsync(&[command, "--help"])).exits(0).out;
        let (flags, examples) = help.split_once("\nExamples:\n").unwrap();
        let words = examples.split(|c: char| c.is_whitespace() || c == '`');
        for flag in words.filter(|word| word.starts_with("--")) {
            // Of this command, or of the one that the example pipes from or names.
            let flag = flag.trim_end_matches([',', '.', ';']);
            let others =
                ["plan", "snapshot", "init"].map(|it| Run::of(&mut rcsync(&[it, "--help"])).out);
            let known = others
                .iter()
                .map(String::as_str)
                .chain([flags])
                .any(|it| it.contains(flag));
            assert!(known, "{command}: {flag}");
        }
    }
}

#[test]
fn quiet_says_nothing_but_errors() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path(), &["--quiet"]).exits(0);
    let here = |args: &[&str]| Run::of(rcsync(args).current_dir(folder.path()));
    let run = here(&["apply", "chat", "--sandbox", "-q"]).exits(0);
    assert_eq!(run.err, "");
    assert!(run.out.contains("created"), "{}", run.out);
    let loud = here(&["plan", "chat", "--sandbox"]).exits(0);
    assert!(
        loud.err.contains("note: this is the built-in sandbox"),
        "{}",
        loud.err
    );
    // An error is told as ever.
    let broken = write(folder.path(), "broken.yaml", "integrations: [{}]\n");
    let told = here(&["validate", &broken]).exits(3);
    assert_eq!(
        here(&["validate", &broken, "--quiet"]).exits(3).err,
        told.err
    );
    assert_ne!(told.err, "");
    here(&["plan", "chat", "-q", "-v"]).exits(3);
}
