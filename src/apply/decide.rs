//! What a run does about one of its creates, in the light of a listing. The rule and its proof are in `duplicate_check`.

use tokio::time::Instant;

use super::Outcome;
use super::creates::{Creates, TAKE_BACK_WITHIN};
use super::duplicate_check::MOST_LOOKS;
use super::duplicates::eldest;
use crate::integration::Fields;
use crate::observed::{Record, ServerId};
use crate::plan::duplicates::{are_comparable, named};

/// How often a run creates a record again that is gone with all others.
const MOST_AGAIN: usize = 3;

/// A create that may have made a record.
pub(super) struct Made<'p> {
    pub(super) index: usize,
    pub(super) asked: &'p Fields,
    /// The record, as far as is known.
    pub(super) own: Option<ServerId>,
    /// When the next listing is of use to it.
    pub(super) due: Instant,
    /// Whether the record was taken back, or may have been.
    pub(super) taken_back: bool,
    /// Whether the last listing did not show the record.
    pub(super) gone: bool,
    /// Whether it has removed those of other runs: its own stays from then on.
    committed: bool,
    /// How many listings showed several.
    contested: usize,
    /// How many listings showed one of another run that was too new to be reported.
    waits: usize,
    /// How many listings did not show the own record.
    missing: usize,
    /// How often it was created again.
    again: usize,
}

/// What a listing shows of it.
pub(super) struct Found<'r> {
    /// Every new record of its type and name.
    pub(super) namesakes: Vec<&'r Record>,
    /// Those that are equal to what was made, or to what was asked for.
    pub(super) equal: Vec<&'r Record>,
    /// Those of the equal ones that this account made.
    pub(super) removable: Vec<&'r Record>,
}

/// What is to be done.
pub(super) enum Step<'r> {
    /// Nothing more; the outcome is another, if there is one here.
    Done(Option<Outcome>),
    /// Listing once more, a check delay later.
    Wait,
    /// Listing once more at that moment.
    Until(Instant),
    /// Removing the run's own record in favour of another; then listing once more at that moment at the earliest.
    TakeBack(&'r Record, Instant),
    /// Removing the records of other runs.
    Remove(Vec<&'r Record>),
    /// Creating it again: nothing is there.
    Again,
}

impl<'p> Made<'p> {
    pub(super) fn new(index: usize, asked: &'p Fields, own: Option<ServerId>) -> Self {
        Self {
            index,
            asked,
            own,
            due: Instant::now(),
            taken_back: false,
            gone: false,
            committed: false,
            contested: 0,
            waits: 0,
            missing: 0,
            again: 0,
        }
    }

    /// It was created again, and so much is known of the record.
    pub(super) fn made_again(&mut self, own: Option<ServerId>) {
        *self = Self {
            again: self.again,
            ..Self::new(self.index, self.asked, own)
        };
    }

    /// What is to be done about it after a listing whose reading began at that moment. `before` is its outcome so far.
    pub(super) fn step<'r>(
        &mut self,
        found: &Found<'r>,
        creates: &Creates,
        began: Instant,
        before: &Outcome,
    ) -> Step<'r> {
        let is_own = |it: &&Record| Some(&it.id) == self.own.as_ref();
        self.gone = !found.namesakes.iter().any(is_own);
        if matches!(before, Outcome::NotApplied { .. }) {
            // A failure already, and a more telling one.
            return Step::Done(None);
        }
        match (&*found.equal, &*found.namesakes) {
            ([], []) if self.taken_back && self.again < MOST_AGAIN => {
                self.again += 1;
                Step::Again
            }
            // A listing may come from a copy of the database that does not show yet what was just made.
            ([], []) if self.is_answered(creates) && self.missing + 1 < MOST_LOOKS => {
                self.missing += 1;
                Step::Wait
            }
            ([only], [_]) => self.alone(only, creates, began),
            ([_, _, ..], _) => self.contested(found, creates),
            _ => Step::Done(self.outcome(found, before)),
        }
    }

    /// Whether the server answered the create, and the record was left alone since.
    fn is_answered(&self, creates: &Creates) -> bool {
        let answered = self.own.as_ref().and_then(|id| creates.own(id));
        answered.is_some() && !self.taken_back
    }

    /// One record is there.
    fn alone<'r>(&mut self, only: &Record, creates: &Creates, began: Instant) -> Step<'r> {
        let is_own = self.own.as_ref() == Some(&only.id);
        if is_own && !self.taken_back && creates.own(&only.id).is_some() {
            let settled = creates.check_due();
            return if settled <= began {
                Step::Done(None)
            } else {
                Step::Until(settled)
            };
        }
        let reportable = creates.reportable_at(&only.id);
        if reportable <= began {
            return Step::Done(Some(Outcome::Adopted(only.id.clone())));
        }
        self.waits += 1;
        if self.waits > MOST_LOOKS {
            return Step::Done(Some(unchecked()));
        }
        Step::Until(reportable)
    }

    /// Several are there, any of which will do.
    fn contested<'r>(&mut self, found: &Found<'r>, creates: &Creates) -> Step<'r> {
        self.contested += 1;
        if self.contested == MOST_LOOKS {
            return Step::Done(Some(doubled(found)));
        }
        let own = found.equal.iter().copied();
        let mut own = own.filter(|it| Some(&it.id) == self.own.as_ref() && !self.taken_back);
        let (Some(record), Some(own)) =
            (own.next(), self.own.as_ref().and_then(|id| creates.own(id)))
        else {
            return Step::Wait;
        };
        let stays = eldest(&found.equal).is_some_and(|it| it.id == record.id);
        let others = || {
            found
                .removable
                .iter()
                .copied()
                .filter(|it| it.id != record.id)
        };
        if self.committed {
            return Step::Remove(others().collect());
        }
        if stays && self.contested == 1 {
            // The others take theirs back.
            return Step::Wait;
        }
        if stays && own.prompt && are_comparable(&found.equal) {
            self.committed = others().next().is_some();
            return Step::Remove(others().collect());
        }
        if own.sent.elapsed() < TAKE_BACK_WITHIN {
            let rest = found.equal.iter().copied();
            let rest: Vec<_> = rest.filter(|it| it.id != record.id).collect();
            let reportable = eldest(&rest).map(|it| creates.reportable_at(&it.id));
            return Step::TakeBack(record, reportable.unwrap_or_else(Instant::now));
        }
        Step::Wait
    }

    /// What became of the create where there is not one record that will do.
    fn outcome(&self, found: &Found<'_>, before: &Outcome) -> Option<Outcome> {
        let own = self.own.as_ref();
        match (before, &*found.namesakes) {
            // The outcome says so already.
            (Outcome::Unknown(_), [] | [_]) | (Outcome::Stale { .. }, [_]) => None,
            (_, []) if self.taken_back => Some(stale(
                own?,
                "nothing exists: runs at the same time removed each other's records",
            )),
            (_, []) => Some(stale(own?, "it was created, and no longer exists")),
            (_, [only]) if own == Some(&only.id) => {
                Some(stale(own?, "it was changed after it was created"))
            }
            _ => Some(doubled(found)),
        }
    }
}

/// There are several, and this run may remove none of them.
fn doubled(found: &Found<'_>) -> Outcome {
    Outcome::Doubled {
        records: found.namesakes.iter().map(|it| named(it)).collect(),
    }
}

/// The run's own record is gone, and it is not known which of another run stays.
pub(super) fn unchecked() -> Outcome {
    let why = "another run created the same, and which record stays is not known";
    Outcome::Unknown(why.to_owned())
}

/// The run's own record was made, and the listings so far do not show it.
pub(super) fn not_shown() -> Outcome {
    Outcome::Unknown("it was created, and the list does not show it yet".to_owned())
}

fn stale(id: &ServerId, why: &str) -> Outcome {
    Outcome::Stale {
        id: id.clone(),
        why: why.to_owned(),
    }
}
