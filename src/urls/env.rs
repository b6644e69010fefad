//! As lines that a shell reads: `NAME='value'`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::Webhook;
use super::listing::{Listed, Listing};
use crate::escape::shell_quoted;
use crate::export::slug;

/// Lines for a shell, each below a comment that says what it is.
pub fn env(listing: &Listing) -> String {
    let mut text = String::new();
    for webhook in &listing.webhooks {
        let _ = writeln!(text, "{}", comment(webhook));
        if let Some(value) = webhook.url.as_ref().or(webhook.token.as_ref()) {
            let _ = writeln!(text, "{}={}", webhook.variable, shell_quoted(value));
        }
    }
    text
}

fn comment(webhook: &Listed) -> String {
    let mut line = format!("# {} {}", webhook.kind.word(), webhook.name.for_terminal());
    if let Some(place) = &webhook.place {
        line.extend([", ", &place.for_terminal()]);
    }
    line.extend(webhook.remarks().map(|remark| format!(", {remark}")));
    line
}

impl Listed {
    /// What somebody should know who uses it.
    pub(super) fn remarks(&self) -> impl Iterator<Item = &'static str> {
        let disabled = if self.kind.has_url() {
            "disabled: it answers 503"
        } else {
            "disabled: it makes no calls"
        };
        let none = self.url.is_none() && self.token.is_none();
        let disabled = (!self.enabled).then_some(disabled);
        disabled
            .into_iter()
            .chain(none.then_some("it has no token"))
    }
}

/// A name of a variable for each webhook. The prefix keeps them from the names that mean something to a shell or to
/// another program. One that two would have goes to neither: both get their ids, so that a new webhook never takes
/// over the name of an older one.
pub(super) fn names(webhooks: &[Webhook]) -> Vec<String> {
    let short: Vec<_> = webhooks.iter().map(short).collect();
    let mut uses = BTreeMap::<_, usize>::new();
    for name in &short {
        *uses.entry(name).or_default() += 1;
    }
    let mut taken = BTreeSet::new();
    let names = webhooks
        .iter()
        .zip(&short)
        .map(|(webhook, (prefix, slug))| {
            let mut name = match slug.as_str() {
                "" => format!("{prefix}_{}", word(&webhook.id.to_string())),
                _ if uses[&(*prefix, slug.clone())] > 1 => {
                    format!("{prefix}_{slug}_{}", word(&webhook.id.to_string()))
                }
                _ => format!("{prefix}_{slug}"),
            };
            while !taken.insert(name.clone()) {
                name.push('_');
            }
            name
        });
    names.collect()
}

fn short(webhook: &Webhook) -> (&'static str, String) {
    let prefix = if webhook.key.kind.has_url() {
        "WEBHOOK_URL"
    } else {
        "WEBHOOK_TOKEN"
    };
    (
        prefix,
        slug(&webhook.key.name.to_string(), '_', "").to_uppercase(),
    )
}

/// What of an id may stand in a name.
fn word(id: &str) -> String {
    id.replace(|c: char| !c.is_ascii_alphanumeric(), "_")
}
