//! Who may import whom, held against the `use` lines.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// A module, and what it may import from the crate. Test modules may import anything.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    // Words of every stage.
    ("clock", &[]),
    ("diagnostic", &["words"]),
    ("escape", &[]),
    ("exit", &["server", "apply"]),
    ("regular", &[]),
    ("secret", &[]),
    ("words", &[]),
    ("redactor", &["secret", "escape", "words"]),
    ("integration", &["secret", "redactor"]),
    // From texts to the desired state.
    ("source", &["diagnostic", "secret", "escape", "regular"]),
    ("yaml", &["diagnostic", "secret", "words"]),
    ("variables", &["diagnostic", "secret"]),
    ("schema", &["yaml", "diagnostic"]),
    (
        "manifest",
        &[
            "yaml",
            "schema",
            "integration",
            "script",
            "diagnostic",
            "secret",
            "words",
        ],
    ),
    (
        "desired",
        &[
            "manifest",
            "variables",
            "integration",
            "yaml",
            "script",
            "diagnostic",
            "secret",
        ],
    ),
    // The server.
    ("observed", &["integration", "secret", "redactor"]),
    (
        "server",
        &[
            "redactor",
            "integration",
            "observed",
            "clock",
            "diagnostic",
            "secret",
            "escape",
            "words",
        ],
    ),
    // The plan, and what becomes of it.
    (
        "plan",
        &[
            "redactor",
            "desired",
            "observed",
            "integration",
            "diagnostic",
            "secret",
            "words",
        ],
    ),
    (
        "apply",
        &[
            "redactor",
            "plan",
            "server",
            "observed",
            "integration",
            "clock",
            "diagnostic",
            "secret",
        ],
    ),
    (
        "report",
        &[
            "redactor",
            "plan",
            "apply",
            "observed",
            "integration",
            "diagnostic",
            "secret",
            "escape",
            "doctor",
            "words",
        ],
    ),
    (
        "export",
        &[
            "redactor",
            "observed",
            "integration",
            "diagnostic",
            "escape",
            "secret",
            "words",
        ],
    ),
    (
        "urls",
        &[
            "desired",
            "plan",
            "observed",
            "export",
            "report",
            "integration",
            "diagnostic",
            "secret",
            "escape",
        ],
    ),
    (
        "doctor",
        &["server", "observed", "integration", "redactor", "words"],
    ),
    (
        "engine",
        &[
            "source",
            "yaml",
            "schema",
            "manifest",
            "variables",
            "desired",
            "server",
            "observed",
            "plan",
            "apply",
            "export",
            "urls",
            "integration",
            "redactor",
            "secret",
            "diagnostic",
            "words",
        ],
    ),
    // The imitation of the server knows nothing of the client.
    ("script", &["diagnostic"]),
    ("sandbox", &["script", "clock", "regular"]),
    // The edges.
    // Its flags are parsed into the sandbox's and the report's own words.
    ("cli", &["sandbox", "report"]),
    ("commands", &["*"]),
    // For whoever takes the stages apart.
    ("internals", &["*"]),
    ("lib", &["commands"]),
    ("main", &[]),
];

/// Words that only some files may use, with the places that may.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("granit_parser", &["yaml/"]),
    ("reqwest", &["server/"]),
    ("annotate_snippets", &["report/"]),
    ("rquickjs", &["script/"]),
    ("clap", &["cli.rs", "cli/", "commands/mod.rs"]),
    (
        "Writer",
        &["server/", "apply/", "engine/apply.rs", "commands/session/"],
    ),
    ("std::env", &["commands/"]),
    // Every result is written by the one function that makes a failed write the exit code. The output of other processes is
    // read, and one that looks at scripts answers the process that started it.
    (
        "stdout",
        &["commands/terminal.rs", "source/", "script/isolated.rs"],
    ),
    (
        "io::stdout",
        &["commands/terminal.rs", "script/isolated.rs"],
    ),
    // Where a secret is in clear: in requests, in texts that are put together, and in what `urls` was asked for.
    (
        "expose",
        &[
            "secret.rs",
            "redactor/mod.rs",
            "integration/value.rs",
            "variables.rs",
            "desired/replaced.rs",
            "desired/scripts.rs",
            "desired/view.rs",
            "server/wire.rs",
            "server/credentials.rs",
            "urls/listing.rs",
        ],
    ),
    // Its order is not the same in two runs; the loader looks up and never walks it.
    ("HashMap", &["yaml/loader/"]),
];

/// A source file: its path below `src/`, and its text without test modules, comments and docs.
struct File {
    path: String,
    code: String,
}

fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let relative = path.strip_prefix(&root).unwrap();
                let path_text = relative.to_string_lossy().replace('\\', "/");
                let code = code(&fs::read_to_string(&path).unwrap());
                files.push(File {
                    path: path_text,
                    code,
                });
            }
        }
    }
    files
}

/// What counts: everything up to the test module, without comments.
fn code(text: &str) -> String {
    let before_tests = text
        .split("#[cfg(test)]\nmod tests")
        .next()
        .unwrap_or_default();
    let lines = before_tests
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

fn is_test(path: &str) -> bool {
    ["house.rs", "scenarios.rs"].contains(&path)
        || path.contains("/tests/")
        || path.starts_with("simulation/")
        || ["tests.rs", "fake.rs"]
            .iter()
            .any(|end| path.ends_with(end))
}

/// The modules of the crate that a file's code names as `crate::…`.
fn imports(code: &str) -> BTreeSet<String> {
    code.match_indices("crate::")
        .filter(|(at, _)| !code[..*at].ends_with('$'))
        .map(|(at, found)| {
            let rest = &code[at + found.len()..];
            rest.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect::<String>()
        })
        .filter(|module| !module.is_empty())
        .collect()
}

#[test]
fn every_module_imports_only_what_it_may() {
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| !is_test(&file.path)) {
        let module = file.path.split(['/', '.']).next().unwrap_or_default();
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!("{}: `{module}` is not in the list", file.path));
            continue;
        };
        for import in imports(&file.code) {
            let may =
                import == module || allowed.contains(&import.as_str()) || allowed.contains(&"*");
            if !may {
                wrong.push(format!("{}: may not import `{import}`", file.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_listed_module_exists() {
    let files = files();
    for (module, _) in MAY_IMPORT {
        let exists = files
            .iter()
            .any(|file| file.path.split(['/', '.']).next() == Some(module));
        assert!(exists, "`{module}` is listed and does not exist");
    }
}

#[test]
fn some_words_are_used_in_their_place_only() {
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| !is_test(&file.path)) {
        for (word, places) in ONLY_IN {
            let used = file
                .code
                .split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
            let used = used.map(|token| token.trim_matches(':'));
            let used = used
                .into_iter()
                .any(|token| token == *word || token.starts_with(&format!("{word}::")));
            if used && !places.iter().any(|place| file.path.starts_with(place)) {
                wrong.push(format!("{}: uses `{word}`", file.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The names of fields are known to the tables, to the rules for manifests and to the sandbox; a stage that names one
/// would have to change with every new field.
#[test]
fn fields_are_named_only_where_they_are_special() {
    let names = [
        "triggerWords",
        "triggerWordAnywhere",
        "runOnEdits",
        "targetRoom",
        "impersonateUser",
        "retryFailedCalls",
        "retryCount",
        "retryDelay",
        "scriptEnabled",
        "scriptEngine",
        "skipTranspile",
        "overrideDestinationChannelEnabled",
    ];
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| !is_test(&file.path)) {
        let may = ["integration/", "manifest/", "sandbox/", "internals/"]
            .iter()
            .any(|place| file.path.starts_with(place));
        for name in names
            .iter()
            .filter(|name| !may && file.code.contains(&format!("\"{name}\"")))
        {
            wrong.push(format!("{}: names the field `{name}`", file.path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
