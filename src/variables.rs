//! References in a manifest's values, `${var.NAME}` and `${secret.NAME}`, and what they stand for.
//!
//! Nothing else of the environment can be reached: a pull request cannot fetch the pipeline's other secrets.

use std::collections::{BTreeMap, BTreeSet};

use crate::problem::{Code, Findings, Place, Problem, Texts};
use crate::secret::{Piece, Secret, Text};
use crate::words::nearest;

/// What `${var.X}` reads from the environment: `RCSYNC_VAR_X`.
pub const VAR_PREFIX: &str = "RCSYNC_VAR_";
/// What `${secret.X}` reads from the environment: `RCSYNC_SECRET_X`.
pub const SECRET_PREFIX: &str = "RCSYNC_SECRET_";

/// How many bytes the values of references, and what else is made of a manifest's texts, may come to in a run: a few
/// bytes of a manifest may name a long value again and again.
const MAX_MADE: usize = 48 << 20;

/// How many bytes of scripts may be searched for what is replaced in them.
const MAX_SEARCHED: usize = 1 << 30;

/// So many references are searched for in vain where their value stands; a further one is told at the whole value.
const MAX_MISSES: usize = 16;

/// The values that references stand for in this run.
#[derive(Debug, Default)]
pub struct Variables {
    /// Shown in plans.
    pub plain: BTreeMap<String, String>,
    /// Never shown.
    pub secrets: BTreeMap<String, Secret>,
    /// What becomes of a secret that no value was given for.
    pub undefined_secrets: Undefined,
}

/// What becomes of a secret that no value was given for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Undefined {
    /// An error at its place: a plan against a server would be wrong.
    #[default]
    Refused,
    /// It is unknown, and compares with nothing.
    Unknown,
    /// The sandbox gets a value made up from the name.
    MadeUp,
}

/// Whether a field takes secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// `${secret.NAME}` may stand here.
    Allowed,
    /// It would be shown, so it may not.
    Refused,
}

/// A text as written, taken apart.
#[derive(Debug, PartialEq, Eq)]
enum Part<'t> {
    Literal(&'t str),
    /// Pairs of `$` before a `{`, each of which stands for one.
    Dollars(&'t str),
    Var(&'t str, &'t str),
    Secret(&'t str, &'t str),
    /// `${` and what follows, where that is not a reference.
    Malformed(&'t str),
}

fn parts(mut text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    while let Some(last) = text.find("${") {
        let before = text[..last].trim_end_matches('$');
        parts.push(Part::Literal(before));
        let pairs = (last + 1 - before.len()) / 2;
        let (dollars, rest) = text[before.len()..].split_at(2 * pairs);
        if pairs > 0 {
            parts.push(Part::Dollars(dollars));
        }
        text = rest;
        if rest.starts_with('$') {
            let end = rest.find('}').map_or(rest.len(), |end| end + 1);
            parts.push(reference(&rest[..end]));
            text = &rest[end..];
        }
    }
    parts.push(Part::Literal(text));
    parts
}

/// The text as a manifest writes it, so that no part of it is taken for a reference: each `$` before a `{` twice.
pub fn literally(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut pieces = text.split('{').peekable();
    while let Some(piece) = pieces.next() {
        written.push_str(piece);
        if pieces.peek().is_some() {
            written.push_str(&piece[piece.trim_end_matches('$').len()..]);
            written.push('{');
        }
    }
    written
}

fn reference(whole: &str) -> Part<'_> {
    let inner = whole
        .strip_prefix("${")
        .and_then(|text| text.strip_suffix('}'));
    match inner.and_then(|inner| inner.split_once('.')) {
        Some(("var", name)) if is_name(name) => Part::Var(whole, name),
        Some(("secret", name)) if is_name(name) => Part::Secret(whole, name),
        _ => Part::Malformed(whole),
    }
}

/// `[A-Za-z_][A-Za-z0-9_]*`.
pub fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A text that is one variable as a whole; only such a text can stand where a flag or a number is expected.
pub const WHOLE_VARIABLE: &str = r"^\$\{var\.[A-Za-z_][A-Za-z0-9_]*\}$";

/// Whether a text has the form of [`WHOLE_VARIABLE`].
pub fn is_whole_variable(text: &str) -> bool {
    matches!(reference(text), Part::Var(_, name) if is_name(name))
}

/// Replaces references, and collects what was wrong with them.
pub struct Resolver<'a> {
    variables: &'a Variables,
    texts: &'a Texts,
    /// What was wrong.
    pub findings: Findings,
    /// The names of the secrets that were made up.
    pub made_up: BTreeSet<String>,
    /// The names of the secrets that were replaced, in the order in which they stand.
    pub secrets: Vec<String>,
    /// How far the references of this value have been found in its text.
    found: u32,
    /// How many of them were not.
    missed: usize,
    /// How many bytes may still be made; nothing once there were too many.
    room: Option<usize>,
    /// How many bytes may still be searched; nothing once there were too many.
    searches: Option<usize>,
}

impl<'a> Resolver<'a> {
    /// A resolver over these values; places are found in `texts`.
    pub fn new(variables: &'a Variables, texts: &'a Texts) -> Self {
        Self {
            variables,
            texts,
            findings: Findings::default(),
            made_up: BTreeSet::new(),
            secrets: Vec::new(),
            found: 0,
            missed: 0,
            room: Some(MAX_MADE),
            searches: Some(MAX_SEARCHED),
        }
    }

    /// Takes so many bytes from what may be made; whether there was room for them. That there is none is told once.
    pub fn make(&mut self, bytes: usize, at: &Place) -> bool {
        let had_room = self.room.is_some();
        self.room = self.room.and_then(|left| left.checked_sub(bytes));
        if had_room && self.room.is_none() {
            let most = MAX_MADE >> 20;
            let message = format!("more than {most} MiB are made of these manifests");
            self.findings.push(too_much(at, message).help(
                "long values are repeated too often: use shorter ones, or check fewer entries in one run",
            ));
        }
        self.room.is_some()
    }

    /// The same for what may be searched.
    pub fn search(&mut self, bytes: usize, at: &Place) -> bool {
        let had_room = self.searches.is_some();
        self.searches = self.searches.and_then(|left| left.checked_sub(bytes));
        if had_room && self.searches.is_none() {
            let message = "too many texts are replaced in scripts that are too long";
            let help = "replace fewer texts, or check fewer entries in one run";
            self.findings
                .push(too_much(at, message.to_owned()).help(help));
        }
        self.searches.is_some()
    }

    /// The text with every reference replaced; `None`, and a finding, where one cannot be.
    pub fn text(&mut self, text: &str, at: &Place, secrets: Secrets) -> Option<Text> {
        let mut whole = Text::EMPTY;
        let mut sound = true;
        self.found = at.bytes.start;
        self.missed = 0;
        for part in parts(text) {
            let piece = match part {
                Part::Literal(text) => Some(Piece::Plain(text.into())),
                Part::Dollars(pairs) => {
                    // What follows is looked for behind them.
                    let _ = self.place_of(pairs, at);
                    Some(Piece::Plain(pairs[..pairs.len() / 2].into()))
                }
                Part::Var(whole, name) => {
                    let value = self.var(whole, name, at);
                    let value = value.filter(|value| self.make(value.len(), at));
                    value.map(|value| Piece::Plain(value.as_str().into()))
                }
                Part::Secret(whole, name) => {
                    let secret = self.secret(whole, name, at, secrets);
                    let length = |secret: &Secret| secret.expose().map_or(0, str::len);
                    let secret = secret.filter(|secret| self.make(length(secret), at));
                    secret.map(Piece::Secret)
                }
                Part::Malformed(whole) => self.malformed(whole, at),
            };
            match piece {
                Some(piece) => whole.push(piece),
                None => sound = false,
            }
        }
        sound.then_some(whole)
    }

    fn var(&mut self, whole: &str, name: &str, at: &Place) -> Option<&'a String> {
        let value = self.variables.plain.get(name);
        if value.is_none() {
            let error = self.error(
                "undefined-variable",
                whole,
                at,
                format!("`{whole}` has no value"),
            );
            let known = self.variables.plain.keys();
            let known = known.filter(|_| self.findings.has_room(at.source));
            let help = match nearest(name, known, |it| it.as_str()) {
                Some(near) => format!("did you mean `${{var.{near}}}`?"),
                None => {
                    format!("set `{VAR_PREFIX}{name}`, or give `--var {name}=…` or a `--var-file`")
                }
            };
            self.findings.push(error.help(help));
        }
        value
    }

    fn secret(&mut self, whole: &str, name: &str, at: &Place, secrets: Secrets) -> Option<Secret> {
        if secrets == Secrets::Refused {
            let error = self
                .error(
                    "secret-not-allowed",
                    whole,
                    at,
                    format!("`{whole}` is not allowed here: plans show this value"),
                )
                .help("secrets go into `token`, `urls`, `avatar` and a script's `replace`");
            self.findings.push(error);
            return None;
        }
        self.secrets.push(name.to_owned());
        // A pipeline gives an empty value where it keeps a secret back, as from a fork: that is none.
        let given = self.variables.secrets.get(name);
        let is_empty = |it: &Secret| it.expose().is_some_and(str::is_empty);
        if let Some(secret) = given.filter(|it| !is_empty(it)) {
            return Some(secret.clone());
        }
        match self.variables.undefined_secrets {
            Undefined::Unknown => Some(Secret::Unknown),
            Undefined::MadeUp => {
                self.made_up.insert(name.to_owned());
                Some(Secret::new(format!("made-up-{name}")))
            }
            Undefined::Refused => {
                let error = self
                    .error(
                        "undefined-secret",
                        whole,
                        at,
                        match given {
                            Some(_) => format!("`{whole}` is set, and its value is empty"),
                            None => format!("`{whole}` has no value"),
                        },
                    )
                    .help(self.about_secret(name));
                self.findings.push(error);
                None
            }
        }
    }

    /// What to do about a secret without a value.
    fn about_secret(&self, name: &str) -> String {
        let secrets = &self.variables.secrets;
        if secrets.contains_key(name) {
            return "a pipeline passes an empty value where it does not give the secret, as to a pull request from a fork: check that \
                    it is set there"
                .to_owned();
        }
        match nearest(name, secrets.keys(), |it| it.as_str()) {
            Some(near) => format!("did you mean `${{secret.{near}}}`, which has one?"),
            None => format!("set `{SECRET_PREFIX}{name}`, or give it in a `--secret-file`"),
        }
    }

    fn malformed(&mut self, whole: &str, at: &Place) -> Option<Piece> {
        let name = whole.trim_start_matches("${").trim_end_matches('}');
        let error = if whole.ends_with('}') {
            let help = meant_reference(name);
            self.error(
                "malformed-reference",
                whole,
                at,
                "this is not a reference to a variable".to_owned(),
            )
            .help(help)
        } else {
            self.error(
                "malformed-reference",
                whole,
                at,
                "`${` is not closed by `}`".to_owned(),
            )
            .help("close it; a literal `${` is written `$${`")
        };
        self.findings.push(error);
        None
    }

    fn error(
        &mut self,
        code: &'static str,
        reference: &str,
        at: &Place,
        message: String,
    ) -> Problem {
        Problem::error(Code(code), self.place_of(reference, at), message)
    }

    /// Where a reference stands inside a value, behind those reported before; the value itself if it is written in
    /// another way there.
    fn place_of(&mut self, reference: &str, value: &Place) -> Place {
        let rest = Place {
            source: value.source,
            bytes: self.found..value.bytes.end,
        };
        let searched = self.missed < MAX_MISSES;
        let found = searched.then(|| within(self.texts, &rest, reference));
        let Some(found) = found.flatten() else {
            self.missed += 1;
            return value.clone();
        };
        self.found = found.bytes.end;
        found
    }
}

fn too_much(at: &Place, message: String) -> Problem {
    Problem::error(Code("too-much"), at.clone(), message).expected("the limit is reached here")
}

/// Where a stretch of a value stands, if the value is written as it reads.
pub fn within(texts: &Texts, value: &Place, stretch: &str) -> Option<Place> {
    let (start, end) = (value.bytes.start as usize, value.bytes.end as usize);
    let written = texts.get(value.source).text.get(start..end)?;
    let from = start + written.find(stretch)?;
    Some(Place::new(value.source, from..from + stretch.len()))
}

/// How to fix what stands between `${` and `}`.
fn meant_reference(name: &str) -> String {
    if is_name(name) {
        return format!(
            "write `${{var.{name}}}`, set by `{VAR_PREFIX}{name}`, or `${{secret.{name}}}`; for the text itself, `$${{{name}}}`"
        );
    }
    match name.split_once('.') {
        Some(("env", name)) if is_name(name) => {
            format!("write `${{var.{name}}}`, set by `{VAR_PREFIX}{name}`")
        }
        Some(("var" | "secret", _)) => {
            "a name holds letters, digits and `_`, and does not begin with a digit".to_owned()
        }
        _ => "write `${var.NAME}` or `${secret.NAME}`; for a literal `${`, `$${`".to_owned(),
    }
}

#[cfg(test)]
mod tests;
