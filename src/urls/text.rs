//! For people.

use std::fmt::Write;

use super::listing::Listing;
use crate::report::Untrusted;

/// A line that says which webhook it is, and its URL or token below.
pub fn text(listing: &Listing) -> String {
    let names = listing.webhooks.iter().map(|it| it.name.for_terminal());
    let names: Vec<_> = names.collect();
    let width = names.iter().map(|name| name.chars().count()).max();
    let width = width.unwrap_or_default().min(50);
    let mut text = String::new();
    for (webhook, name) in listing.webhooks.iter().zip(names) {
        let place = webhook.place.as_ref().map(Untrusted::for_terminal);
        let place = place.unwrap_or_else(|| webhook.id.for_terminal());
        let _ = writeln!(text, "{}  {name:<width$}  {place}", webhook.kind.word());
        for remark in webhook.remarks() {
            let _ = writeln!(text, "    {remark}");
        }
        if let Some(url) = &webhook.url {
            let _ = writeln!(text, "    {url}");
        }
        if let Some(token) = &webhook.token {
            // Any text may be a token; `--format json` gives it as it is.
            let _ = writeln!(text, "    {}", token.escape_debug());
        }
    }
    text
}
