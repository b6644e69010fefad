//! The README is true: its manifest, the plan it gives, its commands and their flags.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::support::{Run, rcsync};

fn readme() -> String {
    fs::read_to_string("README.md").unwrap()
}

/// The fenced blocks of a language, in order.
fn blocks(language: &str) -> Vec<String> {
    let text = readme();
    let opening = format!("```{language}\n");
    let mut blocks = Vec::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find(&opening) {
        let body = &rest[start + opening.len()..];
        let end = body.find("```").unwrap();
        blocks.push(body[..end].to_owned());
        rest = &body[end + 3..];
    }
    blocks
}

#[test]
fn the_manifest_is_the_file_and_gives_the_plan_that_is_shown() {
    let example = fs::read_to_string("examples/quickstart.yaml").unwrap();
    assert!(
        blocks("yaml").contains(&example),
        "the README shows another manifest than examples/quickstart.yaml"
    );
    let folder = tempfile::tempdir().unwrap();
    // Named as in the README, so that the heading is the same.
    fs::create_dir(folder.path().join(".rcsync")).unwrap();
    copy("examples", &folder.path().join("examples"));
    let mut command = rcsync(&["plan", "examples/quickstart.yaml", "--sandbox"]);
    let run = Run::of(command.current_dir(folder.path())).exits(0);
    assert!(
        blocks("text").contains(&run.out),
        "the README shows another plan than:\n{}",
        run.out
    );
}

fn copy(from: &str, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(path.to_str().unwrap(), &to);
        } else {
            fs::copy(&path, to).unwrap();
        }
    }
}

#[test]
fn the_two_commands_stand_near_the_top_and_ci_runs_them() {
    let first = &blocks("sh")[0];
    assert_eq!(
        first,
        "cargo run -- apply examples/integrations.yaml --sandbox\ncargo test\n"
    );
    let ci = fs::read_to_string(".ci/run").unwrap();
    for command in [
        "cargo run --locked -- apply examples/integrations.yaml --sandbox",
        "cargo test",
    ] {
        assert!(ci.contains(command), ".ci/run does not run `{command}`");
    }
}

/// Whether a folder holds a test.
fn holds_tests(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds_tests(&path);
        }
        let is_source = path.extension().is_some_and(|ending| ending == "rs");
        is_source && fs::read_to_string(path).unwrap().contains("#[test]")
    })
}

/// `cargo test` alone runs the tests of the workspace's default members.
#[test]
fn the_test_command_names_tests_of_every_crate() {
    let args = [
        "metadata",
        "--no-deps",
        "--offline",
        "--locked",
        "--format-version=1",
    ];
    let told = Command::new(env!("CARGO"))
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let told: Json = serde_json::from_slice(&told.stdout).unwrap();
    let defaults = told["workspace_default_members"].as_array().unwrap();
    let mut tested = BTreeSet::new();
    for package in told["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        assert!(defaults.contains(&package["id"]), "{name}");
        let mut targets = package["targets"].as_array().unwrap().iter();
        let library = targets.find(|target| target["kind"] == json!(["lib"]));
        assert_eq!(library.unwrap()["test"], json!(true), "{name}");
        let folder = Path::new(package["manifest_path"].as_str().unwrap()).parent();
        assert!(holds_tests(&folder.unwrap().join("src")), "{name}");
        tested.insert(folder.unwrap().to_owned());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates = fs::read_dir(root.join("crates")).unwrap();
    let crates = crates.map(|entry| entry.unwrap().path());
    assert_eq!(tested, crates.chain([root.to_owned()]).collect());
}

#[test]
fn every_command_and_flag_exists() {
    let mut help = BTreeMap::new();
    for line in blocks("sh").iter().flat_map(|block| block.lines()) {
        let line = line.split('#').next().unwrap();
        let Some(words) = line
            .trim()
            .strip_prefix("rcsync ")
            .or(line.trim().strip_prefix("cargo run -- "))
        else {
            continue;
        };
        let command = words.split(' ').next().unwrap().to_owned();
        let help = help
            .entry(command.clone())
            .or_insert_with(|| Run::of(&mut rcsync(&[&command, "--help"])).exits(0).out);
        for flag in words.split(' ').filter(|word| word.starts_with("--")) {
            let flag = flag.split(['=', '[']).next().unwrap();
            assert!(help.contains(flag), "`rcsync {command}` has no `{flag}`");
        }
    }
    assert!(help.len() >= 4, "{:?}", help.keys());
}

#[test]
fn every_flag_of_the_environment_table_is_one_of_plan() {
    let help = Run::of(&mut rcsync(&["plan", "--help"])).exits(0).out;
    let text = fs::read_to_string("docs/reference.md").unwrap();
    let table = text
        .split("## Environment")
        .nth(1)
        .unwrap()
        .split("\n## ")
        .next()
        .unwrap();
    let flags: Vec<_> = table
        .split('`')
        .filter(|word| word.starts_with("--"))
        .collect();
    assert!(flags.len() >= 7);
    for flag in flags {
        assert!(
            help.contains(flag.split('[').next().unwrap()),
            "`rcsync plan` has no `{flag}`"
        );
    }
}

#[test]
fn every_example_validates_and_names_the_schema() {
    for entry in fs::read_dir("examples").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "yaml") {
            let text = fs::read_to_string(&path).unwrap();
            assert!(
                text.starts_with(
                    "# yaml-language-server: $schema=../schema/manifest.schema.json\n"
                )
            );
            let run = Run::of(&mut rcsync(&[
                "validate",
                "--strict",
                path.to_str().unwrap(),
            ]))
            .exits(0);
            assert_eq!(run.err, "", "{}", path.display());
        }
    }
}
