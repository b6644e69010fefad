//! `rcsync plan --state`: the plan from a snapshot, without the server and without credentials.

use std::fs;
use std::path::Path;

use super::plan::{extent, report_of, sound, version};
use super::scripts;
use super::terminal::{self, Terminal};
use crate::cli::PlanArgs;
use crate::exit::Exit;
use crate::observed::Snapshot;
use crate::plan::{NotChecked, Plan};
use crate::report::PlanReport;
use crate::variables::Undefined;

/// Reads the manifests and the snapshot and plans. Look-ups are answered by the snapshot, as far as it goes.
///
/// # Errors
/// How the run ends; the reason has been shown.
pub(super) fn planned(
    file: &Path,
    args: &PlanArgs,
    terminal: Terminal,
) -> Result<(Plan, PlanReport), Exit> {
    let assumed = args.assume_version.as_deref().map(version).transpose()?;
    let loaded = sound(&args.manifests, Undefined::Unknown, terminal)?;
    let snapshot = read(file)?;
    let sandbox = snapshot.sandbox().map(str::to_owned);
    let mut observed = snapshot
        .observed()
        .map_err(|error| unusable(file, &error))?;
    if let Some(version) = assumed {
        observed.server.assume(version);
    }
    let known = std::mem::take(&mut observed.users);
    let mut plan = Plan::between(&loaded.desired, &observed);
    // A sandbox makes up whatever is not there.
    if let Some(extent) = extent(args.preflight).filter(|_| sandbox.is_none()) {
        let asked = plan.questions(extent);
        observed.users = known.only(&asked.users, asked.impersonators);
        plan = Plan::between(&loaded.desired, &observed);
        plan.not_checked = NotChecked::of(&asked, &observed.users);
    }
    scripts::check_written(&plan, &loaded, args.manifests.strict, terminal)?;
    let report = report_of(&plan, &loaded, &args.manifests, sandbox.as_deref());
    Ok((plan, report))
}

fn read(file: &Path) -> Result<Snapshot, Exit> {
    let text = fs::read_to_string(file).map_err(|error| unusable(file, &error))?;
    Snapshot::parse(&text).map_err(|error| unusable(file, &error))
}

/// Shows why a snapshot cannot be used.
fn unusable(file: &Path, why: &dyn std::fmt::Display) -> Exit {
    terminal::error(
        &format!("the snapshot {} cannot be used: {why}", file.display()),
        Some("take one with `rcsync snapshot PATHS --out FILE`"),
    );
    Exit::Invalid
}
