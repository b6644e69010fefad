use serde_json::{Value as Json, json};

use super::*;
use crate::support::{self, desired_under};

fn entry(name: &str, over: &Json) -> Json {
    let mut entry = json!({"type": "webhook-incoming", "name": name, "username": "rocket.cat", "channel": ["#ops"]});
    let over = over.as_object().unwrap().clone();
    entry.as_object_mut().unwrap().extend(over);
    entry
}

fn server(names: &[&str]) -> ObservedState {
    let record = |(number, name): (usize, &&str)| {
        json!({"_id": number.to_string(), "type": "webhook-incoming", "name": name, "enabled": true,
            "username": "rocket.cat", "channel": ["#ops"], "scriptEnabled": false, "token": "t",
            "_createdBy": {"_id": "u1", "username": "deploy"}})
    };
    let records: Vec<_> = names.iter().enumerate().map(record).collect();
    support::observed(&json!({"version": "8.8.1", "integrations": records}))
}

/// What is reported, as `warning[code] message → help`.
fn told(desired: &DesiredState, observed: &ObservedState) -> Vec<String> {
    let plan = Plan::between(desired, observed);
    let one = |it: Problem| {
        let help = it.help.map(|help| format!(" → {help}")).unwrap_or_default();
        format!("{}[{}] {}{help}", it.severity.word(), it.code.0, it.message)
    };
    plan.names(desired, observed).into_iter().map(one).collect()
}

fn selecting(only: &[&str], exclude: &[&str]) -> DesiredState {
    let mut desired = desired_under(
        None,
        &[entry("Grafana", &json!({})), entry("Tickets", &json!({}))],
    );
    desired.policy.flags.selection.only = (!only.is_empty()).then(|| only.iter().collect());
    desired.policy.flags.selection.exclude = exclude.iter().collect();
    desired
}

#[test]
fn flags_that_choose_nothing_are_errors_with_a_near_name() {
    let observed = server(&["Old hook"]);
    let of = |only: &[&str], exclude: &[&str]| told(&selecting(only, exclude), &observed);
    // In the manifests or on the server, by any of its names.
    assert_eq!(of(&["Graf*", "Old hook", "?ickets"], &["Tick*"]), [""; 0]);
    assert_eq!(
        of(&["Grafna", "Tickets"], &[]),
        [
            "error[no-match] `--only \"Grafna\"` matches no integration in the manifests or on the server \
             → did you mean \"Grafana\"? `--allow-empty` continues anyway"
        ]
    );
    assert_eq!(
        of(&[], &["nothing-like-it"]),
        [
            "error[no-match] `--exclude \"nothing-like-it\"` matches no integration in the manifests or on the server \
             → `--allow-empty` continues anyway"
        ]
    );
    assert_eq!(
        of(&["Grafna"], &["nothing-like-it"]),
        [
            "error[no-match] `--only \"Grafna\"`, `--exclude \"nothing-like-it\"` match no integration in the manifests or on the \
             server → did you mean \"Grafana\"? `--allow-empty` continues anyway"
        ]
    );
    // A part of a name is a glob away.
    for (part, glob) in [("Gra", "Gra*"), ("ket", "*ket*"), ("*afan", "*afan*")] {
        let found = of(&[part], &[]);
        assert!(
            found[0].contains(&format!("did you mean {glob:?}?")),
            "{found:?}"
        );
    }
    // Names of another type are none.
    let mut other = selecting(&["Grafana"], &[]);
    other.policy.flags.selection.kind = Some(crate::integration::Kind::Outgoing);
    assert_eq!(
        told(&other, &observed),
        [
            "error[no-match] `--only \"Grafana\"` matches no outgoing integration in the manifests or on the server \
             → `--allow-empty` continues anyway"
        ]
    );
}

#[test]
fn an_old_name_that_nothing_has_is_a_warning_unless_the_server_is_new_to_the_manifests() {
    let entries = |old: &str| {
        [
            entry("Kept", &json!({})),
            entry("New", &json!({"renamedFrom": old})),
        ]
    };
    let desired = |old: &str| desired_under(None, &entries(old));
    assert_eq!(
        told(&desired("Alrets"), &server(&["Kept", "Alerts"])),
        [
            "warning[old-name-unknown] no incoming webhook on the server is called \"Alrets\": \"New\" would be created, with a new URL → did you mean `renamedFrom: \"Alerts\"`?"
        ]
    );
    assert_eq!(
        told(&desired("Nobody"), &server(&["Kept"])),
        [
            "warning[old-name-unknown] no incoming webhook on the server is called \"Nobody\": \"New\" would be created, with a new URL → correct the old name, or remove `renamedFrom`"
        ]
    );
    // A webhook of the other type is not what is renamed.
    let of_other = desired_under(
        None,
        &[
            entry("Kept", &json!({})),
            json!({"type": "webhook-outgoing", "name": "New", "event": "roomJoined", "username": "rocket.cat", "channel": ["#ops"],
                "urls": ["https://x.example"], "renamedFrom": "Alerts"}),
        ],
    );
    let found = told(&of_other, &server(&["Kept", "Alerts"]));
    assert!(
        found[0].ends_with(
            "\"Alerts\" is an incoming webhook, and its type cannot change: remove `renamedFrom`"
        ),
        "{found:?}"
    );
    // A first apply to another server.
    let fresh = told(&desired("Alerts"), &server(&["Somebody's"]));
    assert!(
        fresh.len() == 1 && fresh[0].starts_with("note[no-match] "),
        "{fresh:?}"
    );
    // Done already, or about to be.
    assert_eq!(told(&desired("Alerts"), &server(&["Kept", "New"])), [""; 0]);
    assert_eq!(
        told(&desired("Alerts"), &server(&["Kept", "Alerts"])),
        [""; 0]
    );
}

#[test]
fn names_that_people_take_for_the_same_are_told() {
    for (new, there) in [
        ("Café", "Cafe\u{301}"),
        ("grafana", "Grafana"),
        ("Grafana", "Grafana "),
        ("Grafana alerts", "Grafana\u{a0}alerts"),
        ("Grafana alerts", "Grafana  alerts"),
        ("Grafana", "Gra\u{200b}fana"),
        ("Grafana", "Ｇrafana"),
    ] {
        let desired = desired_under(None, &[entry(new, &json!({}))]);
        let found = told(&desired, &server(&[there]));
        assert!(
            found.len() == 1 && found[0].starts_with("warning[nearly-same-name] "),
            "{new:?} {there:?}: {found:?}"
        );
        assert!(found[0].contains(&format!("{there:?}")), "{found:?}");
    }
    let desired = desired_under(None, &[entry("Grafana", &json!({}))]);
    assert_eq!(
        told(&desired, &server(&["Grafana 2", "Prometheus"])),
        [""; 0]
    );
}

#[test]
fn names_in_settings_that_no_record_has_are_noted() {
    let settings =
        json!({"prune": "disable", "scope": {"names": ["Team *", "Kept"]}, "keep": ["Important"]});
    let desired = desired_under(Some(&settings), &[entry("Kept", &json!({}))]);
    assert_eq!(
        told(&desired, &server(&["Kept"])),
        [
            "note[no-match] `settings.scope.names` lists \"Team *\", which matches no integration on the server",
            "note[no-match] `settings.keep` lists \"Important\", which matches no integration on the server",
        ]
    );
    // There is nothing yet.
    assert_eq!(told(&desired, &server(&[])), [""; 0]);
}

#[test]
fn what_is_pruned_and_created_alike_may_be_a_renaming() {
    let settings = json!({"prune": "disable", "scope": {"creators": ["deploy"]}});
    let desired = |over: &Json| {
        desired_under(
            Some(&settings),
            &[entry("Kept", &json!({})), entry("New", over)],
        )
    };
    assert_eq!(
        told(&desired(&json!({})), &server(&["Kept", "Old"])),
        [
            "warning[rename] \"New\" would be created and \"Old\", which differs only in its name, would be disabled → to rename \
             it and keep its URL, write `renamedFrom: \"Old\"`"
        ]
    );
    // Two that could be meant, or another content.
    assert_eq!(
        told(&desired(&json!({})), &server(&["Kept", "Old", "Older"])),
        [""; 0]
    );
    assert_eq!(
        told(&desired(&json!({"alias": "x"})), &server(&["Kept", "Old"])),
        [""; 0]
    );
    assert_eq!(
        told(
            &desired(&json!({"renamedFrom": "Old"})),
            &server(&["Kept", "Old"])
        ),
        [""; 0]
    );
}
