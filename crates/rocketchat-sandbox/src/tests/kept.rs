//! The state on disk: what is torn, damaged, not ours, in use, full or not a file, and what is kept of it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::super::journal::replay;
use super::super::{Clock, Config, Fixture, Holder, Sandbox, StateError, Store};
use super::{ALICE, Server, config, incoming};

/// A state in a folder of its own.
struct Kept {
    folder: TempDir,
    file: PathBuf,
}

impl Kept {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("state.jsonl");
        Self { folder, file }
    }

    fn config(&self) -> Config {
        Config {
            store: Store::File(self.file.clone()),
            ..config()
        }
    }

    fn open(&self) -> Result<Arc<Sandbox>, StateError> {
        Sandbox::open(&self.config(), Clock::system())
    }

    /// Why it cannot be opened.
    fn refusal(&self) -> String {
        self.open().expect_err("it is refused").to_string()
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(&self.file).expect("a state")
    }

    /// The names of the files beside the state.
    fn beside(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder.path()).expect("a folder");
        let names = names.map(|it| it.expect("a file").file_name().into_string().expect("text"));
        let mut names: Vec<_> = names.filter(|name| name != "state.jsonl").collect();
        names.sort();
        names
    }
}

fn made(sandbox: &Sandbox) -> Vec<Value> {
    let records = sandbox.records().into_iter();
    records.map(|record| record["name"].clone()).collect()
}

/// A world of few lines, whose administrator is the one that tests speak for.
const SMALL: &str = r#"{
    "users": [
        {"_id": "a", "username": "alice.admin", "roles": ["admin"], "token": "t"},
        {"_id": "c", "username": "rocket.cat", "roles": ["bot"]}
    ],
    "roles": {"admin": ["manage-incoming-integrations"], "bot": ["message-impersonate"]},
    "rooms": [{"_id": "g", "name": "general", "t": "c"}],
    "subscriptions": [{"rid": "g", "uid": "a"}]
}"#;

/// A state of three integrations, one of them changed since.
async fn small(kept: &Kept) {
    let server = Server::open(&Config {
        fixture: Some(Fixture::parse(SMALL.as_bytes()).expect("a fixture")),
        ..kept.config()
    });
    let mut ids = Vec::new();
    for name in ["one", "two", "three"] {
        ids.push(server.made(incoming(json!({"name": name}))).await);
    }
    let body = incoming(json!({"integrationId": ids[0], "name": "first"}));
    assert_eq!(server.update(body).await.status, 200);
}

const FORMAT_LINE: &str = "{\"sandbox\":1}";

/// The same state as older versions left it: what says that it is whole came last.
fn in_the_old_order(bytes: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).expect("text");
    let lines = text.lines().filter(|line| *line != "\"filled\"");
    lines
        .chain(["\"filled\""])
        .fold(Vec::new(), |mut all, line| {
            all.extend(line.as_bytes());
            all.push(b'\n');
            all
        })
}

/// The names of the records in those lines of a state that lack no more than their end.
fn whole_records(bytes: &[u8]) -> Vec<Value> {
    let mut records: Vec<Value> = Vec::new();
    let lines = bytes.split(|byte| *byte == b'\n');
    for line in lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok()) {
        let record = line["record"].clone();
        match records.iter_mut().find(|it| it["_id"] == record["_id"]) {
            _ if record.is_null() => {}
            Some(old) => *old = record,
            None => records.push(record),
        }
    }
    records
        .iter()
        .map(|record| record["name"].clone())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn whatever_end_is_lost_the_rest_is_kept() {
    let kept = Kept::new();
    small(&kept).await;
    let grown = kept.bytes();
    drop(kept.open().expect("opened, and rewritten"));
    let rewritten = kept.bytes();
    assert!(rewritten.len() < grown.len());
    for whole in [grown, in_the_old_order(&rewritten), rewritten] {
        for cut in 0..=whole.len() {
            let torn = &whole[..cut];
            let replayed = replay(torn).unwrap_or_else(|flaw| panic!("{cut}: {flaw:?}"));
            let names = replayed
                .world
                .records()
                .map(|record| record["name"].clone());
            let names: Vec<_> = names.collect();
            assert_eq!(names, whole_records(torn), "{cut}");
            // Neither half a line nor what was never whole is dropped in silence.
            let last = torn
                .rsplit(|byte| *byte == b'\n')
                .next()
                .unwrap_or_default();
            let ended = last.is_empty() || serde_json::from_slice::<Value>(last).is_ok();
            let noted = replayed.note(&kept.file).is_some();
            let begun = cut >= FORMAT_LINE.len();
            assert_eq!(
                noted,
                begun && (!ended || !replayed.world.is_filled()),
                "{cut}"
            );
            assert!(replayed.world.is_filled() || names.is_empty(), "{cut}");
            if cut % 211 == 0 || whole.len() - cut < 12 {
                fs::write(&kept.file, torn).expect("cut");
                for _ in 0..2 {
                    let sandbox = kept.open().unwrap_or_else(|error| panic!("{cut}: {error}"));
                    assert_eq!(made(&sandbox), names, "{cut}");
                }
                let again = replay(&kept.bytes()).expect("whole again");
                assert_eq!(again.note(&kept.file), None, "{cut}");
            }
        }
    }
    assert_eq!(kept.beside(), ["state.jsonl.lock"]);
}

#[test]
fn what_is_not_a_state_is_left_as_it_is() {
    let kept = Kept::new();
    let heading = "{\"sandbox\":1}\n";
    for (text, told) in [
        ("# rcsync\n\nA readme\n".to_owned(), "not a sandbox state"),
        ("no line end".to_owned(), "not a sandbox state"),
        ("{\"sandbox\":2}\n".to_owned(), "not a sandbox state"),
        (
            "{\"sandbox\":1,\"other\":1}\n".to_owned(),
            "not a sandbox state",
        ),
        ("{}".to_owned(), "not a sandbox state"),
        ("\n".to_owned(), "not a sandbox state"),
        ("\u{feff}".to_owned() + heading, "not a sandbox state"),
        (heading.to_owned() + "hello", "state.jsonl:2: not a line"),
        (heading.to_owned() + "\n", "state.jsonl:2: not a line"),
        (
            heading.to_owned() + "{\"record\":{}}\n{\"rec\n\"filled\"\n",
            "state.jsonl:3: not a line",
        ),
        (
            heading.to_owned() + "{\"unknown\":1}",
            "state.jsonl:2: not a line",
        ),
        (
            heading.to_owned() + &"[".repeat(1 << 20),
            "state.jsonl:2: not a line",
        ),
        (
            heading.to_owned() + "{\"setting\":[\"a\"," + &"[".repeat(1 << 20),
            "state.jsonl:2: not a line",
        ),
        ("[".repeat(1 << 20), "not a sandbox state"),
    ] {
        fs::write(&kept.file, &text).expect("written");
        let told_now = kept.refusal();
        assert!(told_now.contains(told), "{told_now}");
        assert_eq!(kept.bytes(), text.as_bytes());
        // Nothing is written beside what does not even begin like a state.
        assert_eq!(
            kept.beside().is_empty(),
            !text.starts_with(heading),
            "{text:.40}"
        );
        let _ = fs::remove_file(kept.folder.path().join("state.jsonl.lock"));
    }
}

#[test]
fn what_is_not_a_file_of_its_own_is_no_place_for_a_state() {
    let kept = Kept::new();
    let at = |name: &str| kept.folder.path().join(name);
    fs::write(at("precious"), "precious").expect("written");
    let link: fn(&Path) = |path| symlink("precious", path).expect("linked");
    let dangling: fn(&Path) = |path| symlink("nothing", path).expect("linked");
    let device: fn(&Path) = |path| symlink("/dev/zero", path).expect("linked");
    let folder: fn(&Path) = |path| fs::create_dir(path).expect("made");
    let pipe: fn(&Path) = |path| {
        let made = std::process::Command::new("mkfifo").arg(path).status();
        assert!(made.expect("run").success());
    };
    for (name, make) in [
        ("a link", link),
        ("a dangling link", dangling),
        ("a device", device),
        ("a folder", folder),
        ("a pipe", pipe),
    ] {
        for place in ["state.jsonl", "state.jsonl.lock"] {
            make(&at(place));
            for store in [
                Store::File(kept.file.clone()),
                Store::ReadOnly(kept.file.clone()),
            ] {
                if place != "state.jsonl" && matches!(store, Store::ReadOnly(_)) {
                    continue;
                }
                let config = Config { store, ..config() };
                assert!(
                    Sandbox::open(&config, Clock::system()).is_err(),
                    "{name}: {place}"
                );
            }
            let removed = fs::remove_file(at(place)).or_else(|_| fs::remove_dir(at(place)));
            removed.expect("it is as it was made");
            let _ = fs::remove_file(at("state.jsonl.lock"));
        }
    }
    assert_eq!(
        fs::read_to_string(at("precious")).expect("kept"),
        "precious"
    );
    assert!(!at("nothing").exists());
}

#[test]
fn a_state_is_written_by_one_at_a_time_and_read_by_all() {
    let kept = Kept::new();
    let reading = Config {
        store: Store::ReadOnly(kept.file.clone()),
        ..config()
    };
    let process = std::process::id();
    let url = Some("http://127.0.0.1:3000".to_owned());
    for (holder, passes, told) in [
        (
            Holder::this("rcsync apply", None),
            true,
            format!("`rcsync apply` (process {process})"),
        ),
        (
            Holder::this("rcsync sandbox", url),
            false,
            format!(
                "`rcsync sandbox` (process {process}), which serves it at http://127.0.0.1:3000"
            ),
        ),
    ] {
        let config = Config {
            holder,
            ..kept.config()
        };
        let holds = Sandbox::open(&config, Clock::system()).expect("opened");
        let error = kept.open().expect_err("in use");
        assert_eq!((error.is_in_use(), error.will_pass()), (true, passes));
        assert!(
            error.to_string().ends_with(&format!("is in use by {told}")),
            "{error}"
        );
        assert!(error.help().is_some());
        assert!(Sandbox::open(&reading, Clock::system()).is_ok());
        // Whatever is there, it is no more than words.
        for odd in ["", "{}", "[[[", "\u{1b}[31m"] {
            fs::write(kept.folder.path().join("state.jsonl.lock"), odd).expect("written");
            let error = kept.open().expect_err("in use");
            assert!(
                error.to_string().ends_with("in use by another process"),
                "{error}"
            );
        }
        drop(holds);
    }
    assert!(kept.open().is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_changes_the_file_meanwhile_is_noticed() {
    let removed: fn(&Path) = |file| fs::remove_file(file).expect("removed");
    let emptied: fn(&Path) = |file| fs::write(file, "").expect("emptied");
    let longer: fn(&Path) = |file| {
        let mut bytes = fs::read(file).expect("read");
        bytes.extend(b"{\"record-gone\":\"x\"}\n");
        fs::write(file, bytes).expect("written");
    };
    for change in [removed, emptied, longer] {
        let kept = Kept::new();
        let server = Server::open(&kept.config());
        server.made(incoming(json!({"name": "kept"}))).await;
        change(&kept.file);
        let got = server.create(incoming(json!({"name": "lost"}))).await;
        assert_eq!(got.status, 500);
        assert_eq!(server.0.records().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_that_could_not_be_read_again_is_not_kept() {
    // Early servers store whatever a body holds.
    for deep in [100, 124, 125, 126, 200, 100_000] {
        let kept = Kept::new();
        let early = Config {
            version: "3.4".parse().expect("a version"),
            ..kept.config()
        };
        let server = Server::open(&early);
        let nested = "[".repeat(deep) + &"]".repeat(deep);
        let body = incoming(json!({"name": "deep"})).to_string();
        let body = body.trim_end_matches('}').to_owned() + ",\"odd\":" + &nested + "}";
        let mut request = server.request(ALICE, "POST", "/api/v1/integrations.create", &json!({}));
        *request.http.body_mut() = body.into();
        let status = server.0.handle(request).await.status();
        let there = made(&server.0).len();
        assert_eq!(there, usize::from(status == Some(200)), "{deep}");
        drop(server);
        assert_eq!(made(&kept.open().expect("readable")).len(), there, "{deep}");
    }
}

#[test]
fn leftovers_of_a_killed_process_are_removed_and_nothing_else() {
    let kept = Kept::new();
    let at = |name: &str| kept.folder.path().join(name);
    fs::write(at("state.jsonl.rewriting-aB3dE6"), "tokens").expect("written");
    for other in ["state.jsonl.bak", "other.jsonl.rewriting-aB3dE6"] {
        fs::write(at(other), "").expect("written");
    }
    symlink("state.jsonl.bak", at("state.jsonl.rewriting-link")).expect("linked");
    kept.open().expect("opened");
    let left = [
        "other.jsonl.rewriting-aB3dE6",
        "state.jsonl.bak",
        "state.jsonl.lock",
        "state.jsonl.rewriting-link",
    ];
    assert_eq!(kept.beside(), left);
}

#[tokio::test(start_paused = true)]
async fn a_state_is_rewritten_only_if_it_has_a_past() {
    let kept = Kept::new();
    small(&kept).await;
    let mode = fs::Permissions::from_mode(0o640);
    fs::set_permissions(&kept.file, mode).expect("set");
    drop(kept.open().expect("opened"));
    let mode = || {
        fs::metadata(&kept.file)
            .expect("a file")
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode(), 0o600, "it was rewritten");
    fs::set_permissions(&kept.file, fs::Permissions::from_mode(0o640)).expect("set");
    drop(kept.open().expect("opened"));
    assert_eq!(mode(), 0o640, "it had nothing to leave out");
}
