//! The forms of a secret that are searched for.

use std::collections::BTreeSet;
use std::ops::Range;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::NO_PAD;
use percent_encoding::percent_decode_str;
use url::{Position, Url};

use super::views::hex;
use super::{LONG, SHORTEST};

/// A form of a secret.
pub(super) struct Form {
    pub(super) bytes: Vec<u8>,
    pub(super) counts: Counts,
}

/// Where a form counts, and how much around it belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counts {
    /// Wherever it is.
    Anywhere,
    /// Where it is a word of its own.
    AsWord,
    /// Wherever it is, with the characters at its ends that hold bits of the secret and of its neighbours.
    WithinBase64,
    /// Behind a byte that has this value in these bits.
    Behind { value: u8, bits: u8 },
}

impl Counts {
    /// The stretch that a match hides; `None` if it does not count.
    pub(super) fn range(self, bytes: &[u8], found: Range<usize>) -> Option<Range<usize>> {
        let at = |at: usize| bytes.get(at).copied();
        let (before, after) = (found.start.checked_sub(1).and_then(at), at(found.end));
        match self {
            Self::Anywhere => Some(found),
            Self::AsWord => {
                let glued = |inner: Option<u8>, outer: Option<u8>| {
                    inner.is_some_and(is_of_word) && outer.is_some_and(is_of_word)
                };
                let glued =
                    glued(at(found.start), before) || glued(at(found.end.saturating_sub(1)), after);
                (!glued).then_some(found)
            }
            Self::WithinBase64 => {
                let start = found.start - usize::from(before.is_some_and(is_base64));
                let end = found.end + usize::from(after.is_some_and(is_base64));
                Some(start..end)
            }
            Self::Behind { value, bits } => {
                (before? & bits == value).then(|| found.start - 1..found.end)
            }
        }
    }
}

/// Letters and digits; of other alphabets than ours all characters count as letters.
fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte)
}

/// What is searched for because of this value.
pub(super) fn of(value: &str) -> Vec<Form> {
    let mut forms = Vec::new();
    for part in parts(value) {
        let counts = match part.chars().nth(LONG - 1) {
            Some(_) => Counts::Anywhere,
            None => Counts::AsWord,
        };
        if counts == Counts::Anywhere {
            forms.extend(behind_percent(part.as_bytes()));
        }
        if part.chars().nth(SHORTEST - 1).is_some() {
            forms.extend(base64(part.as_bytes()).into_iter().map(|bytes| Form {
                bytes: bytes.into_bytes(),
                counts: Counts::WithinBase64,
            }));
        }
        forms.push(Form {
            bytes: part.into_bytes(),
            counts,
        });
    }
    forms
}

/// What is left to be found of a value whose first digits are undone together with a `%` or `%2` that is before it.
fn behind_percent(value: &[u8]) -> impl Iterator<Item = Form> {
    let lefts = [(1, 0x0f), (2, 0xff)].map(|(digits, bits)| {
        let (digits, rest) = value.split_at_checked(digits)?;
        let value = u8::try_from(hex(digits)?).ok()?;
        Some(Form {
            bytes: rest.to_vec(),
            counts: Counts::Behind { value, bits },
        })
    });
    lefts.into_iter().flatten()
}

/// The value; each of its lines, since texts are shown line by line; and of a URL, what servers name without the rest.
fn parts(value: &str) -> BTreeSet<String> {
    let whole = [value.to_owned(), value.trim().to_owned()];
    let mut parts: BTreeSet<_> = value.lines().map(|line| line.trim().to_owned()).collect();
    if let Some(url) = Url::parse(value).ok().filter(Url::has_host) {
        parts.insert(url.as_str().to_owned());
        let path_and_query = &url[Position::BeforePath..Position::AfterQuery];
        if path_and_query.len() >= LEAST_PATH {
            parts.insert(path_and_query.to_owned());
        }
        for part in [url.username(), url.password().unwrap_or_default()] {
            parts.insert(percent_decode_str(part).decode_utf8_lossy().into_owned());
        }
    }
    parts.retain(|part| part.chars().nth(SHORTEST - 1).is_some());
    parts.extend(whole);
    parts
}

/// A shorter path is a word of every API.
const LEAST_PATH: usize = 16;

/// What base64 makes of the bytes, whatever comes before and after them: there are three ways to fall on its groups.
fn base64(bytes: &[u8]) -> BTreeSet<String> {
    let mut encoded = BTreeSet::new();
    for alphabet in [STANDARD, URL_SAFE] {
        let engine = GeneralPurpose::new(&alphabet, NO_PAD);
        for before in 0..3 {
            let text = engine.encode([&[0; 2][..before], bytes].concat());
            let start = (before * 8).div_ceil(6);
            let end = (before + bytes.len()) * 8 / 6;
            encoded.extend(text.get(start..end).map(str::to_owned));
        }
    }
    encoded
}
