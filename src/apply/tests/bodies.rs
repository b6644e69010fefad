//! The exact bodies of updates, by what the record holds and which version the server is.

use super::*;
use crate::desired::DesiredState;
use crate::support;

fn desired(manifest: &str) -> DesiredState {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manifest.yaml");
    std::fs::write(&path, manifest).unwrap();
    support::loaded(&path, None).desired
}

/// The body of the one update that this manifest makes of this record.
async fn body(version: &str, manifest: &str, record: &Json) -> Json {
    let observed = support::observed(&json!({"version": version, "integrations": [record]}));
    let plan = Plan::between(&desired(manifest), &observed);
    let script = Script::new([]);
    run_plan(&plan, &script, false, Duration::ZERO).await;
    let requests = script.requests();
    let request = requests
        .first()
        .unwrap_or_else(|| panic!("no write: {plan:#?}"));
    assert_eq!(request.method(), "PUT");
    serde_json::from_slice(request.body()).unwrap()
}

const OUTGOING: &str = r##"
integrations:
  - type: webhook-outgoing
    name: Out
    event: sendMessage
    username: rocket.cat
    channel: ["#b", "#a"]
    urls: ["http://y", "http://x"]
    triggerWords: "!a, !b"
    alias: New
    script: "class Script {}\n"
"##;

/// A record that holds what equals the manifest in other bytes, and what it does not speak of.
fn outgoing() -> Json {
    json!({"_id": "o1", "type": "webhook-outgoing", "name": "Out", "enabled": true, "username": "rocket.cat",
        "userId": "rocket.cat", "event": "sendMessage", "channel": ["#a", "#b", "#a"],
        "urls": ["http://x", "http://y"], "triggerWords": ["!b", "!a"], "token": "hunter2-stored",
        "alias": null, "avatar": "http://pic", "emoji": "", "targetRoom": null, "impersonateUser": false,
        "script": "class Script {}\r\n\r\n", "scriptEnabled": true, "scriptCompiled": "c", "scriptEngine": "vm2",
        "skipTranspile": true, "retryFailedCalls": false, "retryCount": 0, "retryDelay": "Powers-Of-Ten",
        "unknown": "field"})
}

/// What every version is sent for it.
fn outgoing_body() -> Json {
    json!({"type": "webhook-outgoing", "integrationId": "o1", "name": "Out", "enabled": true,
        "event": "sendMessage", "username": "rocket.cat", "channel": "#a,#b,#a",
        "urls": ["http://x", "http://y"], "triggerWords": ["!b", "!a"], "token": "hunter2-stored",
        "alias": "New", "avatar": "", "emoji": "", "impersonateUser": false,
        "script": "class Script {}\r\n\r\n", "scriptEnabled": true, "retryFailedCalls": false,
        "retryCount": 0, "retryDelay": "Powers-Of-Ten"})
}

fn with(mut body: Json, more: &Json) -> Json {
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test(start_paused = true)]
async fn an_outgoing_body_is_whole_and_keeps_stored_bytes() {
    let engine = json!({"scriptEngine": "vm2"});
    let both = json!({"scriptEngine": "vm2", "skipTranspile": true});
    // Absurdly, 6.3 requires a flag of incoming webhooks (docs/server.md#versions).
    let companion = json!({"overrideDestinationChannelEnabled": false});
    for (version, more) in [
        ("3.4.0", json!({})),
        ("5.0.2", json!({})),
        ("6.3.7", companion),
        ("6.13.1", engine.clone()),
        ("7.1.0", engine.clone()),
        ("7.5.0", engine.clone()),
        ("7.7.0", engine),
        ("8.4.0", both.clone()),
        ("8.8.1", both),
    ] {
        let sent = body(version, OUTGOING, &outgoing()).await;
        assert_eq!(sent, with(outgoing_body(), &more), "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_without_an_engine_keeps_the_one_it_has() {
    let mut record = outgoing();
    record.as_object_mut().unwrap().remove("scriptEngine");
    for (version, engine) in [
        ("6.3.7", None),
        ("6.5.0", Some("vm2")),
        ("6.13.1", Some("vm2")),
        ("7.0.0", None),
        ("8.8.1", None),
    ] {
        let sent = body(version, OUTGOING, &record).await;
        assert_eq!(sent["scriptEngine"].as_str(), engine, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_or_blank_token_is_generated() {
    for token in [json!(null), json!(""), json!("  ")] {
        let mut record = outgoing();
        record["token"] = token;
        let sent = body("8.8.1", OUTGOING, &record).await;
        let token = sent["token"].as_str().unwrap();
        assert!(token.len() == 48 && token.chars().all(|c| c.is_ascii_alphanumeric()));
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_event_does_not_use_goes_as_it_is() {
    let manifest = "
integrations:
  - type: webhook-outgoing
    name: Out
    event: roomCreated
    username: rocket.cat
    urls: [\"http://x\"]
    alias: New
";
    let record = json!({"_id": "o1", "type": "webhook-outgoing", "name": "Out", "enabled": true,
        "username": "rocket.cat", "event": "roomCreated", "channel": ["#old"], "urls": ["http://x", " "],
        "triggerWords": ["!a", ""], "scriptEnabled": false, "token": "t"});
    let expected = json!({"type": "webhook-outgoing", "integrationId": "o1", "name": "Out", "enabled": true,
        "event": "roomCreated", "username": "rocket.cat", "channel": "#old", "urls": ["http://x"],
        "triggerWords": ["!a"], "token": "t", "alias": "New", "scriptEnabled": false});
    assert_eq!(body("7.3.0", manifest, &record).await, expected);
}

const INCOMING: &str = r##"
integrations:
  - type: webhook-incoming
    name: In
    username: rocket.cat
    channel: "#ops"
    emoji: ":new:"
"##;

#[tokio::test(start_paused = true)]
async fn an_incoming_body_clears_with_empty_values_and_leaves_out_nulls() {
    let record = json!({"_id": "i1", "type": "webhook-incoming", "name": "In", "enabled": true,
        "username": "rocket.cat", "channel": "#ops", "alias": "Old", "avatar": null, "script": "old",
        "scriptEnabled": true, "scriptCompiled": "c", "scriptEngine": "isolated-vm", "skipTranspile": null,
        "overrideDestinationChannelEnabled": true, "token": "hunter2"});
    let common = json!({"type": "webhook-incoming", "integrationId": "i1", "name": "In", "enabled": true,
        "username": "rocket.cat", "channel": "#ops", "alias": "", "emoji": ":new:", "script": "",
        "scriptEnabled": false});
    let overrides = json!({"overrideDestinationChannelEnabled": true});
    let both = json!({"scriptEngine": "isolated-vm", "overrideDestinationChannelEnabled": true});
    for (version, more) in [
        ("5.0.2", json!({})),
        ("6.3.7", overrides),
        ("6.13.1", both.clone()),
        ("7.5.0", both.clone()),
        ("8.8.1", both),
    ] {
        let sent = body(version, INCOMING, &record).await;
        assert_eq!(sent, with(common.clone(), &more), "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_schema_demands_is_there_even_if_the_record_lacks_it() {
    let record = json!({"_id": "i1", "type": "webhook-incoming", "name": "In", "username": "rocket.cat",
        "channel": ["#ops"], "token": "hunter2"});
    let sent = body("6.3.0", INCOMING, &record).await;
    let expected = json!({"type": "webhook-incoming", "integrationId": "i1", "name": "In", "enabled": true,
        "username": "rocket.cat", "channel": "#ops", "emoji": ":new:", "scriptEnabled": false,
        "overrideDestinationChannelEnabled": false});
    assert_eq!(sent, expected);
}

/// What is kept of a record may be secret, and so may the answer.
#[tokio::test(start_paused = true)]
async fn kept_bytes_show_in_no_report() {
    let mut record = outgoing();
    record["urls"] = json!(["http://y/hunter2", "http://x/hunter2"]);
    let manifest = format!("{OUTGOING}    ignore: [urls, avatar]\n");
    let observed = support::observed(&json!({"version": "8.8.1", "integrations": [record]}));
    let plan = Plan::between(&desired(&manifest), &observed);
    let mut answered = record.clone();
    for (name, value) in [
        ("urls", json!(["http://z/hunter2"])),
        ("avatar", json!("http://z/hunter2")),
        ("token", json!("hunter2")),
    ] {
        answered[name] = value;
    }
    let script = Script::new([created(&answered)]);
    let applied = run_plan(&plan, &script, false, Duration::ZERO).await;
    let Outcome::NotApplied { mismatch, .. } = &applied.outcomes[0].1 else {
        panic!("{applied:?}");
    };
    let names: Vec<_> = mismatch.fields.iter().map(|it| it.field.name).collect();
    assert_eq!(names, ["urls", "token", "alias", "avatar"]);
    let texts = crate::problem::Texts::default();
    let mut plan = plan;
    plan.changes[0].place = None;
    let context = crate::report::Context {
        texts: &texts,
        paths: &[],
        files: 1,
        integrations: 1,
        sandbox: None,
        base: None,
    };
    let report = crate::report::RunReport::new(&plan, &applied, &context, 6);
    let shown = serde_json::to_string(&report).unwrap()
        + &crate::report::run_text(&report, &crate::report::RenderOptions::default());
    assert!(!format!("{shown}{plan:?}").contains("hunter2"), "{shown}");
}
