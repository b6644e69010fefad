//! What a mapping and an alias come to: no key twice, `<<` merged, copies within a budget.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use ecow::{EcoString, EcoVec};

use super::{ALIAS, Abandon, Anchored, Loader, Size, too_deep};
use crate::problem::{Code, Place, Problem};
use crate::words::start;
use crate::yaml::{Content, MAX_DEPTH, Member, Node, Style};

/// How many nodes aliases may copy, over a whole text.
const MAX_COPIED_NODES: usize = 300_000;
/// How many bytes of text aliases may copy, over a whole text.
const MAX_COPIED_TEXT: usize = 32 << 20;
/// How much of a key is quoted.
const LONGEST_KEY: usize = 60;
const DUPLICATE_KEY: Code = Code("yaml-duplicate-key");
const MERGE: Code = Code("yaml-merge");
const ALIAS_BUDGET: Code = Code("yaml-alias-budget");

impl Size {
    fn of(node: &Node) -> Self {
        let mut size = Self {
            nodes: 1,
            ..Self::default()
        };
        let mut add = |more: &Node, key: &str| {
            let more = Self::of(more);
            size.height = size.height.max(more.height + 1);
            size.nodes += more.nodes;
            size.text += more.text + key.len();
        };
        match &node.content {
            Content::List(items) => items.iter().for_each(|item| add(item, "")),
            Content::Map(members) => members
                .iter()
                .for_each(|member| add(&member.value, &member.key)),
            Content::Text(text) => size.text = text.len(),
            _ => {}
        }
        size
    }
}

/// Keys, aliases and merges.
impl Loader<'_> {
    /// Reports every key that was there before, and drops it.
    pub(super) fn without_duplicates(&mut self, members: Vec<Member>) -> Vec<Member> {
        let mut first: HashMap<&str, &Place> = HashMap::new();
        let mut duplicates = Vec::new();
        for (index, member) in members.iter().enumerate() {
            if let Some(place) = first.get(member.key.as_str()) {
                duplicates.push((index, (*place).clone()));
            } else {
                first.insert(&member.key, &member.key_at);
            }
        }
        drop(first);
        if duplicates.is_empty() {
            return members;
        }
        let mut duplicates = duplicates.into_iter().peekable();
        let mut kept = Vec::with_capacity(members.len());
        for (index, member) in members.into_iter().enumerate() {
            match duplicates.next_if(|(duplicate, _)| *duplicate == index) {
                Some((_, first)) => {
                    let message = format!(
                        "`{}` is written twice in one mapping",
                        start(&member.key, LONGEST_KEY)
                    );
                    let finding = Problem::error(DUPLICATE_KEY, member.key_at, message);
                    let finding = finding.expected("second time").help("keep one of them");
                    self.report(finding.also(first, "first time"));
                }
                None => kept.push(member),
            }
        }
        kept
    }

    /// Adds what `<<` brings: what is written in the mapping wins, then what comes first.
    pub(super) fn merged(
        &mut self,
        mut members: Vec<Member>,
        merges: Vec<(Place, Node)>,
    ) -> Vec<Member> {
        if merges.is_empty() {
            return members;
        }
        let mut known: HashSet<EcoString> =
            members.iter().map(|member| member.key.clone()).collect();
        for (index, (key_at, node)) in merges.into_iter().enumerate() {
            if index > 0 {
                let finding = Problem::error(
                    DUPLICATE_KEY,
                    key_at.clone(),
                    "`<<` is written twice in one mapping",
                );
                self.report(finding.help("merge several mappings with a list: `<<: [*a, *b]`"));
            }
            let at = node.at.clone();
            for source in match node.content {
                Content::List(items) => items,
                _ => EcoVec::from([node]),
            } {
                if let Content::Map(more) = source.content {
                    members.extend(
                        more.into_iter()
                            .filter(|member| known.insert(member.key.clone())),
                    );
                } else if !self.is_told(&at) {
                    let finding = Problem::error(MERGE, at.clone(), "`<<` merges mappings alone");
                    self.report(
                        finding
                            .expected("expected a mapping, or a list of mappings")
                            .also(key_at.clone(), "merged here"),
                    );
                }
            }
        }
        members
    }

    /// Whether the last finding is about this place: what an alias repeats may not be there.
    fn is_told(&self, at: &Place) -> bool {
        self.reading
            .findings
            .last()
            .is_some_and(|last| last.place.as_ref() == Some(at))
    }

    /// Keeps a node for the aliases that repeat it. The copy kept counts too: anchors may nest.
    pub(super) fn anchor(&mut self, anchor: usize, node: &Node) -> Result<(), Abandon> {
        if anchor == 0 {
            return Ok(());
        }
        let size = Size::of(node);
        self.spend(size, &node.at)?;
        let node = node.clone();
        self.anchors.insert(anchor, Anchored { node, size });
        Ok(())
    }

    /// Repeats an anchored node. Its places stay those of the anchor: there stands what it says.
    pub(super) fn alias(&mut self, anchor: usize, range: &Range<usize>) -> Result<(), Abandon> {
        let at = self.place(range);
        self.last_end = self.last_end.max(range.end);
        if self.awaits_key() {
            // What it repeats stands elsewhere; the mistake is here.
            let node = self.node(Content::Null(None), range, Style::Plain);
            self.refuse_key(&node);
            return Ok(());
        }
        let Some(size) = self.anchors.get(&anchor).map(|anchored| anchored.size) else {
            let message = "this alias stands inside what it repeats";
            let help = "repeat a value that is complete above";
            self.report(Problem::error(ALIAS, at, message).help(help));
            let node = self.node(Content::Null(None), range, Style::Plain);
            return self.put(node);
        };
        if self.stack.len() + size.height > MAX_DEPTH {
            self.report(too_deep(at));
            return Err(Abandon);
        }
        self.spend(size, &at)?;
        match self.anchors.get(&anchor) {
            Some(anchored) => self.put(anchored.node.clone()),
            None => Ok(()),
        }
    }

    /// Takes a copy's size from the budget.
    fn spend(&mut self, size: Size, at: &Place) -> Result<(), Abandon> {
        self.copied.nodes += size.nodes;
        self.values += size.nodes;
        self.copied.text += size.text;
        if self.copied.nodes <= MAX_COPIED_NODES && self.copied.text <= MAX_COPIED_TEXT {
            return Ok(());
        }
        let message = "the aliases of this file repeat too much";
        self.report(
            Problem::error(ALIAS_BUDGET, at.clone(), message)
                .expected("the limit is reached here")
                .help(format!(
                    "at most {MAX_COPIED_NODES} values and {} MiB of text may be repeated",
                    MAX_COPIED_TEXT >> 20
                )),
        );
        Err(Abandon)
    }
}
