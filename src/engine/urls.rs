//! The URLs of webhooks, for whoever asks for them.

use crate::client::{BaseUrl, ServerError};
use crate::desired::DesiredState;
use crate::observed::{DecodeError, ServerFacts};
use crate::plan::another_server;
use crate::problem::{Findings, Problem};
use crate::server::Reader;
use crate::urls::{self, Asked, Webhook};

/// What to look for.
pub struct UrlsOptions<'a> {
    /// The manifests whose webhooks are meant; without them, all that this account has created.
    pub desired: Option<&'a DesiredState>,
    /// Whether the tokens of outgoing webhooks are told too.
    pub tokens: bool,
    /// What the URLs begin with, if the server is not to be asked.
    pub public_url: Option<String>,
    /// Whether the server is a sandbox of this process: nobody else reaches it, and `settings.server` does not mean it.
    pub embedded: bool,
}

/// What was found.
pub struct Urls {
    /// What the URLs begin with.
    pub base: String,
    /// What to know about that.
    pub note: Option<String>,
    /// The webhooks.
    pub webhooks: Vec<Webhook>,
    /// The entries that lead to none.
    pub missing: Findings,
    /// The server and the account.
    pub server: ServerFacts,
}

/// Why there are none.
#[derive(Debug, thiserror::Error)]
pub enum UrlsError {
    /// The server does not answer as it should.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The manifests are for another server: a sender would get a URL of the wrong one.
    #[error("{}", .0.message)]
    AnotherServer(Problem),
    /// A record of the server cannot be read.
    #[error("the server's answer cannot be read: {0}")]
    Undecodable(#[from] DecodeError),
}

/// Looks up the URLs.
///
/// # Errors
/// When the server cannot be read, or is not the one that the manifests are for.
pub async fn urls(reader: &Reader, options: UrlsOptions<'_>) -> Result<Urls, UrlsError> {
    if let Some(desired) = options.desired.filter(|_| !options.embedded) {
        let url = reader.address();
        if let Some(refusal) = another_server(&url, &desired.policy) {
            return Err(UrlsError::AnotherServer(refusal.problem));
        }
    }
    let observed = reader.observe().await?;
    let here = &observed.server.url;
    let (base, note) = match options.public_url {
        Some(base) => (base, None),
        None if options.embedded => (here.clone(), None),
        None => match reader.workspace_url().await? {
            Some(told) => public(here, &told),
            None => (here.clone(), None),
        },
    };
    let asked = Asked {
        base: &base,
        tokens: options.tokens,
    };
    let (webhooks, missing) = match options.desired {
        Some(desired) => urls::of_entries(desired, &observed, &asked)?,
        None => (urls::of_account(&observed, &asked)?, Findings::default()),
    };
    Ok(Urls {
        base,
        note,
        webhooks,
        missing,
        server: observed.server,
    })
}

/// What the URLs begin with where the server says where it is; and a note, unless that is no news.
fn public(here: &str, told: &BaseUrl) -> (String, Option<String>) {
    let text = told.to_string();
    if text == here {
        return (text, None);
    }
    // What a server says that nobody has told its address.
    if told.is_local() && !BaseUrl::parse(here).is_ok_and(|here| here.is_local()) {
        let note = format!(
            "the server calls itself {text}, which leads nowhere else: the URLs begin with {here}"
        );
        return (here.to_owned(), Some(note));
    }
    let note = format!(
        "the URLs start with {text}, which the server reports as its own, instead of {here}; `--public-url` changes it"
    );
    (text, Some(note))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_does_not_know_its_address_is_not_believed() {
        let public = |here, told| public(here, &BaseUrl::parse(told).unwrap());
        let (base, note) = public("https://chat.example.org", "http://localhost:3000");
        assert_eq!(base, "https://chat.example.org");
        assert!(note.is_some_and(|note| note.contains("calls itself http://localhost:3000")));
        let (base, note) = public("http://10.0.0.7:3000", "https://chat.example.org/");
        assert_eq!(base, "https://chat.example.org");
        assert!(note.is_some_and(|note| note.contains("instead of http://10.0.0.7:3000")));
        let (base, _) = public("http://127.0.0.1:3000", "http://localhost:3000");
        assert_eq!(base, "http://localhost:3000");
        let same = public("https://chat.example.org", "https://chat.example.org/");
        assert_eq!(same, ("https://chat.example.org".to_owned(), None));
    }
}
