//! `rcsync sandbox` and `--sandbox`: a state that several processes use, that is killed, full, or not a file of its own.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::support::{Run, Sandbox, manifest, rcsync, write};

#[test]
fn each_start_is_a_fresh_world_unless_a_file_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("s.jsonl");
    let flags = ["--invent", "--state", state.to_str().unwrap()];
    for expected in [1, 1] {
        let sandbox = Sandbox::with(&flags);
        let path = sandbox.file("a.yaml", &crate::support::manifest(1));
        sandbox.run(&["apply", "--yes", &path]).exits(0);
        assert_eq!(sandbox.records().len(), expected);
    }
    assert!(Sandbox::inventive().records().is_empty());
}

/// A folder with manifests, and the state of a sandbox in it.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    fn at(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// A manifest of that many webhooks, whose names begin with this.
    fn manifest(&self, name: &str, count: usize) -> String {
        let text = manifest(count).replace("Hook", name);
        write(self.folder.path(), &format!("{name}.yaml"), &text)
    }

    /// A run on the state.
    fn command(&self, command: &str, path: &str) -> Command {
        rcsync(&[command, path, &format!("--sandbox={}", self.at("s.jsonl"))])
    }

    fn run(&self, command: &str, path: &str) -> Run {
        Run::of(&mut self.command(command, path))
    }

    /// The names and ids of the integrations in the state, as its lines say.
    fn records(&self) -> Vec<(String, String)> {
        let text = fs::read_to_string(self.at("s.jsonl")).unwrap();
        let lines = text
            .lines()
            .map(|line| serde_json::from_str::<Json>(line).unwrap());
        let mut records: Vec<_> = lines
            .filter_map(|line| {
                let record = line.get("record")?;
                let text = |key: &str| record[key].as_str().unwrap().to_owned();
                Some((text("name"), text("_id")))
            })
            .collect();
        records.sort();
        records.dedup();
        records
    }

    fn names(&self) -> Vec<String> {
        self.records().into_iter().map(|(name, _)| name).collect()
    }
}

#[test]
fn runs_at_once_on_one_state_lose_nothing() {
    let place = Place::new();
    for round in 0..3 {
        let _ = fs::remove_file(place.at("s.jsonl"));
        let runs: Vec<_> = ["A", "B"]
            .iter()
            .map(|name| {
                let path = place.manifest(name, 8);
                let mut command = place.command("apply", &path);
                command.stdout(Stdio::null()).stderr(Stdio::piped());
                command.spawn().unwrap()
            })
            .collect();
        for run in runs {
            Run::from(run.wait_with_output().unwrap()).exits(0);
        }
        assert_eq!(place.names().len(), 16, "round {round}");
    }
}

#[test]
fn a_state_that_is_served_is_used_by_its_address() {
    let place = Place::new();
    let state = place.at("s.jsonl");
    let sandbox = Sandbox::with(&["--invent", "--state", &state]);
    let (a, b) = (place.manifest("A", 2), place.manifest("B", 2));
    sandbox.run(&["apply", "--yes", &a]).exits(0);

    let begun = Instant::now();
    let run = place.run("apply", &a).exits(3);
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
    for told in [&sandbox.url, "`rcsync sandbox` (process ", "RCSYNC_URL"] {
        assert!(run.err.contains(told), "{}", run.err);
    }
    let second = ["sandbox", "--listen", "127.0.0.1:0", "--state", &state];
    let run = Run::of(&mut rcsync(&second)).exits(3);
    assert!(run.err.contains(&sandbox.url), "{}", run.err);
    // A plan only reads.
    let run = place.run("plan", &a).exits(0);
    assert!(run.out.contains("No changes"), "{}", run.out);

    sandbox.run(&["apply", "--yes", &b]).exits(0);
    assert_eq!(place.names(), ["A 0", "A 1", "B 0", "B 1"]);
    drop(sandbox);
    // Whoever was killed holds nothing.
    let run = place.run("apply", &b).exits(0);
    assert!(run.out.contains("No changes"), "{}", run.out);
}

/// A sandbox on the state of a place, started through a shell so that it can be limited.
fn served(place: &Place, limits: &str) -> (Child, String, Vec<(&'static str, String)>) {
    let script = format!("{limits} exec \"$0\" \"$@\"");
    let mut command = Command::new("bash");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_rcsync"), "sandbox"]);
    command.args([
        "--listen",
        "127.0.0.1:0",
        "--invent",
        "--state",
        &place.at("s.jsonl"),
    ]);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut value = |name: &str| {
        let line = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains(name)));
        line.unwrap().unwrap().split_once('=').unwrap().1.to_owned()
    };
    let address = value("RCSYNC_URL").replace("http://", "");
    let id = ("X-User-Id", value("RCSYNC_USER_ID"));
    let token = ("X-Auth-Token", value("RCSYNC_AUTH_TOKEN"));
    (child, address, vec![id, token])
}

/// Creates a webhook, and says with which id; `Err` with the status, or without one if nothing came back.
fn create(
    address: &str,
    credentials: &[(&str, String)],
    name: &str,
) -> Result<String, Option<u16>> {
    let body = json!({
        "type": "webhook-incoming", "name": name, "enabled": true, "username": "rocket.cat",
        "channel": "#general", "scriptEnabled": false, "alias": "x".repeat(300)
    })
    .to_string();
    let length = ("Content-Length", body.len().to_string());
    let kind = ("Content-Type", "application/json".to_owned());
    let close = ("Connection", "close".to_owned());
    let mut request = "POST /api/v1/integrations.create HTTP/1.1\r\nHost: x\r\n".to_owned();
    for (name, value) in credentials.iter().chain([&length, &kind, &close]) {
        let _ = write!(request, "{name}: {value}\r\n");
    }
    let answer = TcpStream::connect(address).and_then(|mut stream| {
        stream.write_all((request + "\r\n" + &body).as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    });
    let answer = answer.unwrap_or_default();
    let status = answer.get(9..12).and_then(|status| status.parse().ok());
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let body: Json = serde_json::from_str(body).unwrap_or_default();
    match (status, body["integration"]["_id"].as_str()) {
        (Some(200), Some(id)) => Ok(id.to_owned()),
        _ => Err(status),
    }
}

#[test]
fn what_a_killed_sandbox_acknowledged_is_there_afterwards() {
    let place = Place::new();
    let mut acknowledged: Vec<String> = Vec::new();
    for round in 0..12_u64 {
        let (mut child, address, credentials) = served(&place, "");
        let creating: Vec<_> = (0..3)
            .map(|thread| {
                let (address, credentials) = (address.clone(), credentials.clone());
                spawn(move || {
                    let mut told = Vec::new();
                    for n in 0..10_000 {
                        match create(&address, &credentials, &format!("{round}-{thread}-{n}")) {
                            Ok(id) => told.push(id),
                            Err(_) => break,
                        }
                    }
                    told
                })
            })
            .collect();
        sleep(Duration::from_millis(20 + round * 37 % 150));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.extend(creating.into_iter().flat_map(|it| it.join().unwrap()));
        // At some other moment: while it reads, rewrites or says where it is.
        let args = [
            "sandbox",
            "--listen",
            "127.0.0.1:0",
            "--state",
            &place.at("s.jsonl"),
        ];
        let mut child = rcsync(&args).stdout(Stdio::null()).spawn().unwrap();
        sleep(Duration::from_millis(round * 5));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(acknowledged.len() > 100, "{}", acknowledged.len());
    let (mut child, ..) = served(&place, "");
    child.kill().unwrap();
    child.wait().unwrap();
    let ids: Vec<_> = place.records().into_iter().map(|(_, id)| id).collect();
    let lost: Vec<_> = acknowledged.iter().filter(|id| !ids.contains(id)).collect();
    assert!(
        lost.is_empty(),
        "{} of {} are lost",
        lost.len(),
        acknowledged.len()
    );
    let left = fs::read_dir(place.folder.path()).unwrap().count();
    assert_eq!(left, 2, "the state and its lock");
}

#[test]
fn a_killed_apply_leaves_a_state_that_the_next_one_completes() {
    let place = Place::new();
    let path = place.manifest("A", 12);
    for round in 0..8 {
        let mut command = place.command("apply", &path);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        sleep(Duration::from_millis(round * 60));
        let _ = child.kill();
        child.wait().unwrap();
    }
    place.run("apply", &path).exits(0);
    let names = place.names();
    assert_eq!(names.len(), 12, "{names:?}");
    let mut plan = place.command("plan", &path);
    Run::of(plan.arg("--detailed-exitcode")).exits(0);
}

#[test]
fn a_full_disk_refuses_a_write_and_breaks_nothing() {
    let place = Place::new();
    drop(Sandbox::with(&[
        "--invent",
        "--state",
        &place.at("s.jsonl"),
    ]));
    // Files of at most 8 KiB; what is longer is an error and no signal.
    let (mut child, address, credentials) = served(&place, "trap '' XFSZ; ulimit -f 8;");
    let told: Vec<_> = (0..40)
        .map(|n| create(&address, &credentials, &format!("hook {n:02}")))
        .collect();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(told.contains(&Err(Some(500))), "{told:?}");
    let acknowledged: Vec<_> = told.into_iter().flatten().collect();
    assert!(acknowledged.len() > 2, "{acknowledged:?}");
    assert!(fs::read(place.at("s.jsonl")).unwrap().ends_with(b"}\n"));
    let ids: Vec<_> = place.records().into_iter().map(|(_, id)| id).collect();
    let mut expected = acknowledged.clone();
    expected.sort();
    let mut there = ids;
    there.sort();
    assert_eq!(there, expected);

    // There is no room to begin, either: nothing is left of the attempt.
    fs::remove_file(place.at("s.jsonl")).unwrap();
    let limited = "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"";
    let mut command = Command::new("bash");
    command.args(["-c", limited, env!("CARGO_BIN_EXE_rcsync"), "sandbox"]);
    let state = place.at("s.jsonl");
    let run = Run::of(command.args(["--listen", "127.0.0.1:0", "--state", &state])).exits(3);
    assert!(run.err.contains("cannot use"), "{}", run.err);
    let left = fs::read_dir(place.folder.path()).unwrap();
    let left: Vec<_> = left.map(|it| it.unwrap().file_name()).collect();
    assert_eq!(left, ["s.jsonl.lock"]);
}

#[test]
fn what_is_not_a_state_is_neither_read_nor_written() {
    let place = Place::new();
    let path = place.manifest("A", 1);
    let heading = "{\"sandbox\":1}\n";
    for (text, told) in [
        ("# My project\n".to_owned(), "is not a sandbox state"),
        (
            heading.to_owned() + "no\n{\"record-gone\":\"a\"}\n",
            "s.jsonl:2: not a line",
        ),
        (
            heading.to_owned() + &"[".repeat(1 << 20),
            "s.jsonl:2: not a line",
        ),
    ] {
        fs::write(place.at("s.jsonl"), &text).unwrap();
        for command in ["plan", "apply"] {
            let run = place.run(command, &path).exits(3);
            assert!(run.err.contains(told), "{}", run.err);
            assert!(run.err.contains("it is not changed"), "{}", run.err);
        }
        assert_eq!(fs::read_to_string(place.at("s.jsonl")).unwrap(), text);
    }
    // Half a last line is left out, and said.
    place.run("apply", &path).exits(3);
    fs::remove_file(place.at("s.jsonl")).unwrap();
    place.run("apply", &path).exits(0);
    let mut text = fs::read_to_string(place.at("s.jsonl")).unwrap();
    text.truncate(text.len() - 20);
    fs::write(place.at("s.jsonl"), &text).unwrap();
    let run = place.run("apply", &path).exits(0);
    assert!(
        run.err.contains("the last line is incomplete"),
        "{}",
        run.err
    );
    assert_eq!(place.names(), ["A 0"]);
}

#[test]
fn a_proposed_link_is_no_place_for_a_state() {
    let place = Place::new();
    let (home, repo) = (
        place.folder.path().join("home"),
        place.folder.path().join("repo"),
    );
    let unlinked = |repo: &Path| {
        let _ = fs::remove_file(repo.join(".rcsync"));
        let _ = fs::remove_dir_all(repo.join(".rcsync"));
    };
    for folder in [&home, &repo] {
        fs::create_dir(folder).unwrap();
    }
    fs::write(home.join("precious"), "precious").unwrap();
    let path = write(&repo, "a.yaml", &manifest(1));
    for (name, target) in [
        (".rcsync", "../home"),
        (".rcsync", "../home/new"),
        (".rcsync/sandbox.jsonl", "../../home/precious"),
        (".rcsync/sandbox.jsonl", "../../home/new"),
        (".rcsync/sandbox.jsonl", "/dev/zero"),
        (".rcsync/sandbox.jsonl", "sandbox.other"),
        (".rcsync/sandbox.jsonl.lock", "../../home/precious"),
        (".rcsync/sandbox.jsonl.lock", "../../home/new"),
        (".rcsync/sandbox.jsonl.lock", "/dev/zero"),
    ] {
        unlinked(&repo);
        if name != ".rcsync" {
            fs::create_dir(repo.join(".rcsync")).unwrap();
        }
        symlink(target, repo.join(name)).unwrap();
        for args in [
            &["apply", &path, "--sandbox"][..],
            &["plan", &path, "--sandbox"],
            &[
                "sandbox",
                "--listen",
                "127.0.0.1:0",
                "--state",
                ".rcsync/sandbox.jsonl",
            ],
        ] {
            // Who only reads needs no lock.
            if args[0] == "plan" && name.ends_with("lock") {
                continue;
            }
            let run = Run::of(rcsync(args).current_dir(&repo)).exits(3);
            let told = run.err.contains("is a link") || run.err.contains("not a regular file");
            assert!(told, "{name} {args:?}: {}", run.err);
        }
        let left: Vec<_> = fs::read_dir(&home)
            .unwrap()
            .map(|it| it.unwrap().file_name())
            .collect();
        assert_eq!(left, ["precious"], "{name} -> {target}");
        assert_eq!(
            fs::read_to_string(home.join("precious")).unwrap(),
            "precious"
        );
    }
    // The file that older versions compacted in is of no interest any more.
    unlinked(&repo);
    fs::create_dir(repo.join(".rcsync")).unwrap();
    symlink(
        "../../home/precious",
        repo.join(".rcsync/sandbox.compacting"),
    )
    .unwrap();
    Run::of(rcsync(&["apply", &path, "--sandbox"]).current_dir(&repo)).exits(0);
    assert_eq!(
        fs::read_to_string(home.join("precious")).unwrap(),
        "precious"
    );
    // A fixture may be proposed, too.
    symlink("../home/precious", repo.join("world.json")).unwrap();
    let args = [
        "sandbox",
        "--listen",
        "127.0.0.1:0",
        "--fixture",
        "world.json",
    ];
    let run = Run::of(rcsync(&args).current_dir(&repo)).exits(3);
    assert!(run.err.contains("is a link"), "{}", run.err);
}

#[test]
fn a_state_behind_a_link_of_ones_own_is_kept_where_the_link_leads() {
    let place = Place::new();
    let path = place.manifest("A", 1);
    fs::create_dir(place.at("elsewhere")).unwrap();
    symlink("elsewhere/state", place.at("s.jsonl")).unwrap();
    for _ in 0..2 {
        place.run("apply", &path).exits(0);
        assert!(
            fs::symlink_metadata(place.at("s.jsonl"))
                .unwrap()
                .is_symlink()
        );
        let state = fs::metadata(place.at("elsewhere/state")).unwrap();
        assert_eq!(state.permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(place.names(), ["A 0"]);
}
