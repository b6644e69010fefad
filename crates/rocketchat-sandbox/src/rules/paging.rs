//! Sorting and pages: `sort`, `offset` and `count`, and the form of every list (docs/server.md#pages-and-sorting).

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::super::js;
use super::super::profile::Quirk;
use super::super::reply::Refusal;
use super::super::write::Record;
use super::{Call, body_of};

/// The keys to sort by, each ascending or descending.
pub(super) type Sort = Vec<(String, bool)>;

/// Reads `sort`: an object whose values are 1 or -1. An empty text is none to typed routes, and was no sort before.
pub(super) fn sort(call: &Call<'_>) -> Result<Sort, Refusal> {
    let typed = call.profile.has(Quirk::TypedRoutes);
    let Some(given) = call
        .asked("sort")
        .filter(|given| typed || !given.is_empty())
    else {
        return Ok(Vec::new());
    };
    let invalid = || Refusal::Coded {
        code: "error-invalid-sort".into(),
        reason: format!("Invalid sort parameter provided: \"{given}\"").into(),
        details: Some(serde_json::json!({ "helperMethod": "parseJsonQuery" })),
    };
    let keys = match serde_json::from_str(given) {
        Ok(Value::Object(keys)) => keys,
        // Values without entries of their own pass, and sort nothing.
        Ok(Value::Number(_) | Value::Bool(_)) => Map::new(),
        Ok(Value::Array(items)) if items.is_empty() => Map::new(),
        Ok(Value::String(text)) if text.is_empty() => Map::new(),
        _ => return Err(invalid()),
    };
    let direction = |value: Value| match value.as_f64() {
        Some(1.0) => Ok(true),
        Some(-1.0) => Ok(false),
        _ => Err(invalid()),
    };
    keys.into_iter()
        .map(|(key, value)| Ok((key, direction(value)?)))
        .collect()
}

/// A record as it is listed.
pub(super) fn whole(record: &Record) -> Value {
    Value::Object(record.clone())
}

/// Sorts records by the keys; equal ones stay as they stand.
pub(super) fn sorted<'w>(mut records: Vec<&'w Record>, sort: &Sort) -> Vec<&'w Record> {
    records.sort_by(|a, b| {
        sort.iter()
            .fold(Ordering::Equal, |so_far, (key, ascending)| {
                so_far.then_with(|| {
                    let order = compare(at(a, key), at(b, key));
                    if *ascending { order } else { order.reverse() }
                })
            })
    });
    records
}

/// The value at a dotted path.
pub(super) fn at<'r>(record: &'r Record, path: &str) -> Option<&'r Value> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let value = record.get(first)?;
    if rest.is_empty() {
        Some(value)
    } else {
        at(value.as_object()?, rest)
    }
}

/// The database's order: null and absent, numbers, texts, objects, lists, flags.
fn compare(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    let rank = |value: Option<&Value>| match value {
        None | Some(Value::Null) => 0,
        Some(Value::Number(_)) => 1,
        Some(Value::String(_)) => 2,
        Some(Value::Object(_)) => 3,
        Some(Value::Array(_)) => 4,
        Some(Value::Bool(_)) => 5,
    };
    match (a, b) {
        (Some(Value::String(a)), Some(Value::String(b))) => a.cmp(b),
        (Some(Value::Bool(a)), Some(Value::Bool(b))) => a.cmp(b),
        (Some(Value::Number(a)), Some(Value::Number(b))) => a
            .as_f64()
            .partial_cmp(&b.as_f64())
            .unwrap_or(Ordering::Equal),
        // A list stands where its first item would; near enough to the database's smallest or largest.
        (Some(Value::Array(a)), _) if !a.is_empty() => compare(a.first(), b),
        (_, Some(Value::Array(b))) if !b.is_empty() => compare(a, b.first()),
        _ => rank(a).cmp(&rank(b)),
    }
}

/// Which stretch of a list is asked for.
#[derive(Clone, Copy)]
pub(super) struct Window {
    offset: i64,
    /// Zero is all.
    count: i64,
}

impl Window {
    /// Reads `offset` and `count` as leniently as the server, and caps them by its settings (docs/server.md#pages-and-sorting).
    pub(super) fn read(call: &Call<'_>) -> Self {
        let world = &call.state.world;
        let setting = |name, otherwise| match i64::try_from(world.number(name, 0)) {
            Ok(limit) if limit > 0 => limit,
            _ => otherwise,
        };
        let default = setting("API_Default_Count", 50);
        let number = |key| match call.query.get(key) {
            Some(Value::String(text)) if text.is_empty() => Some(0),
            Some(Value::String(text)) => js::parse_int(text),
            Some(Value::Number(number)) => js::parse_int(&js::number_text(number)),
            _ => None,
        };
        let count = number("count")
            .unwrap_or(default)
            .min(setting("API_Upper_Count_Limit", 100));
        let infinite = world.flag("API_Allow_Infinite_Count", true);
        Self {
            offset: number("offset").unwrap_or(0),
            count: if count == 0 && !infinite {
                default
            } else {
                count
            },
        }
    }

    /// The stretch, moved by `shift` records. A negative count is taken for its amount, as the database does.
    fn cut<T: Copy>(self, all: &[T], shift: i64) -> impl Iterator<Item = T> {
        let start = usize::try_from(self.offset.saturating_add(shift)).unwrap_or(0);
        let length = match usize::try_from(self.count.unsigned_abs()) {
            Err(_) | Ok(0) => usize::MAX,
            Ok(length) => length,
        };
        all.iter().copied().skip(start).take(length)
    }
}

/// A page in the form of every list, with what a fault makes of it.
pub(super) fn page<T: Copy>(
    key: &str,
    all: &[T],
    window: Window,
    call: &Call<'_>,
    shown: impl Fn(T) -> Value,
) -> Value {
    let items: Vec<_> = window.cut(all, call.page.shift).map(shown).collect();
    let count = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let total = call.page.total.unwrap_or(count);
    let length = items.len();
    let mut body = body_of(key, items.into());
    body["offset"] = window.offset.into();
    body["items"] = length.into();
    if call.profile.has(Quirk::CountsPage) {
        body["count"] = length.into();
    }
    body["total"] = total.into();
    body
}
