//! The version axis: a server version is a set of named quirks, each of which can be switched alone.
//!
//! Owns the table of quirks and their boundaries (docs/server.md#versions). 8.6 to 8.8 are checked against
//! recordings, older versions are modelled from the source. What a quirk does is with its rule.

use std::fmt;
use std::str::FromStr;

/// A server version; patch levels are not told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The first number.
    pub major: u16,
    /// The second number.
    pub minor: u16,
}

/// The oldest version that is imitated: the first that can update (docs/server.md#versions).
const OLDEST: Version = Version::new(3, 4);
/// The newest version that is imitated.
const NEWEST: Version = Version::new(9, 1);

/// The boundary of what no known version does and one could: a switch, off unless it is switched on.
const NEVER: Option<Version> = Some(Version::new(u16::MAX, 0));

impl Version {
    /// A version from its two numbers.
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }
}

impl Default for Version {
    fn default() -> Self {
        NEWEST
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text
            .split_once('.')
            .and_then(|(major, minor)| Some(Self::new(major.parse().ok()?, minor.parse().ok()?)));
        match parsed {
            Some(version) if (OLDEST..=NEWEST).contains(&version) => Ok(version),
            _ => Err(format!("expected a version from {OLDEST} to {NEWEST}")),
        }
    }
}

/// Declares the quirks once: variant, name, first version that has it, first version without it, meaning.
macro_rules! quirks {
    ($($(#[$doc:meta])* $variant:ident $name:literal $from:expr, $until:expr;)*) => {
        /// One way in which server versions differ.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Quirk { $($(#[$doc])* $variant,)* }

        /// Every quirk with its name and its boundaries.
        const TABLE: &[Row] = &[$(Row { quirk: Quirk::$variant, name: $name, from: $from, until: $until },)*];
    };
}

/// A line of the table.
struct Row {
    quirk: Quirk,
    name: &'static str,
    from: Option<Version>,
    until: Option<Version>,
}

/// Shorthand for a boundary in the table.
#[allow(clippy::unnecessary_wraps, reason = "a boundary can also be missing")]
const fn v(major: u16, minor: u16) -> Option<Version> {
    Some(Version::new(major, minor))
}

quirks! {
    /// Bodies are checked loosely: unknown keys are taken, and stored by create (docs/server.md#fields).
    LooseChecks "loose-checks" None, v(4, 8);
    /// An empty part of an outgoing `channel` is kept, so it fails (docs/server.md#channel-strings).
    KeepsEmptyChannels "keeps-empty-channels" None, v(4, 8);
    /// A list says `count` beside `items` (docs/server.md#list).
    CountsPage "counts-page" v(4, 8), None;
    /// `overrideDestinationChannelEnabled` exists (docs/server.md#versions).
    KnowsOverride "knows-override" v(6, 3), None;
    /// `overrideDestinationChannelEnabled` is mandatory, on outgoing updates too (docs/server.md#versions).
    RequiresOverride "requires-override" v(6, 3), v(6, 4);
    /// Scripts can be frozen by the server's environment (docs/server.md#saving-a-script).
    FreezesScripts "freezes-scripts" v(6, 4), None;
    /// `scriptEngine` exists (docs/server.md#versions).
    KnowsScriptEngine "knows-script-engine" v(6, 5), None;
    /// A record without `scriptEngine` counts as `vm2` (docs/server.md#create).
    AbsentEngineIsVm2 "absent-engine-is-vm2" v(6, 5), v(7, 0);
    /// The answer of a create is the inserted object, without `_updatedAt` (docs/server.md#create).
    AnswersInserted "answers-inserted" None, v(7, 0);
    /// A missing route permission is reported in the old words (docs/server.md#error-shapes).
    ForbidsInOldWords "forbids-in-old-words" None, v(7, 0);
    /// The list filters by `name` and `type` and refuses unknown parameters; `query` is dead (docs/server.md#list).
    FiltersList "filters-list" v(7, 0), None;
    /// A disabled webhook answers bare text (docs/server.md#webhook-url).
    BareHookText "bare-hook-text" None, v(7, 0);
    /// An incoming update ignores `username` (docs/server.md#update).
    UsernameIgnored "username-ignored" None, v(7, 2);
    /// An incoming update writes `username` and leaves `userId` (docs/server.md#update).
    UserIdLeft "user-id-left" v(7, 2), v(7, 7);
    /// An update stores null for what is undefined (docs/server.md#update).
    LeftOutBecomesNull "left-out-becomes-null" v(7, 4), None;
    /// The old router: limiter, then schema, then permission; its 401, 404 and 405 (docs/server.md#request-headers, #order-of-checks,
    /// and docs/server.md#answers-that-are-not-json).
    OldRouter "old-router" None, v(7, 4);
    /// A 401 or 403 is held back for half a second to a second (docs/server.md#request-headers).
    DelaysRefusals "delays-refusals" None, v(7, 4);
    /// A webhook's wrong id or token is answered as an internal error.
    HookErrorPage "hook-error-page" v(7, 7), None;
    /// Without a content type a webhook's body counts as text.
    UntypedIsText "untyped-is-text" v(7, 6), None;
    /// A logout is answered with nothing: the router does not write what its handler returns.
    EmptyLogout "empty-logout" v(7, 4), None;
    /// Login answers say `success` (docs/server.md#login).
    LoginSaysSuccess "login-says-success" v(8, 0), None;
    /// `/api/info` says where the workspace is (docs/server.md#server-information).
    TellsWorkspaceUrl "tells-workspace-url" v(8, 0), None;
    /// Schema errors end in ` [invalid-params]` (docs/server.md#schema-errors).
    SchemaCodeSuffixed "schema-code-suffixed" None, v(8, 2);
    /// `skipTranspile` exists and is stored with every record (docs/server.md#versions).
    KnowsSkipTranspile "knows-skip-transpile" v(8, 4), v(9, 0);
    /// The user an incoming integration posts as is given the role `bot` (docs/server.md#create).
    GrantsBot "grants-bot" None, v(8, 6);
    /// That user must hold `message-impersonate` (docs/server.md#create).
    DemandsImpersonate "message-impersonate" v(8, 6), None;
    /// Schemas coerce scalars (docs/server.md#fields).
    Coercion "coercion" v(8, 6), None;
    /// Typed routes: the schema check runs before the limiter, and names body and query (docs/server.md#order-of-checks,
    /// docs/server.md#schema-errors).
    TypedRoutes "typed-routes" v(8, 6), None;
    /// `integrations.clearHistory` exists (docs/server.md#history).
    ClearsHistory "clears-history" v(8, 7), None;
    /// Scripts are stored as they are, and are not transpiled.
    RawScripts "raw-scripts" v(9, 0), None;
    /// What an account may not do is refused with 403 and one code, `error-forbidden`. Release candidates before
    /// 9.0.0-rc.3 did not yet.
    ForbidsAlike "forbids-alike" v(9, 0), None;
    /// `query` is refused where it was ignored.
    RefusesQuery "refuses-query" v(9, 0), None;
    /// Not known of 9.0: the refusal of a route's permission has an `errorType`.
    GateTellsType "gate-tells-type" NEVER, None;
    /// Not known of 9.0: a 401 holds nothing but `success` and `error`.
    ShortUnauthorised "short-unauthorised" NEVER, None;
    /// Not known of 9.0: a failed login says nothing but `unauthorized`, whatever was wrong.
    BareLoginRefusal "bare-login-refusal" NEVER, None;
}

impl Quirk {
    /// Every quirk, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.quirk)
    }

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        TABLE
            .iter()
            .find(|row| row.quirk == self)
            .map_or("", |row| row.name)
    }

    /// The bit that stands for this quirk in a [`ServerProfile`].
    fn bit(self) -> u64 {
        1 << (self as u64)
    }
}

impl FromStr for Quirk {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::all()
            .find(|quirk| quirk.name() == text)
            .ok_or_else(|| {
                let known: Vec<_> = Self::all().map(Self::name).collect();
                format!("no quirk is named `{text}`; known: {}", known.join(", "))
            })
    }
}

/// The set of quirks that one sandbox shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServerProfile {
    version: Version,
    quirks: u64,
}

impl ServerProfile {
    /// The quirks of a version, with single ones switched.
    pub(crate) fn new(version: Version, switched: &[(Quirk, bool)]) -> Self {
        let natural = TABLE
            .iter()
            .filter(|row| row.from.is_none_or(|from| version >= from))
            .filter(|row| row.until.is_none_or(|until| version < until));
        let mut quirks = natural.fold(0, |set, row| set | row.quirk.bit());
        for (quirk, on) in switched {
            quirks = if *on {
                quirks | quirk.bit()
            } else {
                quirks & !quirk.bit()
            };
        }
        Self { version, quirks }
    }

    /// The version that the server reports.
    pub(crate) fn version(&self) -> Version {
        self.version
    }

    /// Whether this server has the quirk.
    pub(crate) fn has(&self, quirk: Quirk) -> bool {
        self.quirks & quirk.bit() != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Version {
        /// The version before, among those that there were.
        fn before(self) -> Self {
            let last_of_major = [(3, 18), (4, 8), (5, 4), (6, 13), (7, 13), (8, 9)];
            let last = |major| last_of_major.iter().find(|(of, _)| *of == major);
            match self.minor.checked_sub(1) {
                Some(minor) => Self::new(self.major, minor),
                None => Self::new(
                    self.major - 1,
                    last(self.major - 1).map_or(0, |(_, minor)| *minor),
                ),
            }
        }
    }

    impl Quirk {
        /// The pairs of neighbouring versions of which the first has the quirk and the second has not.
        pub(crate) fn boundaries(self) -> Vec<(Version, Version)> {
            let row = TABLE.iter().find(|row| row.quirk == self);
            let begins = row
                .and_then(|row| row.from.filter(|from| Some(*from) != NEVER))
                .map(|from| (from, from.before()));
            let ends = row
                .and_then(|row| row.until)
                .map(|until| (until.before(), until));
            begins.into_iter().chain(ends).collect()
        }
    }

    #[test]
    fn a_quirk_begins_and_ends_at_its_boundary() {
        for quirk in Quirk::all() {
            let is_switch = TABLE
                .iter()
                .any(|row| row.quirk == quirk && row.from == NEVER);
            assert_eq!(quirk.boundaries().is_empty(), is_switch, "{}", quirk.name());
            for (inside, outside) in quirk.boundaries() {
                assert!(
                    ServerProfile::new(inside, &[]).has(quirk),
                    "{} at {inside}",
                    quirk.name()
                );
                assert!(
                    !ServerProfile::new(outside, &[]).has(quirk),
                    "{} at {outside}",
                    quirk.name()
                );
            }
        }
    }

    #[test]
    fn one_quirk_is_switched_alone() {
        for quirk in Quirk::all() {
            let natural = ServerProfile::new(Version::default(), &[]);
            let switched = ServerProfile::new(Version::default(), &[(quirk, !natural.has(quirk))]);
            assert_eq!(
                (natural.quirks ^ switched.quirks).count_ones(),
                1,
                "{}",
                quirk.name()
            );
        }
    }

    #[test]
    fn names_are_read_back() {
        assert!(Quirk::all().all(|quirk| quirk.name().parse() == Ok(quirk)));
        assert!(
            "nope"
                .parse::<Quirk>()
                .is_err_and(|e| e.contains("left-out-becomes-null"))
        );
        assert!("3.3".parse::<Version>().is_err() && "9.2".parse::<Version>().is_err());
    }
}
