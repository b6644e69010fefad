//! Secrets, and texts of which stretches are secret.
//!
//! A secret compares and never prints: it has no `Display`, no `Serialize`, and its `Debug` is a mask. The
//! callers of `expose` are few: the writer of request bodies, the header of the credentials, and the listing of
//! webhook URLs (a test of the architecture has the list).

use std::fmt;

use ecow::EcoString;
use secrecy::{ExposeSecret, SecretString};

/// What stands where a secret is not shown.
pub const MASK: &str = "(secret)";

/// A secret value, or the knowledge that there is one whose value this run does not have.
#[derive(Clone)]
pub enum Secret {
    /// The value.
    Known(SecretString),
    /// A reference that was not resolved.
    Unknown,
}

impl Secret {
    /// A secret whose value is known.
    pub fn new(value: impl Into<String>) -> Self {
        Self::Known(SecretString::from(value.into()))
    }

    /// Whether both are the same; `None` where one of them is unknown.
    pub fn same(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Known(a), Self::Known(b)) => Some(a.expose_secret() == b.expose_secret()),
            _ => None,
        }
    }

    /// Whether it is known and empty.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Known(value) if value.expose_secret().is_empty())
    }

    /// Whether it is known and holds nothing but white space.
    pub fn is_blank(&self) -> bool {
        matches!(self, Self::Known(value) if value.expose_secret().trim().is_empty())
    }

    /// Whether it is known, and has so many characters.
    pub fn has_characters(&self, least: usize) -> bool {
        matches!(self, Self::Known(value) if value.expose_secret().chars().count() >= least)
    }

    /// Whether it is known and stands somewhere in this text.
    pub fn is_in(&self, text: &str) -> bool {
        !self.is_blank()
            && matches!(self, Self::Known(value) if text.contains(value.expose_secret()))
    }

    /// A secret made of this one.
    #[must_use]
    pub fn map(&self, change: impl FnOnce(&str) -> String) -> Self {
        match self {
            Self::Known(value) => Self::new(change(value.expose_secret())),
            Self::Unknown => Self::Unknown,
        }
    }

    /// The value in clear, for a request body, a credential header or the listing of URLs, and for nothing else.
    pub fn expose(&self) -> Option<&str> {
        match self {
            Self::Known(value) => Some(value.expose_secret()),
            Self::Unknown => None,
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Known(_) => MASK,
            Self::Unknown => "(unknown secret)",
        })
    }
}

/// A text of which stretches may be secret (`https://example.org/${secret.path}`).
///
/// Nearly every text is one stretch, and there may be very many.
#[derive(Clone, Debug, Default)]
pub enum Text {
    /// Nothing.
    #[default]
    Empty,
    /// One stretch.
    One(Piece),
    /// More than one.
    Several(Box<[Piece]>),
}

/// A stretch of a [`Text`].
#[derive(Clone, Debug)]
pub enum Piece {
    /// Shown as it is.
    Plain(EcoString),
    /// Shown as a mask.
    Secret(Secret),
}

impl Text {
    /// The empty text.
    pub const EMPTY: Self = Self::Empty;

    /// Adds a stretch.
    pub fn push(&mut self, piece: Piece) {
        let last = match self {
            Self::Empty => None,
            Self::One(piece) => Some(piece),
            Self::Several(pieces) => pieces.last_mut(),
        };
        match (last, piece) {
            (_, Piece::Plain(text)) if text.is_empty() => {}
            (Some(Piece::Plain(last)), Piece::Plain(text)) => last.push_str(&text),
            (None, piece) => *self = Self::One(piece),
            (Some(_), piece) => {
                let mut pieces = match std::mem::take(self) {
                    Self::Empty => Vec::new(),
                    Self::One(first) => vec![first],
                    Self::Several(pieces) => pieces.into_vec(),
                };
                pieces.push(piece);
                *self = Self::Several(pieces.into());
            }
        }
    }

    /// The stretches.
    pub fn pieces(&self) -> &[Piece] {
        match self {
            Self::Empty => &[],
            Self::One(piece) => std::slice::from_ref(piece),
            Self::Several(pieces) => pieces,
        }
    }

    /// The whole text, if no stretch of it is secret.
    pub fn as_plain(&self) -> Option<&str> {
        match self.pieces() {
            [] => Some(""),
            [Piece::Plain(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.pieces().iter().all(|piece| match piece {
            Piece::Plain(text) => text.is_empty(),
            Piece::Secret(secret) => secret.is_empty(),
        })
    }

    /// Whether it holds nothing but white space. What is not known may hold more.
    pub fn is_blank(&self) -> bool {
        self.pieces().iter().all(|piece| match piece {
            Piece::Plain(text) => text.trim().is_empty(),
            Piece::Secret(secret) => secret.is_blank(),
        })
    }

    /// The secret stretches.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.pieces().iter().filter_map(|piece| match piece {
            Piece::Secret(secret) => Some(secret),
            Piece::Plain(_) => None,
        })
    }

    /// The secret stretches; and a URL that has one as a whole, which a server may write in its own way.
    pub fn secrets_and_url(&self) -> Vec<Secret> {
        if !self.holds_secret() {
            return Vec::new();
        }
        let url = self.expose();
        let url = url.and_then(|url| url::Url::parse(&url).ok());
        let url = url.map(|url| Secret::new(String::from(url)));
        self.secrets().cloned().chain(url).collect()
    }

    /// Whether a stretch of it is secret.
    pub fn holds_secret(&self) -> bool {
        self.secrets().next().is_some()
    }

    /// As it may be shown: a mask instead of each secret stretch.
    pub fn masked(&self) -> String {
        self.masked_as(MASK)
    }

    /// The same with another mask.
    pub fn masked_as(&self, mask: &str) -> String {
        let shown = self.pieces().iter().map(|piece| match piece {
            Piece::Plain(text) => text.as_str(),
            Piece::Secret(_) => mask,
        });
        shown.collect()
    }

    /// Its lines, without their ends, secrets of several lines among them; newlines at the end do not count.
    pub fn lines(&self) -> Vec<Self> {
        let mut lines = vec![Self::EMPTY];
        for piece in self.pieces() {
            let (text, is_secret) = match piece {
                Piece::Plain(text) => (text.as_str(), false),
                Piece::Secret(Secret::Known(value)) => (value.expose_secret(), true),
                Piece::Secret(Secret::Unknown) => {
                    last(&mut lines).push(piece.clone());
                    continue;
                }
            };
            for (index, stretch) in text.split_inclusive('\n').enumerate() {
                if index > 0 {
                    lines.push(Self::EMPTY);
                }
                let ended = stretch.ends_with('\n');
                let stretch = stretch.strip_suffix('\n').unwrap_or(stretch);
                let stretch = stretch
                    .strip_suffix('\r')
                    .filter(|_| ended)
                    .unwrap_or(stretch);
                if is_secret && !stretch.is_empty() {
                    last(&mut lines).push(Piece::Secret(Secret::new(stretch)));
                } else {
                    last(&mut lines).push(Piece::Plain(stretch.into()));
                }
            }
            if text.ends_with('\n') {
                lines.push(Self::EMPTY);
            }
        }
        while lines.last().is_some_and(Self::is_empty) {
            lines.pop();
        }
        lines
    }

    /// Whether a text has the plain stretches of this one, in their places, around whatever stands instead of
    /// its secrets; at least one of them says something.
    pub fn frames(&self, text: &str) -> bool {
        let plain = |piece: &Piece| matches!(piece, Piece::Plain(text) if !text.trim().is_empty());
        if !self.pieces().iter().any(plain) {
            return false;
        }
        let mut rest = text;
        let mut free = false;
        for (index, piece) in self.pieces().iter().enumerate() {
            let Piece::Plain(stretch) = piece else {
                free = true;
                continue;
            };
            let is_last = index + 1 == self.pieces().len();
            let found = match (free, is_last) {
                (false, _) => rest.starts_with(stretch.as_str()).then_some(0),
                (true, true) => rest
                    .ends_with(stretch.as_str())
                    .then(|| rest.len() - stretch.len()),
                (true, false) => rest.find(stretch.as_str()),
            };
            let Some(start) = found else { return false };
            rest = rest.get(start + stretch.len()..).unwrap_or_default();
            free = false;
        }
        free || rest.is_empty()
    }

    /// What tells it from other texts and shows nothing of it.
    pub fn identity(&self) -> Identity {
        Identity(self.expose())
    }

    /// Whether both read the same; `None` where an unknown secret is in one of them.
    pub fn same(&self, other: &Self) -> Option<bool> {
        Some(self.expose()? == other.expose()?)
    }

    /// The value in clear, for a request body and for nothing else; `None` if a secret in it is unknown.
    pub fn expose(&self) -> Option<String> {
        self.pieces()
            .iter()
            .map(|piece| match piece {
                Piece::Plain(text) => Some(text.as_str()),
                Piece::Secret(secret) => secret.expose(),
            })
            .collect()
    }
}

/// The last of some lines, of which there is one at least.
fn last(lines: &mut [Text]) -> &mut Text {
    let count = lines.len();
    &mut lines[count - 1]
}

/// What tells texts apart without showing them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity(Option<String>);

impl From<Secret> for Text {
    fn from(secret: Secret) -> Self {
        Self::One(Piece::Secret(secret))
    }
}

impl<T: Into<String>> From<T> for Text {
    fn from(text: T) -> Self {
        let mut whole = Self::EMPTY;
        whole.push(Piece::Plain(text.into().into()));
        whole
    }
}

/// A URL without user, path and query: any of them may be a credential.
pub fn outline(url: &str) -> String {
    let Some(parsed) = url::Url::parse(url).ok().filter(url::Url::has_host) else {
        return "(not shown)".to_owned();
    };
    let host = parsed.host_str().unwrap_or_default();
    let port = parsed
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    let bare = parsed.path() == "/" && parsed.query().is_none() && parsed.fragment().is_none();
    format!(
        "{}://{host}{port}/{}",
        parsed.scheme(),
        if bare { "" } else { "…" }
    )
}

#[cfg(test)]
mod tests;
