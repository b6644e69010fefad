//! `rcsync plan`: show what would change, and change nothing.

use super::approval;
use super::base::Against;
use super::failure::Failure;
use super::load::{self, Loaded};
use super::narrow;
use super::output;
use super::progress;
use super::runtime;
use super::scripts;
use super::session::{self, Session};
use super::state;
use super::terminal::{self, Terminal};
use tokio::time::Instant;

use crate::cli::{FailOn, ManifestArgs, NarrowArgs, OutputArgs, PlanArgs, Preflight, ServerArgs};
use crate::exit::Exit;
use crate::integration::Version;
use crate::observed::{Histories, History, ObservedState, Rights, View};
use crate::plan::{Binding, Extent, MOST_LOOK_UPS, Plan, Questions};
use crate::report::{Attempt, Context, PlanReport};
use crate::server::Reader;
use crate::variables::Undefined;

/// Plans and shows the plan.
pub(super) fn run(args: &PlanArgs, terminal: Terminal) -> Exit {
    let against = match &args.base {
        Some(base) => Against::Base(base),
        // What was merged is what should be: whatever differs drifts.
        None if args.fail_on == Some(FailOn::Drift) => Against::Itself,
        None => Against::Nothing,
    };
    runtime(async {
        let planned = match &args.state {
            Some(file) => state::planned(file, args, against, terminal),
            None => online(args, against, terminal).await,
        };
        match planned {
            Ok((plan, report)) => {
                let exit = if plan.is_refused() {
                    Exit::Refused
                } else if fails(args, &plan) {
                    Exit::Changes
                } else {
                    Exit::Done
                };
                let shown = output::plan(&report, &args.output, terminal);
                shown.err().map_or(exit, |other| exit.min(other))
            }
            Err(failure) if args.state.is_some() => state::failed(failure, args, terminal),
            Err(failure) => failed(
                failure,
                &args.manifests,
                &args.server,
                &args.output,
                terminal,
            ),
        }
    })
}

async fn online(
    args: &PlanArgs,
    against: Against<'_>,
    terminal: Terminal,
) -> Result<(Plan, PlanReport), Failure> {
    let request = Request {
        manifests: &args.manifests,
        server: &args.server,
        narrow: &args.narrow,
        preflight: args.preflight,
        writing: false,
        approved: true,
        binding: args.output.keeps_plan(),
        assumed: args.assume_version.as_deref(),
        against,
    };
    let planned = planned(&request, terminal);
    let Planned {
        loaded,
        observed,
        plan,
        report,
        ..
    } = planned.await?;
    // The run ends soon and takes its memory along; to give a million pieces back before is a tenth of a large run.
    std::mem::forget((loaded, observed));
    Ok((plan, report))
}

fn fails(args: &PlanArgs, plan: &Plan) -> bool {
    let any = args.detailed_exitcode || args.fail_on == Some(FailOn::Any);
    any && !plan.is_empty() || args.fail_on == Some(FailOn::Drift) && plan.drifts()
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

/// A plan, with all that it came from.
pub(super) struct Planned {
    /// What was read.
    pub(super) loaded: Loaded,
    /// The server.
    pub(super) session: Session,
    /// What the server has.
    pub(super) observed: ObservedState,
    /// When reading it began.
    pub(super) read_at: Instant,
    /// What would change.
    pub(super) plan: Plan,
    /// The same without its secrets.
    pub(super) report: PlanReport,
}

/// Reads the manifests and the server and plans. An unsound manifest sends no request, nor does a plan that may not be
/// applied.
///
/// # Errors
/// How the run ends; the reason has been shown.
pub(super) async fn planned(request: &Request<'_>, terminal: Terminal) -> Result<Planned, Failure> {
    let (manifests, server) = (request.manifests, request.server);
    let assumed = request.assumed.map(version).transpose()?;
    let undefined = if server.sandbox.is_some() {
        Undefined::MadeUp
    } else {
        Undefined::Refused
    };
    let mut loaded = sound(manifests, undefined, terminal)?;
    narrow::narrow(
        &mut loaded.desired.policy,
        request.narrow,
        server.sandbox.is_some(),
    );
    let before = request.against.load(manifests, undefined)?;
    if !request.approved {
        // What is missing is told first.
        session::check(server).await?;
        return Err(approval::missing());
    }
    let session = session::open(server, request.writing, &loaded.redactor).await?;
    if let Some(state) = &session.sandbox {
        terminal::note(&sandbox_notice(state, &loaded.made_up));
    }
    let read_at = Instant::now();
    let reading = progress::while_reading(&session.reader, session.reader.observe());
    let mut observed = reading.await.map_err(|error| session::failed(&error))?;
    if let Some(version) = assumed {
        observed.server.assume(version);
    }
    let mut plan = Plan::between(&loaded.desired, &observed);
    let extent = extent(request.preflight);
    // A sandbox makes up whatever is not there.
    let asked = match &session.sandbox {
        Some(_) => Questions::default(),
        None => plan.questions(extent),
    };
    // What is told after the plan was made may change it.
    if !asked.is_empty() {
        look_up(&session.reader, &asked, extent, &mut observed).await?;
        plan = Plan::between(&loaded.desired, &observed);
    }
    if extent != Extent::Nothing {
        observed.histories = histories(&session.reader, &plan).await?;
        if !observed.histories.found.is_empty() {
            plan = Plan::between(&loaded.desired, &observed);
        }
    }
    plan.take_notes(&asked, &observed);
    scripts::check_written(&plan, &loaded, manifests.strict, terminal)?;
    before.trace(&mut plan, &loaded.desired, &observed);
    // What is planned for another version is never applied.
    plan.binding = (request.binding && assumed.is_none())
        .then(|| Binding::of(&plan, &loaded.desired, &observed, extent));
    let context = Context {
        base: before.name(),
        sandbox: session.sandbox.as_deref(),
        ..context(&loaded, manifests)
    };
    let report = PlanReport::new(&plan, &context);
    Ok(Planned {
        loaded,
        session,
        observed,
        read_at,
        plan,
        report,
    })
}

/// Reads the manifests, shows what was found, and goes on only if they are sound.
///
/// # Errors
/// How the run ends; the reason has been shown.
pub(super) fn sound(
    manifests: &ManifestArgs,
    undefined: Undefined,
    terminal: Terminal,
) -> Result<Loaded, Failure> {
    let loaded = load::load(manifests, undefined)?;
    loaded.show_findings(terminal);
    if loaded.is_refused(manifests.strict) {
        return Err(loaded.refusal(&loaded.findings));
    }
    Ok(loaded)
}

/// What a report says of the manifests.
pub(super) fn context<'a>(loaded: &'a Loaded, manifests: &'a ManifestArgs) -> Context<'a> {
    Context {
        texts: &loaded.sources.texts,
        paths: &manifests.paths,
        files: loaded.sources.manifests.len(),
        integrations: loaded.integrations(),
        base: None,
        sandbox: None,
    }
}

/// A version from the command line.
pub(super) fn version(text: &str) -> Result<Version, Failure> {
    Version::parse(text).ok_or_else(|| {
        let message = format!("{text:?} is no version");
        Failure::shown(Exit::Invalid, &message, Some("write it as `8.6`"))
    })
}

pub(super) fn extent(preflight: Preflight) -> Extent {
    match preflight {
        Preflight::Off => Extent::Nothing,
        Preflight::Auto => Extent::Writes,
        Preflight::Full => Extent::All,
    }
}

/// Asks who the users are, what this account may see, and whether what is posted to is there.
pub(super) async fn look_up(
    reader: &Reader,
    questions: &Questions,
    extent: Extent,
    observed: &mut ObservedState,
) -> Result<(), Failure> {
    let most = match extent {
        Extent::All => usize::MAX,
        Extent::Writes | Extent::Nothing => MOST_LOOK_UPS,
    };
    let users = progress::while_reading(reader, reader.users(&questions.users, most)).await;
    observed.users = users.map_err(|error| session::failed(&error))?;
    if !questions.permissions() {
        return Ok(());
    }
    let mut rights = Rights::default();
    match progress::while_reading(reader, reader.permissions()).await {
        Ok(permissions) => {
            rights = Rights::of(observed.server.roles.as_ref(), &permissions);
            observed.learn(&permissions);
        }
        Err(error) if error.refuses_all() => return Err(session::failed(&error)),
        // The server checks it again; what is not seen counts as not seen.
        Err(error) => {
            observed.view = View::UNKNOWN;
            terminal::note(&format!("note: permissions are not known: {error}\n"));
        }
    }
    let left = most.saturating_sub(observed.users.found.len());
    let rooms = reader.rooms(&questions.targets, rights, left);
    let rooms = progress::while_reading(reader, rooms).await;
    observed.rooms = rooms.map_err(|error| session::failed(&error))?;
    Ok(())
}

/// Asks why outgoing webhooks are disabled, and says of which the server would not tell.
pub(super) async fn histories(reader: &Reader, plan: &Plan) -> Result<Histories, Failure> {
    let (records, left) = plan.histories();
    let histories = reader
        .histories(&records)
        .await
        .map_err(|error| session::failed(&error))?;
    for (id, history) in &histories.found {
        if let History::Unknown(why) = history {
            terminal::note(&format!(
                "note: why the webhook {id} is disabled is not known: {why}\n"
            ));
        }
    }
    if left > 0 {
        terminal::note(&format!(
            "note: {left} more webhooks are disabled, and why is not asked: plan fewer at once to know\n"
        ));
    }
    Ok(histories)
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
