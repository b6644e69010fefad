//! The pages in `docs/` are true: their commands, their manifests, their links, and what they say will happen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::support::{Run, Sandbox, rcsync, write};

/// The pages with their texts.
fn pages() -> BTreeMap<String, String> {
    let mut pages: Vec<_> = [
        "README.md",
        "SECURITY.md",
        "CONTRIBUTING.md",
        "benches/README.md",
        "examples/ci/README.md",
        "fuzz/README.md",
    ]
    .map(str::to_owned)
    .into();
    for folder in ["docs", "docs/commands"] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "md") {
                pages.push(path.to_str().unwrap().to_owned());
            }
        }
    }
    let text = |page: String| {
        let text = fs::read_to_string(&page).unwrap();
        (page, text)
    };
    pages.into_iter().map(text).collect()
}

/// The fenced blocks of a language, without their indentation.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let bare = line.trim_start();
        if bare.strip_prefix("```") != Some(language) {
            continue;
        }
        let indent = line.len() - bare.len();
        let block = lines.by_ref().take_while(|line| line.trim() != "```");
        let block: Vec<_> = block.map(|line| line.get(indent..).unwrap_or("")).collect();
        blocks.push(block.join("\n") + "\n");
    }
    blocks
}

/// The names of all tests.
fn tests() -> BTreeSet<String> {
    let mut folders: Vec<_> = ["src", "crates", "tests"].map(PathBuf::from).into();
    let mut tests = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(path).unwrap();
                let marks = ["#[test]", "#[tokio::test"];
                let marked = marks.into_iter().flat_map(|mark| text.split(mark).skip(1));
                let names = marked.filter_map(|rest| rest.split_once("fn ")?.1.split('(').next());
                tests.extend(names.map(str::to_owned));
            }
        }
    }
    tests
}

#[test]
fn every_promise_of_security_names_tests_that_exist() {
    let tests = tests();
    let text = fs::read_to_string("SECURITY.md").unwrap();
    let mut named = BTreeSet::new();
    for line in text.lines() {
        let cells: Vec<_> = line.split('|').collect();
        let names = line.split('`').skip(1).step_by(2);
        let names: Vec<_> = names
            .filter(|name| name.matches('_').count() > 2 && !name.contains(['/', '.', '*']))
            .collect();
        // A promise is a row of two cells.
        let is_promise =
            cells.len() == 4 && !cells[1].contains("---") && cells[2].trim() != "shown by";
        assert!(!is_promise || !names.is_empty(), "{line}");
        named.extend(names.into_iter().map(str::to_owned));
    }
    assert!(named.len() > 50, "{}", named.len());
    let missing: Vec<_> = named.difference(&tests).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let mut links = 0;
    for (page, text) in &pages {
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split(')').next().unwrap();
            let target = target.split('#').next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let path = Path::new(page).parent().unwrap().join(target);
            assert!(path.exists(), "{page}: {target}");
            links += 1;
        }
    }
    assert!(links > 20, "{links}");
    // And every page can be found.
    for page in pages.keys().filter_map(|page| page.strip_prefix("docs/")) {
        assert!(
            page == "README.md" || pages["docs/README.md"].contains(&format!("({page})")),
            "{page}"
        );
    }
}

#[test]
fn every_file_that_contributors_are_sent_to_exists() {
    let text = fs::read_to_string("CONTRIBUTING.md").unwrap();
    let quoted = text.split('`').skip(1).step_by(2);
    let roots = [
        "src/",
        "crates/",
        "tests/",
        "schema/",
        "docs/",
        "benches/",
        "fuzz/",
        "examples/",
    ];
    let paths: BTreeSet<_> = quoted
        .filter(|word| roots.iter().any(|root| word.starts_with(root)))
        .collect();
    assert!(paths.len() > 30, "{paths:?}");
    for path in paths {
        // A section of a page is on that page.
        let file = path.split('#').next().unwrap();
        assert!(Path::new(file).exists(), "{path}");
    }
}

#[test]
fn every_command_of_a_page_exists_with_its_flags() {
    let mut help = BTreeMap::new();
    for (page, text) in pages() {
        for line in blocks(&text, "sh").iter().flat_map(|block| block.lines()) {
            let line = line.split(" #").next().unwrap().trim();
            let Some(words) = line.strip_prefix("rcsync ") else {
                continue;
            };
            let words: Vec<_> = words.split(' ').collect();
            let help = help
                .entry(words[0].to_owned())
                .or_insert_with(|| Run::of(&mut rcsync(&[words[0], "--help"])).exits(0).out);
            for flag in words.iter().filter(|word| word.starts_with("--")) {
                let flag = flag.split('=').next().unwrap();
                let there = [" ", "\n", "["].map(|after| help.contains(&format!("{flag}{after}")));
                assert!(there.contains(&true), "{page}: `{line}`: no {flag}");
            }
        }
    }
    assert!(help.len() >= 6, "{:?}", help.keys());
}

#[test]
fn every_manifest_of_a_guide_is_valid() {
    let folder = tempfile::tempdir().unwrap();
    let mut manifests = 0;
    for (page, text) in pages().iter().filter(|(page, _)| page.starts_with("docs/")) {
        for block in blocks(text, "yaml") {
            let path = write(folder.path(), "a.yaml", &block);
            let run = Run::of(&mut rcsync(&["validate", "--strict", &path])).exits(0);
            assert_eq!(run.err, "", "{page}");
            manifests += 1;
        }
    }
    assert!(manifests >= 1, "{manifests}");
}

fn hooks(more: &str) -> String {
    format!(
        "integrations:\n  - type: webhook-incoming\n    name: Grafana alerts\n    username: rocket.cat\n    \
         channel: \"#general\"\n{more}"
    )
}

fn records(sandbox: &Sandbox) -> BTreeMap<String, Json> {
    let records = sandbox.records().into_iter();
    records
        .map(|record| (record["name"].as_str().unwrap().to_owned(), record))
        .collect()
}

#[test]
fn an_entry_moves_to_another_repository_without_a_write() {
    let sandbox = Sandbox::inventive();
    let old = sandbox.file("old.yaml", &hooks(""));
    sandbox.run(&["apply", "--yes", &old]).exits(0);
    let before = sandbox.records();

    sandbox.file("old.yaml", &hooks("    state: released\n"));
    sandbox.run(&["apply", "--yes", &old]).exits(0);
    let new = sandbox.file("new.yaml", &hooks(""));
    sandbox.run(&["plan", &new, "--detailed-exitcode"]).exits(0);
    sandbox.file("old.yaml", "integrations: []\n");
    sandbox.run(&["apply", "--yes", &old]).exits(0);
    assert_eq!(sandbox.records(), before);
}

#[test]
fn what_a_revert_brings_back_and_what_not() {
    let sandbox = Sandbox::inventive();
    let second = "  - type: webhook-incoming\n    name: Second\n    username: rocket.cat\n    channel: \"#general\"\n";
    let before = hooks(second);
    let path = sandbox.file("a.yaml", &before);
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    let first = records(&sandbox);

    // Changed, created, deleted.
    let created = second.replace("Second", "Third");
    let deleted = second.replace("    username", "    state: absent\n    username");
    sandbox.file("a.yaml", &(hooks("    alias: New\n") + &deleted + &created));
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    assert_eq!(
        records(&sandbox).keys().collect::<Vec<_>>(),
        ["Grafana alerts", "Third"]
    );

    sandbox.file("a.yaml", &before);
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    let last = records(&sandbox);
    let (old, new) = (&first["Grafana alerts"], &last["Grafana alerts"]);
    assert_eq!((&old["_id"], &old["token"]), (&new["_id"], &new["token"]));
    assert_eq!(new["alias"], "");
    assert!(last.contains_key("Third"));
    assert_ne!(first["Second"]["token"], last["Second"]["token"]);

    // A renaming goes back by `renamedFrom` the other way round.
    let renamed = |name: &str, old: &str| {
        hooks("").replace(
            "Grafana alerts\n",
            &format!("{name}\n    renamedFrom: {old}\n"),
        )
    };
    sandbox.file("a.yaml", &renamed("Alerts", "Grafana alerts"));
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    sandbox.file("a.yaml", &renamed("Grafana alerts", "Alerts"));
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    assert_eq!(records(&sandbox)["Grafana alerts"]["_id"], new["_id"]);
}

#[test]
fn another_account_that_sees_all_takes_over_and_one_that_does_not_cannot() {
    let sandbox = Sandbox::strict();
    let path = sandbox.file("a.yaml", &hooks(""));
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    let plan = |account: (&str, &str), code: i32| {
        let mut command = sandbox.rcsync_as(
            account.0,
            account.1,
            &["plan", &path, "--detailed-exitcode"],
        );
        Run::of(&mut command).exits(code).out
    };
    plan(MIA, 0);
    let olga = plan(OLGA, 4);
    assert!(olga.contains("1 to create"), "{olga}");
    assert!(
        olga.contains("refused: 1 webhook would be created"),
        "{olga}"
    );
}

const MIA: (&str, &str) = ("uMgr00000000003", "tok-mia-4444");
const OLGA: (&str, &str) = ("uOwn00000000004", "tok-olga-5555");

/// The accounts of the fixture with the rows of the page about them: how many incoming and outgoing webhooks of an
/// administrator's each sees, and whether it may change one.
const ACCOUNTS: [(&str, (&str, &str), usize, usize); 7] = [
    (
        "`manage-incoming-integrations` and `manage-outgoing-integrations`",
        MIA,
        1,
        1,
    ),
    (
        "both, and `manage-own-incoming-integrations` and `manage-own-outgoing-integrations`",
        ("uLim00000000011", "tok-lena-cccc"),
        1,
        1,
    ),
    (
        "`manage-own-incoming-integrations` and `manage-own-outgoing-integrations`",
        OLGA,
        0,
        0,
    ),
    (
        "`manage-incoming-integrations`",
        ("uInc00000000006", "tok-ines-7777"),
        1,
        0,
    ),
    (
        "`manage-outgoing-integrations`",
        ("uOut00000000007", "tok-omar-8888"),
        0,
        1,
    ),
    (
        "`manage-own-incoming-integrations`",
        ("uOin00000000008", "tok-nina-9999"),
        0,
        0,
    ),
    (
        "`manage-own-outgoing-integrations`",
        ("uOou00000000009", "tok-noel-aaaa"),
        0,
        0,
    ),
];

fn kinds(export: &str) -> (usize, usize) {
    let count = |kind: &str| export.matches(&format!("type: webhook-{kind}")).count();
    (count("incoming"), count("outgoing"))
}

#[test]
fn an_account_sees_and_changes_what_the_table_says() {
    let sandbox = Sandbox::strict();
    let outgoing = "  - type: webhook-outgoing\n    name: Out\n    event: sendMessage\n    username: rocket.cat\n    \
                    channel: \"#general\"\n    urls: [\"https://hooks.example.org/\"]\n    token: ${secret.token}\n";
    let apply = |account: Option<(&str, &str)>, text: &str| {
        let path = sandbox.file("a.yaml", text);
        let args = ["apply", "--yes", path.as_str()];
        let mut command = match account {
            Some((user, token)) => sandbox.rcsync_as(user, token, &args),
            None => sandbox.rcsync(&args),
        };
        Run::of(command.env("RCSYNC_SECRET_token", "t0ken"))
    };
    apply(None, &hooks(outgoing)).exits(0);
    let page = fs::read_to_string("docs/permissions.md").unwrap();
    let table = page
        .split("## What the account sees and changes")
        .nth(1)
        .unwrap();
    let rows: Vec<_> = table
        .lines()
        .filter(|line| line.starts_with("| `") || line.starts_with("| both"))
        .collect();
    assert_eq!(
        rows.len(),
        ACCOUNTS.len()
            + page
                .split("## Helpful permissions")
                .nth(1)
                .unwrap()
                .matches("\n| `")
                .count()
    );

    let incoming = hooks("");
    let both = [incoming.as_str(), &format!("integrations:\n{outgoing}")];
    for (number, (label, account, sees_in, sees_out)) in ACCOUNTS.into_iter().enumerate() {
        assert!(
            rows[number].starts_with(&format!("| {label} | ")),
            "{}",
            rows[number]
        );
        let export = Run::of(&mut sandbox.rcsync_as(account.0, account.1, &["export"])).exits(0);
        assert_eq!(kinds(&export.out), (sees_in, sees_out), "{label}");
        let urls = Run::of(&mut sandbox.rcsync_as(account.0, account.1, &["urls"])).exits(0);
        assert_eq!(urls.out, "", "{label}");
        // What it sees it changes.
        for (text, sees) in both.into_iter().zip([sees_in, sees_out]) {
            if sees == 1 {
                let text = text.replace(
                    "\n    name: ",
                    &format!("\n    alias: by {number}\n    name: "),
                );
                apply(Some(account), &text).exits(0);
                let by = format!("by {number}");
                assert!(
                    sandbox
                        .records()
                        .iter()
                        .any(|record| record["alias"] == *by),
                    "{label}"
                );
            }
        }
    }
    // Both own permissions and one for all: the own ones decide what is listed.
    sandbox.act(&json!({ "action": "change-roles", "username": "olga.owner", "roles": ["int-owner", "int-in"] }));
    let olga = Run::of(&mut sandbox.rcsync_as(OLGA.0, OLGA.1, &["export"])).exits(0);
    assert_eq!(kinds(&olga.out), (0, 0));
    let paul = Run::of(&mut sandbox.rcsync_as("uPln00000000010", "tok-paul-bbbb", &["export"]));
    assert_eq!(paul.exits(7).out, "");
}

#[test]
fn rooms_are_open_to_those_who_hold_both_permissions_of_a_direction() {
    let sandbox = Sandbox::strict();
    let lena = ("uLim00000000011", "tok-lena-cccc");
    // Lena is no member of these; Mia holds one permission, Olga the other.
    for channel in ["#random", "@alice.admin"] {
        for (account, code) in [
            (lena, 0),
            (MIA, 6),
            (OLGA, if channel == "#random" { 0 } else { 6 }),
        ] {
            let name = format!("{} {channel}", account.0);
            let text = hooks("")
                .replace("Grafana alerts", &format!("\"{name}\""))
                .replace("#general", channel);
            let path = sandbox.file("a.yaml", &text);
            // Olga sees what she made alone, and has made nothing yet.
            let apply = ["apply", "--yes", &path, "--allow-partial-view"];
            if code == 6 {
                let run = Run::of(&mut sandbox.rcsync_as(account.0, account.1, &apply));
                assert!(run.exits(4).out.contains("-out-of-reach: "));
            }
            // What the plan says is what the server does.
            let blind = [
                "apply",
                "--yes",
                &path,
                "--allow-partial-view",
                "--preflight=off",
            ];
            let run = Run::of(&mut sandbox.rcsync_as(account.0, account.1, &blind));
            let run = run.exits(code);
            let refused = run.out.contains("error-invalid-channel");
            assert_eq!(refused, code == 6, "{}", run.out);
        }
    }
}
