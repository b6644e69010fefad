//! What the client believes of each server version.

use std::fmt;

use super::{Kind, Value};

/// A server version, as far as it matters: `major.minor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The first number.
    pub major: u32,
    /// The second number.
    pub minor: u32,
}

impl Version {
    /// `major.minor`.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// Reads two leading numbers and ignores the rest (`7.4.1-rc.2`, `6.13`).
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.');
        let major = numbers.next()?.trim().parse().ok()?;
        let minor = numbers.next().map_or("", |part| {
            part.split(|c: char| !c.is_ascii_digit())
                .next()
                .unwrap_or_default()
        });
        Some(Self {
            major,
            minor: minor.parse().unwrap_or(0),
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The first version that can change an integration (docs/server.md#endpoints).
pub const UPDATES_SINCE: Version = Version::new(3, 4);

/// The newest version of which anything is known. Of 9.0 and 9.1 no whole source was read.
pub const NEWEST_KNOWN: Version = Version::new(9, 1);

/// The first version that requires `message-impersonate` of whom an incoming webhook posts as (docs/server.md#posting-user).
const IMPERSONATION_SINCE: Version = Version::new(8, 6);

/// Whether a server can change an integration. An unknown version counts as the newest.
pub fn takes_updates(server: Option<Version>) -> bool {
    server.is_none_or(|version| version >= UPDATES_SINCE)
}

/// Whether whoever integrations of this kind post as must hold the permission to impersonate.
pub fn requires_impersonation(kind: Kind, server: Option<Version>) -> bool {
    kind == Kind::Incoming && server.is_none_or(|version| version >= IMPERSONATION_SINCE)
}

/// Whether a server gives whoever integrations of this kind post as the role `bot`: what newer ones require in its place.
pub fn grants_bot(kind: Kind, server: Version) -> bool {
    kind == Kind::Incoming && server < IMPERSONATION_SINCE
}

/// A flag that is no row of this kind and that an update of this version must carry anyway: 6.3 requires the
/// incoming webhooks' flag of outgoing ones too, where it means nothing (docs/server.md#versions).
pub fn required_companion(kind: Kind, server: Option<Version>) -> Option<&'static str> {
    let odd = kind == Kind::Outgoing && server == Some(Version::new(6, 3));
    odd.then_some("overrideDestinationChannelEnabled")
}

/// Which versions know a field, and what the others do in its place.
#[derive(Clone, Copy, Debug)]
pub struct Versions {
    /// The first version that takes it.
    since: Version,
    /// The first version that does not take it any more, and what it does in its place.
    until: Option<(Version, LegacyDefault)>,
    /// What older versions do anyway, where that is fixed.
    before: Option<LegacyDefault>,
    /// Until which version a record without the field goes on doing what older versions do.
    legacy_until: Option<Version>,
    /// The version that does without it in no create and no update, though others do.
    required: Option<Version>,
}

/// The value that a server puts instead of one that it was not given, or does not know.
#[derive(Clone, Copy, Debug)]
pub enum LegacyDefault {
    /// It behaves as if this were set.
    Flag(bool),
    /// It behaves as if this were written.
    Text(&'static str),
}

impl Versions {
    /// Every version.
    pub const ALL: Self = Self {
        since: Version::new(0, 0),
        until: None,
        before: None,
        legacy_until: None,
        required: None,
    };

    /// From a version on; before it the server behaves as if the field had the value `before`.
    pub const fn since(since: Version, before: LegacyDefault) -> Self {
        Self {
            since,
            until: None,
            before: Some(before),
            legacy_until: None,
            required: None,
        }
    }

    /// The same, and until another version a record without the field goes on as before.
    #[must_use]
    pub const fn legacy_default_until(self, version: Version) -> Self {
        Self {
            legacy_until: Some(version),
            ..self
        }
    }

    /// The same, and from a version on the server does not take the field any more: it behaves as if it had that value.
    #[must_use]
    pub const fn until(self, version: Version, then: LegacyDefault) -> Self {
        Self {
            until: Some((version, then)),
            ..self
        }
    }

    /// What a server does that does not take the field any more. An unknown version counts as the newest.
    pub fn gone(&self, server: Option<Version>) -> Option<LegacyDefault> {
        let (until, then) = self.until?;
        server
            .is_none_or(|version| version >= until)
            .then_some(then)
    }

    /// The same, and one version refuses a request without it.
    #[must_use]
    pub const fn required_by_version(self, version: Version) -> Self {
        Self {
            required: Some(version),
            ..self
        }
    }

    /// Whether a server refuses a request without the field.
    pub fn required_by(&self, server: Option<Version>) -> bool {
        self.required.is_some() && self.required == server
    }

    /// Whether a server takes the field. An unknown version counts as the newest.
    pub fn supported_by(&self, server: Option<Version>) -> bool {
        server.is_none_or(|version| version >= self.since) && self.gone(server).is_none()
    }

    /// What a record without the field does on a server that takes it, where that is what older versions did. An
    /// update has to say it, or the server writes its newer default.
    pub fn legacy_default(&self, server: Option<Version>) -> Option<Value> {
        let lingers = self.supported_by(server) && server? < self.legacy_until?;
        self.before
            .filter(|_| lingers)
            .map(|instead| match instead {
                LegacyDefault::Flag(on) => Value::Flag(on),
                LegacyDefault::Text(text) => Value::Text(text.into()),
            })
    }

    /// The first version that takes it.
    pub fn first(&self) -> Version {
        self.since
    }

    /// Whether it is known what a version that does not take the field does anyway.
    pub fn has_legacy_behaviour(&self) -> bool {
        self.before.is_some()
    }

    /// Whether `value` is what a version that does not take the field does anyway.
    pub fn matches_legacy_behaviour(&self, value: &Value) -> bool {
        self.before.is_some_and(|before| before.is(value))
    }
}

impl LegacyDefault {
    /// Whether it is this value.
    pub fn is(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Flag(a), Value::Flag(b)) => a == *b,
            (Self::Text(a), Value::Text(b)) => b.as_plain() == Some(a),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_leniently() {
        let read = |text| Version::parse(text).map(|version| version.to_string());
        assert_eq!(read("7.4.1").as_deref(), Some("7.4"));
        assert_eq!(read("6.13").as_deref(), Some("6.13"));
        assert_eq!(read("8.0-rc.1").as_deref(), Some("8.0"));
        assert_eq!(read("8").as_deref(), Some("8.0"));
        assert_eq!(read("develop"), None);
        assert!(Version::new(6, 13) > Version::new(6, 4));
    }
}
