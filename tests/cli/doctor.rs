//! `rcsync doctor`: what stands between a user and a first plan.

use std::fs;

use serde_json::{Value as Json, json};

use super::peer::Peer;
use super::support::{Run, Sandbox, rcsync};

/// What an administrator of the fixture reads.
const WELL: &str = "\
rcsync doctor · http://127.0.0.1:3000

= address       plain http, which does not leave this machine
= proxy         none: no proxy is used for this machine
= server        Rocket.Chat 9.1
i version       posting users of incoming webhooks need `message-impersonate`
                (role `bot`)
= clock         the server's and this machine's agree
= credentials   alice.admin (uAdmin0000000001), roles `admin`
= permissions   can manage all incoming and outgoing webhooks
i permissions   it lacks `view-c-room`: without it, public rooms are looked up
                one by one
i permissions   it lacks `view-full-other-user-info`: without it, whether
                posting users may impersonate is not checked before an apply
= integrations  it sees 0 integrations
= limits        this account is not rate limited

Ready to plan.
";

/// The verdict and the words of each check, by what it is about.
fn checks(run: &Run) -> Vec<(String, String)> {
    let report: Json = serde_json::from_str(&run.out).unwrap();
    let schema: Json =
        serde_json::from_str(&fs::read_to_string("schema/doctor.schema.json").unwrap()).unwrap();
    jsonschema::validate(&schema, &report).unwrap_or_else(|error| panic!("{error}"));
    let checks = report["checks"].as_array().unwrap().iter();
    let checks = checks.map(|check| {
        let text = |key: &str| check[key].as_str().unwrap().to_owned();
        (
            text("about"),
            format!("{}: {}", text("verdict"), text("words")),
        )
    });
    checks.collect()
}

fn of<'c>(checks: &'c [(String, String)], about: &str) -> Vec<&'c str> {
    let found = checks.iter().filter(|(name, _)| name == about);
    found.map(|(_, words)| words.as_str()).collect()
}

#[test]
fn an_administrator_hears_that_all_is_well_in_four_requests() {
    let sandbox = Sandbox::strict();
    let run = sandbox.run(&["doctor"]).exits(0);
    assert_eq!(run.out.replace(&sandbox.url, "http://127.0.0.1:3000"), WELL);
    assert_eq!(run.err, "");
    assert_eq!(sandbox.received(), 4);
}

#[test]
fn a_limited_account_hears_what_it_lacks() {
    let sandbox = Sandbox::strict();
    let run = sandbox.rcsync_as(
        "uLim00000000011",
        "tok-lena-cccc",
        &["doctor", "--format", "json"],
    );
    let run = Run::of(&mut { run }).exits(0);
    let found = checks(&run);
    assert!(
        of(&found, "limits")[0].starts_with("note: 10 calls of each endpoint in 60 s"),
        "{found:?}"
    );
    assert_eq!(of(&found, "server"), ["ok: Rocket.Chat 9.1"]);
}

#[test]
fn what_blocks_exits_with_seven_and_says_what_to_do() {
    let sandbox = Sandbox::strict();
    let mut run = sandbox.rcsync_as("uAdmin0000000001", "wrong-token-4711", &["doctor"]);
    let run = Run::of(&mut run).exits(7);
    assert!(
        run.out
            .contains("! credentials   the server does not accept the user id and token"),
        "{}",
        run.out
    );
    assert!(!run.out.contains("4711"));

    // An account that may do nothing here.
    let args = ["doctor", "--format", "json"];
    let mut run = sandbox.rcsync_as("uPln00000000010", "tok-paul-bbbb", &args);
    let run = Run::of(&mut run).exits(7);
    let found = checks(&run);
    assert_eq!(
        of(&found, "permissions")[0],
        "blocked: can manage incoming: none, outgoing: none"
    );

    let mut alone = rcsync(&["doctor", "--url", &sandbox.url]);
    let run = Run::of(&mut alone).exits(7);
    assert!(run.out.contains("= server"), "{}", run.out);
    assert!(
        run.out.contains("! credentials   no user id is given"),
        "{}",
        run.out
    );

    let mut nowhere = rcsync(&["doctor"]);
    let run = Run::of(&mut nowhere).exits(3);
    assert!(run.err.contains("no server is given"), "{}", run.err);
}

#[test]
fn what_is_no_rocket_chat_is_named() {
    let html = Peer::answering(|_| ("200 OK", "", "<html>login".to_owned()));
    let run = Run::of(&mut html.rcsync(&["doctor"])).exits(7);
    assert!(
        run.out
            .contains("! server        this is not a Rocket.Chat API"),
        "{}",
        run.out
    );
    assert_eq!(html.requests().len(), 1);

    let moved = Peer::answering(|_| {
        (
            "302 Found",
            "Location: https://chat.example.org/api/info\r\n",
            String::new(),
        )
    });
    let run = Run::of(&mut moved.rcsync(&["doctor"])).exits(7);
    let words: Vec<_> = run.out.split_whitespace().collect();
    assert!(
        words
            .join(" ")
            .contains("use `https://chat.example.org` as its URL"),
        "{}",
        run.out
    );
}

#[test]
fn a_clock_that_is_wrong_is_told() {
    let peer = Peer::answering(|_| {
        let body = json!({"success": true, "version": "8.5"}).to_string();
        ("200 OK", "Date: Tue, 14 Nov 2023 22:13:21 GMT\r\n", body)
    });
    let run = Run::of(&mut peer.rcsync(&["doctor"]));
    assert!(
        run.out.contains("~ clock         the server's is "),
        "{}",
        run.out
    );
    assert!(run.out.contains("behind this machine's"), "{}", run.out);
}

#[test]
fn the_proxy_of_the_environment_is_named_without_its_password() {
    let mut command = rcsync(&[
        "doctor",
        "--url",
        "https://chat.invalid",
        "--retries",
        "0",
        "--connect-timeout",
        "2",
    ]);
    command.env("HTTPS_PROXY", "http://ann:hunter2@127.0.0.1:9");
    let run = Run::of(&mut command).exits(7);
    assert!(
        run.out.contains("i proxy         named by HTTPS_PROXY"),
        "{}",
        run.out
    );
    assert!(!(run.out + &run.err).contains("hunter2"));
}

#[test]
fn the_sandbox_inside_is_looked_at_like_any_server() {
    let folder = tempfile::tempdir().unwrap();
    let state = format!("--sandbox={}", folder.path().join("s.jsonl").display());
    let run = Run::of(&mut rcsync(&["doctor", &state])).exits(0);
    assert!(
        run.out.contains("s.jsonl") && run.out.contains("Ready to plan"),
        "{}",
        run.out
    );
}
