//! `rcsync urls`: URLs that work, shown here and nowhere else.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::support::{Run, Sandbox, manifest};

const HOOKS: &str = "
integrations:
  - type: webhook-incoming
    name: Grafana alerts
    username: rocket.cat
    channel: \"#general\"
  - type: webhook-outgoing
    name: Ticket bot
    event: sendMessage
    username: rocket.cat
    channel: \"#general\"
    urls: [\"https://hooks.example.org/in\"]
    token: ${secret.token}
  - type: webhook-incoming
    name: Old
    enabled: false
    username: rocket.cat
    channel: \"#general\"
";

const TOKEN: &str = "it's $HOME `a`\n\"b\"";

/// A server that has them, and the manifest.
fn server() -> (Sandbox, String) {
    let sandbox = Sandbox::inventive();
    let hooks = sandbox.file("hooks.yaml", HOOKS);
    let mut apply = sandbox.rcsync(&["apply", "--yes", &hooks]);
    Run::of(apply.env("RCSYNC_SECRET_token", TOKEN)).exits(0);
    (sandbox, hooks)
}

fn listing(run: &Run) -> Json {
    let schema = fs::read_to_string("schema/urls.schema.json").unwrap();
    let schema: Json = serde_json::from_str(&schema).unwrap();
    let listing: Json = serde_json::from_str(&run.out).unwrap();
    jsonschema::validate(&schema, &listing).unwrap_or_else(|error| panic!("{error}"));
    listing
}

fn token_of(sandbox: &Sandbox, name: &str) -> String {
    let records = sandbox.records();
    let record = records.iter().find(|record| record["name"] == name);
    record.unwrap()["token"].as_str().unwrap().to_owned()
}

#[test]
fn a_url_takes_messages_and_asking_for_it_changes_nothing() {
    let (sandbox, hooks) = server();
    let before = sandbox.requests().len();
    let run = sandbox
        .run(&["urls", &hooks, "--format", "json", "-vv"])
        .exits(0);
    let requests = sandbox.requests();
    assert!(
        requests[before..].iter().all(|it| it.starts_with("GET ")),
        "{requests:?}"
    );
    let listing = listing(&run);
    let webhooks = listing["webhooks"].as_array().unwrap();
    let names: Vec<_> = webhooks.iter().map(|webhook| &webhook["name"]).collect();
    assert_eq!(names, ["Grafana alerts", "Old"]);
    assert_eq!(webhooks[1]["enabled"], false);
    assert!(webhooks[0].get("token").is_none());

    let url = webhooks[0]["url"].as_str().unwrap();
    let path = url.strip_prefix(&sandbox.url).unwrap();
    assert_eq!(
        sandbox.http("POST", path, r#"{"text": "hello"}"#)["success"],
        true
    );
    // The log of this very run masks it.
    let token = token_of(&sandbox, "Grafana alerts");
    assert!(url.ends_with(&token) && !run.err.contains(&token));
}

#[test]
fn text_flags_what_is_disabled_and_names_the_places() {
    let (sandbox, hooks) = server();
    let run = sandbox.run(&["urls", &hooks, "--tokens"]).exits(0);
    let lines: Vec<_> = run.out.lines().collect();
    assert_eq!(lines.len(), 7, "{}", run.out);
    assert!(
        lines[0].starts_with("incoming  Grafana alerts  ") && lines[0].ends_with("hooks.yaml:3")
    );
    assert!(lines[1].starts_with(&format!("    {}/hooks/", sandbox.url)));
    assert_eq!(lines[3], format!("    {}", TOKEN.escape_debug()));
    assert_eq!(lines[5], "    disabled: it answers 503");
    assert_eq!(run.err, "");
}

#[test]
fn a_shell_reads_exactly_what_json_says() {
    let (sandbox, hooks) = server();
    let json = sandbox.run(&["urls", &hooks, "--tokens", "--format", "json"]);
    let listing = listing(&json.exits(0));
    let file = sandbox.file("hooks.env", "old");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let flags = [
        "urls", &hooks, "--tokens", "--format", "env", "--out", &file,
    ];
    let run = sandbox.run(&flags).exits(0);
    assert_eq!((run.out.as_str(), run.err), ("", format!("wrote {file}\n")));
    let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);

    let webhooks = listing["webhooks"].as_array().unwrap();
    assert_eq!(webhooks.len(), 3);
    for webhook in webhooks {
        let variable = webhook["variable"].as_str().unwrap();
        let script = format!(". \"$1\" && printf %s \"${variable}\"");
        let mut shell = Command::new("sh");
        let run = Run::of(shell.args(["-euc", &script, "sh", &file])).exits(0);
        let value = webhook.get("url").or(webhook.get("token"));
        assert_eq!(Some(run.out.as_str()), value.unwrap().as_str());
    }
    assert_eq!(webhooks[1]["token"], TOKEN);
}

#[test]
fn entries_that_lead_to_no_record_are_told_and_the_others_are_listed() {
    let sandbox = Sandbox::inventive();
    let two = sandbox.file("a.yaml", &manifest(2));
    sandbox.run(&["apply", "--yes", &two]).exits(0);
    let body = json!({
        "type": "webhook-incoming", "name": "Hook 1", "enabled": true, "username": "rocket.cat",
        "channel": "#general", "scriptEnabled": false
    });
    let duplicate = sandbox.store(&body);
    let three = sandbox.file("a.yaml", &manifest(3));
    let out = sandbox
        .folder
        .path()
        .join("urls.json")
        .display()
        .to_string();
    let flags = ["urls", &three, "--format", "json", "--out", &out];
    let run = sandbox.run(&flags).exits(4);
    assert!(run.err.contains("error[unclear-record]"), "{}", run.err);
    assert!(run.err.contains(&format!("id: {duplicate}")), "{}", run.err);
    assert!(run.err.contains("error[no-record]"), "{}", run.err);
    assert!(
        run.err.contains("error: 2 problems in 1 file\n"),
        "{}",
        run.err
    );
    let run = Run {
        out: fs::read_to_string(&out).unwrap(),
        ..run
    };
    let listing = listing(&run);
    assert_eq!(listing["webhooks"].as_array().unwrap().len(), 1);
    assert_eq!(listing["problems"].as_array().unwrap().len(), 2);
}

#[test]
fn without_paths_it_is_what_this_account_has_created() {
    let sandbox = Sandbox::strict();
    let olga =
        |args: &[&str]| Run::of(&mut sandbox.rcsync_as("uOwn00000000004", "tok-olga-5555", args));
    let note = olga(&["urls"]).exits(0);
    assert_eq!(note.out, "");
    assert_eq!(
        note.err,
        "note: the account \"olga.owner\" has created no incoming webhook\n"
    );
    let path = sandbox.file("a.yaml", &manifest(2));
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    let own = sandbox.run(&["urls"]).exits(0);
    assert_eq!(own.out.matches("/hooks/").count(), 2, "{}", own.out);
    // Another account that sees all has created none of them.
    let mia = ["uMgr00000000003", "tok-mia-4444"];
    let run = Run::of(&mut sandbox.rcsync_as(mia[0], mia[1], &["urls"])).exits(0);
    assert_eq!(run.out, "");
    let run = Run::of(&mut sandbox.rcsync_as(mia[0], mia[1], &["urls", &path])).exits(0);
    assert_eq!(run.out.matches("/hooks/").count(), 2, "{}", run.out);
}

#[test]
fn urls_begin_as_the_server_says_unless_told_otherwise() {
    let (sandbox, hooks) = server();
    let urls = |flags: &[&str]| sandbox.run(&[&["urls", hooks.as_str()], flags].concat());
    let site = |url: &str| {
        sandbox.act(&json!({ "action": "change-setting", "name": "Site_Url", "value": url }));
    };
    let begin = |run: &Run, base: &str| {
        assert!(
            run.out.contains(&format!("    {base}/hooks/")),
            "{}",
            run.out
        );
    };
    let run = urls(&[]).exits(0);
    begin(&run, &sandbox.url);
    site("https://chat.example.org/team/");
    let run = urls(&[]).exits(0);
    begin(&run, "https://chat.example.org/team");
    assert!(run.err.contains("`--public-url` changes it"), "{}", run.err);
    let run = urls(&["--public-url", "http://proxy.example.org/"]).exits(0);
    begin(&run, "http://proxy.example.org");
    assert_eq!(run.err, "");
    site("no address at all");
    begin(&urls(&[]).exits(0), &sandbox.url);
    for wrong in ["chat.example.org", "https://user:hunter2@chat.example.org"] {
        let run = urls(&["--public-url", wrong]).exits(3);
        assert!(
            run.err.contains("`--public-url`") && !run.err.contains("hunter2"),
            "{}",
            run.err
        );
    }
}

#[test]
fn files_for_another_server_get_no_urls() {
    let (sandbox, hooks) = server();
    let elsewhere = "settings: { server: \"https://chat.example.org\" }\n";
    sandbox.file("hooks.yaml", &(elsewhere.to_owned() + HOOKS));
    let run = sandbox.run(&["urls", &hooks]).exits(4);
    assert_eq!(run.out, "");
    assert!(
        run.err
            .contains("these files are for https://chat.example.org"),
        "{}",
        run.err
    );
}

#[test]
fn no_other_command_shows_what_is_in_a_url() {
    let (sandbox, hooks) = server();
    let tokens = ["Grafana alerts", "Old"].map(|name| token_of(&sandbox, name));
    let text = HOOKS.replace("\"#general\"", "\"#random\"");
    let changed = sandbox.file("changed.yaml", &text);
    for args in [
        &["plan", hooks.as_str()][..],
        &["plan", &changed, "--format", "json"],
        &["plan", &changed, "--format", "markdown"],
        &["export"],
        &["export", "--match", &hooks],
        &["apply", "--yes", &changed],
        &["apply", &changed, "--dry-run"],
    ] {
        let mut command = sandbox.rcsync(args);
        let run = Run::of(command.arg("-vv").env("RCSYNC_SECRET_token", TOKEN)).exits(0);
        let shown = run.out + &run.err;
        assert!(!shown.is_empty());
        for token in &tokens {
            assert!(!shown.contains(token), "{args:?}: {shown}");
        }
    }
}

#[test]
fn what_is_no_file_or_no_manifest_is_refused_before_any_request() {
    let (sandbox, hooks) = server();
    let before = sandbox.requests().len();
    let folder = sandbox.folder.path().display().to_string();
    sandbox.run(&["urls", &hooks, "--out", &folder]).exits(3);
    let broken = sandbox.file("broken.yaml", "integrations: [{}]\n");
    sandbox.run(&["urls", &broken]).exits(3);
    assert_eq!(sandbox.requests().len(), before);
}
