//! `integrations.list`: who sees what, and by which filters (docs/server.md#list).

use serde_json::{Map, Value};

use super::super::js;
use super::super::profile::Quirk;
use super::super::world::World;
use super::super::write::{Record, text};
use super::paging::{Sort, Window, at, page, sort, sorted, whole};
use super::{Call, Kind, Outcome};

/// `integrations.list`
pub(in super::super) fn list(call: &mut Call<'_>) -> Outcome {
    let window = Window::read(call);
    let sort = sort(call)?;
    let wanted = Filter::new(call);
    let world = &call.state.world;
    let chosen: Vec<&Record> = in_order(world, &sort, |record| wanted.takes(call, record));
    Ok(page("integrations", &chosen, window, call, whole))
}

/// What of all records is asked for.
struct Filter {
    sight: Sight,
    name: Option<String>,
    kind: Option<String>,
    query: Map<String, Value>,
}

impl Filter {
    /// Reads what the query asks for and what the caller may see.
    fn new(call: &Call<'_>) -> Self {
        let filters = call.profile.has(Quirk::FiltersList);
        let asked = |key| call.asked(key).filter(|value| filters && !value.is_empty());
        let query = call.asked("query").filter(|_| !filters);
        Self {
            sight: Sight::of(call),
            name: asked("name").map(js::fold),
            kind: asked("type").map(ToOwned::to_owned),
            query: query
                .and_then(|query| serde_json::from_str(query).ok())
                .unwrap_or_default(),
        }
    }

    /// Whether the record is wanted.
    fn takes(&self, call: &Call<'_>, record: &Record) -> bool {
        let name = || js::fold(text(record, "name").unwrap_or_default());
        self.sight.takes(call, record)
            && self.name.as_ref().is_none_or(|part| name().contains(part.as_str()))
            && self.kind.as_deref().is_none_or(|kind| text(record, "type") == Some(kind))
            // Before 7.0 a database query: plain equalities of it are imitated.
            && self.query.iter().all(|(key, value)| at(record, key) == Some(value))
    }
}

/// Which integrations a caller sees at all.
enum Sight {
    All,
    Own,
    /// Kinds seen whole, and kinds of which one's own are seen.
    Some(Vec<Kind>, Vec<Kind>),
}

impl Sight {
    /// The sight that the caller's permissions give.
    fn of(call: &Call<'_>) -> Self {
        let kinds = [Kind::Incoming, Kind::Outgoing];
        let all: Vec<_> = kinds
            .into_iter()
            .filter(|kind| call.may(kind.manage()))
            .collect();
        let own: Vec<_> = kinds
            .into_iter()
            .filter(|kind| call.may(kind.manage_own()))
            .collect();
        match (all.len(), own.len()) {
            (2, _) => Self::All,
            // Even if all of one kind may be managed.
            (_, 2) => Self::Own,
            _ => Self::Some(all, own),
        }
    }

    /// Whether the record is seen.
    fn takes(&self, call: &Call<'_>, record: &Record) -> bool {
        let is = |kind: &Kind| text(record, "type") == Some(kind.name());
        match self {
            Self::All => true,
            Self::Own => call.created(record),
            Self::Some(all, own) => {
                all.iter().any(is) || (own.iter().any(is) && call.created(record))
            }
        }
    }
}

/// The records that are wanted, sorted; without a sort, in the order of insertion.
fn in_order<'w>(
    world: &'w World,
    sort: &Sort,
    wanted: impl Fn(&&'w Record) -> bool,
) -> Vec<&'w Record> {
    let first = sort.first().map(|(key, up)| (key.as_str(), *up));
    match first {
        // Ids are unique and kept in order: no other key can matter, and nothing needs sorting.
        Some(("_id", true)) => world.records_by_id().filter(wanted).collect(),
        Some(("_id", false)) => world.records_by_id().rev().filter(wanted).collect(),
        _ => sorted(world.records().filter(wanted).collect(), sort),
    }
}
