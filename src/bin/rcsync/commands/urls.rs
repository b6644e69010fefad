//! `rcsync urls`: tell the URLs of incoming webhooks, because this command was asked for them.

use super::failure::Failure;
use super::files::{self, File, refused};
use super::manifests::{self, sound};
use super::runtime;
use super::session;
use crate::cli::{UrlsArgs, UrlsFormat};
use crate::exit::Exit;
use crate::terminal::{self, Terminal};
use rcsync::engine;
use rcsync::engine::urls::{UrlsError, UrlsOptions};
use rcsync::observed::ServerFacts;
use rcsync::problem::Texts;
use rcsync::report::{self, diagnostics};
use rcsync::urls::{self, Listing};
use rcsync::variables::Undefined;
use rocketchat_client::BaseUrl;

/// Tells them.
pub(super) fn run(args: &UrlsArgs, terminal: Terminal) -> Result<Exit, Failure> {
    runtime(told(args, terminal))
}

async fn told(args: &UrlsArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let public_url = args.public_url.as_deref().map(public_url).transpose()?;
    check_out(args)?;
    let checked = match args.manifests.paths.as_slice() {
        [] => None,
        // Values of secrets are not needed to find the records.
        _ => Some(sound(&args.manifests, Undefined::Unknown, terminal)?),
    };
    if let Some(checked) = &checked {
        session::check_server(&args.server, &checked.desired.policy)?;
    }
    let known = checked.as_ref().map(|checked| checked.redactor.clone());
    let known = known.unwrap_or_default();
    let found = session::with(&args.server, false, &known, async |session| {
        let found = engine::urls::urls(
            session.reader(),
            UrlsOptions {
                desired: checked.as_ref().map(|checked| &checked.desired),
                tokens: args.tokens,
                public_url,
                embedded: session.sandbox.is_some(),
            },
        );
        let found = found.await.map_err(|error| failed(&error))?;
        if let Some(state) = session
            .sandbox
            .as_ref()
            .filter(|_| args.public_url.is_none())
        {
            terminal::note(&format!(
                "note: this is the built-in sandbox ({state}): its URLs only work during this run; \
                 `rcsync sandbox --state {state}` serves them\n"
            ));
        }
        Ok(found)
    });
    let found = found.await?;
    if let Some(note) = &found.note {
        terminal::note(&format!("note: {note}\n"));
    }
    let nothing = Texts::default();
    let texts = checked
        .as_ref()
        .map_or(&nothing, |checked| &checked.sources.texts);
    let problems = diagnostics::json(&found.missing, texts).problems;
    let listing = Listing::in_clear(&found.base, &found.webhooks, problems, texts);
    write(args, &listing)?;
    if let Some(checked) = checked.filter(|_| !found.missing.is_empty()) {
        manifests::show(&checked, &found.missing, false, terminal);
        return Ok(Exit::Refused);
    }
    if found.webhooks.is_empty() {
        terminal::note(&no_webhooks(args, &found.server));
    }
    Ok(Exit::Done)
}

fn failed(error: &UrlsError) -> Failure {
    match error {
        UrlsError::Server(error) => Failure::server(error),
        UrlsError::AnotherServer(problem) => Failure::of(Exit::Refused, problem),
        UrlsError::Undecodable(_) => Failure::new(Exit::Server, &error.to_string(), None),
    }
}

fn public_url(text: &str) -> Result<String, Failure> {
    let url = BaseUrl::parse(text).map_err(|error| {
        let words = error
            .to_string()
            .replace("the server's URL", "`--public-url`");
        let help = "give it as `https://chat.example.org`";
        Failure::new(Exit::Invalid, &words, Some(help))
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
fn no_webhooks(args: &UrlsArgs, server: &ServerFacts) -> String {
    let what = if args.tokens {
        "webhook"
    } else {
        "incoming webhook"
    };
    if args.manifests.paths.is_empty() {
        let account = &server.username;
        return format!("note: the account {account:?} has created no {what}\n");
    }
    format!("note: the manifests have no {what}\n")
}
