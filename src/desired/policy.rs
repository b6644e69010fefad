//! What a run may do beyond its entries: the manifest's `settings`, narrowed by flags.
//!
//! The manifest alone allows to disable or delete what no entry names. A flag takes from that, or lifts one hold by
//! name; none adds to it.

use std::fmt;

use url::Url;
use wildmatch::WildMatchPattern;

use crate::integration::Kind;
use crate::manifest::{Located, LocatedList, Prune, Settings};
use crate::problem::{Code, Place, Problem};
use crate::variables::{Resolver, Secrets};

/// What a run may do beyond its entries.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// The server that the manifest is for; any other is refused.
    pub server: Option<Url>,
    /// What may be pruned at all.
    pub scope: Option<Scope>,
    /// What becomes of records in scope that no entry names.
    pub prune: Prune,
    /// How many may be disabled or deleted by that, instead of the built-in limits.
    pub max_deletes: Option<usize>,
    /// The names of records that are never disabled or deleted.
    pub keep: Globs,
    /// What the flags of this run take away, and which holds they lift.
    pub flags: Flags,
}

impl Policy {
    /// Whether duplicates of this name may be deleted until one is left.
    pub fn may_remove_duplicates(&self, name: &str) -> bool {
        self.flags.remove_duplicates && !self.keep.match_any(name)
    }
}

/// Which records the manifest may call its own: those that match in both ways.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Their names; `None` for every name.
    pub names: Option<Globs>,
    /// The usernames of who made them; `None` for this account alone.
    pub creators: Option<Vec<String>>,
}

/// What the flags of a run say about it.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// Which integrations the run is about.
    pub selection: Selection,
    /// Whether it only creates.
    pub create_only: bool,
    /// Whether it deletes nothing.
    pub no_delete: bool,
    /// Whether pruning may delete an incoming webhook that is in use.
    pub allow_url_loss: bool,
    /// Names of entries whose scripts may be switched to strict mode although that breaks them.
    pub allow_strict_switch: Globs,
    /// Whether it may delete the younger duplicates of an entry's record.
    pub remove_duplicates: bool,
    /// Whether it may create and prune though the account does not see all there is.
    pub allow_partial_view: bool,
}

/// Which integrations a run is about.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Those of these names; `None` for every name.
    pub only: Option<Globs>,
    /// But for those of these names.
    pub exclude: Globs,
    /// Those of this kind; `None` for every kind.
    pub kind: Option<Kind>,
}

impl Selection {
    /// Whether an integration that has these names, on the server and in the manifest, is one of them: one name
    /// chooses it, and none excludes it.
    pub fn takes(&self, kind: Kind, names: &[&str]) -> bool {
        let any = |globs: &Globs| names.iter().any(|name| globs.match_any(name));
        self.kind.is_none_or(|only| only == kind)
            && self.only.as_ref().is_none_or(any)
            && !any(&self.exclude)
    }
}

/// How many names a list in the settings may have: every record is compared with each.
const MAX_GLOBS: usize = 1_000;

/// The longest of them, in bytes: what it takes to compare it grows with its length and that of the other name.
const LONGEST_GLOB: usize = 1_000;

/// Names with `*` for any text and `?` for any character.
#[derive(Clone, Debug, Default)]
pub struct Globs(Vec<Glob>);

/// A name with `*` for any text and `?` for any character.
pub type Glob = WildMatchPattern<'*', '?'>;

impl Globs {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Glob> {
        self.0.iter()
    }

    /// Whether one of them is this name.
    pub fn match_any(&self, name: &str) -> bool {
        self.0.iter().any(|glob| glob.matches(name))
    }
}

impl<T: AsRef<str>> FromIterator<T> for Globs {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        Self(texts.into_iter().map(|it| Glob::new(it.as_ref())).collect())
    }
}

/// `"pay-*", "Grafana *"`
impl fmt::Display for Globs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let globs: Vec<_> = self.0.iter().map(|glob| format!("\"{glob}\"")).collect();
        f.write_str(&globs.join(", "))
    }
}

/// The settings, with their references replaced.
pub(super) fn read(settings: &Settings, resolver: &mut Resolver<'_>) -> Policy {
    let scope = settings.scope.as_ref().map(|scope| {
        let mut texts = |list: &Option<LocatedList>| Some(items(list.as_ref()?, resolver));
        Scope {
            names: texts(&scope.names).map(|names| names.iter().collect()),
            creators: texts(&scope.creators),
        }
    });
    let keep = settings.keep.as_ref().map(|list| items(list, resolver));
    let server = settings.server.as_ref();
    Policy {
        server: server.and_then(|server| address(server, resolver)),
        scope,
        prune: settings.prune.unwrap_or_default(),
        max_deletes: settings.max_deletes,
        keep: keep.unwrap_or_default().iter().collect(),
        flags: Flags::default(),
    }
}

/// The texts of a list. One that cannot be replaced is a finding, and the manifest is refused.
fn items(list: &LocatedList, resolver: &mut Resolver<'_>) -> Vec<String> {
    if list.items.len() > MAX_GLOBS {
        let message = format!("more than {MAX_GLOBS} names in one list");
        resolver.findings.push(too_much(&list.at, message));
        return Vec::new();
    }
    let items = list.items.iter().filter_map(|item| {
        let text = plain(item, resolver)?;
        if text.len() > LONGEST_GLOB {
            let message = format!("this name is longer than {LONGEST_GLOB} bytes");
            resolver.findings.push(too_much(&item.at, message));
            return None;
        }
        Some(text)
    });
    items.collect()
}

fn too_much(at: &Place, message: String) -> Problem {
    Problem::error(Code("too-much"), at.clone(), message)
        .help("`*` stands for any text: write fewer and shorter ones")
}

/// A text with its references replaced.
pub(super) fn plain(written: &Located, resolver: &mut Resolver<'_>) -> Option<String> {
    let text = resolver.text(&written.text, &written.at, Secrets::Refused)?;
    text.as_plain().map(str::to_owned)
}

fn address(written: &Located, resolver: &mut Resolver<'_>) -> Option<Url> {
    let text = plain(written, resolver)?;
    let url = Url::parse(text.trim()).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if url.is_none() {
        resolver.findings.push(
            Problem::error(
                Code("not-an-address"),
                written.at.clone(),
                "`server` is not a URL",
            )
            .expected("expected the address of a server")
            .help("write it as `https://chat.example.org`, with its path if it has one"),
        );
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(texts: &[&str]) -> Globs {
        texts.iter().collect()
    }

    #[test]
    fn a_star_stands_for_any_text_and_a_question_mark_for_a_character() {
        let cases = [
            ("pay-*", "pay-in", true),
            ("pay-*", "pay-", true),
            ("pay-*", "Pay-in", false),
            ("*pay*", "we pay them", true),
            ("a*b*c", "abxc", true),
            ("a*b*c", "abx", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("w?at", "what", true),
            ("w?at", "w?at", true),
            ("w?at", "wat", false),
            ("?and?", "ñandú", true),
            ("[ab]{c}", "[ab]{c}", true),
            ("[ab]{c}", "a", false),
            ("a/*", "a/b/c", true),
            ("ñ*", "ñandú", true),
        ];
        for (glob, name, matches) in cases {
            assert_eq!(globs(&[glob]).match_any(name), matches, "{glob} {name}");
        }
        assert!(!globs(&[]).match_any(""));
        assert!(globs(&["a", "b*"]).match_any("bc"));
    }

    #[test]
    fn one_name_chooses_and_none_excludes() {
        let selection = |only: &[&str], exclude: &[&str], kind| Selection {
            only: (!only.is_empty()).then(|| globs(only)),
            exclude: globs(exclude),
            kind,
        };
        let takes = |it: &Selection, names: &[&str]| it.takes(Kind::Incoming, names);
        assert!(takes(&selection(&[], &[], None), &["a"]));
        assert!(takes(&selection(&["a*"], &[], None), &["new", "ab"]));
        assert!(!takes(&selection(&["a*"], &[], None), &["b"]));
        assert!(!takes(&selection(&["*"], &["ab"], None), &["new", "ab"]));
        assert!(!takes(&selection(&[], &[], Some(Kind::Outgoing)), &["a"]));
        assert!(takes(&selection(&[], &[], Some(Kind::Incoming)), &["a"]));
    }
}
