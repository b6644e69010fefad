//! Runs the binary, and a sandbox for it to talk to.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value as Json, json};
use tempfile::TempDir;

/// Whether what is there now is taken over as expected: `INSTA_UPDATE=always cargo test`.
pub(crate) fn accepts() -> bool {
    std::env::var_os("INSTA_UPDATE").is_some_and(|it| it == "always")
}

/// The binary, with nothing of rcsync's in its environment.
pub(crate) fn rcsync(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rcsync"));
    command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(args)
        .env("NO_COLOR", "1");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("RCSYNC_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// What a run came to.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    pub(crate) fn of(command: &mut Command) -> Self {
        command.output().unwrap().into()
    }

    /// Asserts the exit code, and shows everything if it is another.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.out, self.err
        );
        self
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A sandbox that serves until it is dropped.
pub(crate) struct Sandbox {
    process: Child,
    pub(crate) url: String,
    pub(crate) user_id: String,
    pub(crate) token: String,
    pub(crate) folder: TempDir,
}

impl Sandbox {
    /// With rooms and users made up.
    pub(crate) fn inventive() -> Self {
        Self::with(&["--invent"])
    }

    /// With the users and rooms of the conformance fixture, and no others.
    pub(crate) fn strict() -> Self {
        Self::with(&["--fixture", "tests/conformance/fixture.json"])
    }

    pub(crate) fn with(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = rcsync(&[
            "sandbox",
            "--listen",
            "127.0.0.1:0",
            "--control",
            "--seed",
            "7",
        ]);
        let mut process = command.args(flags).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut value = |name: &str| {
            let line = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains(name)));
            line.unwrap().unwrap().split_once('=').unwrap().1.to_owned()
        };
        let url = value("RCSYNC_URL");
        let user_id = value("RCSYNC_USER_ID");
        let token = value("RCSYNC_AUTH_TOKEN");
        Self {
            process,
            url,
            user_id,
            token,
            folder,
        }
    }

    /// The binary, as this sandbox's administrator.
    pub(crate) fn rcsync(&self, args: &[&str]) -> Command {
        self.rcsync_as(&self.user_id, &self.token, args)
    }

    /// The binary, as somebody.
    pub(crate) fn rcsync_as(&self, user_id: &str, token: &str, args: &[&str]) -> Command {
        let mut command = rcsync(args);
        command.env("RCSYNC_URL", &self.url);
        command
            .env("RCSYNC_USER_ID", user_id)
            .env("RCSYNC_AUTH_TOKEN", token);
        command
    }

    /// Another program that runs the binary as this sandbox's administrator.
    pub(crate) fn program(&self, name: &str) -> Command {
        let binary = self.rcsync(&[]);
        let mut command = Command::new(name);
        for (name, value) in binary.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env("RCSYNC", binary.get_program());
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        Run::of(&mut self.rcsync(args))
    }

    /// Writes a file into a folder of this sandbox's own.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        write(self.folder.path(), name, text)
    }

    /// The requests received so far, as `METHOD path status`.
    pub(crate) fn requests(&self) -> Vec<String> {
        let all = self.control("GET", "requests", "");
        let all = all["requests"].as_array().unwrap().clone();
        all.iter()
            .map(|request| {
                let text = |key: &str| request[key].as_str().unwrap_or_default().to_owned();
                let status = request["status"]
                    .as_u64()
                    .map_or("-".to_owned(), |status| status.to_string());
                format!("{} {} {status}", text("method"), text("path"))
            })
            .collect()
    }

    /// The requests received after so many, by their text: what is asked at once comes in any order.
    pub(crate) fn wave(&self, before: usize) -> Vec<String> {
        let mut requests = self.requests().split_off(before);
        requests.sort();
        requests
    }

    /// How many requests the sandbox has received.
    pub(crate) fn received(&self) -> usize {
        self.requests().len()
    }

    /// How many creates the sandbox has received.
    pub(crate) fn creates(&self) -> usize {
        self.requests()
            .iter()
            .filter(|request| request.contains("integrations.create"))
            .count()
    }

    /// Lets a request meet a fault.
    pub(crate) fn fault(&self, fault: &Json) {
        assert_eq!(
            self.control("POST", "faults", &fault.to_string())["added"],
            1
        );
    }

    /// Lets creates take their time between stamp and insert, each another.
    pub(crate) fn gaps(&self, millis: impl IntoIterator<Item = u64>) {
        let gaps = millis.into_iter().enumerate();
        let gaps: Vec<_> = gaps
            .map(|(after, millis)| {
                json!({"path": "integrations.create", "after": after, "effect": {"kind": "gap", "millis": millis}})
            })
            .collect();
        let added = self.control("POST", "faults", &json!(gaps).to_string());
        assert_eq!(added["added"], gaps.len());
    }

    /// Lets something happen on the server.
    pub(crate) fn act(&self, action: &Json) {
        assert_eq!(
            self.control("POST", "actions", &action.to_string())["done"],
            1
        );
    }

    /// The stored records.
    pub(crate) fn records(&self) -> Vec<Json> {
        let listing = self.http("GET", "/api/v1/integrations.list?count=0", "");
        listing["integrations"].as_array().unwrap().clone()
    }

    /// Stores a record, past rcsync.
    pub(crate) fn store(&self, body: &Json) -> String {
        let answer = self.http("POST", "/api/v1/integrations.create", &body.to_string());
        answer["integration"]["_id"]
            .as_str()
            .unwrap_or_else(|| panic!("{answer}"))
            .to_owned()
    }

    /// Calls an endpoint, past rcsync.
    pub(crate) fn post(&self, endpoint: &str, body: &Json) {
        let answer = self.http("POST", &format!("/api/v1/{endpoint}"), &body.to_string());
        assert_eq!(answer["success"], true, "{answer}");
    }

    fn control(&self, method: &str, path: &str, body: &str) -> Json {
        self.http(method, &format!("/sandbox/{path}"), body)
    }

    pub(crate) fn http(&self, method: &str, path: &str, body: &str) -> Json {
        let address = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nX-User-Id: {}\r\n\
             X-Auth-Token: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.user_id,
            self.token,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"))
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Writes a file and says where it is.
pub(crate) fn write(folder: &Path, name: &str, text: &str) -> String {
    let path: PathBuf = folder.join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A manifest of that many incoming webhooks.
pub(crate) fn manifest(count: usize) -> String {
    let mut text = "integrations:\n".to_owned();
    for n in 0..count {
        let _ = writeln!(text, "  - type: webhook-incoming\n    name: Hook {n}");
        text.push_str("    username: rocket.cat\n    channel: \"#general\"\n");
    }
    text
}
