//! `rcsync sandbox` against the recorded vectors, and as a program.
//!
//! The vectors are replayed by their own runner (Python, standard library only): what was recorded from
//! the real server's code must come out of the sandbox, in every case. Without vectors this fails.

#![allow(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// How many cases there are, so that none can get lost.
const CASES: usize = 501;
/// How many of deliveries.
const DELIVERIES: usize = 226;

/// The folder of the vectors.
fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

fn rcsync(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rcsync"));
    command.arg("sandbox").args(args);
    command
}

/// A running sandbox; it ends with the test.
struct Server {
    child: Child,
    url: String,
    greeting: String,
}

impl Server {
    fn start(args: &[&str]) -> Self {
        let mut child = rcsync(&["--listen", "127.0.0.1:0"])
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the sandbox starts");
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        let mut greeting = String::new();
        while !greeting.contains("RCSYNC_AUTH_TOKEN") {
            assert_ne!(
                out.read_line(&mut greeting).expect("its greeting"),
                0,
                "{greeting}"
            );
        }
        let url = value(&greeting, "RCSYNC_URL");
        Self {
            child,
            url,
            greeting,
        }
    }

    fn on_the_fixture(args: &[&str]) -> Self {
        let fixture = vectors().join("fixture.json");
        let fixture = fixture.to_str().expect("a path of text");
        // What was recorded is of 8.6 to 8.8.
        let version = ["--server-version", "8.8"];
        let version = if args.contains(&"--server-version") {
            &[][..]
        } else {
            &version
        };
        Self::start(&[&["--fixture", fixture], version, args].concat())
    }

    /// A request as it goes over the wire, and all that comes back.
    fn exchange(&self, request: &str) -> String {
        let mut stream =
            TcpStream::connect(self.url.trim_start_matches("http://")).expect("a connection");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = Vec::new();
        // A connection that is dropped may also be reset.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn send(&self, method: &str, path: &str, body: &str) -> String {
        let (id, token) = (
            value(&self.greeting, "RCSYNC_USER_ID"),
            value(&self.greeting, "RCSYNC_AUTH_TOKEN"),
        );
        self.exchange(&format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nX-User-Id: {id}\r\nX-Auth-Token: {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        ))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A variable of the greeting.
fn value(greeting: &str, name: &str) -> String {
    let line = greeting
        .lines()
        .find_map(|line| line.strip_prefix(&format!("export {name}=")));
    line.expect(name).to_owned()
}

/// Runs the runner on some vector files with a fresh sandbox.
fn replay(files: &[&Path]) -> Output {
    let server = Server::on_the_fixture(&["--control"]);
    // A real server takes its time: two updates within a millisecond would have one and the same `_updatedAt`.
    let slow = r#"{"times": 1000000, "effect": {"kind": "delay", "millis": 2}}"#;
    let answer = server.send("POST", "/sandbox/faults", slow);
    assert!(answer.contains("\"added\":1"), "{answer}");
    let mut runner = Command::new("python3");
    runner
        .arg(vectors().join("run-vectors.py"))
        .arg(&server.url)
        .args(files);
    runner.output().expect("python3 runs")
}

#[test]
fn every_recorded_vector_comes_out() {
    let listed = std::fs::read_dir(vectors()).expect("the vectors");
    let mut files: Vec<_> = listed
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "json"));
    files.retain(|file| !file.ends_with("fixture.json") && !file.ends_with("validators.json"));
    files.sort();
    let mut passed = 0;
    for file in &files {
        let output = replay(&[file]);
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{told}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let total = told.lines().last().expect("a total");
        let cases = total.split(' ').nth(1).expect("a number of cases");
        passed += cases.parse::<usize>().expect("a number");
    }
    assert_eq!(passed, CASES);
}

/// What webhooks do: the answers, the messages that are posted, the calls, the history.
#[test]
fn every_recorded_delivery_comes_out() {
    let folder = vectors().join("delivery");
    let fixture = folder.join("fixture-delivery.json");
    let fixture = fixture.to_str().expect("a path of text");
    let server = Server::start(&["--control", "--server-version", "8.8", "--fixture", fixture]);
    let run = |args: &[&str]| {
        let mut runner = Command::new("python3");
        runner
            .arg(folder.join("run-delivery.py"))
            .arg(&server.url)
            .args(args);
        let output = runner.output().expect("python3 runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let told = text(&output.stdout) + &text(&output.stderr);
        (output.status.success(), told)
    };
    // An empty `retryDelay` becomes `powers-of-ten` when it is saved, by what was recorded of that.
    let skipped = [
        "--skip-trait",
        "retry-delay-empty",
        "--skip-trait",
        "order-of-messages",
    ];
    let (passed, told) = run(&skipped);
    let total = format!("total: {0} of {0} cases pass\n", DELIVERIES - 1);
    assert!(passed && told.ends_with(&total), "{told}");
    // In one case two URLs are called at once and expected to answer in the order of the list, as they mostly do.
    let tries = (0..5).map(|_| run(&["--only", "target room and two urls"]));
    let tries: Vec<_> = tries.take_while(|(passed, _)| !passed).collect();
    assert!(tries.len() < 5, "{tries:?}");
}

#[test]
fn connections_drop_and_bodies_break_off_when_told_to() {
    let server = Server::on_the_fixture(&["--control"]);
    let create = r##"{"type":"webhook-incoming","name":"Inc","enabled":true,"username":"rocket.cat","channel":"#general","scriptEnabled":false}"##;
    for (effect, created) in [
        (r#"{"kind":"drop"}"#, 0),
        (r#"{"kind":"drop","applied":true}"#, 1),
    ] {
        let fault = format!(r#"{{"path":"integrations.create","effect":{effect}}}"#);
        assert!(
            server
                .send("POST", "/sandbox/faults", &fault)
                .contains("\"added\":1")
        );
        assert_eq!(
            server.send("POST", "/api/v1/integrations.create", create),
            ""
        );
        let list = server.send("GET", "/api/v1/integrations.list", "");
        assert!(list.contains(&format!("\"total\":{created},")), "{list}");
    }
    let fault = r#"{"path":"integrations.list","effect":{"kind":"truncate","bytes":20}}"#;
    server.send("POST", "/sandbox/faults", fault);
    let cut = server.send("GET", "/api/v1/integrations.list", "");
    let (head, body) = cut.split_once("\r\n\r\n").expect("a head");
    let promised = head
        .to_lowercase()
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    assert!(body.len() == 20 && promised > Some(20_usize), "{cut}");
}

#[test]
fn a_connection_is_kept_for_the_next_request() {
    let server = Server::on_the_fixture(&[]);
    let one = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    let last = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answers = server.exchange(&[one, one, last].concat());
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 3, "{answers}");
}

#[test]
fn a_signal_ends_it_and_the_state_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state.jsonl");
    let args = [
        "--state",
        state.to_str().expect("a path of text"),
        "--invent",
    ];
    let create = r##"{"type":"webhook-incoming","name":"Kept","enabled":true,"username":"made-up","channel":"#made-up","scriptEnabled":false}"##;
    let mut server = Server::start(&args);
    assert!(
        server
            .send("POST", "/api/v1/integrations.create", create)
            .starts_with("HTTP/1.1 200")
    );
    let ended = Command::new("kill")
        .arg(server.child.id().to_string())
        .status()
        .expect("kill runs");
    assert!(ended.success() && server.child.wait().expect("it ends").success());

    let again = Server::start(&args);
    assert_eq!(
        value(&again.greeting, "RCSYNC_AUTH_TOKEN"),
        value(&server.greeting, "RCSYNC_AUTH_TOKEN")
    );
    assert!(
        again
            .send("GET", "/api/v1/integrations.list", "")
            .contains("\"name\":\"Kept\"")
    );
}

#[test]
fn an_address_that_others_can_reach_is_warned_of() {
    for (address, warned) in [("127.0.0.1:0", false), ("0.0.0.0:0", true)] {
        let mut command = rcsync(&["--listen", address]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the sandbox starts");
        let mut greeting = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        out.read_line(&mut greeting).expect("its greeting");
        child.kill().expect("it is running");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(
            String::from_utf8_lossy(&output.stderr).contains("warning"),
            warned,
            "{address}"
        );
    }
}

#[test]
fn what_cannot_be_used_is_refused_with_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("wrong.json");
    std::fs::write(&file, "nonsense\n").expect("written");
    let file = file.to_str().expect("a path of text");
    for (args, told) in [
        (["--fixture", file], "not a fixture"),
        (["--state", file], "not a sandbox state"),
        (
            ["--fixture", "/nowhere/fixture.json"],
            "cannot use /nowhere/fixture.json",
        ),
    ] {
        let output = rcsync(&args).output().expect("it runs");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{errors}");
        assert!(
            errors.contains(told) && errors.contains(args[1]),
            "{errors}"
        );
    }
    let output = rcsync(&["--quirk", "nope=on"]).output().expect("it runs");
    assert!(String::from_utf8_lossy(&output.stderr).contains("left-out-becomes-null"));
}
