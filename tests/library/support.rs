//! Desired and observed states for tests, from manifests and listings that they write.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use rcsync::desired::DesiredState;
use rcsync::engine::check::{self, Checked, Inputs};
use rcsync::integration::{Kind, Version};
use rcsync::observed::{
    Found, Gone, Histories, History, ObservedState, Record, Rooms, ServerFacts, ServerId, Target,
    User, Users, View,
};
use rcsync::variables::Undefined;
use rocketchat_client::Limits;
use rocketchat_client::redactor::{Redactor, ServerText};
use serde_json::{Map, Value as Json, json};

/// The manifest of a folder, which has to be sound.
pub(crate) fn loaded(manifest: &Path, secrets: Option<&Path>) -> Checked {
    loaded_with(manifest, secrets, Undefined::Refused)
}

/// The same, with a choice of what an undefined secret is.
pub(crate) fn loaded_with(
    manifest: &Path,
    secrets: Option<&Path>,
    undefined: Undefined,
) -> Checked {
    let inputs = Inputs {
        paths: vec![manifest.to_owned()],
        secret_files: secrets.into_iter().map(Path::to_owned).collect(),
        undefined,
        ..Inputs::default()
    };
    let loaded = check::check(&inputs, &mut std::io::empty()).unwrap();
    assert!(
        !loaded.is_refused(false),
        "{}: {:#?}",
        manifest.display(),
        loaded.findings
    );
    loaded
}

/// What a manifest with these entries asks for.
pub(crate) fn desired(entries: &[Json]) -> DesiredState {
    desired_under(None, entries)
}

/// What a manifest with these settings and entries asks for.
pub(crate) fn desired_under(settings: Option<&Json>, entries: &[Json]) -> DesiredState {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manifest.yaml");
    let mut manifest = json!({ "integrations": entries });
    if let Some(settings) = settings {
        manifest["settings"] = settings.clone();
    }
    fs::write(&path, manifest.to_string()).unwrap();
    loaded(&path, None).desired
}

/// What a server has: `{"version": "8.8.1", "integrations": [...]}`, as its listing would give it.
pub(crate) fn observed(listing: &Json) -> ObservedState {
    let version = listing["version"].as_str().map(str::to_owned);
    let record = |json: &Json| {
        Record::decode(
            json.as_object().cloned().unwrap_or_else(Map::new),
            &Redactor::default(),
        )
        .unwrap()
    };
    ObservedState {
        redactor: Redactor::default(),
        server: ServerFacts {
            url: "https://chat.example.org".to_owned(),
            version: version.as_deref().and_then(Version::parse),
            version_text: version.map(Into::into),
            user_id: "uDeploy".into(),
            username: "deploy".into(),
            roles: None,
        },
        records: listing["integrations"]
            .as_array()
            .unwrap()
            .iter()
            .map(record)
            .collect(),
        unknown_kinds: 0,
        users: users(listing),
        limits: Limits::default(),
        view: View::default(),
        histories: histories(listing),
        rooms: rooms(listing),
        taken_at: None,
    }
}

/// What the histories told: `"gone": {id: time}`.
fn histories(listing: &Json) -> Histories {
    let gone = listing["gone"].as_object().into_iter().flatten();
    let found = gone.map(|(id, at)| {
        let at = at.as_str().map(Into::into);
        (ServerId::from(id.clone()), History::Gone(Gone { at }))
    });
    Histories {
        found: found.collect(),
    }
}

/// Whom the look-ups found: `"users": [{"username", "_id", "roles"}]`, whom they did not: `"nobody": [name]`, and
/// `"impersonators": [role]`.
fn users(listing: &Json) -> Users {
    let texts = |json: &Json| -> Option<BTreeSet<ServerText>> {
        let items = json.as_array()?.iter();
        Some(items.map(|item| item.as_str().unwrap().into()).collect())
    };
    let mut users = Users {
        found: BTreeMap::new(),
        impersonators: texts(&listing["impersonators"]),
    };
    for user in listing["users"].as_array().into_iter().flatten() {
        let found = Found::User(User {
            id: user["_id"].as_str().unwrap().into(),
            roles: texts(&user["roles"]),
            active: user["active"].as_bool(),
        });
        let name = user["username"].as_str().unwrap().to_owned();
        users.found.insert(name, found);
    }
    for name in texts(&listing["nobody"]).into_iter().flatten() {
        users.found.insert(name.raw().to_owned(), Found::Nobody);
    }
    users
}

/// What the look-ups told of targets: `"targets": [{"type", "name", "is"}]`, as a snapshot writes it.
fn rooms(listing: &Json) -> Rooms {
    let targets = listing["targets"].as_array().into_iter().flatten();
    let found = targets.map(|it| {
        let target = Target {
            kind: Kind::from_wire(it["type"].as_str().unwrap()).unwrap(),
            name: it["name"].as_str().unwrap().to_owned(),
        };
        (target, serde_json::from_value(it["is"].clone()).unwrap())
    });
    Rooms {
        found: found.collect(),
        ..Rooms::default()
    }
}
