//! `rcsync urls`: tell the URLs of incoming webhooks, because this command was asked for them.

use super::failure::Failure;
use super::files::{self, File, refused};
use super::load::Loaded;
use super::plan::sound;
use super::runtime;
use super::session::{self, Session};
use super::terminal::{self, Terminal};
use crate::cli::{UrlsArgs, UrlsFormat};
use crate::diagnostic::{Findings, Texts};
use crate::exit::Exit;
use crate::observed::{DecodeError, ObservedState};
use crate::plan::{self, Plan};
use crate::report::{self, diagnostics};
use crate::server::{BaseUrl, ServerError};
use crate::urls::{self, Asked, Listing, Webhook};
use crate::variables::Undefined;

/// Tells them.
pub(super) fn run(args: &UrlsArgs, terminal: Terminal) -> Exit {
    runtime(async { told(args, terminal).await.unwrap_or_else(Exit::from) })
}

async fn told(args: &UrlsArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let public = args.public_url.as_deref().map(public_url).transpose()?;
    check_out(args)?;
    let loaded = match args.manifests.paths.as_slice() {
        [] => None,
        // Values of secrets are not needed to find the records.
        _ => Some(sound(&args.manifests, Undefined::Unknown, terminal)?),
    };
    let known = loaded.as_ref().map(|loaded| loaded.redactor.clone());
    let session = session::open(&args.server, false, &known.unwrap_or_default()).await?;
    let observed = session.reader.observe().await;
    let observed = observed.map_err(|error| session::failed(&error))?;
    if let Some(loaded) = loaded.as_ref().filter(|_| session.sandbox.is_none()) {
        refuse_another_server(loaded, &observed)?;
    }
    let base = base(public, &session, &observed)
        .await
        .map_err(|error| session::failed(&error))?;
    let asked = Asked {
        base: &base,
        tokens: args.tokens,
    };
    let found = found(loaded.as_ref(), &observed, &asked);
    let (webhooks, missing) = found.map_err(|error| {
        let message = format!("the server's answer cannot be read: {error}");
        Failure::shown(Exit::Server, &message, None)
    })?;
    let nothing = Texts::default();
    let texts = loaded
        .as_ref()
        .map_or(&nothing, |loaded| &loaded.sources.texts);
    let problems = diagnostics::json(&missing, texts).problems;
    let listing = Listing::in_clear(&base, &webhooks, problems, texts);
    write(args, &listing)?;
    if let Some(loaded) = loaded.filter(|_| !missing.is_empty()) {
        loaded.show(&missing, terminal);
        return Ok(Exit::Refused);
    }
    if webhooks.is_empty() {
        terminal::note(&nobody(args, &observed));
    }
    Ok(Exit::Done)
}

fn public_url(text: &str) -> Result<String, Failure> {
    let url = BaseUrl::parse(text).map_err(|error| {
        let words = error
            .to_string()
            .replace("the server's URL", "`--public-url`");
        let hint = "give it as `https://chat.example.org`";
        Failure::shown(Exit::Invalid, &words, Some(hint))
    })?;
    Ok(url.to_string())
}

/// Refuses what cannot become a file before anything is asked.
fn check_out(args: &UrlsArgs) -> Result<(), Failure> {
    let file = args.out.as_ref().map(|path| File {
        path: path.clone(),
        text: String::new(),
        secret: true,
    });
    files::check_free(file.as_slice(), true).map_err(refused(Exit::Invalid))
}

/// A sender that got the URL of another server would post there.
fn refuse_another_server(loaded: &Loaded, observed: &ObservedState) -> Result<(), Failure> {
    let plan = Plan::between(&loaded.desired, observed);
    let mut refusals = plan.refusals.iter();
    match refusals.find(|refusal| refusal.code == plan::ANOTHER_SERVER) {
        Some(it) => Err(Failure::shown(Exit::Refused, &it.why, Some(&it.remedy))),
        None => Ok(()),
    }
}

fn found(
    loaded: Option<&Loaded>,
    observed: &ObservedState,
    asked: &Asked<'_>,
) -> Result<(Vec<Webhook>, Findings), DecodeError> {
    match loaded {
        Some(loaded) => urls::of_entries(&loaded.desired, observed, asked),
        None => Ok((urls::of_account(observed, asked)?, Findings::default())),
    }
}

/// What the URLs begin with: as asked for, else as the server calls itself, else as it is called here.
async fn base(
    asked: Option<String>,
    session: &Session,
    observed: &ObservedState,
) -> Result<String, ServerError> {
    if let Some(asked) = asked {
        return Ok(asked);
    }
    let here = &observed.server.url;
    if let Some(state) = &session.sandbox {
        terminal::note(&format!(
            "note: this is the built-in sandbox ({state}): its URLs end with this run; \
             `rcsync sandbox --state {state}` serves them\n"
        ));
        return Ok(here.clone());
    }
    let told = session.reader.workspace_url().await?;
    let (base, note) = told.map_or_else(|| (here.clone(), None), |told| public(here, &told));
    terminal::note(&note.unwrap_or_default());
    Ok(base)
}

/// What the URLs begin with where the server says where it is; and a note, unless that is no news.
fn public(here: &str, told: &BaseUrl) -> (String, Option<String>) {
    let text = told.to_string();
    if text == here {
        return (text, None);
    }
    // What a server says that nobody has told its address.
    if told.is_local() && !BaseUrl::parse(here).is_ok_and(|here| here.is_local()) {
        let note = format!(
            "note: the server calls itself {text}, which leads nowhere else: the URLs begin with {here}\n"
        );
        return (here.to_owned(), Some(note));
    }
    let note = format!(
        "note: the URLs begin with {text}, as the server calls itself, and not with {here}; \
         `--public-url` sets it\n"
    );
    (text, Some(note))
}

fn write(args: &UrlsArgs, listing: &Listing) -> Result<(), Failure> {
    let text = match args.format {
        UrlsFormat::Text => urls::text(listing),
        UrlsFormat::Json => report::json(listing),
        UrlsFormat::Env => urls::env(listing),
    };
    let Some(path) = &args.out else {
        terminal::out(&text);
        return Ok(());
    };
    files::replace(path, text, true).map_err(refused(Exit::Unexpected))?;
    terminal::note(&format!("wrote {}\n", path.display()));
    Ok(())
}

/// Why there is nothing to tell.
fn nobody(args: &UrlsArgs, observed: &ObservedState) -> String {
    let what = if args.tokens {
        "webhook"
    } else {
        "incoming webhook"
    };
    if args.manifests.paths.is_empty() {
        let account = &observed.server.username;
        return format!("note: the account {account:?} has created no {what}\n");
    }
    format!("note: the manifests have no {what}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_does_not_know_its_address_is_not_believed() {
        let public = |here, told| public(here, &BaseUrl::parse(told).unwrap());
        let (base, note) = public("https://chat.example.org", "http://localhost:3000");
        assert_eq!(base, "https://chat.example.org");
        assert!(note.is_some_and(|note| note.contains("calls itself http://localhost:3000")));
        let (base, note) = public("http://10.0.0.7:3000", "https://chat.example.org/");
        assert_eq!(base, "https://chat.example.org");
        assert!(note.is_some_and(|note| note.contains("not with http://10.0.0.7:3000")));
        let (base, _) = public("http://127.0.0.1:3000", "http://localhost:3000");
        assert_eq!(base, "http://localhost:3000");
        let same = public("https://chat.example.org", "https://chat.example.org/");
        assert_eq!(same, ("https://chat.example.org".to_owned(), None));
    }
}
