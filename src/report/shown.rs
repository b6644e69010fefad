//! Values as they may be shown: redacted once, by construction.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::integration::{Field, Value};
use crate::plan::Plan;
use crate::redactor::Redactor;
use crate::secret::{MASK, Piece, Text, outline};
use crate::untrusted::Untrusted;

/// A value as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Shown {
    /// No value.
    Nothing,
    /// On or off.
    Flag(bool),
    /// A number.
    Number(i64),
    /// A text, secret stretches masked.
    Text(Untrusted),
    /// A list of texts, secret stretches masked.
    List(Vec<Untrusted>),
    /// A script, by its number of lines.
    Script {
        /// How many lines it has.
        lines: usize,
    },
    /// A secret.
    Secret,
    /// A secret that is made when the change is made.
    Generated,
}

/// Whose value it is: what is in the manifest was reviewed with it, what the server has may hold secrets that
/// nobody declared.
#[derive(Clone, Copy)]
pub(super) enum Side<'a> {
    Desired,
    Observed(Observed<'a>),
}

/// What decides of observed values what is shown.
#[derive(Clone, Copy)]
pub(super) struct Observed<'a> {
    /// What the manifests write out themselves.
    literals: &'a BTreeSet<String>,
    /// The secrets that the server may echo.
    pub(super) redactor: &'a Redactor,
}

impl<'a> Observed<'a> {
    /// The values of the server that a plan was made for.
    pub(super) fn of(plan: &'a Plan) -> Self {
        Self {
            literals: &plan.literals,
            redactor: &plan.redactor,
        }
    }
}

impl Side<'_> {
    /// Whether a text may hold a secret that nobody declared.
    fn hides(self, field: &Field, text: &str) -> bool {
        matches!(self, Self::Observed(of) if field.sensitive && !of.literals.contains(text))
    }

    /// The text without the secrets that the server echoes.
    fn masked(self, text: &str) -> String {
        match self {
            Self::Desired => text.to_owned(),
            Self::Observed(of) => of.redactor.mask(text),
        }
    }
}

/// A value as it may be shown.
pub(super) fn shown(field: &Field, value: &Value, side: Side<'_>) -> Shown {
    match value {
        Value::Flag(on) => Shown::Flag(*on),
        Value::Number(number) => match side {
            Side::Observed(of) if of.redactor.finds_number(&(*number).into()) => Shown::Secret,
            _ => Shown::Number(*number),
        },
        Value::Text(text) => Shown::Text(redacted(field, text, side)),
        Value::List(items) => Shown::List(redacted_all(field, items, side)),
        Value::Script(text) => Shown::Script {
            lines: text.lines().len(),
        },
        Value::Secret(_) => Shown::Secret,
    }
}

/// Texts of one list, each as [`redacted`] shows it. Those that differ and would look alike are numbered, which tells
/// nothing of what is hidden.
pub(super) fn redacted_all<'t>(
    field: &Field,
    texts: impl IntoIterator<Item = &'t Text>,
    side: Side<'_>,
) -> Vec<Untrusted> {
    let shown: Vec<_> = texts
        .into_iter()
        .map(|text| redacted(field, text, side))
        .collect();
    if !field.sensitive || matches!(side, Side::Desired) {
        return shown;
    }
    let mut seen = BTreeMap::<&Untrusted, usize>::new();
    let mut numbers = Vec::new();
    for text in &shown {
        let number = seen.entry(text).or_default();
        *number += 1;
        numbers.push(*number);
    }
    let alike = |text: &Untrusted| seen.get(text).is_some_and(|count| *count > 1);
    let named = shown.iter().zip(numbers).map(|(text, number)| {
        if alike(text) {
            format!("{} ({number})", text.raw()).into()
        } else {
            text.clone()
        }
    });
    named.collect()
}

/// A text with its secret stretches masked; an observed URL without what may be a credential.
pub(super) fn redacted(field: &Field, text: &Text, side: Side<'_>) -> Untrusted {
    let shown = text.pieces().iter().map(|piece| match piece {
        Piece::Plain(plain) if side.hides(field, plain) => side.masked(&outline(plain)),
        Piece::Plain(plain) => side.masked(plain),
        Piece::Secret(_) => MASK.to_owned(),
    });
    shown.collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integration::Kind;

    #[test]
    fn hidden_urls_that_look_alike_are_numbered() {
        let field = Kind::Outgoing.field("urls").unwrap();
        let urls = ["https://a.org/x", "https://b.org/", "https://a.org/y"].map(Text::from);
        let of = |side| {
            redacted_all(field, &urls, side)
                .into_iter()
                .map(|it| it.raw().to_owned())
        };
        let numbered = [
            "https://a.org/… (1)",
            "https://b.org/",
            "https://a.org/… (2)",
        ];
        let redactor = Redactor::default();
        let observed = |literals| {
            Side::Observed(Observed {
                literals,
                redactor: &redactor,
            })
        };
        let none = BTreeSet::new();
        assert!(of(observed(&none)).eq(numbered));
        // What the manifests write out themselves is not a secret.
        let known = BTreeSet::from(["https://a.org/x".to_owned()]);
        let shown = ["https://a.org/x", "https://b.org/", "https://a.org/…"];
        assert!(of(observed(&known)).eq(shown));
        assert!(of(Side::Desired).eq(["https://a.org/x", "https://b.org/", "https://a.org/y"]));
    }

    #[test]
    fn what_steers_a_terminal_is_written_out() {
        let hostile = Untrusted::from("a\u{1b}[31mb\u{202e}c\nd");
        assert_eq!(hostile.for_terminal(), "a\\u{1b}[31mb\\u{202e}c\\u{a}d");
    }
}
