//! What the compiler cannot keep of the architecture: who prints, who writes, who does I/O, and which way imports go.
//!
//! Sources are parsed, so that tests are left out wherever they stand, and what a comment or a text says does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, File, Item, Macro, UseTree};

/// What may stand in some files only: the words it is known by, and where it may stand.
const PLACES: [(&str, &[&str], &[&str]); 6] = [
    (
        "what is printed, read from the environment, or ends the process",
        &[
            "print",
            "println",
            "eprint",
            "eprintln",
            "dbg",
            "std::env",
            "std::process::exit",
            "std::process::abort",
            "std::io::stdout",
            "std::io::stderr",
            "std::io::stdin",
            "std::process::ExitCode",
        ],
        // A process that looks at scripts answers the one that started it.
        &["src/bin/", "crates/webhook-script/src/isolated.rs"],
    ),
    (
        "the command line's library",
        &["clap", "anstream", "tracing_subscriber"],
        &["src/bin/"],
    ),
    (
        "what writes to a server",
        &["Writer"],
        &[
            "src/server/",
            "src/apply/",
            "src/engine/apply.rs",
            "src/bin/",
            "crates/rocketchat-client/",
        ],
    ),
    (
        "files, processes and connections",
        &[
            "std::fs",
            "std::net",
            "std::process",
            "tokio::fs",
            "tokio::net",
            "tokio::process",
            "reqwest",
            "hyper",
        ],
        &["src/source", "src/regular.rs", "src/bin/", "crates/"],
    ),
    (
        "a secret in clear",
        &["expose"],
        &[
            "crates/rocketchat-client/src/credentials.rs",
            "crates/rocketchat-client/src/redactor/mod.rs",
            "crates/rocketchat-client/src/secret.rs",
            "src/desired",
            "src/integration/value.rs",
            "src/server/wire.rs",
            "src/urls/listing.rs",
            "src/variables.rs",
        ],
    ),
    // Its order is not the same in two runs; those who have it look up and never walk it.
    (
        "a table without an order",
        &["HashMap"],
        &["src/yaml/loader/", "crates/"],
    ),
];

/// What a file names outside of its tests.
#[derive(Default)]
struct Names {
    /// Paths as they are written, those of `use` in full: `std::fs::read`, `Self::new`.
    paths: BTreeSet<String>,
    /// Single names: of macros, methods, and the parts of paths.
    names: BTreeSet<String>,
}

impl Names {
    fn of(source: &str) -> Self {
        let file = syn::parse_file(source).unwrap();
        let mut names = Self::default();
        names.visit_file(&file);
        names
    }

    fn path(&mut self, path: &str) {
        self.paths.insert(path.to_owned());
        self.names.extend(path.split("::").map(str::to_owned));
    }

    /// Whether a word is named: a path as such, or what begins with it.
    fn has(&self, word: &str) -> bool {
        if !word.contains("::") {
            return self.names.contains(word);
        }
        let below = format!("{word}::");
        self.paths
            .iter()
            .any(|path| path == word || path.starts_with(&below))
    }

    fn uses(&mut self, tree: &UseTree, before: &str) {
        let join = |name: &dyn std::fmt::Display| {
            if before.is_empty() {
                name.to_string()
            } else {
                format!("{before}::{name}")
            }
        };
        match tree {
            UseTree::Path(it) => self.uses(&it.tree, &join(&it.ident)),
            UseTree::Name(it) if it.ident == "self" => self.path(before),
            UseTree::Name(it) => self.path(&join(&it.ident)),
            UseTree::Rename(it) => self.path(&join(&it.ident)),
            UseTree::Glob(_) => self.path(before),
            UseTree::Group(it) => it.items.iter().for_each(|tree| self.uses(tree, before)),
        }
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let mut test = attribute.path().is_ident("test");
        if attribute.path().is_ident("cfg") {
            let _ = attribute.parse_nested_meta(|meta| {
                test |= meta.path.is_ident("test");
                Ok(())
            });
        }
        test
    })
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(it) => &it.attrs,
            Item::Fn(it) => &it.attrs,
            Item::Use(it) => &it.attrs,
            Item::Impl(it) => &it.attrs,
            Item::Const(it) => &it.attrs,
            Item::Struct(it) => &it.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_test(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.uses(&item.tree, "");
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_test(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts = path.segments.iter().map(|part| part.ident.to_string());
        self.path(&parts.collect::<Vec<_>>().join("::"));
        visit::visit_path(self, path);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.names.insert(call.method.to_string());
        visit::visit_expr_method_call(self, call);
    }

    /// What is in a macro counts as if it stood there itself, as far as it can be read.
    fn visit_macro(&mut self, it: &'ast Macro) {
        visit::visit_macro(self, it);
        let text = it.tokens.to_string();
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        self.names.extend(words.map(str::to_owned));
    }
}

/// Every source file of the product, by its path from the root, with what it names. Files of tests are left out.
fn sources() -> Vec<(String, Names)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src"), root.join("crates")];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            // Tests and examples of the crates are programs of their own.
            let is_product = |name: &std::ffi::OsStr| name != "tests" && name != "examples";
            if path.is_dir() {
                let inside = path
                    .strip_prefix(root.join("crates"))
                    .is_ok_and(|it| it.components().count() == 2);
                if !inside || path.file_name().is_some_and(is_product) {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    let tests = test_files(&files);
    files.retain(|file| {
        !tests
            .iter()
            .any(|test| file.starts_with(test) || file == &test.with_extension("rs"))
    });
    let named = files.iter().map(|file| {
        let path = file
            .strip_prefix(root)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        (path, Names::of(&fs::read_to_string(file).unwrap()))
    });
    named.collect()
}

/// The modules that are declared under `#[cfg(test)]`, without their endings.
fn test_files(files: &[PathBuf]) -> Vec<PathBuf> {
    let mut tests = Vec::new();
    for file in files {
        let parsed: File = syn::parse_file(&fs::read_to_string(file).unwrap()).unwrap();
        let name = file.file_stem().unwrap();
        let folder = match name.to_str() {
            Some("mod" | "lib" | "main") => file.parent().unwrap().to_owned(),
            _ => file.with_extension(""),
        };
        let modules = parsed.items.iter().filter_map(|item| match item {
            Item::Mod(module) if module.content.is_none() && is_test(&module.attrs) => Some(module),
            _ => None,
        });
        tests.extend(modules.map(|module| folder.join(module.ident.to_string())));
    }
    tests
}

/// What a file names that it may not.
fn misplaced(path: &str, names: &Names) -> Vec<String> {
    let mut wrong = Vec::new();
    for (what, words, places) in PLACES {
        if places.iter().any(|place| path.starts_with(place)) {
            continue;
        }
        let found = words.iter().filter(|word| names.has(word));
        wrong.extend(found.map(|word| format!("{path}: `{word}` is {what}")));
    }
    wrong
}

#[test]
fn what_belongs_in_one_place_stands_nowhere_else() {
    let sources = sources();
    assert!(sources.len() > 200, "{}", sources.len());
    let wrong: Vec<_> = sources
        .iter()
        .flat_map(|(path, names)| misplaced(path, names))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The modules of the library import each other in one direction.
#[test]
fn no_module_of_the_library_imports_itself_by_way_of_others() {
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, names) in sources() {
        let Some(path) = path
            .strip_prefix("src/")
            .filter(|path| !path.starts_with("bin/"))
        else {
            continue;
        };
        let module = path.split(['/', '.']).next().unwrap().to_owned();
        let others = names
            .paths
            .iter()
            .filter_map(|path| path.strip_prefix("crate::"));
        let others = others.map(|path| path.split("::").next().unwrap().to_owned());
        let others = others.filter(|other| *other != module);
        imports.entry(module.clone()).or_default().extend(others);
    }
    assert!(
        imports.len() > 15 && imports["plan"].contains("desired"),
        "{imports:#?}"
    );
    // Whoever imports nothing that is left can be taken away; a circle never can.
    while let Some(free) = imports
        .iter()
        .find(|(_, others)| others.is_empty())
        .map(|it| it.0.clone())
    {
        imports.remove(&free);
        let known: BTreeSet<_> = imports.keys().cloned().collect();
        for others in imports.values_mut() {
            others.retain(|it| known.contains(it));
        }
    }
    assert!(imports.is_empty(), "{imports:#?}");
}

/// The names of fields are known to the tables, to the rules for manifests and to the sandbox; a stage that names one
/// would have to change with every new field.
#[test]
fn fields_are_named_only_where_they_are_special() {
    const FIELDS: [&str; 12] = [
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
    const PLACES: [&str; 4] = [
        "src/integration/",
        "src/manifest/",
        "crates/rocketchat-sandbox/",
        "crates/rocketchat-client/src/mask.rs",
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wrong = Vec::new();
    for (path, _) in sources() {
        if PLACES.iter().any(|place| path.starts_with(place)) {
            continue;
        }
        let literals = Literals::of(&fs::read_to_string(root.join(&path)).unwrap());
        let named = FIELDS.iter().filter(|field| literals.0.contains(**field));
        wrong.extend(named.map(|field| format!("{path}: names the field `{field}`")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The texts that stand in a file outside of its tests.
#[derive(Default)]
struct Literals(BTreeSet<String>);

impl Literals {
    fn of(source: &str) -> Self {
        let mut literals = Self::default();
        literals.visit_file(&syn::parse_file(source).unwrap());
        literals
    }
}

impl<'ast> Visit<'ast> for Literals {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.0.insert(text.value());
    }
}

/// The test is one: each kind of violation is found, also behind the tests of a file, and none in what is no code.
#[test]
fn violations_are_found_and_nothing_else() {
    let behind_tests =
        "#[cfg(test)]\nmod tests { fn f() { println!(); } }\n\nfn g() {\n    println!(\"a\");\n}\n";
    for (path, source, found) in [
        ("src/plan/a.rs", behind_tests, 1),
        ("src/bin/rcsync/a.rs", behind_tests, 0),
        (
            "src/a.rs",
            "#[cfg(test)]\nmod tests { fn f() { println!(); } }",
            0,
        ),
        ("src/a.rs", "#[test]\nfn f() { eprintln!(); }", 0),
        (
            "src/a.rs",
            "/// `println!`\nfn f() -> &'static str { \"std::env\" }",
            0,
        ),
        ("src/a.rs", "use std::{env, fs};", 2),
        ("src/a.rs", "fn f() { std::env::var(\"A\"); }", 1),
        ("src/a.rs", "use std::env::var as v;", 1),
        ("src/report/a.rs", "use std::fs::read;", 1),
        ("src/source/a.rs", "use std::fs::read;", 0),
        ("src/engine/plan.rs", "use crate::server::Writer;", 1),
        ("src/engine/apply.rs", "use crate::server::Writer;", 0),
        (
            "src/plan/a.rs",
            "fn f(a: &A) { let _ = vec![a.expose()]; }",
            1,
        ),
        ("crates/rocketchat-client/src/a.rs", "use clap::Parser;", 1),
    ] {
        let wrong = misplaced(path, &Names::of(source));
        assert_eq!(wrong.len(), found, "{path}: {source}\n{wrong:#?}");
    }
}

/// The texts of a folder, with their paths, of files that end so.
fn texts(folder: &Path, endings: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(texts(&path, endings));
        } else if endings
            .iter()
            .any(|end| path.to_string_lossy().ends_with(end))
            && let Ok(text) = fs::read_to_string(&path)
        {
            found.push((path, text));
        }
    }
    found
}

/// The sections of the page that are cited in a text: `docs/server.md#create, #update`.
fn cited(text: &str) -> Vec<String> {
    let anchor = |rest: &str| -> String {
        let is_part = |it: &char| it.is_ascii_lowercase() || it.is_ascii_digit() || *it == '-';
        rest.chars().take_while(is_part).collect()
    };
    let mut found = Vec::new();
    for (at, cite) in text.match_indices("server.md#") {
        let mut rest = &text[at + cite.len()..];
        loop {
            let name = anchor(rest);
            rest = &rest[name.len()..];
            found.push(name);
            match rest.strip_prefix(", #") {
                Some(more) => rest = more,
                None => break,
            }
        }
    }
    found
}

#[test]
fn every_cited_fact_about_the_server_is_on_its_page() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(home.join("docs/server.md")).unwrap();
    let headings = page.lines().filter(|line| line.starts_with('#'));
    let anchors: BTreeSet<String> = headings
        .map(|line| {
            let text = line.trim_start_matches('#').trim().to_lowercase();
            let text = text
                .chars()
                .filter(|it| it.is_alphanumeric() || " -".contains(*it));
            text.map(|it| if it == ' ' { '-' } else { it }).collect()
        })
        .collect();
    let mut cites = 0;
    for folder in [
        "src",
        "crates",
        "tests",
        "docs",
        "benches",
        "fuzz/fuzz_targets",
        "fuzz/src",
    ] {
        for (path, text) in texts(&home.join(folder), &[".rs", ".md"]) {
            for anchor in cited(&text) {
                // This file has examples.
                if path.ends_with("tests/library/architecture.rs") {
                    continue;
                }
                assert!(anchors.contains(&anchor), "{}: #{anchor}", path.display());
                cites += 1;
            }
            let unpublished = ["(refer", "ence "].concat();
            assert!(
                !text.contains(&unpublished),
                "{}: cites what is not here",
                path.display()
            );
        }
    }
    assert!(cites > 150, "{cites}");
    assert_eq!(
        cited("docs/server.md#create, #update (server.md#list)."),
        ["create", "update", "list"]
    );
}
