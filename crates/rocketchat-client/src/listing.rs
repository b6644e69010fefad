//! The whole listing of integrations, page by page (reference 3.4 and 6).
//!
//! There is no snapshot: records come and go between two pages. A listing is whole only if its pages overlap
//! where they meet and as many different records came as the server counts. One that is not is read once more.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::Object;
use super::client::{Call, Client};
use super::error::ServerError;
use super::http_transport::LARGEST_ANSWER;

const LIST: &str = "api/v1/integrations.list";

/// The most that a server gives by its default settings.
const PAGE: &str = "100";

/// Everything that is left: allowed by default, and otherwise a page of the default size.
const ALL: &str = "0";

/// More pages than any workspace has: the count runs away.
const MOST_PAGES: usize = 1000;

/// Reads the listing; once more if it does not add up.
pub(super) async fn read(client: &Client) -> Result<Vec<Object>, ServerError> {
    match read_once(client).await {
        Err(ServerError::ListingInconsistent { .. }) => read_once(client).await,
        result => result,
    }
}

async fn read_once(client: &Client) -> Result<Vec<Object>, ServerError> {
    let mut seen = Seen::default();
    let (mut next, mut count) = (0, PAGE);
    for pages in 0..MOST_PAGES {
        let page = Page::read(client, next, count).await?;
        seen.total = page.total;
        let received = page.records.len();
        let before = seen.records.len();
        if !seen.take(page)? {
            break;
        }
        next += received;
        if received == 0 || next as u64 >= seen.total {
            return seen.whole();
        }
        if seen.records.len() == before {
            // Pages that repeat come to no end.
            break;
        }
        // The last record is asked for again: if it is not the first of the next page, something before it
        // came or went. Where pages hold one record only, there is no room for that.
        seen.overlap = received > 1;
        next -= usize::from(seen.overlap);
        // If `count=0` did not give the rest, it gives pages of half the size.
        count = if pages == 0 { ALL } else { PAGE };
    }
    Err(seen.inconsistent())
}

/// What came so far.
#[derive(Default)]
struct Seen {
    /// By id.
    records: BTreeMap<String, Object>,
    last: Option<String>,
    /// Whether the next page must begin with the last record.
    overlap: bool,
    total: u64,
    /// The bytes of text in the records.
    size: usize,
}

impl Seen {
    /// Takes a page; `false` if it does not meet the one before.
    fn take(&mut self, page: Page) -> Result<bool, ServerError> {
        for (index, raw) in page.records.into_iter().enumerate() {
            self.size += raw.values().map(size).sum::<usize>();
            // All pages may hold as much as one answer.
            if self.size > LARGEST_ANSWER {
                let most = LARGEST_ANSWER / (1024 * 1024);
                return Err(ServerError::Undecodable(format!(
                    "the listing is larger than {most} MiB"
                )));
            }
            // Without an id nothing can be said about a record, and the listing cannot be checked.
            let id = match raw.get("_id") {
                Some(Json::String(id)) if !id.is_empty() => id.clone(),
                _ => return Err(ServerError::Undecodable("a record has no `_id`".to_owned())),
            };
            if index == 0 && self.overlap && self.last.as_ref() != Some(&id) {
                return Ok(false);
            }
            self.last = Some(id.clone());
            self.records.insert(id, raw);
        }
        Ok(true)
    }

    fn whole(self) -> Result<Vec<Object>, ServerError> {
        if self.records.len() as u64 != self.total {
            return Err(self.inconsistent());
        }
        Ok(self.records.into_values().collect())
    }

    fn inconsistent(&self) -> ServerError {
        ServerError::ListingInconsistent {
            total: self.total,
            distinct: self.records.len() as u64,
        }
    }
}

/// How many records there are that this account sees.
pub(super) async fn total(client: &Client) -> Result<u64, ServerError> {
    Page::read(client, 0, "1").await.map(|page| page.total)
}

/// The records of a listing that is one answer.
pub(super) fn of_one(body: &[u8]) -> Result<Vec<Object>, ServerError> {
    let undecodable = || ServerError::Undecodable("it is no JSON object".to_owned());
    let Ok(Json::Object(object)) = super::json::read(body) else {
        return Err(undecodable());
    };
    let mut seen = Seen::default();
    let page = Page::of(object)?;
    seen.total = page.total;
    seen.take(page)?;
    seen.whole()
}

/// The bytes of text in a value.
fn size(value: &Json) -> usize {
    match value {
        Json::String(text) => text.len(),
        Json::Array(items) => items.iter().map(size).sum(),
        Json::Object(entries) => entries
            .iter()
            .map(|(key, value)| key.len() + size(value))
            .sum(),
        Json::Null | Json::Bool(_) | Json::Number(_) => 0,
    }
}

/// One answer of the endpoint.
struct Page {
    records: Vec<Object>,
    total: u64,
}

impl Page {
    async fn read(client: &Client, offset: usize, count: &str) -> Result<Self, ServerError> {
        let offset = offset.to_string();
        // `_id` is unique and never changes; `query` and `fields` are refused by newer servers.
        let query = [
            ("offset", offset.as_str()),
            ("count", count),
            ("sort", r#"{"_id":1}"#),
        ];
        Self::of(client.call(&Call::get(LIST, &query)).await?)
    }

    fn of(mut object: Object) -> Result<Self, ServerError> {
        let undecodable = |what: &str| ServerError::Undecodable(what.to_owned());
        let Some(Json::Array(items)) = object.remove("integrations") else {
            return Err(undecodable("`integrations` is no list"));
        };
        let total = object
            .get("total")
            .and_then(Json::as_u64)
            .ok_or_else(|| undecodable("`total` is no count"))?;
        let records = items
            .into_iter()
            .map(|item| match item {
                Json::Object(record) => Ok(record),
                _ => Err(undecodable("a record is no object")),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { records, total })
    }
}
