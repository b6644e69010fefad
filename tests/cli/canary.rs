//! Runs that differ in their secrets alone say the same, at every level of the log, whatever the server quotes.

use serde_json::json;

use crate::support::{Run, Sandbox};

/// The secrets of a run: of the manifest, and what the server had before.
struct Secrets {
    token: &'static str,
    path: &'static str,
    old: &'static str,
}

/// Secrets that are found in any text.
const LOUD: Secrets = Secrets {
    token: "cAnArYtoken",
    path: "cAnArYpath",
    old: "cAnArYold",
};

/// Secrets that are hard to keep.
const HARD: [Secrets; 6] = [
    Secrets {
        token: "q",
        path: "z",
        old: "j",
    },
    Secrets {
        token: "4711",
        path: "815",
        old: "99",
    },
    Secrets {
        token: "true",
        path: "sendMessage",
        old: "general",
    },
    Secrets {
        token: "name",
        path: "urls",
        old: "secret",
    },
    Secrets {
        token: "error",
        path: "api",
        old: "integration",
    },
    Secrets {
        token: "----- KEY\\nline two\\n-----",
        path: "%0A%20x",
        old: "user:pass@",
    },
];

const SCRIPT: &str = "class Script {
  process_incoming_request({ request }) {
    const key = '__KEY__';
    // more
    return { content: { text: key } };
  }
}
";

/// Everything that a plan, a failing apply and an apply say, but for ids, numbers and the secrets' own places.
fn told(secrets: &Secrets) -> Vec<String> {
    let sandbox = Sandbox::inventive();
    let body = json!({
        "type": "webhook-outgoing", "name": "Hook", "enabled": true, "username": "rocket.cat", "channel": "#general",
        "event": "sendMessage", "urls": [format!("https://h.example/{}", secrets.old)], "token": secrets.old,
        "scriptEnabled": false, "alias": "before"
    });
    sandbox.store(&body);
    // Keys in the old script: where the new one has its own, and elsewhere.
    let (script, key) = (SCRIPT.replace("__KEY__", secrets.old), secrets.old);
    let script = script.replace("// more", &format!("const legacy = '{key}';"));
    let body = json!({
        "type": "webhook-incoming", "name": "Keyed", "enabled": true, "username": "rocket.cat", "channel": "#general",
        "scriptEnabled": true, "script": script
    });
    sandbox.store(&body);
    sandbox.file("keyed.js", SCRIPT);
    let manifest = "integrations:\n  - type: webhook-outgoing\n    name: Hook\n    username: rocket.cat\n    \
                    channel: \"#general\"\n    event: sendMessage\n    alias: after\n    token: ${secret.token}\n    \
                    urls: [\"https://h.example/${secret.path}\"]\n  - type: webhook-incoming\n    name: true\n    \
                    username: rocket.cat\n    channel: \"#general\"\n  - type: webhook-incoming\n    name: Keyed\n    \
                    username: rocket.cat\n    channel: \"#general\"\n    \
                    script: { file: keyed.js, replace: { __KEY__: \"${secret.path}\" } }\n";
    let path = sandbox.file("a.yaml", &manifest.replace("name: true", "name: \"true\""));
    let values = format!("token: \"{}\"\npath: \"{}\"\n", secrets.token, secrets.path);
    let values = sandbox.file("values.txt", &values);
    let token = secrets.token.replace("\\n", "\n");
    let quoting = json!({
        "success": false,
        "error": format!("Invalid `{token}` for https://h.example/{} [error-invalid-x]", secrets.path),
        "errorType": "error-invalid-x",
        "details": { "given": token, "at": secrets.path }
    });
    let runs: [&[&str]; 5] = [
        &["plan", "-vv"],
        &["plan", "-v", "--format", "json"],
        &["plan", "--format", "markdown"],
        &["apply", "--yes", "-vv"],
        &["apply", "--yes", "-vv"],
    ];
    let mut told = Vec::new();
    for (index, args) in runs.into_iter().enumerate() {
        if index == 3 {
            // Of the script's key, and then of the token and the URL: the last fault is the first to come.
            let script = json!({ "success": false, "error": format!("SyntaxError: const key = '{}';", secrets.path) });
            for body in [quoting.clone(), script] {
                let effect = json!({ "kind": "answer", "status": 400, "body": body.to_string() });
                sandbox
                    .fault(&json!({ "path": "integrations.update", "effect": effect, "times": 1 }));
            }
        }
        let mut command = sandbox.rcsync(args);
        command.arg(&path).args(
            ["--secret-file", &values, "--concurrency", "1"]
                .split_at(if args[0] == "apply" { 4 } else { 2 })
                .0,
        );
        let run = Run::of(&mut command).exits(if index == 3 { 6 } else { 0 });
        told.push(
            run.out
                .replace(sandbox.folder.path().to_str().unwrap(), "FOLDER"),
        );
        told.push(
            run.err
                .replace(sandbox.folder.path().to_str().unwrap(), "FOLDER"),
        );
    }
    told
}

/// Without what differs from run to run: ids, ports, times, lengths.
fn stable(text: &str) -> String {
    let mut stable = String::new();
    let mut word = String::new();
    for character in text.chars().chain(['\n']) {
        if character.is_ascii_alphanumeric() {
            word.push(character);
            continue;
        }
        let digit = |character: char| character.is_ascii_digit();
        if word.len() >= 16 && word.contains(digit) {
            stable.push('#');
        } else {
            stable.extend(word.split(digit));
        }
        stable.push(character);
        word.clear();
    }
    stable
}

/// With a mask instead of every word that is a secret: where a server says one of them, it is masked, and where a
/// manifest or rcsync does, it is not.
fn words(text: &str, secrets: &Secrets) -> String {
    let mut masked = String::new();
    // What is too short to be masked is told by name.
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("warning: secrets of fewer than"));
    for word in lines.flat_map(|line| {
        line.split_inclusive(|it: char| !it.is_alphanumeric())
            .chain(["\n"])
    }) {
        let bare = word.trim_end_matches(|it: char| !it.is_alphanumeric());
        let is_secret = bare.len() > 3 && (bare == secrets.token || bare == secrets.path);
        let shown = if is_secret { "(secret)" } else { bare };
        masked.extend([shown, &word[bare.len()..]]);
    }
    masked
}

/// Its lines by their text: what is asked at once is answered in any order.
fn sorted(text: &str) -> impl Iterator<Item = &str> {
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines.into_iter()
}

#[test]
fn what_is_said_does_not_depend_on_secrets() {
    let loud = told(&LOUD);
    for text in &loud {
        assert!(!text.contains("cAnArY"), "{text}");
    }
    let all = loud.concat();
    for said in [
        "(secret)",
        "const key = '(another secret)'",
        "may hold a secret",
    ] {
        assert!(all.contains(said), "{said}");
    }
    for secrets in HARD {
        for (hard, loud) in told(&secrets).iter().zip(&loud) {
            let (hard, loud) = (
                stable(&words(hard, &secrets)),
                stable(&words(loud, &secrets)),
            );
            for (hard, loud) in sorted(&hard).zip(sorted(&loud)) {
                assert_eq!(hard, loud, "with the token {:?}", secrets.token);
            }
            assert_eq!(hard.len(), loud.len());
        }
    }
}
