//! Which globals are used, and where.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::super::lexer::{Group, Shape};
use super::super::{Absent, globals};
use super::Spots;
use super::scopes::Scopes;

/// What a word does.
enum Role {
    /// Stands for the global.
    Use,
    /// Asks for it, or makes it.
    Known,
    /// Is a key, a property, a label.
    Other,
}

impl Scopes<'_> {
    /// The globals that are missed, in the order of their first use.
    pub(super) fn absent(&self, spots: &Spots) -> Vec<Absent> {
        if self
            .tokens
            .iter()
            .any(|token| token.text == "with" && token.shape == Shape::Word)
        {
            return Vec::new();
        }
        let regions = self.regions();
        let mut found: BTreeMap<&str, (&globals::Global, Vec<usize>)> = BTreeMap::new();
        let mut known = BTreeSet::new();
        for (at, token) in self.tokens.iter().enumerate() {
            if token.shape != Shape::Word || self.declaring.contains(&at) {
                continue;
            }
            let Some(global) = globals::absent(token.text) else {
                continue;
            };
            let declared = |regions: &Vec<Range<usize>>| {
                let next = regions.partition_point(|region| region.start <= at);
                let last = next.checked_sub(1).and_then(|last| regions.get(last));
                last.is_some_and(|region| at < region.end)
            };
            match self.role(at) {
                _ if regions.get(token.text).is_some_and(declared) => {}
                Role::Use => found
                    .entry(token.text)
                    .or_insert((global, Vec::new()))
                    .1
                    .push(at),
                Role::Known => {
                    known.insert(token.text);
                }
                Role::Other => {}
            }
        }
        let mut absent: Vec<_> = found
            .into_iter()
            .filter(|(name, _)| !known.contains(name))
            .filter_map(|(_, (global, uses))| {
                let first = self.tokens.get(*uses.first()?)?;
                Some(Absent {
                    name: global.name.into(),
                    instead: global.instead.into(),
                    at: spots.of(first.at),
                    uses: uses.len(),
                })
            })
            .collect();
        absent.sort_by_key(|one| one.at);
        absent
    }

    /// Where each name is declared: stretches in order that do not overlap.
    fn regions(&self) -> BTreeMap<&str, Vec<Range<usize>>> {
        let mut regions: BTreeMap<&str, Vec<Range<usize>>> = BTreeMap::new();
        for (at, region) in &self.declared {
            regions
                .entry(self.text(*at))
                .or_default()
                .push(region.clone());
        }
        for regions in regions.values_mut() {
            regions.sort_by_key(|region| region.start);
            let mut merged: Vec<Range<usize>> = Vec::new();
            for region in regions.drain(..) {
                match merged.last_mut() {
                    Some(last) if region.start <= last.end => last.end = last.end.max(region.end),
                    _ => merged.push(region),
                }
            }
            *regions = merged;
        }
        regions
    }

    /// What a word does that is declared nowhere.
    fn role(&self, at: usize) -> Role {
        let (before, next) = (self.before(at, 1), self.text(at + 1));
        if self.is_property(at) {
            let global = matches!(self.before(at, 2), "global" | "globalThis" | "this");
            return if global && next == "=" {
                Role::Known
            } else {
                Role::Other
            };
        }
        if matches!(before, "break" | "continue") || self.is_key(at, before, next) {
            return Role::Other;
        }
        // A script that asks whether it is there, or makes it, knows.
        if before == "typeof" || next == "=" {
            return Role::Known;
        }
        let within = self.tokens.get(at).and_then(|token| token.inside);
        if within.is_some_and(|open| {
            self.group(at) == Some(Group::Object) && self.text(self.pair(open) + 1) == "="
        }) {
            return Role::Known;
        }
        Role::Use
    }

    /// Whether a word is a key, a label or the name of a member.
    fn is_key(&self, at: usize, before: &str, next: &str) -> bool {
        let Some(token) = self.tokens.get(at) else {
            return false;
        };
        if next == ":" {
            return !token.ternary && before != "case";
        }
        let modifier = matches!(before, "get" | "set" | "async" | "static" | "*");
        match self.group(at) {
            Some(Group::Class) => {
                let ended = token.after_newline && self.ends_expression(at.saturating_sub(1));
                modifier || ended || matches!(before, "{" | "}" | ";")
            }
            Some(Group::Object) => next == "(" && (modifier || matches!(before, "{" | ",")),
            _ => false,
        }
    }
}
