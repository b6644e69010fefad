//! `rcsync plan --state`: the plan from a snapshot, without the server and without credentials.

use std::path::Path;

use super::base::Against;
use super::failure::Failure;
use super::files;
use super::known;
use super::narrow;
use super::output;
use super::plan::{context, extent, sound, version};
use super::scripts;
use super::terminal::Terminal;
use crate::cli::PlanArgs;
use crate::exit::Exit;
use crate::observed::Snapshot;
use crate::plan::{Extent, NotChecked, Plan, Questions};
use crate::report::{Attempt, Context, PlanReport};
use crate::variables::Undefined;

/// Reads the manifests and the snapshot and plans. Look-ups are answered by the snapshot, as far as it goes.
///
/// # Errors
/// How the run ends; the reason has been shown.
pub(super) fn planned(
    file: &Path,
    args: &PlanArgs,
    against: Against<'_>,
    terminal: Terminal,
) -> Result<(Plan, PlanReport), Failure> {
    let assumed = args.assume_version.as_deref().map(version).transpose()?;
    let mut loaded = sound(&args.manifests, Undefined::Unknown, terminal)?;
    let before = against.load(&args.manifests, Undefined::Unknown)?;
    let snapshot = read(file)?;
    let sandbox = snapshot.sandbox().map(str::to_owned);
    narrow::narrow(&mut loaded.desired.policy, &args.narrow, sandbox.is_some());
    let mut observed = snapshot
        .observed(&known::from_environment().and(&loaded.redactor))
        .map_err(|error| unusable(file, &error))?;
    if let Some(version) = assumed {
        observed.server.assume(version);
    }
    let known = std::mem::take(&mut observed.users);
    let rooms = std::mem::take(&mut observed.rooms);
    let told = std::mem::take(&mut observed.histories);
    let mut plan = Plan::between(&loaded.desired, &observed);
    let extent = extent(args.preflight);
    // A sandbox makes up whatever is not there.
    let asked = match &sandbox {
        Some(_) => Questions::default(),
        None => plan.questions(extent),
    };
    if extent != Extent::Nothing {
        let (disabled, _) = plan.histories();
        observed.histories = told.only(&disabled);
        observed.users = known.only(&asked.users, asked.impersonators);
        observed.rooms = rooms.only(&asked.targets);
        plan = Plan::between(&loaded.desired, &observed);
        plan.not_checked = NotChecked::of(&asked, &observed.users, &observed.rooms)
            .and(disabled, &observed.histories);
        plan.take_notes(&asked, &observed);
    }
    scripts::check_written(&plan, &loaded, args.manifests.strict, terminal)?;
    before.trace(&mut plan, &loaded.desired, &observed);
    let context = Context {
        base: before.name(),
        sandbox: sandbox.as_deref(),
        ..context(&loaded, &args.manifests)
    };
    let report = PlanReport::new(&plan, &context);
    Ok((plan, report))
}

/// Tells of a run that failed as [`super::plan::failed`] does; the server is the snapshot's, if that can be read.
pub(super) fn failed(failure: Failure, args: &PlanArgs, terminal: Terminal) -> Exit {
    let text = args.state.as_deref().map(files::read_report);
    let snapshot = text.and_then(|text| Snapshot::parse(&text.ok()?).ok());
    let attempt = Attempt {
        address: snapshot.as_ref().map(Snapshot::address),
        sandbox: snapshot.as_ref().and_then(Snapshot::sandbox).is_some(),
        paths: &args.manifests.paths,
    };
    output::failure(failure, &attempt, &args.output, terminal)
}

fn read(file: &Path) -> Result<Snapshot, Failure> {
    let text = files::read_report(file).map_err(|error| unusable(file, &error))?;
    Snapshot::parse(&text).map_err(|error| unusable(file, &error))
}

/// Shows why a snapshot cannot be used.
fn unusable(file: &Path, why: &dyn std::fmt::Display) -> Failure {
    let message = format!("the snapshot {} cannot be used: {why}", file.display());
    let hint = "take one with `rcsync snapshot PATHS --out FILE`";
    Failure::shown(Exit::Invalid, &message, Some(hint))
}
