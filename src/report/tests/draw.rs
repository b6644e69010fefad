//! Plans made up at random: through the planner, from entries and records full of hostile texts and of secrets.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Map, Value as Json, json};

use super::super::{Context, PlanReport};
use crate::client::Limits;
use crate::desired::policy::{Flags, Scope};
use crate::desired::{Desired, DesiredState, Policy, Prune, State};
use crate::integration::{EVENTS, Field, Fields, Key, Kind, Role, Shape, Value, Version};
use crate::observed::{
    Found, Histories, ObservedState, Questions, Record, Rooms, ServerFacts, Target, Users, View,
};
use crate::plan::{
    Annotations, Binding, Cause, LastModified, NotChecked, NotCompared, Open, Origin, Plan,
    Preflight,
};
use crate::problem::{Place, Texts};
use crate::redactor::Redactor;
use crate::secret::{Piece, Secret, Text};

/// In every foreign text, at both ends of whatever is hostile in it.
pub(super) const FOREIGN: &str = "ZQX";

/// What would get out of Markdown, HTML, a terminal or a workflow command.
const HOSTILE: [&str; 48] = [
    "`",
    "``",
    "```",
    "````diff",
    "~~~",
    "-->",
    "<!--",
    "<!-->",
    "--",
    "</details>",
    "<details>",
    "</summary>",
    "</code>",
    "<script>alert(1)</script>",
    "<img src=x onerror=y>",
    "| a | b |",
    "\\|",
    "\\\\|",
    "\\",
    "\n```\n",
    "\r\n\r\n",
    "\n\n# h\n\n",
    "\n---\n",
    "@all",
    "@here ",
    "#123",
    "!7",
    "[x](javascript:y)",
    "![i](http://e.example/x.png)",
    "https://evil.example/",
    "www.evil.example",
    "<https://evil.example>",
    "&lt;b&gt;",
    "&#96;",
    "$x$",
    "<b>",
    "**b**",
    "_i_",
    "~~s~~",
    ":ghost:",
    "\u{1b}[31m",
    "\u{202e}",
    "\t",
    "%0A::error::x",
    "\n::warning::x",
    "[^1]",
    "    ",
    "😀ä",
];

/// What gives a secret its value, by its number.
pub(super) type Secrets = fn(usize) -> String;

/// What is made up next.
pub(super) struct Draw {
    random: StdRng,
    secrets: Secrets,
}

impl Draw {
    pub(super) fn new(seed: u64, secrets: Secrets) -> Self {
        let random = StdRng::seed_from_u64(seed);
        Self { random, secrets }
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.random.random_ratio(percent, 100)
    }

    fn one_in(&mut self, many: u32) -> bool {
        self.random.random_ratio(1, many)
    }

    fn below(&mut self, end: usize) -> usize {
        self.random.random_range(0..end)
    }

    /// A text that nobody should trust.
    fn text(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..self.below(3) {
            let piece = HOSTILE
                .choose(&mut self.random)
                .copied()
                .unwrap_or_default();
            let times = if self.one_in(200) { 70 } else { 1 };
            text.push_str(&piece.repeat(times));
            text.push_str(FOREIGN);
        }
        if self.chance(60) {
            format!("{FOREIGN}{}{text}", self.below(30))
        } else {
            text + FOREIGN
        }
    }

    fn secret(&mut self) -> Secret {
        if self.chance(10) {
            return Secret::Unknown;
        }
        Secret::new((self.secrets)(self.below(40)))
    }

    /// A URL with a secret in it.
    fn url(&mut self) -> Text {
        let mut url = Text::from(format!("https://h{}.example/hooks/", self.below(5)));
        url.push(Piece::Secret(self.secret()));
        if self.chance(30) {
            url.push(Piece::Plain(format!("/{}?k=", self.text()).into()));
            url.push(Piece::Secret(self.secret()));
        }
        url
    }

    fn script(&mut self, keys: bool) -> Text {
        let lines = if self.one_in(500) { 300 } else { self.below(8) };
        let mut script = Text::EMPTY;
        for number in 0..lines {
            if keys && self.chance(20) {
                script.push(Piece::Plain(format!("{FOREIGN}key{number} = '").into()));
                script.push(Piece::Secret(self.key()));
                script.push(Piece::Plain("'".into()));
            } else {
                script.push(Piece::Plain(self.text().into()));
            }
            let end = if self.chance(5) { "\r\n" } else { "\n" };
            script.push(Piece::Plain(end.into()));
        }
        script
    }

    /// A secret for a script. How many lines it has shows, so it has one.
    fn key(&mut self) -> Secret {
        self.secret().map(|secret| secret.replace('\n', " "))
    }

    /// A script as it was before: with other keys, and here and there another line.
    fn old(&mut self, script: &Text) -> Text {
        let mut old = Text::EMPTY;
        for piece in script.pieces() {
            old.push(match piece {
                Piece::Secret(_) if self.chance(70) => Piece::Secret(self.key()),
                Piece::Plain(text) if self.chance(30) => {
                    Piece::Plain(format!("{text}{}", self.text()).into())
                }
                same => same.clone(),
            });
        }
        old
    }

    fn value(&mut self, field: &Field) -> Value {
        match (field.shape, field.role) {
            (Shape::Flag, _) => Value::Flag(self.chance(50)),
            (Shape::Number, _) => Value::Number(self.random.random_range(0..5)),
            (_, Role::Event) => {
                let event = EVENTS
                    .choose(&mut self.random)
                    .map_or("", |event| event.name);
                Value::Text(event.into())
            }
            (Shape::Text, Role::PostsAs) => {
                Value::Text(format!("{FOREIGN}@{}", self.below(4)).into())
            }
            (Shape::Text, _) if field.sensitive => Value::Text(self.url()),
            (Shape::Text, _) => Value::Text(self.text().into()),
            (Shape::Joined | Shape::Set, _) => {
                let items = self.below(4);
                let item = |draw: &mut Self| {
                    if field.sensitive {
                        draw.url()
                    } else {
                        draw.text().into()
                    }
                };
                Value::List((0..items).map(|_| item(self)).collect())
            }
            (Shape::Script, _) => {
                let keys = self.chance(40);
                Value::script(self.script(keys))
            }
            (Shape::Secret, _) => Value::Secret(self.secret()),
        }
    }

    fn fields(&mut self, kind: Kind, name: &str) -> Fields {
        let mut fields = Fields::new(kind);
        for field in kind.fields() {
            let value = match field.role {
                Role::Name => Some(Value::Text(name.into())),
                _ if self.chance(70) => Some(self.value(field)),
                _ => None,
            };
            fields.set(field.name, value);
        }
        fields
    }

    fn entry(&mut self, place: &Place) -> Desired {
        let kind = *Kind::ALL.choose(&mut self.random).unwrap();
        let name = self.text();
        let mut fields = self.fields(kind, &name);
        kind.normalise(&mut fields);
        Desired {
            written: fields
                .iter()
                .map(|(field, _)| (field.name, place.clone()))
                .collect(),
            key: Key {
                kind,
                name: name.into(),
            },
            fields,
            place: place.clone(),
            script_file: self.chance(60).then(|| self.text()),
            script_at: None,
            state: match self.below(20) {
                0..4 => State::Absent,
                4 => State::Released,
                _ => State::Present,
            },
            id: None,
            renamed_from: self.chance(10).then(|| self.text()),
            ignored: BTreeSet::new(),
            secrets: vec!["token".to_owned()],
        }
    }

    /// What the server has of an entry: much of it, and other values beside.
    fn record(&mut self, entry: &Desired, number: usize) -> Record {
        let mut raw = Map::new();
        for field in entry.key.kind.fields() {
            let value = match entry.fields.get(field).cloned() {
                // Nobody declares a key in a script on the server but an entry that has one in its own.
                Some(Value::Script(script)) if !script.holds_secret() => {
                    Some(Value::script(self.script(false)))
                }
                Some(Value::Script(script)) if self.chance(70) => {
                    Some(Value::script(self.old(&script)))
                }
                Some(same) if self.chance(70) => Some(same),
                None if field.shape == Shape::Script => Some(Value::script(self.script(false))),
                _ if self.chance(70) => Some(self.value(field)),
                _ => None,
            };
            if let Some(value) = value.as_ref().and_then(stored) {
                raw.insert(field.name.to_owned(), value);
            }
        }
        raw.insert("_id".to_owned(), json!(format!("{number:024x}")));
        raw.insert("type".to_owned(), json!(entry.key.kind.wire()));
        raw.insert("name".to_owned(), json!(entry.key.name));
        raw.insert("userId".to_owned(), json!(self.text()));
        raw.insert("_createdBy".to_owned(), json!({ "username": self.text() }));
        if self.chance(20) {
            raw.insert(
                "scriptError".to_owned(),
                json!({ "name": self.text(), "message": self.text() }),
            );
        } else {
            raw.insert("scriptCompiled".to_owned(), json!("compiled"));
        }
        if self.chance(3) {
            raw.insert("enabled".to_owned(), json!("yes"));
        }
        Record::decode(raw, &Redactor::default()).unwrap()
    }

    /// Says of some changes what they come from.
    fn origins(&mut self, plan: &Plan) -> Vec<Origin> {
        let told = self.below(plan.changes.len() + 1);
        let changes = plan.changes.iter().take(told);
        changes
            .map(|change| Origin {
                cause: [Cause::ThisChange, Cause::Drift, Cause::Both][self.below(3)],
                fields: change
                    .fields
                    .iter()
                    .map(|_| [Cause::ThisChange, Cause::Drift][self.below(2)])
                    .collect(),
                last_modified: self.chance(50).then(|| LastModified {
                    at: self.chance(50).then(|| self.text().into()),
                    editor: self.chance(50).then(|| self.text().into()),
                    creator: self.chance(50).then(|| self.text().into()),
                }),
            })
            .collect()
    }

    /// Makes it a plan from a snapshot, in which something was not compared.
    fn leave_open(&mut self, plan: &mut Plan) -> NotChecked {
        plan.taken_at = Some(if self.chance(50) {
            "2026-11-22T02:00:00Z".to_owned()
        } else {
            self.text()
        });
        for change in &plan.changes {
            let Some(place) = change.place.clone() else {
                continue;
            };
            plan.not_compared.push(NotCompared {
                key: change.key.clone(),
                place,
                what: match self.below(2) {
                    0 => Open::Record,
                    _ => Open::Fields(change.fields.iter().map(|change| change.field).collect()),
                },
            });
        }
        let mut open = NotChecked::default();
        for _ in 0..self.below(3) {
            open.users.insert(self.text());
        }
        for _ in 0..self.below(3) {
            open.targets.insert(Target {
                kind: Kind::Incoming,
                name: self.text(),
            });
        }
        open
    }

    /// Now and then what no entry names is pruned, and more often than not a guard has something against it.
    fn policy(&mut self, records: &[Record]) -> Policy {
        if self.chance(70) {
            return Policy::default();
        }
        let creators = records
            .iter()
            .filter_map(|it| it.creator.as_ref().map(|it| it.raw().to_owned()))
            .collect();
        let scope = Scope {
            names: Some([self.text(), "*".to_owned()].iter().collect()),
            creators: Some(creators),
        };
        Policy {
            prune: *[Prune::Off, Prune::Disable, Prune::Delete]
                .choose(&mut self.random)
                .unwrap(),
            scope: self.chance(80).then_some(scope),
            max_deletes: self.chance(50).then(|| self.below(4)),
            flags: Flags {
                allow_url_loss: self.chance(50),
                ..Flags::default()
            },
            ..Policy::default()
        }
    }

    /// A whole plan, without its secrets.
    pub(super) fn report(&mut self) -> PlanReport {
        let mut texts = Texts::default();
        let source = texts.add(self.text(), "x\n".repeat(600));
        let place = |number: u32| Place {
            source,
            bytes: 2 * number..2 * number + 1,
        };
        let count = if self.one_in(1000) {
            500
        } else {
            self.random.random_range(0..5)
        };
        let mut names = BTreeSet::new();
        let entries: Vec<_> = (1..=count)
            .map(|number| self.entry(&place(number)))
            .collect();
        let entries = entries
            .into_iter()
            .filter(|entry| names.insert(entry.key.clone()));
        let entries: Vec<_> = entries.collect();
        let mut records = Vec::new();
        for entry in &entries {
            for _ in 0..[0, 1, 1, 1, 1, 1, 1, 2][self.below(8)] {
                records.push(self.record(entry, records.len()));
            }
        }
        for _ in 0..self.below(4) {
            let mut stranger = self.entry(&place(0));
            // Nobody declares a key in its script.
            let script = Value::script(self.script(false));
            stranger.fields.set("script", Some(script));
            if !names.contains(&stranger.key) {
                records.push(self.record(&stranger, records.len()));
            }
        }
        let policy = self.policy(&records);
        let version = *["8.8.1", "8.5.0", "7.5.1", "6.3.0", "3.3.0", "odd"]
            .choose(&mut self.random)
            .unwrap();
        let observed = ObservedState {
            redactor: Redactor::default(),
            server: ServerFacts {
                url: "https://chat.example.org/team".to_owned(),
                version: Version::parse(version),
                version_text: Some(format!("{version}{}", self.text()).into()),
                user_id: "uDeploy".into(),
                username: self.text().into(),
                roles: None,
            },
            records,
            unknown_kinds: self.below(3),
            limits: Limits::default(),
            view: View::default(),
            histories: Histories::default(),
            taken_at: None,
            rooms: Rooms::default(),
            users: Users {
                found: BTreeMap::from([
                    (format!("{FOREIGN}@0"), Found::Nobody),
                    (format!("{FOREIGN}@1"), Found::Unknown(self.text())),
                ]),
                impersonators: None,
            },
        };
        let integrations = entries.len();
        let desired = DesiredState { entries, policy };
        let mut plan = Plan::between(&desired, &observed);
        let mut annotations = Annotations {
            origins: self.origins(&plan),
            ..Annotations::default()
        };
        let targets = plan
            .targets
            .iter()
            .take(2)
            .map(|(_, target)| target.clone());
        let asked = Questions {
            users: observed.users.found.keys().cloned().collect(),
            targets: targets.collect(),
            ..Questions::default()
        };
        annotations.notes = plan.notes(&asked, &observed);
        if self.chance(20) {
            annotations.not_checked = self.leave_open(&mut plan);
        } else if self.one_in(5) {
            annotations.binding = Some(Binding::of(&plan, &desired, &observed, Preflight::Full));
        }
        let base = self.chance(30).then(|| self.text());
        let state = self.chance(5).then(|| self.text());
        PlanReport::new(
            &plan,
            &annotations,
            &Context {
                texts: &texts,
                paths: &[self.text()],
                files: 1,
                integrations,
                base: base.as_deref(),
                sandbox: state.as_deref(),
            },
        )
    }
}

/// As the server has it.
fn stored(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Flag(on) => json!(on),
        Value::Number(number) => json!(number),
        Value::Text(text) => json!(text.expose()?),
        Value::List(items) => items
            .iter()
            .map(Text::expose)
            .collect::<Option<Vec<_>>>()?
            .into(),
        Value::Script(text) => json!(text.expose()?),
        Value::Secret(secret) => json!(secret.expose()?),
    })
}
