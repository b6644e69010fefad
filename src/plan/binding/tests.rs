use serde_json::json;

use super::*;
use crate::support::{loaded, observed};

/// The binding of a plan in which secrets stand wherever they may, one of them another than on the server.
fn bound(secret: &str) -> String {
    let manifest = json!({"integrations": [
        {"type": "webhook-outgoing", "name": "Same", "event": "sendMessage", "username": "rocket.cat",
            "channel": "#general", "urls": ["https://h.example/${secret.x}"], "token": "${secret.x}", "alias": "new"},
        {"type": "webhook-outgoing", "name": "Other", "event": "sendMessage", "username": "rocket.cat",
            "channel": "#general", "urls": ["https://h.example/"], "token": "${secret.x}"},
        {"type": "webhook-outgoing", "name": "New", "event": "sendMessage", "username": "rocket.cat",
            "channel": "#general", "urls": ["https://${secret.x}/"], "token": "${secret.x}",
            "avatar": "https://h.example/${secret.x}"},
    ]});
    let record = |id: &str, name: &str, url: &str, token: &str| {
        json!({"_id": id, "type": "webhook-outgoing", "name": name, "enabled": true, "event": "sendMessage",
            "username": "rocket.cat", "channel": ["#general"], "urls": [url], "token": token,
            "avatar": format!("https://{secret}@h.example"), "scriptEnabled": false})
    };
    let url = format!("https://h.example/{secret}");
    let listing = json!({"version": "8.8.0", "integrations": [
        record("o1", "Same", &url, secret), record("o2", "Other", "https://h.example/", "another")]});
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manifest.yaml");
    std::fs::write(&path, manifest.to_string()).unwrap();
    let secrets = folder.path().join("secrets.yaml");
    std::fs::write(&secrets, json!({ "x": secret }).to_string()).unwrap();
    let desired = loaded(&path, Some(&secrets)).desired;
    let observed = observed(&listing);
    let plan = Plan::between(&desired, &observed);
    let binding = Binding::of(&plan, &desired, &observed, Preflight::Auto);
    serde_json::to_string_pretty(&binding).unwrap()
}

/// What a secret is makes no difference: then neither it nor a digest of it can be in the file, however short it is.
#[test]
fn a_binding_does_not_depend_on_secrets() {
    let first = bound("canary-hunter2");
    assert!(!first.contains("canary"), "{first}");
    assert!(first.contains(r#""token": "equal""#) && first.contains(r#""token": "different""#));
    for other in ["a", "7", "true", "general", "ñ", "rocket.cat"] {
        assert_eq!(bound(other), first, "{other:?}");
    }
}

#[test]
fn a_binding_depends_on_everything_else() {
    let text = |name: &str, value: Value| digest(&json!([name, plain(&value)]));
    let list = |items: &[&str]| Value::List(items.iter().map(|it| Text::from(*it)).collect());
    assert_eq!(text("a", list(&["x", "y"])), text("a", list(&["y", "x"])));
    assert_ne!(text("a", list(&["x", "y"])), text("a", list(&["x,y"])));
    assert_ne!(text("a", Value::Flag(true)), text("a", Value::Flag(false)));
    assert_ne!(text("a", Value::Number(1)), text("a", Value::Number(2)));
    // A secret stretch is told from the same place without one.
    let mut masked = Text::from("x");
    masked.push(Piece::Secret(crate::secret::Secret::new("y")));
    assert_ne!(
        text("a", Value::Text(masked)),
        text("a", Value::Text(Text::from("x")))
    );
}
