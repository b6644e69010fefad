use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::problem::Texts;
use crate::support::observed;

const ASKED: Asked<'_> = Asked {
    base: "https://chat.example.org/sub",
    tokens: true,
};

fn webhook(kind: Kind, name: &str, number: usize) -> Webhook {
    Webhook {
        key: Key {
            kind,
            name: name.into(),
        },
        id: ServerId::from(format!("{number:024x}")),
        enabled: true,
        place: None,
        value: Some(Secret::new("t")),
    }
}

fn of_records(records: &serde_json::Value) -> Vec<Webhook> {
    let listing = json!({ "version": "8.8.0", "integrations": records });
    of_account(&observed(&listing), &ASKED).unwrap()
}

fn listing(webhooks: &[Webhook]) -> Listing {
    Listing::in_clear(ASKED.base, webhooks, Vec::new(), &Texts::default())
}

#[test]
fn a_url_has_its_parts_encoded_and_the_path_of_the_workspace() {
    let webhooks = of_records(&json!([{
        "_id": "a/b", "type": "webhook-incoming", "name": "x", "enabled": true,
        "_createdBy": {"_id": "uDeploy"}, "token": "t/+ =ü~"
    }]));
    assert!(!format!("{webhooks:?}").contains("t/"));
    let listing = listing(&webhooks);
    assert_eq!(
        listing.webhooks[0].url.as_deref(),
        Some("https://chat.example.org/sub/hooks/a%2Fb/t%2F%2B%20%3D%C3%BC%7E")
    );
}

#[test]
fn only_what_this_account_has_created_is_its_own() {
    let webhooks = of_records(&json!([
        {"_id": "1", "type": "webhook-outgoing", "name": "b", "_createdBy": {"_id": "uDeploy"}, "token": ""},
        {"_id": "2", "type": "webhook-incoming", "name": "c", "_createdBy": {"_id": "uDeploy"}, "token": "t"},
        {"_id": "3", "type": "webhook-incoming", "name": "d", "_createdBy": {"_id": "other"}, "token": "t"},
        {"_id": "4", "type": "webhook-incoming", "name": "e", "_createdBy": null, "token": "t"},
    ]));
    let ids: Vec<_> = webhooks.iter().map(|webhook| webhook.id.raw()).collect();
    assert_eq!(ids, ["2", "1"]);
    let text = text(&listing(&webhooks));
    assert_eq!(
        text,
        "incoming  c  2\n    disabled: it answers 503\n    https://chat.example.org/sub/hooks/2/t\n\
         outgoing  b  1\n    disabled: it makes no calls\n    it has no token\n"
    );
}

#[test]
fn a_webhook_without_a_token_has_no_url_and_that_is_an_error() {
    for token in [json!(null), json!(""), json!(5)] {
        let listing = json!({ "version": "8.8.0", "integrations": [{
            "_id": "1", "type": "webhook-incoming", "name": "a", "_createdBy": {"_id": "uDeploy"}, "token": token
        }]});
        let error = of_account(&observed(&listing), &ASKED).unwrap_err();
        assert_eq!(error.to_string(), "record 1: `token` is not a text");
    }
}

#[test]
fn lines_for_a_shell_say_what_they_are() {
    let mut webhooks = [
        webhook(Kind::Incoming, "Grafana\nalerts", 1),
        webhook(Kind::Outgoing, "Grafana alerts", 2),
        webhook(Kind::Incoming, "日本", 3),
        webhook(Kind::Incoming, "a.b", 4),
        webhook(Kind::Incoming, "A-B", 5),
    ];
    webhooks[1].value = Some(Secret::new("it's"));
    webhooks[3].enabled = false;
    assert_eq!(
        env(&listing(&webhooks)),
        "# incoming Grafana\\u{a}alerts\nWEBHOOK_URL_GRAFANA_ALERTS='t'\n\
         # outgoing Grafana alerts\nWEBHOOK_TOKEN_GRAFANA_ALERTS='it'\\''s'\n\
         # incoming 日本\nWEBHOOK_URL_000000000000000000000003='t'\n\
         # incoming a.b, disabled: it answers 503\nWEBHOOK_URL_A_B_000000000000000000000004='t'\n\
         # incoming A-B\nWEBHOOK_URL_A_B_000000000000000000000005='t'\n"
    );
}

fn some_names() -> impl Strategy<Value = Vec<(bool, String)>> {
    prop::collection::vec((any::<bool>(), "[aA1 .é_]{0,3}"), 1..12)
}

fn webhooks(names: &[(bool, String)]) -> Vec<Webhook> {
    let webhooks = names.iter().enumerate().map(|(number, (incoming, name))| {
        let kind = [Kind::Outgoing, Kind::Incoming][usize::from(*incoming)];
        webhook(kind, name, number)
    });
    webhooks.collect()
}

fn owners(webhooks: &[Webhook]) -> BTreeMap<String, &ServerId> {
    let ids = webhooks.iter().map(|webhook| &webhook.id);
    env::names(webhooks).into_iter().zip(ids).collect()
}

proptest! {
    #[test]
    fn variables_are_identifiers_and_differ(names in some_names()) {
        let webhooks = webhooks(&names);
        let variables = env::names(&webhooks);
        let distinct: BTreeSet<_> = variables.iter().collect();
        prop_assert_eq!(distinct.len(), webhooks.len());
        let may = |c: char| c.is_ascii_alphanumeric() || c == '_';
        prop_assert!(variables.iter().all(|it| it.starts_with("WEBHOOK_") && it.chars().all(may)));
    }

    #[test]
    fn no_webhook_takes_over_the_variable_of_another(names in some_names(), more in some_names()) {
        let all = webhooks(&[names.clone(), more].concat());
        let (before, after) = (owners(&all[..names.len()]), owners(&all));
        for (variable, id) in before {
            prop_assert!(after.get(&variable).is_none_or(|now| *now == id), "{variable}");
        }
    }
}
