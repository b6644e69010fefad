//! One row of a kind's table: everything the stages need to know about a field, and when two of its values
//! are equal.

use std::sync::Arc;

use super::Value;
use super::compat::{Instead, Version, Versions};
use crate::secret::{Secret, Text};

/// A field of a kind of integration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// The name, in the manifest and on the wire.
    pub(crate) name: &'static str,
    /// What its values look like.
    pub(crate) shape: Shape,
    /// What it means to leave it out of the manifest.
    pub(crate) left_out: LeftOut,
    /// Which server versions know it, and what the others do in its place.
    pub(crate) versions: Versions,
    /// Whether a create and an update must carry it even where the manifest leaves it out.
    pub(crate) always_sent: bool,
    /// The first version whose update changes it in an existing record.
    pub(crate) changes_since: Version,
    /// Whether the server's value may hold credentials (a URL), so that it is not shown as it is.
    pub(crate) sensitive: bool,
    /// What the server gives a new record that is created without it, where that is fixed.
    pub(crate) created_with: Option<Instead>,
    /// The row that decides what it means to leave this one out, or whether this one counts at all.
    pub(crate) follows: Option<Role>,
    /// What the stages that look things up need to know about it.
    pub(crate) role: Role,
}

/// What a field's values look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Number,
    /// A text.
    Text,
    /// A set of texts: in requests one text, joined by commas; in records a list.
    Joined,
    /// A set of texts: a list in requests and records.
    Set,
    /// A script.
    Script,
    /// A secret.
    Secret,
}

/// What it means to leave a field out of the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeftOut {
    /// It cannot be left out.
    Required,
    /// It is on.
    On,
    /// It is off, or empty.
    Empty,
    /// It is on when there is a script.
    OnWithScript,
    /// It is whatever the server has.
    Observed,
    /// It is whatever the server has; a record without one gets a generated secret.
    Generated,
}

/// What a stage that asks the server about a value needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nothing in particular.
    Plain,
    /// The name: part of the identity.
    Name,
    /// The user that messages are posted as.
    PostsAs,
    /// Rooms and users.
    Destination,
    /// What has to happen.
    Event,
    /// A script to compile.
    Script,
    /// Whether the script is used.
    ScriptSwitch,
    /// Whether the integration is on.
    Switch,
}

impl Field {
    /// A row with nothing special about it; the tables write the differences over it.
    pub(super) const PLAIN: Self = Self {
        name: "",
        shape: Shape::Text,
        left_out: LeftOut::Empty,
        versions: Versions::ALL,
        always_sent: false,
        changes_since: Version::new(0, 0),
        sensitive: false,
        created_with: None,
        follows: None,
        role: Role::Plain,
    };

    /// The same row under another name.
    pub(super) const fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// Whether a new record gets this value without asking for it.
    pub(crate) fn comes_by_itself(&self, value: &Value) -> bool {
        self.created_with.is_some_and(|given| given.is(value))
    }

    /// Whether a desired and an observed value are equal; `None` where an unknown secret stands in the way.
    ///
    /// Absent, null and empty are one; absent and `false` are one; lists are sets; scripts are compared
    /// without regard to line ends and trailing newlines.
    #[expect(
        clippy::unused_self,
        reason = "equality is a question to the row, whichever the shape"
    )]
    pub(crate) fn same(&self, desired: &Value, observed: Option<&Value>) -> Option<bool> {
        let Some(observed) = observed else {
            return Some(is_empty(desired));
        };
        match (desired, observed) {
            (Value::Flag(a), Value::Flag(b)) => Some(a == b),
            (Value::Number(a), Value::Number(b)) => Some(a == b),
            (Value::Text(a), Value::Text(b)) => a.same(b),
            (Value::List(a), Value::List(b)) => same_set(a, b),
            (Value::Script(a), Value::Script(b)) => same_script(a, b),
            (Value::Secret(a), Value::Secret(b)) => a.same(b),
            // A value that a snapshot hides.
            (_, Value::Secret(Secret::Unknown)) => None,
            _ => Some(false),
        }
    }

    /// The value that the field has when it is left out of the manifest, if that is fixed.
    pub(crate) fn default_value(&self, has_script: bool) -> Option<Value> {
        match self.left_out {
            LeftOut::On => Some(Value::Flag(true)),
            LeftOut::Empty => Some(self.empty()),
            LeftOut::OnWithScript => Some(Value::Flag(has_script)),
            LeftOut::Required | LeftOut::Observed | LeftOut::Generated => None,
        }
    }

    /// The value that is the same as none.
    pub(crate) fn empty(&self) -> Value {
        match self.shape {
            Shape::Flag => Value::Flag(false),
            Shape::Number => Value::Number(0),
            Shape::Text => Value::Text(Text::EMPTY),
            Shape::Joined | Shape::Set => Value::List(Vec::new()),
            Shape::Script => Value::script(""),
            Shape::Secret => Value::Secret(Secret::new("")),
        }
    }

    /// Whether an update by this server changes it in an existing record. An unknown version counts as the newest.
    pub(crate) fn changes_on(&self, server: Option<Version>) -> bool {
        server.is_none_or(|version| version >= self.changes_since)
    }
}

/// Whether a value is what the server has where it has nothing.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Flag(on) => !on,
        Value::Number(_) => false,
        Value::Text(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Script(text) => match text.as_plain() {
            Some(plain) => comparable(plain).is_empty(),
            None => text.is_empty(),
        },
        Value::Secret(secret) => secret.is_empty(),
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

impl Value {
    /// A secret value.
    pub(crate) fn secret(value: impl Into<String>) -> Self {
        Self::Secret(Secret::new(value))
    }

    /// A script.
    pub(crate) fn script(text: impl Into<Text>) -> Self {
        Self::Script(Arc::new(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integration::Kind;

    fn row(name: &str) -> &'static Field {
        Kind::Outgoing.field(name).unwrap()
    }

    fn list(items: &[&str]) -> Value {
        Value::List(items.iter().map(|item| Text::from(*item)).collect())
    }

    #[test]
    fn absent_null_and_empty_are_one() {
        assert_eq!(
            row("alias").same(&Value::Text(Text::EMPTY), None),
            Some(true)
        );
        assert_eq!(row("triggerWords").same(&list(&[]), None), Some(true));
        assert_eq!(
            row("runOnEdits").same(&Value::Flag(false), None),
            Some(true)
        );
        assert_eq!(
            row("runOnEdits").same(&Value::Flag(true), None),
            Some(false)
        );
    }

    #[test]
    fn lists_are_sets() {
        let same = |a: &[&str], b: &[&str]| row("urls").same(&list(a), Some(&list(b)));
        assert_eq!(same(&["a", "b"], &["b", "a"]), Some(true));
        assert_eq!(same(&["a", "a"], &["a"]), Some(true));
        assert_eq!(same(&["a"], &["a", "b"]), Some(false));
    }

    #[test]
    fn scripts_compare_without_line_ends() {
        let script = |text: &str| Value::script(text);
        let same = |a: &str, b: &str| row("script").same(&script(a), Some(&script(b)));
        assert_eq!(same("a\nb\n", "a\r\nb"), Some(true));
        assert_eq!(same("a\nb", "a\n b"), Some(false));
    }

    #[test]
    fn an_unknown_secret_leaves_it_open() {
        let unknown = Value::Secret(Secret::Unknown);
        assert_eq!(row("token").same(&unknown, Some(&Value::secret("x"))), None);
        assert_eq!(
            row("token").same(&Value::secret("x"), Some(&Value::secret("x"))),
            Some(true)
        );
    }
}
