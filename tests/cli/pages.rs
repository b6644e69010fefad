//! The page of each command in `docs/commands/` is true: its help text, and its sessions, which run one after the other
//! in a folder of their own. `INSTA_UPDATE=always cargo test` rewrites both, and the picture of a terminal in the
//! README.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::support::{Run, accepts, rcsync};

const PAGES: &str = "docs/commands";

/// What the sessions find in their folder: `chat/`, a manifest with its script, and one with a mistake.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("chat/scripts")).unwrap();
    for name in ["quickstart.yaml", "scripts/grafana.js"] {
        fs::copy(Path::new("examples").join(name), at("chat").join(name)).unwrap();
    }
    let typo = "integrations:\n  - type: webhook-incoming\n    name: Grafana\n    username: rocket.cat\n    \
                channel: #ops\n    scriptEnable: true\n";
    fs::write(at("typo.yaml"), typo).unwrap();
    folder
}

/// What a command says on both streams, without what is another in every run.
fn session(folder: &TempDir, line: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_rcsync")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    command
        .args(["-c", &format!("{line} 2>&1")])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .env("PATH", path)
        .env("NO_COLOR", "1");
    for (name, _) in std::env::vars() {
        if name.starts_with("RCSYNC_") || name.to_lowercase().ends_with("_proxy") {
            command.env_remove(name);
        }
    }
    stable(&Run::of(&mut command).out)
}

/// The text with ids, tokens, ports, dates and times of no run: ids and tokens are cut short, as nobody can use them.
fn stable(text: &str) -> String {
    let words = text.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let word = |word: &str| {
        let bare = word.trim_end_matches(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        let rest = &word[bare.len()..];
        let has = |kind: fn(&char) -> bool| bare.chars().any(|c| kind(&c));
        let long = bare.len() >= 17 && !bare.contains('-');
        let mixed = has(char::is_ascii_digit)
            || (has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase));
        let date = bare.len() == 10 && bare.starts_with("20") && bare.matches('-').count() == 2;
        let port = bare.len() == 5 && bare.chars().all(|c| c.is_ascii_digit());
        let shown = match bare {
            _ if bare.len() == 24 && bare.chars().all(|c| c.is_ascii_hexdigit()) => "6b0d…",
            _ if bare.len() == 48 && mixed => "Qm7x…",
            _ if long && mixed => "Zt4k…",
            _ if date => "2026-01-31",
            _ if port => "3000",
            _ => bare,
        };
        shown.to_owned() + rest
    };
    let text: String = words.map(word).collect();
    // `17:32 UTC`
    match text.find(" UTC") {
        Some(at) if at > 5 => format!("{}09:08{}", &text[..at - 5], &text[at..]),
        _ => text,
    }
}

/// The page as it should be.
fn right(name: &str, page: &str) -> String {
    let folder = folder();
    let mut text = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        text = text + line + "\n";
        if !["```console", "```text"].contains(&line) {
            continue;
        }
        let fenced: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        if line == "```text" {
            text += &Run::of(&mut rcsync(&[name, "--help"])).exits(0).out;
        }
        for command in fenced.iter().filter_map(|line| line.strip_prefix("$ ")) {
            text = text + "$ " + command + "\n" + &session(&folder, command);
        }
        text += "```\n";
    }
    text
}

#[test]
fn the_page_of_each_command_is_true() {
    let mut wrong = Vec::new();
    for name in names() {
        let path = format!("{PAGES}/{name}.md");
        let page = fs::read_to_string(&path).unwrap_or_default();
        let right = right(&name, &page);
        if page != right || !page.contains("```text\n") {
            if accepts() {
                fs::write(&path, right).unwrap();
                continue;
            }
            wrong.push(path);
        }
    }
    assert!(
        wrong.is_empty(),
        "{wrong:?} not true; INSTA_UPDATE=always cargo test rewrites them"
    );
}

/// What the picture shows: the first day with a manifest.
const SHOWN: [&str; 4] = [
    "rcsync plan chat/quickstart.yaml --sandbox",
    "rcsync apply chat/quickstart.yaml --sandbox --yes",
    "sed -i 's/alias: Grafana/alias: Alerts/' chat/quickstart.yaml",
    "rcsync plan chat/quickstart.yaml --sandbox",
];

/// Colours with enough contrast, on a background of its own: the picture is shown on light and on dark pages.
const COLORS: [(&str, &str); 5] = [
    ("fill: #AAAAAA", "fill: #D6DAE0"),
    ("fill: #000000", "fill: #14181F"),
    ("fill: #00AA00", "fill: #5BC65B"),
    ("fill: #AA5500", "fill: #E0AF50"),
    ("opacity: 0.4", "opacity: 0.7"),
];

#[test]
fn the_picture_of_a_session_is_true() {
    const PICTURE: &str = "docs/session.svg";
    let folder = folder();
    let mut screen = String::new();
    for command in SHOWN {
        let colored = command.replace("rcsync ", "rcsync --color always ");
        let said = session(&folder, &colored);
        screen = screen + "\x1b[1m$ " + command + "\x1b[0m\n" + &said + "\n";
    }
    let colors = screen.matches("\x1b[32m").count() + screen.matches("\x1b[33m").count();
    assert!(colors > 2, "{screen:?}");
    let svg = anstyle_svg::Term::new().render_svg(screen.trim_end()) + "\n";
    let svg = COLORS
        .iter()
        .fold(svg, |svg, (from, to)| svg.replace(from, to));
    if fs::read_to_string(PICTURE).unwrap_or_default() != svg {
        assert!(
            accepts(),
            "{PICTURE} is not true; INSTA_UPDATE=always cargo test draws it again"
        );
        fs::write(PICTURE, svg).unwrap();
    }
}

#[test]
fn there_is_a_page_for_each_command_and_for_nothing_else() {
    let pages = fs::read_dir(PAGES).unwrap();
    let pages = pages.map(|page| page.unwrap().file_name().into_string().unwrap());
    let pages: BTreeSet<_> = pages
        .map(|page| page.trim_end_matches(".md").to_owned())
        .collect();
    assert_eq!(pages, names());
}

/// The names of the commands.
pub(super) fn names() -> BTreeSet<String> {
    let help = Run::of(&mut rcsync(&["--help"])).exits(0).out;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.take_while(|line| !line.is_empty());
    let names = commands.map(|line| line.split_whitespace().next().unwrap().to_owned());
    names.filter(|name| name != "help").collect()
}
