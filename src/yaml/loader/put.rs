//! Where a whole node goes: into a list, behind a key, or to the document; and how many there may be.

use ecow::EcoString;

use super::{Abandon, Collection, KEY, Key, Loader, Role};
use crate::problem::{Code, Place, Problem};
use crate::yaml::{MAX_ITEMS, MAX_VALUES, Member, Node, most_values};

const TOO_LARGE: Code = Code("yaml-too-large");

/// Nodes in their places.
impl Loader<'_> {
    /// Puts a whole node where it belongs: a list, a key, or the document.
    pub(super) fn put(&mut self, node: Node) -> Result<(), Abandon> {
        if self.awaits_key() {
            self.refuse_key(&node);
            return Ok(());
        }
        self.values += 1;
        // What aliases repeat is there once, but is looked at each time.
        let most = most_values(self.text.len());
        if self.values > MAX_VALUES || self.values - self.copied.nodes > most {
            return self.refuse_size(node.at, &format!("this file has more than {most} values"));
        }
        let Some(open) = self.stack.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        let (before, what) = match &open.collection {
            Collection::List(items) => (items.len(), "list"),
            Collection::Map { members, .. } => (members.len(), "mapping"),
        };
        if before >= MAX_ITEMS {
            return self.refuse_size(
                node.at,
                &format!("this {what} has more than {MAX_ITEMS} items"),
            );
        }
        match &mut open.collection {
            Collection::List(items) => items.push(node),
            Collection::Map {
                members,
                merges,
                key,
            } => match key.take() {
                Some(Key {
                    text,
                    at,
                    role: Role::Plain,
                }) => members.push(Member {
                    key: text,
                    key_at: at,
                    value: node,
                }),
                Some(Key {
                    at,
                    role: Role::Merge,
                    ..
                }) => merges.push((at, node)),
                _ => {}
            },
        }
        Ok(())
    }

    /// There is more than any manifest needs: it is told at once, and nothing more is read.
    fn refuse_size(&mut self, at: Place, message: &str) -> Result<(), Abandon> {
        self.too_large = true;
        let finding = Problem::error(TOO_LARGE, at, message)
            .expected("the limit is reached here")
            .help("split it over several files");
        self.report(finding);
        Err(Abandon)
    }

    /// A list, a mapping or an alias stands where a key should.
    pub(super) fn refuse_key(&mut self, node: &Node) {
        let finding = Problem::error(KEY, node.at.clone(), "a key must be a string")
            .expected("expected a string")
            .help("if this was meant as a string, quote it");
        self.report(finding);
        self.set_key(Key {
            text: EcoString::new(),
            at: node.at.clone(),
            role: Role::Refused,
        });
    }
}
