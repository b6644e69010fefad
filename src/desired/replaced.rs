//! `script.replace`: what stands in the place of plain texts of a script file.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic};
use crate::integration::written::Token;
use crate::manifest::literals::{LITERAL_SECRET, is_like_a_key};
use crate::secret::{Piece, Text};
use crate::variables::{Resolver, Secrets};
use crate::yaml::{Content, Member, Node};

/// The script with every text replaced; `None`, and findings, where one cannot be.
///
/// All are looked for at once, the longest first, and what is put in is not looked at again: no order in which they
/// are written makes a difference.
pub(super) fn script(
    template: &Arc<Text>,
    replace: &BTreeMap<String, Token>,
    node: &Node,
    resolver: &mut Resolver<'_>,
) -> Option<Arc<Text>> {
    if replace.is_empty() {
        return Some(template.clone());
    }
    let template = template.as_plain()?;
    let mut sound = true;
    let mut texts = Vec::new();
    for member in members(node) {
        if let Some(why) = unusable(&member.key, template) {
            resolver.findings.push(why.at(member));
            sound = false;
        }
        let written = replace.get(&member.key).and_then(|token| token.0.expose());
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
    sound.then(|| Arc::new(replaced(template, texts)))
}

/// A key that stands in the manifest.
fn written_out(member: &Member) -> Diagnostic {
    let message = "what looks like a key is written out";
    Diagnostic::warning(LITERAL_SECRET, member.value.at.clone(), message)
        .hint("write `${secret.NAME}`, which a diff does not show")
}

/// The texts to replace as they are written, each with its place.
fn members(node: &Node) -> &[Member] {
    match node.get("replace").map(|member| &member.value.content) {
        Some(Content::Map(members)) => members,
        _ => &[],
    }
}

/// Why a text cannot be replaced.
struct Unusable(&'static str, &'static str);

impl Unusable {
    fn at(self, member: &Member) -> Diagnostic {
        Diagnostic::error(Code("replace-unused"), member.key_at.clone(), self.0).hint(self.1)
    }
}

/// A text that is not there is a slip of the pen: the script would go to the server without its key.
fn unusable(text: &str, template: &str) -> Option<Unusable> {
    if text.is_empty() {
        return Some(Unusable(
            "nothing cannot be replaced",
            "write a text that stands in the script, such as `__API_KEY__`",
        ));
    }
    (!template.contains(text)).then_some(Unusable(
        "this text does not stand in the script",
        "write it as the file has it: case counts",
    ))
}

fn replaced(template: &str, mut texts: Vec<(&str, Text)>) -> Text {
    texts.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
    let mut whole = Text::EMPTY;
    let mut rest = template;
    loop {
        let found = texts.iter().filter_map(|it| Some((rest.find(it.0)?, it)));
        // The first of those that begin at the same place is the longest.
        let Some((start, (text, with))) = found.min_by_key(|(start, _)| *start) else {
            break;
        };
        whole.push(Piece::Plain(rest[..start].to_owned()));
        for piece in with.pieces() {
            whole.push(piece.clone());
        }
        rest = &rest[start + text.len()..];
    }
    whole.push(Piece::Plain(rest.to_owned()));
    whole
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
            let whole = replaced("A AB B A", texts);
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
}
