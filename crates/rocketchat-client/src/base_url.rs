//! The address of a workspace.

use std::fmt;

use thiserror::Error;
use url::{Host, Url};

/// Where a workspace lives: scheme, host and, where it is hosted below one, a path. Ends in no slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// Why a text is no base URL. The text itself is not repeated: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BaseUrlError {
    /// It cannot be read at all.
    #[error("the server's URL cannot be read")]
    Unreadable,
    /// Neither http nor https.
    #[error("the server's URL must begin with `https://` or `http://`")]
    Scheme,
    /// A user name or password.
    #[error("the server's URL holds a user name or password: leave them out")]
    UserInfo,
    /// Quotes around it, which a file of environment variables keeps.
    #[error("the server's URL is in quotes: leave them out")]
    Quoted,
    /// No scheme in front of a host.
    #[error("the server's URL does not begin with `https://`")]
    NoScheme,
    /// The path of the API.
    #[error("the server's URL holds the path of its API: leave out `/api/` and what follows")]
    ApiPath,
    /// A query or a fragment.
    #[error("the server's URL holds a `?` or `#`: leave out what follows the path")]
    QueryOrFragment,
}

impl BaseUrl {
    /// Reads a base URL, with or without a slash at its end.
    ///
    /// # Errors
    /// When it is not a URL that a server can have.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let text = text.trim();
        if text.starts_with(['"', '\'']) {
            return Err(BaseUrlError::Quoted);
        }
        let is_bare = !text.contains("://") && Url::parse(&format!("https://{text}")).is_ok();
        let mut url = match Url::parse(text) {
            // A host and its port read like a scheme and a path.
            Ok(url) if !is_bare || url.has_host() => url,
            _ if is_bare && text.contains(['.', ':']) => return Err(BaseUrlError::NoScheme),
            Ok(url) => url,
            Err(_) => return Err(BaseUrlError::Unreadable),
        };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BaseUrlError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BaseUrlError::UserInfo);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::QueryOrFragment);
        }
        let path = url.path().trim_end_matches('/').to_owned();
        if path.ends_with("/api") || path.contains("/api/v1") || path.ends_with("/api/info") {
            return Err(BaseUrlError::ApiPath);
        }
        url.set_path(&path);
        Ok(Self(url))
    }

    /// The URL of an endpoint. Never resolved against the host's root: the workspace may live below a path
    /// (docs/server.md#base-url-and-redirects).
    pub(super) fn join(&self, endpoint: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.0.clone();
        let path = url.path().trim_end_matches('/');
        url.set_path(&format!("{path}/{endpoint}"));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// Whether it leads nowhere but to this machine.
    pub fn is_local(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
            Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unspecified(),
            None => false,
        }
    }

    /// Whether nobody on the way to it can read along.
    pub fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether everything on the way to it can be read by others.
    pub fn is_in_clear(&self) -> bool {
        !self.is_encrypted() && !self.is_local()
    }

    /// The base URL that `location` would be an answer of, if `endpoint` was asked for.
    pub(super) fn behind(location: &Url, endpoint: &str) -> Option<Self> {
        let mut url = location.clone();
        url.set_query(None);
        url.set_fragment(None);
        let base = url.path().strip_suffix(endpoint)?.to_owned();
        url.set_path(&base);
        Self::parse(url.as_str()).ok()
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_joined_below_the_path() {
        for (base, joined) in [
            (
                "https://chat.example.org",
                "https://chat.example.org/api/info",
            ),
            (
                "https://chat.example.org/",
                "https://chat.example.org/api/info",
            ),
            ("http://h:3000/chat", "http://h:3000/chat/api/info"),
            ("http://h/chat/", "http://h/chat/api/info"),
        ] {
            let base = BaseUrl::parse(base).unwrap();
            assert_eq!(base.join("api/info", &[]).as_str(), joined);
        }
    }

    #[test]
    fn queries_are_encoded() {
        let base = BaseUrl::parse("http://h").unwrap();
        let url = base.join("list", &[("sort", r#"{"_id":1}"#)]);
        assert_eq!(url.as_str(), "http://h/list?sort=%7B%22_id%22%3A1%7D");
    }

    #[test]
    fn a_slash_at_the_end_makes_no_difference() {
        let parse = |text| BaseUrl::parse(text).unwrap();
        assert_eq!(parse("https://h/chat"), parse("https://h/chat/"));
        assert_eq!(parse("https://H/").to_string(), "https://h");
    }

    #[test]
    fn what_is_local_is_told_from_what_others_reach() {
        let local = |text| BaseUrl::parse(text).unwrap().is_local();
        for text in [
            "http://localhost:3000",
            "http://127.1.2.3",
            "http://[::1]/x",
            "http://0.0.0.0",
        ] {
            assert!(local(text), "{text}");
        }
        for text in [
            "https://chat.example.org",
            "http://10.0.0.1",
            "http://localhost.example.org",
        ] {
            assert!(!local(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_base_url_is_refused() {
        for (text, error) in [
            ("", BaseUrlError::Unreadable),
            ("chat", BaseUrlError::Unreadable),
            ("https://", BaseUrlError::Unreadable),
            ("chat.example.org", BaseUrlError::NoScheme),
            ("localhost:3000", BaseUrlError::NoScheme),
            ("chat.example.org/team", BaseUrlError::NoScheme),
            ("https://h/api/v1", BaseUrlError::ApiPath),
            ("https://h/team/api/v1/", BaseUrlError::ApiPath),
            ("https://h/api/", BaseUrlError::ApiPath),
            ("https://h/api/info", BaseUrlError::ApiPath),
            ("https://h/api/v1/integrations.list", BaseUrlError::ApiPath),
            ("\"https://h\"", BaseUrlError::Quoted),
            ("'https://h'", BaseUrlError::Quoted),
            ("ftp://h", BaseUrlError::Scheme),
            ("https://me:hunter2@h", BaseUrlError::UserInfo),
            ("https://h?x=hunter2", BaseUrlError::QueryOrFragment),
            ("https://h/#x", BaseUrlError::QueryOrFragment),
        ] {
            assert_eq!(BaseUrl::parse(text), Err(error), "{text}");
            assert!(!error.to_string().contains("hunter2"));
        }
    }
}
