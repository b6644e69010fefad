//! `rcsync snapshot`: keep what the server has, without what may be secret, so that others can plan without it.

use super::files::{self, refused};
use super::plan::{histories, look_up, sound};
use super::runtime;
use super::session;
use super::terminal::{self, Terminal};
use crate::cli::SnapshotArgs;
use crate::clock::Clock;
use crate::exit::Exit;
use crate::observed::{Held, Snapshot};
use crate::plan::{Extent, Plan};
use crate::report;
use crate::variables::Undefined;

/// Takes it and writes it.
pub(super) fn run(args: &SnapshotArgs, terminal: Terminal) -> Exit {
    runtime(async { taken(args, terminal).await.err().unwrap_or(Exit::Done) })
}

/// The file is written last: a read that fails leaves the old one.
async fn taken(args: &SnapshotArgs, terminal: Terminal) -> Result<(), Exit> {
    let loaded = sound(&args.manifests, Undefined::Unknown, terminal)?;
    let desired = &loaded.desired;
    let session = session::open(&args.server, false, &loaded.redactor).await?;
    let clock = Clock::system();
    let observed = session.reader.observe().await;
    let mut observed = observed.map_err(|error| session::failed(&error))?;
    let plan = Plan::between(desired, &observed);
    observed.histories = histories(&session.reader, &plan).await?;
    // A sandbox makes up whatever is not there.
    if session.sandbox.is_none() {
        let mut asked = plan.questions(Extent::All);
        // Whoever plans from it may ask for what is not there yet.
        asked.view = true;
        look_up(&session.reader, &asked, Extent::All, &mut observed).await?;
    }
    let named = Plan::named(desired, &observed);
    let fields = desired.entries.iter().map(|entry| &entry.fields);
    let held = Held::new(named, fields, &observed.redactor);
    let snapshot = Snapshot::of(&observed, &held, session.sandbox.as_deref(), clock.iso());
    let Some(path) = &args.out else {
        terminal::json(&snapshot);
        return Ok(());
    };
    files::replace(path, report::json(&snapshot), false).map_err(refused(Exit::Unexpected))?;
    terminal::note(&format!("wrote {}\n", path.display()));
    Ok(())
}
