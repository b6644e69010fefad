//! What to ask the server before anything is written, and what the answers rule out. Asking itself is the
//! server's; a plan is made once to learn the questions, and again with the answers.

mod notes;
pub(super) mod rooms;

use std::collections::BTreeSet;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::conditions::{self, Condition};
use super::{Action, Plan, Reason};
use crate::integration::{Fields, Kind, compat};
use crate::observed::{ObservedState, Posting, Questions, Record, Target};
use crate::problem::Problem;
use crate::redactor::ServerText;
use crate::words::NoSuchWord;

/// How many users and rooms are looked up one by one, unless all are asked for: each is a request.
const MOST_LOOK_UPS: usize = 8;

/// For which entries something is looked up before anything is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Preflight {
    /// For none.
    Off,
    /// For those with a write.
    #[default]
    Auto,
    /// For all.
    Full,
}

impl Preflight {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Off, Self::Auto, Self::Full];

    /// Its name, as on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Auto => "auto",
            Self::Full => "full",
        }
    }
}

impl FromStr for Preflight {
    type Err = NoSuchWord;

    fn from_str(word: &str) -> Result<Self, NoSuchWord> {
        NoSuchWord::find(Self::ALL, Self::word, word)
    }
}

/// What to ask, and how far to go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asking {
    /// For which entries.
    pub preflight: Preflight,
    /// Whether the server makes up whatever is not there, as a sandbox may: then nothing is looked up.
    pub invents: bool,
    /// Whether what this account sees is asked in any case.
    pub view: bool,
}

/// Whom an entry's record posts as, once the plan is made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Poster {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) written: bool,
    /// The id of the user that counts, of a record that stays as it is.
    pub(super) id: Option<ServerText>,
}

/// The user that every server has, under this name and this id.
const BUILT_IN: &str = "rocket.cat";

impl Plan {
    /// What is to be asked before this plan can be trusted: who is posted as, where to, what this account sees, and why
    /// webhooks are disabled.
    pub fn questions(&self, asking: Asking) -> Questions {
        self.look_ups(asking).and(&self.histories(asking))
    }

    fn look_ups(&self, asking: Asking) -> Questions {
        if asking.invents {
            return Questions::default();
        }
        let preflight = asking.preflight;
        let asked = || {
            let posters = self.posters.iter();
            posters.filter(|poster| match preflight {
                Preflight::Off => false,
                Preflight::Auto => poster.written || self.is_doubtful(poster),
                Preflight::Full => true,
            })
        };
        let targets = self.targets.iter();
        let targets = targets.filter(|(written, _)| match preflight {
            Preflight::Off => false,
            Preflight::Auto => *written,
            Preflight::Full => true,
        });
        Questions {
            targets: targets.map(|(_, target)| target.clone()).collect(),
            postings: match preflight {
                Preflight::Off => BTreeSet::new(),
                _ => self.postings.clone(),
            },
            users: asked().map(|poster| poster.name.clone()).collect(),
            impersonators: asked()
                .any(|poster| compat::requires_impersonation(poster.kind, self.server.version)),
            view: asking.view || self.depends_on_view,
            limit: match preflight {
                Preflight::Full => usize::MAX,
                Preflight::Auto | Preflight::Off => MOST_LOOK_UPS,
            },
            ..Questions::default()
        }
    }

    /// Whether a record's user is by its id another than by its name, as far as what is known without asking tells:
    /// the other records, this account, and the user that every server has.
    fn is_doubtful(&self, poster: &Poster) -> bool {
        let Some(id) = poster.id.as_ref() else {
            return false;
        };
        let others = self.posters.iter();
        let others =
            others.filter_map(|other| Some((other.name.as_str(), other.id.as_ref()?.raw())));
        let account = (self.server.username.raw(), self.server.user_id.raw());
        others
            .chain([account, (BUILT_IN, BUILT_IN)])
            .any(|(other, its)| (other == poster.name) != (its == id.raw()))
    }
}

/// The values of a record once the action is done, and whether they are written then.
fn afterwards<'f>(fields: &'f Fields, action: Option<&'f Action>) -> (&'f Fields, bool) {
    match action {
        Some(Action::Create(to) | Action::Update { to, .. } | Action::Disable { to, .. }) => {
            (to, true)
        }
        _ => (fields, false),
    }
}

/// Whom these values post as, for the questions; of a record that stays as it is with the id of the user that counts.
pub(super) fn poster(
    fields: &Fields,
    action: Option<&Action>,
    record: Option<&Record>,
) -> Option<Poster> {
    let (fields, written) = afterwards(fields, action);
    let stays = record.filter(|_| !written);
    Some(Poster {
        kind: fields.kind(),
        name: conditions::poster(fields)?.to_owned(),
        written,
        id: stays.and_then(Record::user_id),
    })
}

/// What these values post to, and whether they would be written.
pub(super) fn targets(
    fields: &Fields,
    action: Option<&Action>,
) -> impl Iterator<Item = (bool, Target)> {
    let (fields, written) = afterwards(fields, action);
    rooms::targets(fields)
        .into_iter()
        .map(move |target| (written, target))
}

/// Who posts to which rooms, of a record that is written.
pub(super) fn postings(
    poster: Option<&Poster>,
    targets: &[(bool, Target)],
) -> impl Iterator<Item = Posting> {
    let poster = poster.filter(|it| it.written);
    let rooms = targets.iter().filter(|(_, it)| it.name.starts_with('#'));
    rooms.filter_map(move |(_, target)| {
        Some(Posting {
            user: poster?.name.clone(),
            room: target.name.clone(),
        })
    })
}

/// What makes the server refuse these values for certain because of whom they post as.
pub(super) fn refusal(to: &Fields, disabled: bool, observed: &ObservedState) -> Option<Condition> {
    conditions::posting_user(to, disabled, observed)
}

/// The same because of whom they post as or where to.
pub(super) fn refusals(
    user: Option<Condition>,
    to: &Fields,
    observed: &ObservedState,
) -> Vec<Reason> {
    let rooms = rooms::refusals(to, observed);
    user.map(Reason::from).into_iter().chain(rooms).collect()
}

/// The conditions but for the one that is reported as a refusal.
pub(super) fn without(
    mut conditions: Vec<Condition>,
    refusal: Option<&Condition>,
) -> Vec<Condition> {
    conditions.retain(|condition| Some(condition) != refusal);
    conditions
}

impl From<Condition> for Reason {
    fn from(condition: Condition) -> Self {
        let problem = condition.problem;
        Self {
            problem: Problem {
                message: format!("{}: {}", problem.code.0, problem.message),
                ..problem
            },
            choices: Vec::new(),
        }
    }
}
