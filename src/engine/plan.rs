//! The steps of a plan: read in one wave, compare, ask what that raises in another, and compare again with the answers.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::{Event, Events, Source};
use crate::client::ServerError;
use crate::desired::DesiredState;
use crate::integration::Version;
use crate::observed::{Answers, History, ObservedState, Questions};
use crate::plan::{self, Annotations, Asking, Binding, NotChecked, Origin, Plan};
use crate::problem::{Findings, Severity};

/// How long runs may still remove the duplicates that they created (`apply::duplicate_check`): this run waits no longer.
const YOUNG: Duration = Duration::from_secs(20);

/// The pause before the records are listed again.
const BETWEEN_LOOKS: Duration = Duration::from_secs(3);

/// How to plan.
#[derive(Debug)]
pub struct PlanOptions {
    /// What is looked up before anything would be written.
    pub asking: Asking,
    /// The version that the server is taken for.
    pub assumed: Option<Version>,
    /// Whether the plan says what it was made for, so that it may be applied later.
    pub binding: bool,
    /// What the manifests asked for before, to tell a change of theirs from drift.
    pub before: Before,
    /// Whether duplicates that are seconds old are waited for: runs beside this one are about to remove all but one.
    pub waits_for_duplicates: bool,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self {
            asking: Asking::default(),
            assumed: None,
            binding: false,
            before: Before::Unknown,
            waits_for_duplicates: false,
        }
    }
}

/// What the manifests asked for before.
#[derive(Debug)]
pub enum Before {
    /// Nobody asks, or nobody can tell.
    Unknown,
    /// This, in the base of that name.
    Base(String, Box<DesiredState>),
    /// The same as now: whatever differs drifted.
    Same,
}

impl Before {
    /// What the base is called, if there is one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Base(name, _) => Some(name),
            Self::Unknown | Self::Same => None,
        }
    }

    /// What each change comes from, as far as that is known.
    fn origins(&self, plan: &Plan, head: &DesiredState, observed: &ObservedState) -> Vec<Origin> {
        match self {
            Self::Unknown => Vec::new(),
            Self::Base(_, base) => plan::origins(plan, head, base, observed),
            Self::Same => plan::origins_in_drift(plan, observed),
        }
    }
}

/// A plan, with what it was made from.
#[derive(Debug)]
pub struct Planned {
    /// What would change.
    pub plan: Plan,
    /// What is told in addition.
    pub annotations: Annotations,
    /// What the server has.
    pub observed: ObservedState,
    /// When reading it began.
    pub read_at: Instant,
}

/// Plans, and writes nothing.
///
/// # Errors
/// When the server, or what stands for it, cannot be read.
pub async fn plan(
    source: &dyn Source,
    desired: &DesiredState,
    options: &PlanOptions,
    events: &dyn Events,
) -> Result<Planned, ServerError> {
    let start = Instant::now();
    let (mut read_at, mut observed) = (start, source.observe().await?);
    while options.waits_for_duplicates
        && start.elapsed() < YOUNG
        && plan::has_recent_duplicates(desired, &observed, Timestamp::now(), YOUNG)
    {
        events.event(&Event::RecentDuplicates);
        sleep(BETWEEN_LOOKS).await;
        (read_at, observed) = (Instant::now(), source.observe().await?);
    }
    if let Some(version) = options.assumed {
        observed.server.assume(version);
    }
    let (plan, asked) = ask(source, desired, options.asking, &mut observed, events).await?;
    // What is planned for another version is never applied.
    let binds = options.binding && options.assumed.is_none();
    let preflight = options.asking.preflight;
    let (mut notes, mut found) = (plan.notes(&asked, &observed), Findings::default());
    let told = plan.names(desired, &observed).into_iter();
    for problem in told.chain(plan.gone(desired)) {
        match problem.severity {
            Severity::Note => notes.push(problem),
            Severity::Warning | Severity::Error => found.push(problem),
        }
    }
    let annotations = Annotations {
        notes,
        found,
        not_checked: plan
            .taken_at
            .as_ref()
            .map_or_else(NotChecked::default, |_| NotChecked::of(&asked, &observed)),
        origins: options.before.origins(&plan, desired, &observed),
        binding: binds.then(|| Binding::of(&plan, desired, &observed, preflight)),
    };
    Ok(Planned {
        plan,
        annotations,
        observed,
        read_at,
    })
}

/// Compares, asks what that raises in one wave, and compares again with the answers, until nothing is left to ask. Also what
/// was asked.
pub(super) async fn ask(
    source: &dyn Source,
    desired: &DesiredState,
    asking: Asking,
    observed: &mut ObservedState,
    events: &dyn Events,
) -> Result<(Plan, Questions), ServerError> {
    let mut asked = Questions::default();
    loop {
        let plan = Plan::between(desired, observed);
        let questions = plan.questions(asking).without(&asked);
        if questions.is_empty() {
            return Ok((plan, asked));
        }
        let answers = source.answer(&observed.server, &questions).await?;
        tell(&answers, &questions, events);
        observed.learn(answers);
        asked = asked.and(&questions);
    }
}

/// Tells what the server would not answer.
fn tell(answers: &Answers, questions: &Questions, events: &dyn Events) {
    if let Some(why) = &answers.no_permissions {
        events.event(&Event::NoPermissions(why));
    }
    for (id, history) in &answers.histories.found {
        if let History::Unknown(why) = history {
            events.event(&Event::NoHistory(id, why));
        }
    }
    if questions.more_histories > 0 {
        events.event(&Event::MoreHistories(questions.more_histories));
    }
}
