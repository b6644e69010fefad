//! One call of one URL of an outgoing webhook, from its payload to what its answer comes to. Each is an entry of the history.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use webhook_script::delivery;
use webhook_script::runtime::{End, Kind, Method, Outcome, ThrownValue};
use webhook_script::value::Value as Script;

use super::super::Sandbox;
use super::super::admission::inside;
use super::super::rules::hooks;
use super::super::write::{Record, Write};
use super::Happened;
use super::http::Call;
use super::payload::payload;

/// What the server calls itself.
const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/41.0.2227.0 Safari/537.36";
/// An error that a script, or what it returned, leaves to the server: the other webhooks of the event are lost with it.
pub(super) struct Escaped;

/// What is to be called, and why.
#[derive(Clone)]
pub(super) struct Trigger {
    pub(super) sandbox: Arc<Sandbox>,
    pub(super) happened: Arc<Happened>,
    pub(super) record: Record,
    pub(super) url: String,
    /// The trigger word that was found.
    pub(super) word: Option<String>,
    /// How many calls failed before this one.
    pub(super) tries: u32,
}

/// A run.
pub(super) struct Run {
    pub(super) of: Trigger,
    /// What the history holds of it.
    entry: Record,
}

/// A run whose request is made up.
pub(super) struct Prepared {
    pub(super) run: Run,
    pub(super) request: Script,
    pub(super) call: Call,
}

impl Run {
    pub(super) fn new(of: Trigger) -> Self {
        let sandbox = &of.sandbox;
        let now = sandbox.clock.iso();
        let id = sandbox.lock().ids.clear(17);
        let entry = json!({
            "_id": id, "type": "outgoing-webhook", "integration": of.record, "event": of.happened.event.event,
            "_createdAt": now,
        });
        let entry = entry.as_object().cloned().unwrap_or_default();
        let mut run = Self { of, entry };
        run.step("start-execute-trigger-url", json!({}));
        run
    }

    /// Writes a step, and what comes with it, into the history.
    pub(super) fn step(&mut self, step: &str, more: Json) {
        let entry = &mut self.entry;
        entry.insert("step".to_owned(), step.into());
        // Every step but the second writes that there are none.
        entry.insert("data".to_owned(), json!({}));
        if let Json::Object(more) = more {
            entry.extend(more);
        }
        entry.insert("_updatedAt".to_owned(), self.of.sandbox.clock.iso().into());
        // A history that cannot be written is reported in the log.
        let _ = self
            .of
            .sandbox
            .lock()
            .write(vec![Write::History(entry.clone())]);
    }

    /// Runs a method of the script; nothing if there is none, or it does not run.
    pub(super) async fn script(
        &mut self,
        method: Method,
        input: Script,
    ) -> Result<Option<Script>, Escaped> {
        let job = {
            let mut state = self.of.sandbox.lock();
            let call = inside(&self.of.sandbox, &mut state);
            hooks::job(&call, &self.of.record, Kind::Outgoing, method, input)
        };
        let Some(job) = job else { return Ok(None) };
        let outcome: Outcome = self.of.sandbox.runner.run(job).await;
        let stepped = delivery::outgoing(&outcome, method);
        // Whether there is such a method is asked before anything is written.
        if !matches!(outcome.end, End::NoMethod) {
            for step in &stepped.history {
                self.step(step, json!({}));
            }
        }
        if stepped.escapes.is_some() {
            return Err(Escaped);
        }
        match outcome.end {
            End::Returned(value) => Ok(Some(value)),
            End::Threw(thrown) if !outcome.failed_to_load => {
                let said = match &thrown.value {
                    ThrownValue::Error { name, message } => format!("{name}: {message}"),
                    ThrownValue::Other(value) => value.to_text(),
                };
                let step = format!("execute-script-error-running-{}", method.name());
                self.step(&step, json!({"error": true, "errorStack": said}));
                // Nothing is sent; an answer is taken as without a script.
                Ok((method == Method::PrepareOutgoingRequest).then_some(Script::Undefined))
            }
            End::Hangs | End::NeverSettles | End::OutOfMemory | End::IsolateGone => {
                Ok(Some(Script::Undefined))
            }
            _ => Ok(None),
        }
    }

    /// The request before a script is asked.
    fn request(&self, data: &Json) -> Script {
        let mut request = Script::from_plain_json(&json!({
            "params": {}, "method": "POST", "url": self.of.url, "data": data,
            "headers": {"User-Agent": USER_AGENT},
        }));
        if let Script::Object(fields) = &mut request {
            fields.push(("auth".to_owned(), Script::Undefined));
            if let Some((_, Script::Object(data))) =
                fields.iter_mut().find(|(key, _)| key == "data")
                && let Some((_, at)) = data.iter_mut().find(|(key, _)| key == "timestamp")
            {
                let time = self.of.happened.at.parse::<jiff::Timestamp>().ok();
                #[expect(clippy::cast_precision_loss, reason = "dates end long before")]
                let time = time.map(|time| time.as_millisecond() as f64);
                *at = Script::Date(time);
            }
        }
        request
    }

    /// Makes up the request; nothing if none is sent.
    pub(super) async fn prepare(mut self) -> Result<Option<Prepared>, Escaped> {
        let data = {
            let state = self.of.sandbox.lock();
            let site = state.world.word("Site_Url");
            payload(
                &self.of.happened,
                &self.of.record,
                self.of.word.as_deref(),
                site,
            )
        };
        let mapped = match &self.of.word {
            Some(word) => json!({"data": data, "triggerWord": word}),
            None => json!({ "data": data }),
        };
        self.step("mapped-args-to-data", mapped);
        let request = self.request(&data);
        let input = Script::Object(vec![("request".to_owned(), request.clone())]);
        let made = self.script(Method::PrepareOutgoingRequest, input).await?;
        let request = made.unwrap_or(request);
        self.step("after-maybe-ran-prepare", json!({"ranPrepareScript": true}));
        if !request.is_truthy() {
            self.step("after-prepare-no-opts", json!({"finished": true}));
            return Ok(None);
        }
        let message = request.get("message").filter(|it| it.is_truthy()).cloned();
        if let Some(message) = message {
            let author = self
                .of
                .happened
                .user
                .as_ref()
                .map(|user| user.username.clone());
            let sent = self.say(&message, author).map_err(|_| Escaped)?;
            self.step(
                "after-prepare-send-message",
                json!({"prepareSentMessage": sent}),
            );
        }
        let (url, method) = (truthy(&request, "url"), truthy(&request, "method"));
        let (Some(url), Some(method)) = (url, method) else {
            self.step("after-prepare-no-url_or_method", json!({"finished": true}));
            return Ok(None);
        };
        let mut headers = headers(request.get("headers"));
        if let Some(auth) = truthy(&request, "auth") {
            let Some((user, password)) = auth.split_once(':') else {
                return Err(Escaped);
            };
            let both = STANDARD.encode(format!("{user}:{password}"));
            headers.push(("Authorization".to_owned(), format!("Basic {both}")));
        }
        let data = request.get("data").filter(|data| data.is_truthy());
        let body = data.and_then(|data| match data {
            Script::String(text) => Some(text.clone()),
            data => Some(data.to_plain_json()?.to_string()),
        });
        let mut told = json!({ "url": url });
        if let Some(data) = data.and_then(Script::to_plain_json) {
            told["httpCallData"] = data;
        }
        self.step("pre-http-call", told);
        if body.is_some() {
            if !request.get("headers").is_some_and(Script::is_object) {
                return Err(Escaped);
            }
            headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
            headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        }
        let limit = match request.get("timeout") {
            Some(Script::Number(millis)) if *millis > 0.0 => {
                Some(Duration::try_from_secs_f64(millis / 1000.0).unwrap_or(Duration::MAX))
            }
            _ => None,
        };
        let call = Call {
            method: method.to_uppercase(),
            url,
            headers,
            body,
            limit,
        };
        Ok(Some(Prepared {
            run: self,
            request,
            call,
        }))
    }
}

/// A text of an object that is not empty.
fn truthy(value: &Script, key: &str) -> Option<String> {
    value
        .get(key)
        .filter(|it| it.is_truthy())
        .map(Script::to_text)
}

fn headers(given: Option<&Script>) -> Vec<(String, String)> {
    match given {
        Some(Script::Object(entries)) => entries
            .iter()
            .filter(|(_, value)| !matches!(value, Script::Undefined | Script::Null))
            .map(|(name, value)| (name.clone(), value.to_text()))
            .collect(),
        _ => Vec::new(),
    }
}
