//! The whole list of integrations (docs/server.md#list, #pages-and-sorting): in one answer where the server allows that, else in
//! concurrent pages.
//!
//! There is no snapshot: records come and go between two pages. A listing is whole only if its pages overlap
//! where they meet and as many different records came as the server counts. One that is not is read once more.

use std::collections::BTreeMap;
use std::pin::pin;

use futures_util::stream::{self, StreamExt as _};
use serde_json::Value as Json;

use super::Object;
use super::client::{Call, Client};
use super::error::ServerError;
use super::http_transport::LARGEST_ANSWER;
use super::json;

const LIST: &str = "api/v1/integrations.list";

/// Everything: allowed by default, and otherwise a page of the default size.
const ALL: usize = 0;

/// The most that a server gives by its default settings.
const PAGE: usize = 100;

/// More pages than any workspace has: the count runs away.
const MOST_PAGES: usize = 1000;

/// How many pages are asked for side by side.
const SIDE_BY_SIDE: usize = 8;

/// Which part of the largest answer each of those may be: those that came early wait in memory for the others.
const SHARE: usize = 2 * SIDE_BY_SIDE;

/// Reads the listing; once more if it does not add up.
pub(super) async fn read(client: &Client) -> Result<Vec<Object>, ServerError> {
    match read_once(client).await {
        Err(ServerError::ListingInconsistent { .. }) => read_once(client).await,
        result => result,
    }
}

async fn read_once(client: &Client) -> Result<Vec<Object>, ServerError> {
    let mut seen = Seen::default();
    let mut next = seen.take(Page::read(client, 0, ALL, 1).await?)?;
    let mut at_once = SIDE_BY_SIDE;
    let mut size = PAGE;
    let mut pages = 1;
    // An empty page is not proof that there is nothing.
    while next > 0 && !seen.is_all(next) {
        // The last record is asked for again: if it is not the first of the next page, something before it
        // came or went. Where pages hold one record only, there is no room for that.
        seen.overlap = next > 1 && size > 1;
        let lap = usize::from(seen.overlap);
        let offsets = (next - lap..).step_by(size - lap);
        let (total, most) = (seen.total, size);
        let share = if at_once > 1 { SHARE } else { 1 };
        let offsets = offsets.take_while(|offset| ((offset + lap) as u64) < total);
        let read = offsets
            .take(MOST_PAGES - pages)
            .map(async |offset| (offset, Page::read(client, offset, most, share).await));
        let mut read = pin!(stream::iter(read).buffered(at_once));
        let before = pages;
        while let Some((offset, page)) = read.next().await {
            pages += 1;
            if at_once > 1 && matches!(page, Err(ServerError::Undecodable(_))) {
                // It may be sound, and too large to wait for others: one after the other, then.
                at_once = 1;
                break;
            }
            let known = seen.records.len();
            let received = seen.take(page?)?;
            next = offset + received;
            if seen.is_all(next) {
                return seen.whole();
            }
            if received == 0 || seen.records.len() == known {
                // Pages that repeat come to no end.
                return Err(seen.inconsistent());
            }
            if received < size {
                // The server's pages are smaller: what was asked for behind this one leaves a gap.
                size = received;
                break;
            }
        }
        if pages == before {
            return Err(seen.inconsistent());
        }
    }
    seen.whole()
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
    /// Takes a page, and says how many records it holds.
    fn take(&mut self, page: Page) -> Result<usize, ServerError> {
        self.total = page.total;
        let received = page.records.len();
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
                return Err(self.inconsistent());
            }
            self.last = Some(id.clone());
            self.records.insert(id, raw);
        }
        Ok(received)
    }

    /// Whether so many records are all that the server counts.
    fn is_all(&self, records: usize) -> bool {
        records as u64 >= self.total
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
    Page::read(client, 0, 1, 1).await.map(|page| page.total)
}

/// The records of a listing that is one answer.
pub(super) fn of_one(body: &[u8]) -> Result<Vec<Object>, ServerError> {
    let undecodable = || ServerError::Undecodable("it is not a JSON object".to_owned());
    let Ok(Json::Object(object)) = json::read(body, json::MOST_VALUES) else {
        return Err(undecodable());
    };
    let mut seen = Seen::default();
    seen.take(Page::of(object)?)?;
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
    async fn read(
        client: &Client,
        offset: usize,
        count: usize,
        share: usize,
    ) -> Result<Self, ServerError> {
        let (offset, count) = (offset.to_string(), count.to_string());
        // `_id` is unique and never changes; `query` and `fields` are refused by newer servers.
        let query = [
            ("offset", offset.as_str()),
            ("count", count.as_str()),
            ("sort", r#"{"_id":1}"#),
        ];
        Self::of(client.call(&Call::get(LIST, &query).one_of(share)).await?)
    }

    fn of(mut object: Object) -> Result<Self, ServerError> {
        let undecodable = |what: &str| ServerError::Undecodable(what.to_owned());
        let Some(Json::Array(items)) = object.remove("integrations") else {
            return Err(undecodable("`integrations` is not a list"));
        };
        let total = object
            .get("total")
            .and_then(Json::as_u64)
            .ok_or_else(|| undecodable("`total` is not a count"))?;
        let records = items
            .into_iter()
            .map(|item| match item {
                Json::Object(record) => Ok(record),
                _ => Err(undecodable("a record is not an object")),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { records, total })
    }
}
