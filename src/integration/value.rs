//! A value of a field, and when two of them are equal.

use std::sync::Arc;

use crate::secret::{Secret, Text};

/// A value of a field.
#[derive(Clone, Debug)]
pub enum Value {
    /// On or off.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// A text.
    Text(Text),
    /// A list of texts.
    List(Vec<Text>),
    /// A script's text: many entries may share it.
    Script(Arc<Text>),
    /// A secret as a whole.
    Secret(Secret),
}

impl Value {
    /// A secret value.
    pub fn secret(value: impl Into<String>) -> Self {
        Self::Secret(Secret::new(value))
    }

    /// A script.
    pub fn script(text: impl Into<Text>) -> Self {
        Self::Script(Arc::new(text.into()))
    }

    /// The texts in it.
    pub fn texts(&self) -> &[Text] {
        match self {
            Self::Text(text) => std::slice::from_ref(text),
            Self::Script(text) => std::slice::from_ref(text),
            Self::List(items) => items,
            Self::Flag(_) | Self::Number(_) | Self::Secret(_) => &[],
        }
    }

    /// Whether it is a secret, or a stretch of it is.
    pub fn holds_secret(&self) -> bool {
        matches!(self, Self::Secret(_)) || self.texts().iter().any(Text::holds_secret)
    }

    /// Whether it is what the server has where it has nothing.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Flag(on) => !on,
            Self::Number(_) => false,
            Self::Text(text) => text.is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Script(text) => match text.as_plain() {
                Some(plain) => comparable(plain).is_empty(),
                None => text.is_empty(),
            },
            Self::Secret(secret) => secret.is_empty(),
        }
    }

    /// Whether a desired value and an observed one of the same field are equal; `None` where an unknown secret stands
    /// in the way.
    ///
    /// Absent, null and empty are one; absent and `false` are one; lists are sets; scripts are compared
    /// without regard to line ends and trailing newlines.
    pub fn same(&self, observed: Option<&Self>) -> Option<bool> {
        let Some(observed) = observed else {
            return Some(self.is_empty());
        };
        match (self, observed) {
            (Self::Flag(a), Self::Flag(b)) => Some(a == b),
            (Self::Number(a), Self::Number(b)) => Some(a == b),
            (Self::Text(a), Self::Text(b)) => a.same(b),
            (Self::List(a), Self::List(b)) => same_set(a, b),
            (Self::Script(a), Self::Script(b)) if Arc::ptr_eq(a, b) && a.as_plain().is_some() => {
                Some(true)
            }
            (Self::Script(a), Self::Script(b)) => same_script(a, b),
            (Self::Secret(a), Self::Secret(b)) => a.same(b),
            // A value that a snapshot hides.
            (_, Self::Secret(Secret::Unknown)) => None,
            _ => Some(false),
        }
    }
}

/// Whether two scripts are the same but for line ends and newlines at the end.
fn same_script(a: &Text, b: &Text) -> Option<bool> {
    if let (Some(a), Some(b)) = (a.as_plain(), b.as_plain()) {
        return Some(a == b || comparable(a) == comparable(b));
    }
    Some(comparable(&a.expose()?) == comparable(&b.expose()?))
}

/// A script as it is compared: line ends as `\n`, none at the end.
fn comparable(script: &str) -> String {
    script
        .replace("\r\n", "\n")
        .trim_end_matches('\n')
        .to_owned()
}

/// Whether two lists hold the same texts. An unknown secret in either leaves it open.
fn same_set(a: &[Text], b: &[Text]) -> Option<bool> {
    let exposed = |items: &[Text]| {
        let mut texts = items.iter().map(Text::expose).collect::<Option<Vec<_>>>()?;
        texts.sort();
        texts.dedup();
        Some(texts)
    };
    Some(exposed(a)? == exposed(b)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &[&str]) -> Value {
        Value::List(items.iter().map(|item| Text::from(*item)).collect())
    }

    #[test]
    fn absent_null_and_empty_are_one() {
        assert_eq!(Value::Text(Text::EMPTY).same(None), Some(true));
        assert_eq!(list(&[]).same(None), Some(true));
        assert_eq!(Value::Flag(false).same(None), Some(true));
        assert_eq!(Value::Flag(true).same(None), Some(false));
    }

    #[test]
    fn lists_are_sets() {
        let same = |a: &[&str], b: &[&str]| list(a).same(Some(&list(b)));
        assert_eq!(same(&["a", "b"], &["b", "a"]), Some(true));
        assert_eq!(same(&["a", "a"], &["a"]), Some(true));
        assert_eq!(same(&["a"], &["a", "b"]), Some(false));
    }

    #[test]
    fn scripts_compare_without_line_ends() {
        let same = |a: &str, b: &str| Value::script(a).same(Some(&Value::script(b)));
        assert_eq!(same("a\nb\n", "a\r\nb"), Some(true));
        assert_eq!(same("a\nb", "a\n b"), Some(false));
    }

    #[test]
    fn an_unknown_secret_leaves_it_open() {
        let (unknown, known) = (Value::Secret(Secret::Unknown), Value::secret("x"));
        assert_eq!(unknown.same(Some(&known)), None);
        assert_eq!(known.same(Some(&known)), Some(true));
        // A snapshot hides whole lists and scripts, too.
        assert_eq!(list(&["a"]).same(Some(&unknown)), None);
    }
}
