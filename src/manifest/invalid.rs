//! What a mistake leaves sound, so that one run tells all of them: the rest of an entry is still looked at, and
//! nothing is said of what follows from a mistake that has been told.

use std::collections::BTreeSet;
use std::ops::Range;

use ecow::EcoString;

use crate::problem::{Code, Place, Problem};
use crate::schema::{Rule, Violation};
use crate::yaml::{Content, Member, Node};

/// Where a text is no sound YAML.
#[derive(Default)]
pub struct InvalidSpans {
    /// The places, by where they begin.
    places: Vec<Range<u32>>,
    /// The same, joined where they overlap.
    joined: Vec<Range<u32>>,
}

impl InvalidSpans {
    /// Of the problems of one text.
    pub fn new(problems: &[Problem]) -> Self {
        let mut invalid = Self::default();
        // Of a key that is written twice, the first is there: nothing is lost.
        let losing = |problem: &&Problem| problem.code != Code("yaml-duplicate-key");
        let places = problems.iter().filter(losing);
        let places = places.filter_map(|found| found.place.as_ref()).map(seen);
        invalid.places.extend(places);
        invalid.places.sort_by_key(|place| place.start);
        for place in &invalid.places {
            match invalid.joined.last_mut() {
                Some(last) if place.start < last.end => last.end = last.end.max(place.end),
                _ => invalid.joined.push(place.clone()),
            }
        }
        invalid
    }

    /// Whether all of it is sound.
    pub(super) fn is_nothing(&self) -> bool {
        self.places.is_empty()
    }

    fn touches(&self, place: &Place) -> bool {
        let place = seen(place);
        let next = self
            .joined
            .partition_point(|known| known.end <= place.start);
        self.joined
            .get(next)
            .is_some_and(|known| known.start < place.end)
    }

    fn touches_member(&self, member: &Member) -> bool {
        self.touches(&member.key_at) || self.touches(&member.value.at)
    }

    /// Whether something in a mapping could not be read and is none of its members: no key is surely missing then.
    fn lost_in(&self, node: &Node) -> bool {
        let Content::Map(members) = &node.content else {
            return self.touches(&node.at);
        };
        let whole = seen(&node.at);
        let first = self
            .places
            .partition_point(|place| place.start < whole.start);
        let within = |part: &Place, place: &Range<u32>| {
            let part = seen(part);
            part.start < place.end && place.start < part.end
        };
        self.places[first..]
            .iter()
            .take_while(|place| place.start < whole.end)
            .any(|place| {
                !members
                    .iter()
                    .any(|member| within(&member.key_at, place) || within(&member.value.at, place))
            })
    }

    /// Whether a finding of the schema only follows from what is invalid.
    pub(super) fn explains(&self, violation: &Violation<'_>) -> bool {
        match violation.rule {
            _ if self.joined.is_empty() => false,
            Rule::Missing { .. } => self.lost_in(violation.node),
            _ => self.touches(&violation.at),
        }
    }

    /// What is sound of the value of a key of the document, given which of them break the schema; `None` if nothing is.
    pub(super) fn sound<'n>(
        &self,
        document: &'n Node,
        key: &str,
        broken: &BTreeSet<EcoString>,
    ) -> Option<&'n Member> {
        let member = document.get(key)?;
        (!broken.contains(key) && !self.touches_member(member)).then_some(member)
    }

    /// What is sound of an entry, given which of its members break the schema: the others. `None` if
    /// it cannot be known for an entry.
    pub(super) fn sound_entry(&self, entry: Node, broken: &BTreeSet<EcoString>) -> Option<Node> {
        let Content::Map(mut members) = entry.content else {
            return None;
        };
        // Which record an entry is pinned to says whether its name is another's, too.
        let pinned = |members: &[Member]| members.iter().any(|member| member.key == "id");
        let was_pinned = pinned(&members);
        members.retain(|member| !broken.contains(&member.key) && !self.touches_member(member));
        if was_pinned && !pinned(&members) {
            members.retain(|member| member.key != "name");
        }
        Some(Node {
            content: Content::Map(members),
            ..entry
        })
    }
}

/// The bytes of a place; of an empty one, the byte behind it.
fn seen(place: &Place) -> Range<u32> {
    let Range { start, end } = place.bytes;
    start..end.max(start + 1)
}
