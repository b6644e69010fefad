//! Made-up workspaces of any size: a manifest, and the listing of a server that has just that.

use std::fmt::Write;

use serde_json::{Value as Json, json};

/// A script as people write them: forty lines.
fn script(number: usize) -> String {
    let method = if number.is_multiple_of(2) {
        "process_incoming_request"
    } else {
        "prepare_outgoing_request"
    };
    let mut text = format!("class Script {{\n  {method}({{ request }}) {{\n");
    for line in 0..36 {
        let _ = writeln!(
            text,
            "    const part{line} = request.content.field{line} || 'none of {number}';"
        );
    }
    text + "    return { content: { text: part0 } };\n  }\n}\n"
}

/// A manifest of so many integrations, every other one incoming, each with a script.
pub(crate) fn manifest(count: usize) -> Vec<u8> {
    let mut text = String::from("integrations:\n");
    for number in 0..count {
        let _ = if number % 2 == 0 {
            write!(
                text,
                "  - type: webhook-incoming\n    name: Alerts {number}\n    username: rocket.cat\n    \
                 channel: \"#room-{number}\"\n    alias: Alerts\n    script: |\n"
            )
        } else {
            write!(
                text,
                "  - type: webhook-outgoing\n    name: Tickets {number}\n    username: rocket.cat\n    \
                 event: sendMessage\n    channel: [\"#room-{number}\"]\n    \
                 urls: [https://tickets.example.org/{number}]\n    triggerWords: [\"!ticket\"]\n    script: |\n"
            )
        };
        for line in script(number).lines() {
            let _ = writeln!(text, "      {line}");
        }
    }
    text.into_bytes()
}

/// The body of a listing of a server that has just that.
pub(crate) fn listing(count: usize) -> Vec<u8> {
    let record = |number: usize| {
        let incoming = number.is_multiple_of(2);
        let name = if incoming { "Alerts" } else { "Tickets" };
        let mut record = json!({
            "_id": format!("{number:024x}"),
            "type": if incoming { "webhook-incoming" } else { "webhook-outgoing" },
            "name": format!("{name} {number}"),
            "enabled": true,
            "username": "rocket.cat",
            "userId": "rocket.cat",
            "channel": [format!("#room-{number}")],
            "script": script(number),
            "scriptCompiled": script(number),
            "scriptEnabled": true,
            "scriptEngine": "isolated-vm",
            "token": "0123456789abcdef",
            "_createdAt": "2026-01-31T09:08:07.123Z",
            "_createdBy": {"_id": "uSomebody", "username": "somebody"},
            "_updatedAt": "2026-01-31T09:08:07.123Z",
        });
        if incoming {
            record["alias"] = "Alerts".into();
        } else {
            record["event"] = "sendMessage".into();
            record["urls"] = json!([format!("https://tickets.example.org/{number}")]);
            record["triggerWords"] = json!(["!ticket"]);
        }
        record
    };
    let records: Vec<Json> = (0..count).map(record).collect();
    let body = json!({ "success": true, "integrations": records, "total": count });
    body.to_string().into_bytes()
}
