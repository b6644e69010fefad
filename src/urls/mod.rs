//! The URLs of incoming webhooks, and the tokens of outgoing ones, for whoever asks for them by name.
//!
//! Pure: from the observed state to texts. They are secrets up to [`Listing`], the one thing that holds them in
//! clear; it has no `Debug`, and is made to be written out at once.

mod env;
mod listing;
mod text;

use url::form_urlencoded;

use crate::desired::DesiredState;
use crate::integration::{Key, Kind};
use crate::observed::{DecodeError, ObservedState, Record, ServerId};
use crate::plan::{self, Match, Reason};
use crate::problem::{Code, Findings, Place, Problem};
use crate::secret::Secret;

pub use env::env;
pub use listing::Listing;
pub use text::text;

/// What is asked for.
pub struct Asked<'a> {
    /// What the URLs begin with; it ends in no slash.
    pub base: &'a str,
    /// Whether the tokens of outgoing webhooks are told too.
    pub tokens: bool,
}

/// A webhook with what was asked for.
#[derive(Debug)]
pub struct Webhook {
    key: Key,
    id: ServerId,
    enabled: bool,
    place: Option<Place>,
    /// The URL of an incoming webhook, the token of an outgoing one; `None` for one without a token.
    value: Option<Secret>,
}

/// The webhooks of the manifests, in their order, and the entries that lead to none.
///
/// # Errors
/// When a record cannot be read.
pub fn of_entries(
    desired: &DesiredState,
    observed: &ObservedState,
    asked: &Asked<'_>,
) -> Result<(Vec<Webhook>, Findings), DecodeError> {
    // Each is an answer to what was asked.
    let (mut webhooks, mut missing) = (Vec::new(), Findings::unbounded());
    for (entry, found) in plan::records(desired, observed) {
        if !asked.means(entry.key.kind) {
            continue;
        }
        match found {
            Match::Record(record) => {
                let mut webhook = asked.webhook(record)?;
                // The name that the entry has, if its record is about to be renamed.
                webhook.key = entry.key.clone();
                webhook.place = Some(entry.place.clone());
                webhooks.push(webhook);
            }
            Match::Nothing => missing.push(nothing(&entry.key, &entry.place)),
            Match::Blocked(_, reason) => missing.push(blocked(&reason, &entry.place)),
        }
    }
    Ok((webhooks, missing))
}

/// The webhooks that this account has created, by kind and name.
///
/// # Errors
/// When a record cannot be read.
pub fn of_account(
    observed: &ObservedState,
    asked: &Asked<'_>,
) -> Result<Vec<Webhook>, DecodeError> {
    let own = |record: &&Record| record.created_by_id().as_ref() == Some(&observed.server.user_id);
    let records = observed.records.iter().filter(own);
    let records = records.filter(|record| asked.means(record.kind));
    let mut webhooks: Vec<_> = records
        .map(|record| asked.webhook(record))
        .collect::<Result<_, _>>()?;
    webhooks.sort_by(|a, b| (&a.key, &a.id).cmp(&(&b.key, &b.id)));
    Ok(webhooks)
}

impl Asked<'_> {
    fn means(&self, kind: Kind) -> bool {
        kind.has_url() || self.tokens
    }

    fn webhook(&self, record: &Record) -> Result<Webhook, DecodeError> {
        let token = record.token()?;
        let value = if record.kind.has_url() {
            Some(self.url(record, token)?)
        } else {
            token.filter(|token| !token.is_empty())
        };
        Ok(Webhook {
            key: record.key(),
            id: record.id.clone(),
            enabled: record.is_enabled(),
            place: None,
            value,
        })
    }

    /// Where others post to (docs/server.md#webhook-url).
    fn url(&self, record: &Record, token: Option<Secret>) -> Result<Secret, DecodeError> {
        let not = |field, expected| DecodeError::Field {
            id: record.id.clone(),
            field,
            expected,
        };
        // A URL is shown in clear, and its id is the server's choice.
        if record.id.text().holds_secret() {
            return Err(not("_id", "free of the secrets of this run"));
        }
        let token = token.filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| not("token", "a text"))?;
        let url = token.map(|token| {
            let (id, token) = (encoded(record.id.raw()), encoded(token));
            format!("{}/hooks/{id}/{token}", self.base)
        });
        Ok(url)
    }
}

/// Fit to be a part of a path. Tokens of old records hold `/`, `+` and `=` (docs/server.md#webhook-url).
fn encoded(part: &str) -> String {
    let encoded: String = form_urlencoded::byte_serialize(part.as_bytes()).collect();
    // A form writes a blank as `+`, and `+` as `%2B`.
    encoded.replace('+', "%20")
}

fn nothing(key: &Key, at: &Place) -> Problem {
    let message = format!(
        "this account sees no record of the {} `{}`",
        key.kind, key.name
    );
    Problem::error(Code("no-record"), at.clone(), message)
        .help("`rcsync apply` creates what is missing; `rcsync plan` tells what it would do")
}

fn blocked(reason: &Reason, at: &Place) -> Problem {
    let message = match reason.choices.as_slice() {
        [] => reason.problem.message.clone(),
        choices => format!("{} {}", reason.problem.message, choices.join("; ")),
    };
    Problem::error(Code("unclear-record"), at.clone(), message)
        .help(reason.problem.help.as_deref().unwrap_or_default())
}

#[cfg(test)]
mod tests;
