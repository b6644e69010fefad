//! Findings within bounds: a file may be wrong in a million places, and nobody reads a million findings.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashSet};
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use super::{Place, Problem, Severity, SourceId};

/// How many findings of one text are kept.
pub(super) const MAX_KEPT: usize = 100;

/// How many are kept over all texts: a run may read very many.
const MAX_KEPT_IN_ALL: usize = 10_000;

/// What was found, each finding once: of every text the first `MAX_KEPT`, errors rather than warnings, and how many
/// more there are. Reads as a slice of those that are kept.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    kept: Vec<Problem>,
    /// How many of those kept are warnings.
    warnings: usize,
    tallies: BTreeMap<Option<SourceId>, Tally>,
    /// Whether all are kept.
    unbounded: bool,
}

/// How many findings there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// How many errors.
    pub errors: usize,
    /// How many warnings.
    pub warnings: usize,
}

/// What is known of the findings of one text.
#[derive(Clone, Debug, Default)]
struct Tally {
    kept: Counts,
    more: Counts,
    /// The digests of all that was found, so that each counts once: what an alias repeats is found at one place again
    /// and again.
    seen: HashSet<u64>,
}

impl Counts {
    /// All of them.
    pub fn total(self) -> usize {
        self.errors + self.warnings
    }

    fn of(&mut self, severity: Severity) -> &mut usize {
        match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning | Severity::Note => &mut self.warnings,
        }
    }

    fn plus(self, more: Self) -> Self {
        Self {
            errors: self.errors + more.errors,
            warnings: self.warnings + more.warnings,
        }
    }
}

impl Findings {
    /// Keeps all there are: for a text that this program wrote.
    pub fn unbounded() -> Self {
        Self {
            unbounded: true,
            ..Self::default()
        }
    }

    /// Takes in a finding. Where there is no room an error takes the place of the last warning.
    pub fn push(&mut self, found: Problem) {
        let digest = digest(&(found.code, found.severity, &found.place, &found.message));
        if self.is_new(found.source(), digest) {
            self.put(found);
        }
    }

    /// Takes in an error, which is put into words only if there is room for it. `what` tells it from others at the same
    /// place.
    pub fn error_at(&mut self, at: &Place, what: impl Hash, words: impl FnOnce() -> Problem) {
        if !self.is_new(Some(at.source), digest(&(at, what))) {
            return;
        }
        if self.has_room(at.source) {
            self.put(words());
        } else {
            self.tallies.entry(Some(at.source)).or_default().more.errors += 1;
        }
    }

    fn is_new(&mut self, source: Option<SourceId>, digest: u64) -> bool {
        self.tallies.entry(source).or_default().seen.insert(digest)
    }

    fn put(&mut self, found: Problem) {
        let source = found.source();
        let tally = self.tallies.entry(source).or_default();
        let full = tally.kept.total() >= MAX_KEPT;
        if self.unbounded || !(full || self.kept.len() >= MAX_KEPT_IN_ALL) {
            return self.keep(found);
        }
        let warnings = if full {
            tally.kept.warnings
        } else {
            self.warnings
        };
        if found.severity == Severity::Warning || warnings == 0 {
            *tally.more.of(found.severity) += 1;
            return;
        }
        let is_less = |kept: &Problem| {
            kept.severity == Severity::Warning && !(full && kept.source() != source)
        };
        if let Some(at) = self.kept.iter().rposition(is_less) {
            let less = self.kept.remove(at);
            self.warnings -= 1;
            let tally = self.tallies.entry(less.source()).or_default();
            tally.kept.warnings -= 1;
            tally.more.warnings += 1;
        }
        self.keep(found);
    }

    fn keep(&mut self, found: Problem) {
        let tally = self.tallies.entry(found.source()).or_default();
        *tally.kept.of(found.severity) += 1;
        self.warnings += usize::from(found.severity == Severity::Warning);
        self.kept.push(found);
    }

    /// Whether an error about this text would be kept: no words need to be found for one that is only counted.
    pub fn has_room(&self, source: SourceId) -> bool {
        let errors = |tally: &Tally| tally.kept.errors;
        self.unbounded || self.tallies.get(&Some(source)).map_or(0, errors) < MAX_KEPT
    }

    /// Takes in what another stage found.
    pub fn absorb(&mut self, other: Self) {
        self.extend(other.kept);
        for (source, tally) in other.tallies {
            let mine = self.tallies.entry(source).or_default();
            mine.more = mine.more.plus(tally.more);
        }
    }

    /// How many there are, those that are not kept among them.
    pub fn counts(&self) -> Counts {
        let all = self.tallies.values();
        all.fold(Counts::default(), |sum, tally| {
            sum.plus(tally.kept).plus(tally.more)
        })
    }

    /// In how many texts there are any.
    pub fn texts(&self) -> usize {
        self.tallies.len()
    }

    /// The texts that have more than is kept, and how many more.
    pub fn more(&self) -> impl Iterator<Item = (SourceId, Counts)> {
        let more = self
            .tallies
            .iter()
            .filter_map(|(source, tally)| Some(((*source)?, tally.more)));
        more.filter(|(_, more)| more.total() > 0)
    }
}

/// What tells a finding from others.
fn digest(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

impl Deref for Findings {
    type Target = [Problem];

    fn deref(&self) -> &[Problem] {
        &self.kept
    }
}

impl Extend<Problem> for Findings {
    fn extend<I: IntoIterator<Item = Problem>>(&mut self, found: I) {
        found.into_iter().for_each(|one| self.push(one));
    }
}

impl FromIterator<Problem> for Findings {
    fn from_iter<I: IntoIterator<Item = Problem>>(found: I) -> Self {
        let mut findings = Self::default();
        findings.extend(found);
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Code, Place, Texts};
    use super::*;

    fn error(source: SourceId, at: usize) -> Problem {
        Problem::error(Code("e"), Place::new(source, at..at + 1), "wrong")
    }

    fn warning(source: SourceId, at: usize) -> Problem {
        Problem::warning(Code("w"), Place::new(source, at..at + 1), "slip")
    }

    fn sources(count: usize) -> Vec<SourceId> {
        let mut texts = Texts::default();
        (0..count).map(|_| texts.add("a.yaml", "")).collect()
    }

    #[test]
    fn a_text_keeps_a_hundred_and_counts_the_rest() {
        let [one, other] = sources(2)[..] else {
            unreachable!()
        };
        let mut found: Findings = (0..12_345).map(|at| error(one, at)).collect();
        found.push(warning(other, 0));
        assert_eq!(found.len(), MAX_KEPT + 1);
        let all = Counts {
            errors: 12_345,
            warnings: 1,
        };
        assert_eq!((found.counts(), found.texts()), (all, 2));
        let more = Counts {
            errors: 12_245,
            warnings: 0,
        };
        assert_eq!(found.more().collect::<Vec<_>>(), [(one, more)]);
        assert!(!found.has_room(one) && found.has_room(other));
    }

    #[test]
    fn an_error_takes_the_place_of_a_warning() {
        let one = sources(1)[0];
        let mut found: Findings = (0..150).map(|at| warning(one, at)).collect();
        found.extend((0..3).map(|at| error(one, at)));
        let errors = found.iter().filter(|it| it.severity == Severity::Error);
        assert_eq!((errors.count(), found.len()), (3, MAX_KEPT));
        // Those that stay are the first.
        let kept = found
            .iter()
            .filter(|it| it.severity == Severity::Warning)
            .map(|it| it.place.as_ref().unwrap().bytes.start);
        assert!(kept.eq(0..97));
        let all = Counts {
            errors: 3,
            warnings: 150,
        };
        assert_eq!(found.counts(), all);
        assert!(found.has_room(one));
    }

    #[test]
    fn all_texts_together_are_bounded_and_errors_still_come_first() {
        let all = sources(MAX_KEPT_IN_ALL / 10 + 1);
        let mut found = Findings::default();
        for source in &all {
            found.extend((0..10).map(|at| warning(*source, at)));
        }
        assert_eq!(found.len(), MAX_KEPT_IN_ALL);
        let last = *all.last().unwrap();
        found.push(error(last, 0));
        assert_eq!(found.len(), MAX_KEPT_IN_ALL);
        assert_eq!(found.last().unwrap().severity, Severity::Error);
        assert_eq!(found.counts().total(), MAX_KEPT_IN_ALL + 11);
        assert_eq!(found.texts(), all.len());
    }

    #[test]
    fn what_is_found_again_counts_once() {
        let one = sources(1)[0];
        let mut found = Findings::default();
        for _ in 0..3 {
            found.extend((0..200).map(|at| error(one, at)));
        }
        assert_eq!(found.counts().errors, 200);
        let mut first: Findings = (0..150).map(|at| warning(one, at)).collect();
        first.absorb(found);
        let all = Counts {
            errors: 200,
            warnings: 150,
        };
        assert_eq!((first.counts(), first.len()), (all, MAX_KEPT));
        assert!(first.iter().all(|it| it.severity == Severity::Error));
    }
}
