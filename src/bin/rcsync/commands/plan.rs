//! `rcsync plan`: show what would change, and change nothing.

use std::path::Path;

use super::approval;
use super::base::Against;
use super::failure::Failure;
use super::files;
use super::known;
use super::manifests::{self, context, sound};
use super::narrow;
use super::output;
use super::runtime;
use super::session::{self, Session};
use crate::cli::{FailOn, ManifestArgs, NarrowArgs, OutputArgs, PlanArgs, ServerArgs};
use crate::exit::Exit;
use crate::progress::{self, Notes};
use crate::terminal::{self, Terminal};
use rcsync::engine::check::Checked;
use rcsync::engine::{self, PlanOptions, Planned, Recorded, Source};
use rcsync::integration::Version;
use rcsync::integration::compat::NEWEST_KNOWN;
use rcsync::observed::Snapshot;
use rcsync::plan::{ActionKind, Asking, Cause, NO_MATCH, Preflight};
use rcsync::report::{Attempt, Context, PlanReport};
use rcsync::variables::Undefined;

/// Plans and shows the plan.
pub(super) fn run(args: &PlanArgs, terminal: Terminal) -> Exit {
    let against = match &args.base {
        Some(base) => Against::Base(base),
        // What was merged is what should be: whatever differs drifts.
        None if args.fail_on.contains(&FailOn::Drift) => Against::Itself,
        None => Against::Nothing,
    };
    let request = Request {
        manifests: &args.manifests,
        server: &args.server,
        narrow: &args.narrow,
        preflight: args.preflight,
        writing: false,
        approved: true,
        binding: args.output.keeps_plan(),
        assumed: args.server_version.as_deref(),
        against,
    };
    let made = runtime(async {
        match &args.state {
            Some(file) => from_snapshot(file, &request, terminal).await,
            None => in_session(&request, terminal, async |_, made| Ok(made)).await,
        }
    });
    match made {
        Ok(made) => {
            let exit = if made.planned.plan.is_refused() {
                Exit::Refused
            } else if fails(args, &made.planned) {
                Exit::Changes
            } else {
                Exit::Done
            };
            let shown = output::plan(&made.report, &args.output, terminal);
            shown.err().map_or(exit, |other| exit.min(other))
        }
        Err(failure) => match &args.state {
            Some(file) => failed_with(failure, file, args, terminal),
            None => failed(
                failure,
                &args.manifests,
                &args.server,
                &args.output,
                terminal,
            ),
        },
    }
}

/// Whether what was asked to fail on is there. With a base, what this change of the manifests did not bring is drift, and
/// nothing else.
fn fails(
    args: &PlanArgs,
    Planned {
        plan, annotations, ..
    }: &Planned,
) -> bool {
    let brought = |index: usize| {
        let origin = annotations.origins.get(index);
        args.base.is_none() || origin.is_none_or(|origin| origin.cause != Cause::Drift)
    };
    let mut changes = plan.changes.iter().enumerate();
    let asked = |what| args.fail_on.contains(&what);
    args.detailed_exitcode && !plan.is_empty()
        || asked(FailOn::Drift) && annotations.drifts(plan)
        || changes.any(|(index, change)| {
            let blocked = change.action.kind() == ActionKind::Blocked;
            brought(index) && (asked(FailOn::Any) || blocked && asked(FailOn::Blocked))
        })
}

/// Tells of a run that failed in the formats that were asked for, and says how it ends.
pub(super) fn failed(
    failure: Failure,
    manifests: &ManifestArgs,
    server: &ServerArgs,
    output: &OutputArgs,
    terminal: Terminal,
) -> Exit {
    let address = session::address(server);
    let attempt = attempt(address.as_deref(), manifests, server);
    output::failure(failure, &attempt, output, terminal)
}

/// The same of a plan from a snapshot; the server is the snapshot's, if that can be read.
fn failed_with(failure: Failure, file: &Path, args: &PlanArgs, terminal: Terminal) -> Exit {
    let snapshot = read(file).ok();
    let attempt = Attempt {
        address: snapshot.as_ref().map(Snapshot::address),
        sandbox: snapshot.as_ref().and_then(Snapshot::sandbox).is_some(),
        paths: &args.manifests.paths,
    };
    output::failure(failure, &attempt, &args.output, terminal)
}

/// What a failed run was about.
pub(super) fn attempt<'a>(
    address: Option<&'a str>,
    manifests: &'a ManifestArgs,
    server: &ServerArgs,
) -> Attempt<'a> {
    Attempt {
        address,
        sandbox: server.sandbox.is_some(),
        paths: &manifests.paths,
    }
}

/// What a plan is asked for.
pub(super) struct Request<'a> {
    /// Which manifests.
    pub(super) manifests: &'a ManifestArgs,
    /// Which server.
    pub(super) server: &'a ServerArgs,
    /// Which part of it.
    pub(super) narrow: &'a NarrowArgs,
    /// What is looked up for it.
    pub(super) preflight: Preflight,
    /// Whether it is made to be applied.
    pub(super) writing: bool,
    /// Whether it may be applied, or nobody wants to; else no request is sent.
    pub(super) approved: bool,
    /// Whether the plan says what it was made for.
    pub(super) binding: bool,
    /// The version that the server is taken for.
    pub(super) assumed: Option<&'a str>,
    /// What the manifests are compared with.
    pub(super) against: Against<'a>,
}

/// A plan, and what it came from.
pub(super) struct Made {
    /// The manifests.
    pub(super) checked: Checked,
    /// The plan.
    pub(super) planned: Planned,
    /// The same without its secrets.
    pub(super) report: PlanReport,
}

/// Reads the manifests, opens a session and plans, and then does something in that session. An unsound manifest sends no
/// request, nor does a plan that may not be applied.
pub(super) async fn in_session<T>(
    request: &Request<'_>,
    terminal: Terminal,
    doing: impl AsyncFnOnce(&Session, Made) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let undefined = if request.server.sandbox.is_some() {
        Undefined::MadeUp
    } else {
        Undefined::Refused
    };
    let assumed = request.assumed.map(version).transpose()?;
    let mut checked = sound(request.manifests, undefined, terminal)?;
    let sandbox = request.server.sandbox.is_some();
    narrow::narrow(&mut checked.desired.policy, request.narrow, sandbox);
    let before = request.against.load(request.manifests, undefined)?;
    if !request.approved {
        // What is missing is told first.
        session::check(request.server).await?;
        return Err(approval::missing());
    }
    session::check_server(request.server, &checked.desired.policy)?;
    let known = checked.redactor.clone();
    let planning = async |session: &Session| {
        if let Some(state) = &session.sandbox {
            terminal::note(&sandbox_notice(state, &checked.made_up));
        }
        let sandbox = session.sandbox.as_deref();
        let options = PlanOptions {
            asking: asking(request, sandbox),
            assumed,
            binding: request.binding,
            before,
            waits_for_duplicates: request.writing && !request.narrow.remove_duplicates,
        };
        let made = made(
            session.reader(),
            checked,
            &options,
            request,
            sandbox,
            terminal,
        );
        let made = progress::while_reading(session.reader(), made).await?;
        doing(session, made).await
    };
    session::with(request.server, request.writing, &known, planning).await
}

/// Plans from a snapshot, without the server and without credentials.
async fn from_snapshot(
    file: &Path,
    request: &Request<'_>,
    terminal: Terminal,
) -> Result<Made, Failure> {
    let assumed = request.assumed.map(version).transpose()?;
    let mut checked = sound(request.manifests, Undefined::Unknown, terminal)?;
    let before = request
        .against
        .load(request.manifests, Undefined::Unknown)?;
    let snapshot = read(file)?;
    let sandbox = snapshot.sandbox().map(str::to_owned);
    narrow::narrow(
        &mut checked.desired.policy,
        request.narrow,
        sandbox.is_some(),
    );
    let known = known::from_environment().and(&checked.redactor);
    let source = Recorded::new(snapshot, &known).map_err(|error| unusable(file, &error))?;
    let options = PlanOptions {
        asking: asking(request, sandbox.as_deref()),
        assumed,
        binding: false,
        before,
        waits_for_duplicates: false,
    };
    made(
        &source,
        checked,
        &options,
        request,
        sandbox.as_deref(),
        terminal,
    )
    .await
}

/// Plans, and refuses a plan that would write an unsound script.
async fn made(
    source: &dyn Source,
    checked: Checked,
    options: &PlanOptions,
    request: &Request<'_>,
    sandbox: Option<&str>,
    terminal: Terminal,
) -> Result<Made, Failure> {
    let planned = engine::plan(source, &checked.desired, options, &Notes).await?;
    let mut found = checked.scripts_written(&planned.plan);
    found.absorb(checked.strict_switches(&planned.plan, &planned.observed));
    for problem in planned.annotations.found.iter() {
        match problem.code {
            NO_MATCH if request.narrow.allow_empty => {}
            NO_MATCH => return Err(Failure::of(Exit::Invalid, problem)),
            _ => found.push(problem.clone()),
        }
    }
    manifests::refuse(&checked, &found, request.manifests.strict, terminal)?;
    let context = Context {
        base: options.before.name(),
        sandbox,
        ..context(&checked, request.manifests)
    };
    Ok(Made {
        report: PlanReport::new(&planned.plan, &planned.annotations, &context),
        checked,
        planned,
    })
}

fn asking(request: &Request<'_>, sandbox: Option<&str>) -> Asking {
    Asking {
        preflight: request.preflight,
        invents: sandbox.is_some(),
        ..Asking::default()
    }
}

fn read(file: &Path) -> Result<Snapshot, Failure> {
    let text = files::read_report(file).map_err(|error| unusable(file, &error))?;
    Snapshot::parse(&text).map_err(|error| unusable(file, &error))
}

/// Why a snapshot cannot be used.
fn unusable(file: &Path, why: &dyn std::fmt::Display) -> Failure {
    let message = format!("the snapshot {} cannot be used: {why}", file.display());
    let help = "create one with `rcsync snapshot PATHS --out FILE`";
    Failure::new(Exit::Invalid, &message, Some(help))
}

/// A version from the command line.
fn version(text: &str) -> Result<Version, Failure> {
    let version = Version::parse(text).ok_or_else(|| {
        let message = format!("{text:?} is not a version");
        Failure::new(Exit::Invalid, &message, Some("write it as `8.6`"))
    })?;
    if version > NEWEST_KNOWN {
        terminal::note(&format!(
            "warning: --server-version {version} is newer than {NEWEST_KNOWN}, the newest version this rcsync knows: \
             planning as {NEWEST_KNOWN}\n"
        ));
    }
    Ok(version)
}

/// What a reader has to know who sees a sandbox's plan.
fn sandbox_notice(state: &str, made_up: &[String]) -> String {
    let secrets = match made_up {
        [] => String::new(),
        [name] => format!("note: a value was made up for the secret `{name}`\n"),
        names => format!(
            "note: values were made up for the secrets `{}`\n",
            names.join("`, `")
        ),
    };
    format!(
        "note: this is the built-in sandbox ({state}), not a server: rooms and users are not checked\n{secrets}"
    )
}
