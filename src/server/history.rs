//! The history of an outgoing webhook: why the server disabled it (docs/server.md#history, #silent-changes).
//!
//! It is evidence, and nothing depends on it: what cannot be read is *unknown*. Refused credentials end the look-up.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::Reader;
use super::lookup::{all, told};
use crate::client::ServerError;
use crate::observed::{Gone, Histories, History, ServerId};

const HISTORY: &str = "api/v1/integrations.history";

/// How far back is looked: what the server gives by default.
const ENTRIES: &str = "50";

/// The step after which the server disables the webhook.
const GONE: &str = "after-process-http-status-410";

impl Reader {
    /// Looks histories up, one request for each.
    ///
    /// # Errors
    /// Only where every other request will be refused too.
    pub async fn histories(&self, records: &BTreeSet<ServerId>) -> Result<Histories, ServerError> {
        let asked = records.iter().map(async |id| {
            let history = told(self.history(id).await)?;
            Ok((id.clone(), history.unwrap_or_else(History::Unknown)))
        });
        Ok(Histories {
            found: all(asked.collect()).await?.into_iter().collect(),
        })
    }

    async fn history(&self, id: &ServerId) -> Result<History, ServerError> {
        let query = [
            ("id", id.raw()),
            ("count", ENTRIES),
            ("sort", r#"{"_updatedAt":-1}"#),
        ];
        let object = self.client.get(HISTORY, &query).await?;
        let entries = object.get("history").and_then(Json::as_array);
        let entries = entries
            .ok_or_else(|| ServerError::Undecodable("`history` is not a list".to_owned()))?;
        let gone = gone(entries.iter().filter_map(Json::as_object));
        Ok(gone.map_or(History::Other, |entry| {
            let at = text(entry, "_updatedAt");
            History::Gone(Gone {
                at: at.map(|at| self.client.text(at)),
            })
        }))
    }
}

/// What tells that a URL is gone, among entries of which the newest is the first. Of each URL the last call counts: one that
/// was made after a 410 shows that the webhook was enabled again.
fn gone<'a>(entries: impl Iterator<Item = &'a Map<String, Json>>) -> Option<&'a Map<String, Json>> {
    let mut seen = BTreeSet::new();
    let mut last = entries.filter(|entry| seen.insert(text(entry, "url")));
    last.find(|entry| text(entry, "step") == Some(GONE))
}

fn text<'a>(entry: &'a Map<String, Json>, key: &str) -> Option<&'a str> {
    entry.get(key).and_then(Json::as_str)
}
