//! Servers that echo secrets, in every place that a run shows something of, in every form: no output holds one.

use std::fs;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value as Json, json};

use crate::peer::Peer;
use crate::support::{Run, Sandbox, rcsync, write};

/// A secret that no entry refers to.
const SECRET: &str = "cAnArY/pw \"7\"";

/// What a form of it shows at least, wherever it is cut.
const TRACES: [&str; 3] = ["cAnArY", "Y0FuQXJZ", "NBbkFyW"];

/// The forms that a server may echo it in.
fn forms() -> Vec<String> {
    let json = serde_json::to_string(SECRET).unwrap();
    let percent = "cAnArY%2fpw%20%227%22";
    vec![
        SECRET.to_owned(),
        json[1..json.len() - 1].to_owned(),
        serde_json::to_string(&json).unwrap(),
        percent.to_owned(),
        "cAnArY%2Fpw+%227%22".to_owned(),
        "https://other.example/a?b=cAnArY%2Fpw%20%227%22".to_owned(),
        "cAnArY/pw &quot;7&quot;".to_owned(),
        BASE64_STANDARD.encode(SECRET),
        BASE64_STANDARD.encode(format!("user:{SECRET}")),
        BASE64_STANDARD.encode(format!("u:{SECRET}")),
    ]
}

/// Where a server puts it.
const PLACES: [&str; 24] = [
    "redirect",
    "header",
    "challenge",
    "version",
    "username",
    "account id",
    "role",
    "record id",
    "record name",
    "record of an entry",
    "creator",
    "time",
    "editor",
    "script",
    "script error",
    "key",
    "unknown kind",
    "refusal",
    "refusal with a code",
    "page",
    "page behind a long line",
    "gateway",
    "workspace URL",
    "broken JSON",
];

fn record(name: &str, id: &str) -> Json {
    json!({
        "_id": id, "type": "webhook-incoming", "name": name, "enabled": true, "username": "rocket.cat",
        "userId": "rocket.cat", "channel": ["#general"], "scriptEnabled": false, "script": "", "alias": "old",
        "token": "t-1", "_createdAt": "2026-05-02T08:00:00.000Z", "_updatedAt": "2026-05-02T08:00:00.000Z",
        "_createdBy": {"_id": "u1", "username": "deploy"}
    })
}

/// The answer to a request, with the form in its place.
fn answer(line: &str, place: &str, form: &str) -> (String, String, String) {
    let at = |which: &str, usual: &str| if place == which { form } else { usual }.to_owned();
    let plain = |status: &str, body: String| (status.to_owned(), String::new(), body);
    match place {
        "redirect" => {
            let location = format!("Location: https://elsewhere.example/{form}/api/info\r\n");
            return ("302 Found".to_owned(), location, String::new());
        }
        "refusal" => {
            let body = json!({"success": false, "error": format!("Invalid {form}")});
            return plain("400 Bad Request", body.to_string());
        }
        "refusal with a code" => {
            let body = json!({"success": false, "error": "x", "errorType": form});
            return plain("400 Bad Request", body.to_string());
        }
        "page" => return plain("502 Bad Gateway", format!("<html>{form}</html>")),
        "page behind a long line" => {
            let blank = " ".repeat(190);
            return plain("502 Bad Gateway", format!("\n\n{blank}<a>{form}</a>"));
        }
        "gateway" => return plain("407 Proxy Authentication Required", form.to_owned()),
        "broken JSON" => return plain("200 OK", format!("{{\"a\": \"{form}")),
        _ => {}
    }
    let path = line.split([' ', '?']).nth(1).unwrap_or_default();
    let body = match path {
        "/api/info" => json!({
            "success": true, "version": at("version", "8.8.1"),
            "workspaceUrl": at("workspace URL", "https://chat.example.org")
        }),
        "/api/v1/me" => json!({
            "success": true, "_id": at("account id", "u1"), "username": at("username", "deploy"),
            "roles": ["admin", at("role", "bot")]
        }),
        "/api/v1/integrations.list" => {
            let mut managed = record("Managed", "r1");
            managed["alias"] = at("record of an entry", "old").into();
            managed["_updatedAt"] = at("time", "2026-05-03T08:00:00.000Z").into();
            managed["_updatedBy"] = json!({"_id": "u2", "username": at("editor", "dana")});
            managed["script"] = format!("// {}\nclass Script {{}}", at("script", "old")).into();
            managed["scriptEnabled"] = true.into();
            managed["scriptError"] = json!({"name": at("script error", "SyntaxError"), "message": at("script error", "x")});
            let mut other = record(&at("record name", "Other"), &at("record id", "r2"));
            other["_createdBy"]["username"] = at("creator", "deploy").into();
            other[at("key", "more")] = 1.into();
            let mut unknown = record("Unknown", "r3");
            unknown["type"] = at("unknown kind", "webhook-incoming").into();
            json!({"success": true, "integrations": [managed, other, unknown], "offset": 0, "items": 3, "total": 3})
        }
        _ => json!({"success": false, "error": "User not found."}),
    };
    let headers = match place {
        "header" => format!("X-Echo: {form}\r\n"),
        "challenge" => format!("WWW-Authenticate: Basic realm={form:?}\r\n"),
        _ => String::new(),
    };
    ("200 OK".to_owned(), headers, body.to_string())
}

const MANIFEST: &str = "integrations:
  - type: webhook-incoming
    name: Managed
    username: rocket.cat
    channel: \"#general\"
    alias: new
  - type: webhook-incoming
    name: Made
    username: rocket.cat
    channel: \"#general\"
";

/// What the commands say about such a server, and what they write.
fn told(place: &'static str, form: &str) -> String {
    let answered = form.to_owned();
    let peer = Peer::writing(move |line, stream| {
        let (status, headers, body) = answer(line, place, &answered);
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        )
    });
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "m.yaml", MANIFEST);
    let plan = ["plan", "m.yaml", "-vv", "--retries", "0"];
    let plan = [&plan[..], &["--out", "p.md", "--out", "p.json"]].concat();
    let runs: [&[&str]; 7] = [
        &plan,
        &["plan", "m.yaml", "--format", "github", "--retries", "0"],
        &["snapshot", "m.yaml", "--out", "s.json", "--retries", "0"],
        &["plan", "m.yaml", "--state", "s.json", "--out", "q.json"],
        &["export", "-vv", "--retries", "0"],
        &["urls", "--retries", "0"],
        &["doctor", "-vv", "--retries", "0"],
    ];
    let mut all = String::new();
    for args in runs {
        let mut command = peer.rcsync(args);
        let run = Run::of(
            command
                .current_dir(folder.path())
                .env("RCSYNC_SECRET_canary", SECRET),
        );
        assert!(run.code != 101, "{}", run.err);
        all.extend([args.join(" "), run.out, run.err].map(|text| text + "\n"));
    }
    for file in ["p.md", "p.json", "s.json", "q.json"] {
        all += &fs::read_to_string(folder.path().join(file)).unwrap_or_default();
    }
    all
}

#[test]
fn no_place_and_no_form_lets_a_secret_through() {
    let forms = forms();
    let mut masked = 0;
    for (index, place) in PLACES.into_iter().enumerate() {
        // As it is, and in one form after the other.
        for form in [&forms[0], &forms[1 + index % (forms.len() - 1)]] {
            let all = told(place, form);
            for trace in TRACES {
                assert!(!all.contains(trace), "{place}: {form}: {all}");
            }
            masked += usize::from(all.contains("(secret)") || all.contains("(not shown"));
        }
    }
    // What is not quoted at all needs no mask.
    assert!(masked >= 2 * PLACES.len() - 6, "{masked}");
}

/// A variable of the environment, and its value.
type Variable<'a> = (&'a str, &'a str);

/// Where a secret of a run may come from, besides the references of its manifests.
#[test]
fn every_secret_of_a_run_is_masked_from_wherever_it_comes() {
    let echo = "cAnArYecho-1, and pin7-x";
    let peer = Peer::answering(move |_| ("400 Bad Request", "", echo_of(echo)));
    let proxy = "http://cAnArYecho-1:pin7@127.0.0.1:9";
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "secret", "cAnArYecho-1");
    let values = write(folder.path(), "values", "unused: cAnArYecho-1\npin: pin7\n");
    let manifest = write(folder.path(), "m.yaml", MANIFEST);
    let literal = "integrations:\n".to_owned()
        + "  - {type: webhook-outgoing, name: O, event: sendMessage, username: a, channel: \"#a\", \
           urls: [\"https://a.example\"], token: cAnArYecho-1}\n";
    let literal = write(folder.path(), "l.yaml", &literal);
    let plan = ["plan", manifest.as_str(), "-vv", "--retries", "0"];
    let runs: [(&[&str], &[Variable]); 9] = [
        (
            &[],
            &[
                ("RCSYNC_SECRET_x", "cAnArYecho-1"),
                ("RCSYNC_SECRET_y", "pin7"),
            ],
        ),
        (&["--secret-file", &values], &[]),
        (&[], &[("RCSYNC_AUTH_TOKEN", "cAnArYecho-1")]),
        (&["--auth-token-file", &file], &[]),
        (&["--user", "dana"], &[("RCSYNC_PASSWORD", "cAnArYecho-1")]),
        (&["--user", "dana", "--password-file", &file], &[]),
        // It is not used, and may have leaked to the server before.
        (&[], &[("RCSYNC_PASSWORD", "cAnArYecho-1")]),
        (&[], &[("HTTPS_PROXY", proxy)]),
        (&[&literal], &[]),
    ];
    for (flags, variables) in runs {
        let mut command = peer.rcsync(&[&plan[..], flags].concat());
        command.envs(variables.iter().copied());
        let run = Run::of(&mut command).exits(1);
        assert!(!run.err.contains("cAnArY"), "{flags:?}: {}", run.err);
        assert!(run.err.contains("(secret)"), "{flags:?}: {}", run.err);
        let pin = variables.len() == 2 || flags.contains(&values.as_str());
        assert!(!pin || run.err.contains("and (secret)-x"), "{}", run.err);
    }
}

fn echo_of(text: &str) -> String {
    json!({"success": false, "error": format!("unknown {text}")}).to_string()
}

#[test]
fn the_page_of_a_proxy_does_not_show_its_password() {
    let body = "<p>no user deploy with cAnArY%pass</p>";
    let proxy = Peer::answering(move |_| {
        let challenge = "Proxy-Authenticate: Basic realm=\"ZGVwbG95OmNBbkFyWSVwYXNz\"\r\n";
        (
            "407 Proxy Authentication Required",
            challenge,
            body.to_owned(),
        )
    });
    let folder = tempfile::tempdir().unwrap();
    let manifest = write(folder.path(), "m.yaml", MANIFEST);
    let address = proxy.url.strip_prefix("http://").unwrap();
    let mut command = proxy.rcsync(&["plan", &manifest, "-vv", "--insecure-http"]);
    command
        .env("RCSYNC_URL", "http://chat.example.org")
        .env("http_proxy", format!("deploy:cAnArY%25pass@{address}"));
    let run = Run::of(&mut command).exits(7);
    assert!(!proxy.requests().is_empty());
    for trace in ["cAnArY", "NBbkFyW"] {
        assert!(!run.err.contains(trace), "{}", run.err);
    }
    assert!(run.err.contains("with (secret)"), "{}", run.err);
}

/// A change takes `replace` out of one entry. The old script on the server has the value, which the run still knows.
#[test]
fn a_replacement_that_is_taken_out_shows_no_secret() {
    let sandbox = Sandbox::inventive();
    let script = "class Script {\n  process_incoming_request() {\n    const key = '__KEY__';\n    \
                  return { content: { text: key } };\n  }\n}\n";
    sandbox.file("s.js", script);
    let entry = |replace: &str| {
        format!(
            "integrations:\n  - {{type: webhook-incoming, name: I, username: rocket.cat, channel: \"#general\", \
             script: {{file: s.js{replace}}}}}\n"
        )
    };
    let path = sandbox.file("m.yaml", &entry(", replace: {__KEY__: \"${secret.key}\"}"));
    let run = |args: &[&str]| {
        let mut command = sandbox.rcsync(args);
        Run::of(command.env("RCSYNC_SECRET_key", "cAnArY-sk-live-0123456789"))
    };
    run(&["apply", &path, "--yes"]).exits(0);
    sandbox.file("s.js", &script.replace("__KEY__", "none"));
    sandbox.file("m.yaml", &entry(""));
    let file = |name: &str| {
        sandbox
            .folder
            .path()
            .join(name)
            .to_str()
            .unwrap()
            .to_owned()
    };
    let [markdown, json, report] = ["p.md", "p.json", "r.json"].map(file);
    let mut all = String::new();
    for args in [
        &["plan", &path, "-vv", "--out", &markdown, "--out", &json][..],
        &["plan", &path, "--format", "github"],
        &["apply", &path, "--yes", "-vv", "--report", &report],
    ] {
        let run = run(args).exits(0);
        all += &(run.out + &run.err);
    }
    for file in [markdown, json, report] {
        all += &fs::read_to_string(file).unwrap();
    }
    assert!(!all.contains("cAnArY"), "{all}");
    assert!(all.contains("-     const key = '(secret)';"), "{all}");
}

#[test]
fn an_export_does_not_write_out_a_known_secret() {
    let sandbox = Sandbox::inventive();
    sandbox.store(&json!({
        "type": "webhook-incoming", "name": "Keyed", "enabled": true, "username": "rocket.cat",
        "channel": "#general", "scriptEnabled": true, "script": "class Script {} // cAnArY-1234"
    }));
    let scripts = sandbox.folder.path().join("scripts");
    let out = sandbox.file("out.yaml", "");
    for args in [
        &["export"][..],
        &[
            "export",
            "--out",
            &out,
            "--force",
            "--scripts",
            scripts.to_str().unwrap(),
        ],
    ] {
        let mut command = sandbox.rcsync(args);
        let run = Run::of(command.env("RCSYNC_SECRET_key", "cAnArY-1234"));
        assert!(!(run.out + &run.err).contains("cAnArY"));
        assert!(!fs::read_to_string(&out).unwrap().contains("cAnArY"));
    }
    let run = Run::of(&mut sandbox.rcsync(&["export"])).exits(0);
    assert!(run.out.contains("cAnArY-1234"), "{}", run.out);
}

#[test]
fn a_secret_that_is_too_short_to_be_masked_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = write(folder.path(), "m.yaml", MANIFEST);
    let values = write(
        folder.path(),
        "values",
        "two: \"äö\"\nfour: abcd\nnone: \"\"\n",
    );
    let mut command = rcsync(&["validate", &manifest, "--secret-file", &values]);
    let run = Run::of(command.env("RCSYNC_SECRET_pin", "471")).exits(0);
    assert_eq!(
        run.err,
        "warning: secrets of fewer than 4 characters are not masked in text from the server: `pin`, `two`\n"
    );
    assert!(!run.err.contains("471"));
}
