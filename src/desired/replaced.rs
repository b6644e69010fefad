//! `script.replace`: what stands instead of plain texts of a script file.

use std::sync::Arc;

use crate::manifest::literals::{LITERAL_SECRET, is_like_a_key};
use crate::problem::{Code, Place, Problem};
use crate::secret::{Piece, Text};
use crate::variables::{Resolver, Secrets};
use crate::yaml::Member;

const TOO_MUCH: Code = Code("too-much");

/// How many texts may be replaced in one script.
const MAX_TEXTS: usize = 100;

/// How large a script may be with its texts replaced: as large as a file of one.
const MAX_SCRIPT: usize = 1 << 20;

/// What it costs to replace a text once, in bytes that are searched.
const PER_TIME: usize = 64;

/// The script with every text replaced; `None`, and findings, where one cannot be.
///
/// All are looked for at once, the longest first, and what is put in is not looked at again: no order in which they
/// are written makes a difference.
pub(super) fn script(
    template: &Arc<Text>,
    replace: &[Member],
    at: &Place,
    resolver: &mut Resolver<'_>,
) -> Option<Arc<Text>> {
    if replace.is_empty() {
        return Some(template.clone());
    }
    let template = template.as_plain()?;
    if replace.len() > MAX_TEXTS {
        let message = format!("more than {MAX_TEXTS} texts are replaced in one script");
        let error = Problem::error(TOO_MUCH, at.clone(), message);
        resolver.findings.push(error.help("replace fewer"));
        return None;
    }
    if !resolver.search(template.len() * replace.len(), at) {
        return None;
    }
    let mut sound = true;
    let mut texts = Vec::new();
    for member in replace {
        if let Some(why) = cannot_replace(&member.key, template) {
            resolver.findings.push(why.at(member));
            sound = false;
        }
        let written = member.value.as_text();
        match written.and_then(|it| resolver.text(it, &member.value.at, Secrets::Allowed)) {
            Some(text) => {
                if text.as_plain().is_some_and(is_like_a_key) {
                    resolver.findings.push(written_out(member));
                }
                texts.push((member.key.as_str(), text));
            }
            None => sound = false,
        }
    }
    if !sound {
        return None;
    }
    let (times, whole) = replaced(template, texts);
    if !resolver.search(times * PER_TIME, at) {
        return None;
    }
    let Some(whole) = whole else {
        let most = MAX_SCRIPT >> 20;
        let message = format!("with its texts replaced this script is larger than {most} MiB");
        let error = Problem::error(TOO_MUCH, at.clone(), message);
        resolver
            .findings
            .push(error.help("script files have the same limit"));
        return None;
    };
    let made = length(&whole);
    resolver.make(made, at).then(|| Arc::new(whole))
}

/// How long a text is, as far as it is known.
fn length(text: &Text) -> usize {
    let lengths = text.pieces().iter().map(|piece| match piece {
        Piece::Plain(text) => text.len(),
        Piece::Secret(secret) => secret.expose().map_or(0, str::len),
    });
    lengths.sum()
}

/// A key that is in the manifest.
fn written_out(member: &Member) -> Problem {
    let message = "this looks like a secret in plain text";
    Problem::warning(LITERAL_SECRET, member.value.at.clone(), message)
        .help("write `${secret.NAME}`, which diffs do not show")
}

/// Why a text cannot be replaced.
struct CannotReplace(&'static str, &'static str);

impl CannotReplace {
    fn at(self, member: &Member) -> Problem {
        Problem::error(Code("replace-unused"), member.key_at.clone(), self.0).help(self.1)
    }
}

/// A text that is not there is a typo: the script would go to the server without its key.
fn cannot_replace(text: &str, template: &str) -> Option<CannotReplace> {
    if text.is_empty() {
        return Some(CannotReplace(
            "an empty string cannot be replaced",
            "write a text that is in the script, such as `__API_KEY__`",
        ));
    }
    (!template.contains(text)).then_some(CannotReplace(
        "this text is not in the script",
        "copy it from the file: case matters",
    ))
}

/// How often a text is replaced, and what comes of it unless that is larger than a script may be.
fn replaced(template: &str, mut texts: Vec<(&str, Text)>) -> (usize, Option<Text>) {
    texts.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
    let lengths: Vec<_> = texts.iter().map(|(_, with)| length(with)).collect();
    // Where each stands next: searched again only once that has been passed.
    let mut next: Vec<_> = texts.iter().map(|(text, _)| template.find(text)).collect();
    let mut whole = Text::EMPTY;
    let mut plain = String::new();
    let (mut times, mut made, mut at) = (0, 0, 0);
    loop {
        let found = next.iter().enumerate();
        let found = found.filter_map(|(index, start)| Some(((*start)?, index)));
        // The first of those that begin at the same place is the longest.
        let Some((start, index)) = found.min_by_key(|(start, _)| *start) else {
            break;
        };
        let (text, with) = &texts[index];
        times += 1;
        made += start - at + lengths[index];
        if made > MAX_SCRIPT {
            return (times, None);
        }
        plain.push_str(&template[at..start]);
        for piece in with.pieces() {
            match piece {
                Piece::Plain(text) => plain.push_str(text),
                Piece::Secret(_) => {
                    whole.push(Piece::Plain(std::mem::take(&mut plain).into()));
                    whole.push(piece.clone());
                }
            }
        }
        at = start + text.len();
        for (start, (text, _)) in next.iter_mut().zip(&texts) {
            if start.is_some_and(|start| start < at) {
                *start = template[at..].find(text).map(|more| at + more);
            }
        }
    }
    plain.push_str(&template[at..]);
    whole.push(Piece::Plain(plain.into()));
    let fits = made + template.len() - at <= MAX_SCRIPT;
    (times, fits.then_some(whole))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn secret(value: &str) -> Text {
        Secret::new(value).into()
    }

    #[test]
    fn texts_are_replaced_at_once_and_the_longest_first() {
        let all = |texts: Vec<(&str, Text)>| {
            let whole = replaced("A AB B A", texts).1.unwrap();
            (whole.expose().unwrap(), whole.masked())
        };
        let plain = |text: &str| Text::from(text);
        assert_eq!(
            all(vec![("A", plain("B")), ("B", plain("A"))]).0,
            "B BA A B"
        );
        assert_eq!(
            all(vec![("A", plain("x")), ("AB", plain("y"))]).0,
            "x y B x"
        );
        assert_eq!(
            all(vec![("AB", plain("y")), ("A", plain("AA"))]).0,
            "AA y B AA"
        );
        assert_eq!(
            all(vec![("AB", secret("k"))]),
            ("A k B A".to_owned(), "A (secret) B A".to_owned())
        );
    }

    #[test]
    fn a_script_with_its_texts_replaced_is_bounded() {
        let template = "ab".repeat(100_000);
        let of = |with: &str| replaced(&template, vec![("a", Text::from(with))]);
        let (times, whole) = of("xy");
        assert_eq!((times, length(&whole.unwrap())), (100_000, 300_000));
        let (times, whole) = of(&"x".repeat(1 << 10));
        assert!(whole.is_none() && times < 2_000);
        assert!(of(&"x".repeat(MAX_SCRIPT)).1.is_none());
    }
}
