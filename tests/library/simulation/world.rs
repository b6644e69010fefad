//! A server with records in it: some as a server would store them, some with what years of use leave behind.

use std::sync::Arc;

use rocketchat_sandbox::{Action, Clock, Config, Fixture, Quirk, Sandbox};
use serde_json::{Map, Value as Json, json};

use super::Line;
use rcsync::integration::{Kind, Version};
use rocketchat_client::{Request, Transport};

/// A record of the listing.
pub(super) type Stored = Map<String, Json>;

/// A record to be there before anything begins: its kind, and its fields as stored.
pub(super) type Seeded = (Kind, Stored);

/// A server.
pub(super) struct World {
    pub(super) sandbox: Arc<Sandbox>,
}

impl World {
    /// A server of this version, with single quirks switched, that holds these records.
    pub(super) async fn with(version: &str, quirks: &[(Quirk, bool)], records: &[Seeded]) -> Self {
        let config = Config {
            version: version.parse().unwrap(),
            quirks: quirks.to_vec(),
            fixture: Some(fixture()),
            seed: Some(1),
            ..Config::default()
        };
        let world = Self::of(&config);
        let version = Version::parse(version);
        for record in records {
            world.seed(record, version, quirks).await;
        }
        world
    }

    /// A server that is set up so, and holds what its fixture says.
    fn of(config: &Config) -> Self {
        let clock = Clock::starting_at(1_700_000_000_000);
        let sandbox = Sandbox::open(config, clock).unwrap();
        Self { sandbox }
    }

    /// A server of several processes, its chance from a seed, with these records in it.
    pub(super) async fn busy(seed: u64, instances: u8, records: &[Seeded]) -> Self {
        let world = Self::of(&Config {
            version: "8.8".parse().unwrap(),
            fixture: Some(fixture()),
            seed: Some(seed),
            instances,
            ..Config::default()
        });
        for record in records {
            world.seed(record, Version::parse("8.8"), &[]).await;
        }
        world
    }

    /// The wire to it.
    pub(super) fn line(&self) -> Arc<Line> {
        Arc::new(Line(self.sandbox.clone()))
    }

    /// Everything that is stored, by id.
    pub(super) fn records(&self) -> Vec<Stored> {
        let mut records = self.sandbox.records();
        records.sort_by_key(|record| record["_id"].to_string());
        records
    }

    /// Makes a plain record by a request, and then writes into it what no request could.
    async fn seed(
        &self,
        (kind, fields): &Seeded,
        version: Option<Version>,
        quirks: &[(Quirk, bool)],
    ) {
        let mut body = json!({"type": kind.wire(), "name": "seed", "enabled": true, "username": "rocket.cat",
            "channel": "#general", "scriptEnabled": false});
        let requires = quirks
            .iter()
            .find(|(quirk, _)| *quirk == Quirk::RequiresOverride);
        let requires = requires.map_or(version == Some(Version::new(6, 3)), |(_, on)| *on);
        match kind {
            Kind::Outgoing => {
                body["event"] = json!("sendMessage");
                body["urls"] = json!(["http://seed"]);
            }
            Kind::Incoming if requires => body["overrideDestinationChannelEnabled"] = json!(false),
            Kind::Incoming => {}
        }
        let answer = self.request("integrations.create", &body).await;
        let id = answer["integration"]["_id"]
            .as_str()
            .unwrap_or_else(|| panic!("{answer}"));
        let mut set = fields.clone();
        set.retain(|name, _| {
            kind.field(name)
                .is_none_or(|field| field.versions.supported_by(version))
        });
        let id = id.to_owned();
        assert!(self.sandbox.act(Action::ChangeIntegration { id, set }));
    }

    async fn request(&self, endpoint: &str, body: &Json) -> Json {
        let request: Request = http::Request::builder()
            .method("POST")
            .uri(format!("http://chat.example.org/api/v1/{endpoint}"))
            .header("x-user-id", "uAnn")
            .header("x-auth-token", "tok-ann")
            .header("content-type", "application/json")
            .body(body.to_string().into())
            .unwrap();
        let answer = self.line().send(request).await.unwrap();
        serde_json::from_slice(answer.body()).unwrap()
    }
}

fn fixture() -> Fixture {
    Fixture::parse(include_bytes!("world.json")).unwrap()
}

/// Every quirk of the sandbox.
pub(super) fn quirks() -> Vec<Quirk> {
    Quirk::all().collect()
}
