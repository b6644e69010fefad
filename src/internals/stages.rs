//! The stages of a plan one by one, on made-up workspaces of any size, for benchmarks.

use std::fmt::Write;

use serde_json::{Value as Json, json};

use super::{facts, loaded, no_variables, reported};
use crate::diagnostic::Texts;
use crate::engine::check;
use crate::observed::ObservedState;
use crate::plan;
use crate::report::{self, Look, PlanReport};
use crate::{server, yaml};

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
pub fn manifest(count: usize) -> Vec<u8> {
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
pub fn listing(count: usize) -> Vec<u8> {
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

/// A manifest that is typed.
#[allow(missing_debug_implementations, reason = "it is for benchmarks")]
pub struct Typed(check::Typed);

/// A manifest, read and checked.
#[allow(missing_debug_implementations, reason = "it is for benchmarks")]
pub struct Loaded(check::Checked);

/// What a server has.
#[derive(Debug)]
pub struct Observed(ObservedState);

/// The changes.
#[derive(Debug)]
pub struct Plan(plan::Plan);

/// The changes, without secrets.
#[derive(Debug)]
pub struct Report(PlanReport);

/// Reads YAML into a tree, and tells how many documents it has.
pub fn read_yaml(text: &str) -> usize {
    let source = Texts::default().add("manifest", "");
    yaml::read(source, text).documents.len()
}

/// Takes a manifest through all stages up to a typed one.
///
/// # Panics
/// If it is not sound.
pub fn read(manifest: &[u8]) -> Typed {
    super::typed(manifest).map_or_else(|| unsound(), Typed)
}

impl Typed {
    /// Builds the desired state, and tells how many integrations it wants.
    pub fn build(&self) -> usize {
        self.0.build(&no_variables()).state.entries.len()
    }
}

/// Takes a manifest through all stages up to the desired state.
///
/// # Panics
/// If it is not sound.
pub fn load(manifest: &[u8]) -> Loaded {
    let loaded = loaded(manifest);
    let sound = loaded.filter(|loaded| loaded.findings.is_empty());
    sound.map_or_else(|| unsound(), Loaded)
}

/// Decodes a listing.
///
/// # Panics
/// If it is not sound.
pub fn observe(listing: &[u8]) -> Observed {
    let observed = server::observed(facts(), listing);
    observed.map_or_else(|_| unsound(), Observed)
}

/// Compares.
pub fn plan(loaded: &Loaded, observed: &Observed) -> Plan {
    Plan(plan::Plan::between(&loaded.0.desired, &observed.0))
}

impl Plan {
    /// How many changes there are.
    pub fn changes(&self) -> usize {
        self.0.changes.len()
    }
}

/// Takes the secrets out.
pub fn report(loaded: &Loaded, plan: &Plan) -> Report {
    Report(reported(&loaded.0, &plan.0))
}

impl Report {
    /// For people.
    pub fn text(&self) -> String {
        report::plan_text(&self.0, &Look::default())
    }

    /// For a comment.
    pub fn markdown(&self) -> String {
        report::plan_markdown(&self.0, &Look::default())
    }

    /// For programs.
    pub fn json(&self) -> String {
        report::json(&self.0)
    }
}

#[expect(clippy::panic, reason = "what is made up here is sound")]
fn unsound() -> ! {
    panic!("what was made up is not sound")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_server_has_what_the_made_up_manifest_wants() {
        let loaded = load(&manifest(20));
        let plan = |listing: &[u8]| plan(&loaded, &observe(listing));
        let noop = plan(&listing(20));
        assert_eq!(read(&manifest(20)).build(), 20);
        assert_eq!(noop.changes(), 0, "{}", report(&loaded, &noop).text());
        let all = plan(&listing(0));
        assert_eq!(all.changes(), 20);
        let report = report(&loaded, &all);
        assert!(
            report.text().contains("20 to create") && report.markdown().contains("20 to create")
        );
        assert!(report.json().contains("\"create\": 20"));
        assert_eq!(read_yaml(&String::from_utf8(manifest(3)).unwrap()), 1);
    }
}
