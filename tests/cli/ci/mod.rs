//! The templates in `examples/ci/`, run as a pipeline would run them: each job of each file, on a checkout of its own,
//! against a sandbox. What is not rcsync's (`gh`, `docker`, `curl`) is played by scripts that keep what they are given.
//! They need `jq`, as the jobs do: `.ci/run` installs it.

mod github;
mod gitlab;
mod runner;

use std::fs;

use crate::support::{Run, rcsync};

const FOLDER: &str = "examples/ci";

fn template(name: &str) -> String {
    fs::read_to_string(format!("{FOLDER}/{name}")).unwrap()
}

#[test]
fn the_hook_before_a_commit_validates() {
    let text = template("pre-commit-config.yaml");
    let config: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    let hook = &config["repos"][0]["hooks"][0];
    let entry: Vec<_> = hook["entry"].as_str().unwrap().split(' ').collect();
    assert_eq!(entry[0], "rcsync");
    let folder = tempfile::tempdir().unwrap();
    runner::manifests(&folder.path().join("chat"));
    let run = || Run::of(rcsync(&entry[1..]).current_dir(folder.path()));
    run().exits(0);
    fs::write(folder.path().join("chat/b.yaml"), "integrations: [{}]\n").unwrap();
    run().exits(3);
}

#[test]
fn the_image_is_built_from_what_is_here_and_runs_as_nobody() {
    let text = template("Containerfile");
    let cargo = fs::read_to_string("Cargo.toml").unwrap();
    let version = cargo
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "));
    let version = version.unwrap().trim_matches('"');
    assert!(
        text.contains(&format!("rust:{version}-slim")),
        "not built with Rust {version}"
    );
    assert!(text.contains("--profile dist") && cargo.contains("[profile.dist]"));
    for line in text.lines().filter_map(|line| line.strip_prefix("COPY ")) {
        let words: Vec<_> = line.split(' ').collect();
        let (_, sources) = words.split_last().unwrap();
        for source in sources
            .iter()
            .take_while(|_| !words[0].starts_with("--from"))
        {
            assert!(fs::exists(source).unwrap(), "{source} is not here");
        }
    }
    let last = |word: &str| text.lines().rev().find(|line| line.starts_with(word));
    assert_eq!(last("USER"), Some("USER 65534:65534"));
    assert_eq!(last("ENTRYPOINT"), Some(r#"ENTRYPOINT ["rcsync"]"#));
}
