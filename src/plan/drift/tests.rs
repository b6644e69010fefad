use serde_json::{Value as Json, json};

use super::*;
use crate::observed::ObservedState;
use crate::plan::Annotations;
use crate::support::{self, desired, desired_under};

/// An entry of that name with these keys over the least that it needs.
fn entry(name: &str, over: &Json) -> Json {
    let least = json!({"type": "webhook-incoming", "name": name, "username": "rocket.cat", "channel": ["#ops"]});
    over_it(least, over)
}

/// A record of that id and name, like an entry of that name, but for these keys.
fn record(id: &str, name: &str, over: &Json) -> Json {
    let least = json!({"_id": id, "type": "webhook-incoming", "name": name, "enabled": true,
        "username": "rocket.cat", "channel": ["#ops"], "scriptEnabled": false, "token": "t",
        "_createdAt": "2026-05-01T08:00:00.000Z", "_createdBy": {"_id": "u1", "username": "deploy"},
        "_updatedAt": "2026-05-02T08:00:00.000Z", "_updatedBy": {"_id": "u2", "username": "dana"}});
    over_it(least, over)
}

fn over_it(mut least: Json, over: &Json) -> Json {
    for (key, value) in over.as_object().unwrap() {
        least[key] = value.clone();
    }
    least
}

fn server(records: &[Json]) -> ObservedState {
    support::observed(&json!({"version": "8.8.1", "integrations": records}))
}

fn attributed(base: &[Json], head: &[Json], observed: &ObservedState) -> Attributed {
    attributed_from(&desired(base), &desired(head), observed)
}

/// A plan, and what is told of where its changes come from.
type Attributed = (Plan, Annotations);

fn attributed_from(
    base: &DesiredState,
    head: &DesiredState,
    observed: &ObservedState,
) -> Attributed {
    let plan = Plan::between(head, observed);
    let annotations = Annotations {
        origins: origins(&plan, head, base, observed),
        ..Annotations::default()
    };
    (plan, annotations)
}

/// The changes with their causes: `update Both: alias Drift, channel ThisChange`.
fn shown((plan, annotations): &Attributed) -> String {
    let one = |(change, origin): (&Change, &Origin)| {
        let action = format!("{:?}", change.action);
        let action = action.split([' ', '(']).next().unwrap().to_lowercase();
        assert_eq!(change.fields.len(), origin.fields.len());
        let fields = change.fields.iter().zip(&origin.fields);
        let fields: Vec<_> = fields
            .map(|(it, cause)| format!("{} {cause:?}", it.field.name))
            .collect();
        let whole = format!("{action} {:?}: {}", origin.cause, fields.join(", "));
        whole.trim_end_matches([' ', ':']).to_owned()
    };
    assert_eq!(plan.changes.len(), annotations.origins.len());
    let changes = plan.changes.iter().zip(&annotations.origins);
    changes.map(one).collect::<Vec<_>>().join("; ")
}

/// What is told | the base | the manifests of now | what the server has | what the changes come from. A cell lists
/// what its entries and records have over the least that they need.
const CASES: &str = r##"
the manifest changed                | [{}]           | [{alias: x}]   | [{}]           | update ThisChange: alias ThisChange
the server changed                  | [{alias: x}]   | [{alias: x}]   | [{alias: y}]   | update Drift: alias Drift
a default drifts                    | [{}]           | [{}]           | [{alias: y}]   | update Drift: alias Drift
both changed one field              | [{alias: x}]   | [{alias: z}]   | [{alias: y}]   | update Both: alias Both
both, each a field of its own       | [{}]           | [{alias: x}]   | [{emoji: y}]   | update Both: alias ThisChange, emoji Drift
the manifest takes over             | [{}]           | [{alias: x}]   | [{alias: x}]   |
a set in another order was met      | [{channel: ["#b", "#a"]}] | [{channel: ["#a", "#c"]}] | [{channel: ["#a", "#b"]}] | update ThisChange: channel ThisChange
a field was left to others          | [{alias: x, ignore: [alias]}] | [{alias: x}] | [{alias: y}] | update ThisChange: alias ThisChange
a record is adopted                 | []             | [{alias: x}]   | [{emoji: y}]   | update ThisChange: alias ThisChange, emoji ThisChange
a record was released               | [{state: released}] | [{}]      | [{alias: y}]   | update ThisChange: alias ThisChange
a new entry                         | []             | [{}]           | []             | create ThisChange: username ThisChange, channel ThisChange
somebody deleted the record         | [{}]           | [{}]           | []             | create Drift: username Drift, channel Drift
and the entry changed               | [{emoji: y}]   | [{alias: x, emoji: x}] | []     | create Both: username Drift, channel Drift, alias ThisChange, emoji Both
and it was renamed                  | [{name: old}]  | [{renamedFrom: old}] | []       | create Both: username Drift, channel Drift
renamed, and drifting               | [{name: old, alias: x}] | [{renamedFrom: old, alias: x}] | [{name: old}] | update Both: name ThisChange, alias Drift
newly pinned, and drifting          | [{}]           | [{id: "1"}]    | [{alias: y}]   | update Drift: alias Drift
newly absent                        | [{}]           | [{state: absent}] | [{alias: y}] | delete ThisChange
absent and still there              | [{state: absent}] | [{state: absent}] | [{}]     | delete Drift
no longer absent                    | [{state: absent}] | [{alias: x}] | [{}]          | update ThisChange: alias ThisChange
an entry is gone                    | [{}]           | []             | [{alias: y}]   |
namesakes were there                | [{}]           | [{alias: x}]   | [{}, {}]       | blocked Drift
namesakes of a new entry            | []             | [{}]           | [{}, {}]       | blocked ThisChange
this change picks one of them       | [{}]           | [{id: "1", alias: x}] | [{}, {}] | update ThisChange: alias ThisChange
"##;

#[test]
fn each_difference_has_its_cause() {
    let mut wrong = Vec::new();
    for line in CASES.trim().lines() {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let overs = |cell: &str| -> Vec<Json> { serde_yaml::from_str(cell).unwrap() };
        let entries =
            |cell: &str| -> Vec<_> { overs(cell).iter().map(|it| entry("a", it)).collect() };
        let records = overs(cells[3]);
        let records = records.iter().zip(1..);
        let records: Vec<_> = records
            .map(|(it, id)| record(&id.to_string(), "a", it))
            .collect();
        let plan = attributed(&entries(cells[1]), &entries(cells[2]), &server(&records));
        let found = shown(&plan);
        if found != cells[4] {
            wrong.push(format!("{}: {found}, not {}", cells[0], cells[4]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn conditions_are_drift() {
    let script = json!({"script": "class Script {}", "scriptEnabled": true});
    let broken = server(&[record("1", "a", &script)]);
    let plain = entry("a", &script);
    let mut with_alias = script.clone();
    with_alias["alias"] = json!("x");
    let changed = entry("a", &with_alias);
    let of =
        |base: &[Json], head: &Json| shown(&attributed(base, std::slice::from_ref(head), &broken));
    assert_eq!(of(std::slice::from_ref(&plain), &plain), "update Drift");
    assert_eq!(
        of(std::slice::from_ref(&plain), &changed),
        "update Both: alias ThisChange"
    );
    // It was wrong before somebody wrote an entry for it.
    assert_eq!(of(&[], &plain), "update Drift");
}

#[test]
fn what_stands_in_the_way_has_a_cause_too() {
    let observed = |over: Json| {
        let records = [record("1", "a", &over)];
        support::observed(&json!({"version": "8.8.1", "integrations": records, "nobody": ["gone"]}))
    };
    let of =
        |username: &str, alias: &str| entry("a", &json!({"username": username, "alias": alias}));
    let shown = |base: &Json, head: &Json, observed: &ObservedState| {
        shown(&attributed(
            std::slice::from_ref(base),
            std::slice::from_ref(head),
            observed,
        ))
    };
    let there = observed(json!({}));
    let names_nobody = shown(&of("rocket.cat", ""), &of("gone", ""), &there);
    assert_eq!(names_nobody, "blocked ThisChange: username ThisChange");
    // The user is gone already; any update would be blocked.
    let gone = observed(json!({"username": "gone"}));
    assert_eq!(
        shown(&of("gone", ""), &of("gone", "x"), &gone),
        "blocked Both: alias ThisChange"
    );
    assert_eq!(
        shown(&of("gone", ""), &of("gone", ""), &gone),
        "condition Drift"
    );
    // What blocked every update before takes no part in telling which fields drifted.
    let both = observed(json!({"username": "gone", "emoji": ":x:"}));
    assert_eq!(
        shown(&of("gone", ""), &of("rocket.cat", ""), &both),
        "update Both: username ThisChange, emoji Drift"
    );
}

#[test]
fn a_generated_secret_follows_the_rest() {
    let outgoing =
        json!({"type": "webhook-outgoing", "event": "roomCreated", "urls": ["http://x"]});
    let mut head = entry("a", &outgoing);
    head.as_object_mut().unwrap().remove("channel");
    let mut stored = record("1", "a", &outgoing);
    stored.as_object_mut().unwrap().remove("token");
    stored["alias"] = json!("y");
    let plan = attributed(
        std::slice::from_ref(&head),
        std::slice::from_ref(&head),
        &server(&[stored]),
    );
    assert_eq!(shown(&plan), "update Drift: token Drift, alias Drift");
}

#[test]
fn a_secret_of_then_that_nobody_knows_is_not_called_drift() {
    let folder = tempfile::tempdir().unwrap();
    let hook = |url: &str| {
        json!({"type": "webhook-outgoing", "name": "a", "username": "rocket.cat",
            "event": "roomCreated", "urls": [url]})
    };
    let path = folder.path().join("base.yaml");
    let base = json!({"integrations": [hook("http://x/${secret.old}")]});
    std::fs::write(&path, base.to_string()).unwrap();
    let base = support::loaded_with(&path, None, crate::variables::Undefined::Unknown).desired;
    let head = desired(&[hook("http://new")]);
    let mut stored = record("1", "a", &hook("http://x/canary"));
    stored["channel"] = json!([]);
    let observed = server(&[stored]);
    let attributed = attributed_from(&base, &head, &observed);
    assert_eq!(shown(&attributed), "update ThisChange: urls ThisChange");
    assert!(!attributed.1.drifts(&attributed.0));
}

#[test]
fn a_drifting_record_says_who_changed_it_last() {
    let last_modified = |over: Json| {
        let head = [entry("a", &json!({}))];
        let mut over = over;
        over["alias"] = json!("y");
        let (_, annotations) = attributed(&head, &head, &server(&[record("1", "a", &over)]));
        let last_modified = annotations.origins[0].last_modified.clone().unwrap();
        (
            last_modified.at,
            last_modified.editor,
            last_modified.creator,
        )
    };
    let text = |text: &str| Some(text.into());
    let at = || text("2026-05-02T08:00:00.000Z");
    assert_eq!(
        last_modified(json!({})),
        (at(), text("dana"), text("deploy"))
    );
    assert_eq!(
        last_modified(json!({"_updatedBy": null})),
        (at(), None, text("deploy"))
    );
    assert_eq!(
        last_modified(json!({"_updatedAt": 7, "_updatedBy": "dana", "_createdBy": null})),
        (None, None, None)
    );
    // What this change alone brings has nobody to ask.
    let (_, annotations) = attributed(
        &[entry("a", &json!({}))],
        &[entry("a", &json!({"alias": "x"}))],
        &server(&[record("1", "a", &json!({}))]),
    );
    assert_eq!(annotations.origins[0].last_modified, None);
}

#[test]
fn without_a_base_nothing_is_known_and_all_may_be_drift() {
    let observed = server(&[record("1", "a", &json!({}))]);
    let head = desired(&[entry("a", &json!({"alias": "x"})), entry("b", &json!({}))]);
    let plan = Plan::between(&head, &observed);
    assert!(Annotations::default().drifts(&plan));
    let annotations = Annotations {
        origins: origins_in_drift(&plan, &observed),
        ..Annotations::default()
    };
    let origins = annotations.origins.clone();
    assert_eq!(
        shown(&(plan, annotations)),
        "update Drift: alias Drift; create Drift: username Drift, channel Drift"
    );
    assert!(origins[0].last_modified.is_some() && origins[1].last_modified.is_none());
    let empty = Plan::between(&DesiredState::default(), &observed);
    assert!(!Annotations::default().drifts(&empty));
}

/// What is pruned is from this change if an entry or the policy went with it.
#[test]
fn pruning_has_its_cause() {
    let settings = json!({"prune": "disable", "scope": {"creators": ["deploy"]}});
    let observed = server(&[record("1", "a", &json!({})), record("2", "b", &json!({}))]);
    let (a, b) = (entry("a", &json!({})), entry("b", &json!({})));
    let cases = [
        (
            Some(&settings),
            vec![a.clone(), b],
            "disable ThisChange: enabled ThisChange",
        ),
        (
            None,
            vec![a.clone()],
            "disable ThisChange: enabled ThisChange",
        ),
        (
            Some(&settings),
            vec![a.clone()],
            "disable Drift: enabled Drift",
        ),
    ];
    for (policy, base, told) in cases {
        let (base, head) = (
            desired_under(policy, &base),
            desired_under(Some(&settings), std::slice::from_ref(&a)),
        );
        assert_eq!(shown(&attributed_from(&base, &head, &observed)), told);
    }
}

#[test]
fn to_enable_again_what_the_server_disabled_is_this_change() {
    let outgoing = |over: &Json| {
        let least = json!({"type": "webhook-outgoing", "name": "a", "username": "rocket.cat",
            "event": "roomCreated", "urls": ["http://x"]});
        over_it(least, over)
    };
    let mut stored = record("1", "a", &outgoing(&json!({"enabled": false})));
    stored["channel"] = json!([]);
    let observed = support::observed(&json!({"version": "8.8.1", "integrations": [stored],
        "gone": {"1": "2026-05-03T09:00:00.000Z"}}));
    let (silent, said) = (outgoing(&json!({})), outgoing(&json!({"enabled": true})));
    let of = |base: &Json, head: &Json| {
        shown(&attributed(
            std::slice::from_ref(base),
            std::slice::from_ref(head),
            &observed,
        ))
    };
    assert_eq!(of(&silent, &silent), "blocked Drift: enabled Drift");
    assert_eq!(of(&silent, &said), "update Both: enabled Drift");
    assert_eq!(of(&said, &said), "update Drift: enabled Drift");
}
