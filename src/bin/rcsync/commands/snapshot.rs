//! `rcsync snapshot`: keep what the server has, without what may be secret, so that others can plan without it.

use super::failure::Failure;
use super::files::{self, refused};
use super::manifests;
use super::runtime;
use super::session;
use crate::cli::SnapshotArgs;
use crate::exit::Exit;
use crate::progress::Notes;
use crate::terminal::{self, Terminal};
use rcsync::engine;
use rcsync::report;
use rcsync::variables::Undefined;
use rocketchat_client::clock::Clock;

/// Takes it and writes it. The file is written last: a read that fails leaves the old one.
pub(super) fn run(args: &SnapshotArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let checked = manifests::sound(&args.manifests, Undefined::Unknown, terminal)?;
    session::check_server(&args.server, &checked.desired.policy)?;
    let taken = session::with(&args.server, false, &checked.redactor, async |session| {
        let taken_at = Clock::system().iso();
        let sandbox = session.sandbox.as_deref();
        let desired = &checked.desired;
        let taken = engine::snapshot(session.reader(), desired, sandbox, taken_at, &Notes);
        Ok(taken.await?)
    });
    let snapshot = runtime(taken)?;
    let Some(path) = &args.out else {
        terminal::json(&snapshot);
        return Ok(Exit::Done);
    };
    files::replace(path, report::json(&snapshot), false).map_err(refused(Exit::Unexpected))?;
    terminal::note(&format!("wrote {}\n", path.display()));
    Ok(Exit::Done)
}
