//! One call of one URL of an outgoing webhook, from its payload to what its answer comes to. Each is an entry of the history.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};
use webhook_script::delivery::{self, Integration, Server as _};
use webhook_script::runtime::{End, Kind, Method, Outcome, ThrownValue};
use webhook_script::value::Value as Script;

use super::super::Sandbox;
use super::super::admission::inside;
use super::super::rules::hooks;
use super::super::rules::posting::Posting;
use super::super::write::{Record, Write, text};
use super::http::{self, Answered, Call};
use super::{Happened, data};

/// What the server calls itself.
const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/41.0.2227.0 Safari/537.36";
/// What counts as JSON in an answer.
const JSON_KINDS: [&str; 4] = [
    "application/json",
    "text/javascript",
    "application/javascript",
    "application/x-javascript",
];

/// An error that a script, or what it returned, leaves to the server: the other webhooks of the event are lost with it.
pub(super) struct Escaped;

/// A run.
pub(super) struct Run {
    sandbox: Arc<Sandbox>,
    happened: Arc<Happened>,
    record: Record,
    url: String,
    word: Option<String>,
    tries: u32,
    entry: Record,
}

/// A run whose request is made up.
pub(super) struct Prepared {
    run: Run,
    request: Script,
    call: Call,
}

impl Run {
    pub(super) fn new(
        sandbox: &Arc<Sandbox>,
        happened: &Arc<Happened>,
        record: &Record,
        url: &str,
        word: Option<String>,
        tries: u32,
    ) -> Self {
        let now = sandbox.clock.iso();
        let id = sandbox.lock().ids.clear(17);
        let entry = json!({
            "_id": id, "type": "outgoing-webhook", "integration": record, "event": happened.event.event,
            "_createdAt": now,
        });
        let mut run = Self {
            sandbox: Arc::clone(sandbox),
            happened: Arc::clone(happened),
            record: record.clone(),
            url: url.to_owned(),
            word,
            tries,
            entry: entry.as_object().cloned().unwrap_or_default(),
        };
        run.step("start-execute-trigger-url", json!({}));
        run
    }

    /// Writes a step, and what comes with it, into the history.
    fn step(&mut self, step: &str, more: Json) {
        let entry = &mut self.entry;
        entry.insert("step".to_owned(), step.into());
        // Every step but the second writes that there are none.
        entry.insert("data".to_owned(), json!({}));
        if let Json::Object(more) = more {
            entry.extend(more);
        }
        entry.insert("_updatedAt".to_owned(), self.sandbox.clock.iso().into());
        // A history that cannot be written is told in the log.
        let _ = self
            .sandbox
            .lock()
            .write(vec![Write::History(entry.clone())]);
    }

    /// Runs a method of the script; nothing if there is none, or it does not run.
    async fn script(&mut self, method: Method, input: Script) -> Result<Option<Script>, Escaped> {
        let job = {
            let mut state = self.sandbox.lock();
            let call = inside(&self.sandbox, &mut state);
            hooks::job(&call, &self.record, Kind::Outgoing, method, input)
        };
        let Some(job) = job else { return Ok(None) };
        let outcome: Outcome = self.sandbox.runner.run(job).await;
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

    /// Makes up the request; nothing if none is sent.
    pub(super) async fn prepare(mut self) -> Result<Option<Prepared>, Escaped> {
        let data = {
            let state = self.sandbox.lock();
            let site = state.world.word("Site_Url");
            data(&self.happened, &self.record, self.word.as_deref(), site)
        };
        let mapped = match &self.word {
            Some(word) => json!({"data": data, "triggerWord": word}),
            None => json!({ "data": data }),
        };
        self.step("mapped-args-to-data", mapped);
        let request = json!({
            "params": {}, "method": "POST", "url": self.url, "data": data,
            "headers": {"User-Agent": USER_AGENT},
        });
        let mut request = Script::from_plain_json(&request);
        if let Script::Object(fields) = &mut request {
            fields.push(("auth".to_owned(), Script::Undefined));
            if let Some((_, Script::Object(data))) =
                fields.iter_mut().find(|(key, _)| key == "data")
                && let Some((_, at)) = data.iter_mut().find(|(key, _)| key == "timestamp")
            {
                let time = self.happened.at.parse::<jiff::Timestamp>().ok();
                #[expect(clippy::cast_precision_loss, reason = "dates end long before")]
                let time = time.map(|time| time.as_millisecond() as f64);
                *at = Script::Date(time);
            }
        }
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
            let both = base64(format!("{user}:{password}").as_bytes());
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

    /// Posts what a script or an answer says: what was posted, or why nothing was. `author` is the user that it is posted as where
    /// the integration impersonates.
    fn say(&self, message: &Script, author: Option<String>) -> Result<Json, String> {
        let record = &self.record;
        let of = |key| text(record, key).unwrap_or_default().to_owned();
        let impersonates = record.get("impersonateUser") == Some(&Json::Bool(true));
        let (told, posts) = {
            let mut state = self.sandbox.lock();
            let mut call = inside(&self.sandbox, &mut state);
            let world = &call.state.world;
            let poster = if impersonates {
                world.user_named(&author.ok_or("invalid username")?)
            } else {
                None
            };
            let poster = poster.or_else(|| world.user_named(&of("username")));
            let Some(poster) = poster.map(|user| user.id.clone()) else {
                return Ok(json!([]));
            };
            if !matches!(message, Script::Object(_)) {
                return Err("Cannot create property 'channel' on string".to_owned());
            }
            let asked = match message.get("channel").filter(|channel| channel.is_truthy()) {
                Some(Script::String(channel)) => Some(channel.clone()),
                Some(_) => return Err("nameOrId.startsWith is not a function".to_owned()),
                None => None,
            };
            let mut posting = Posting { call: &mut call };
            let named = asked.is_some() || !message.get("roomId").is_some_and(Script::is_truthy);
            let target = asked.clone().unwrap_or_else(|| of("targetRoom"));
            let room = if target.is_empty() {
                None
            } else {
                match posting.room(&target, &poster) {
                    Ok(room) => Some(room.id),
                    Err(error) if asked.is_some() => return Err(error),
                    Err(_) => None,
                }
            };
            let room = room.or_else(|| self.happened.room.as_ref().map(|room| room.id.clone()));
            let mut message = message.clone();
            if let (Script::Object(fields), Some(room), true) = (&mut message, room, named) {
                let kind = posting
                    .call
                    .state
                    .world
                    .room(&room)
                    .map(|room| room.kind.clone());
                let sign = if kind.as_deref() == Some("d") {
                    "@"
                } else {
                    "#"
                };
                fields.retain(|(key, _)| key != "channel");
                fields.push((
                    "channel".to_owned(),
                    Script::String(format!("{sign}{room}")),
                ));
            }
            let integration = Integration {
                id: of("_id"),
                user_id: poster.clone(),
                channels: Vec::new(),
                alias: of("alias"),
                avatar: of("avatar"),
                emoji: of("emoji"),
                may_override_channel: true,
            };
            let posts = delivery::posts(&message, &poster, &integration, &mut posting)?;
            let told: Vec<_> = posts
                .iter()
                .map(|(channel, post)| json!({"channel": channel.to_plain_json(), "message": post}))
                .collect();
            (told, posts)
        };
        let posts = posts.into_iter().map(|(_, post)| post).collect();
        self.sandbox.post(posts, self.happened.chain);
        Ok(told.into())
    }
}

impl Prepared {
    /// Calls, and does what the answer says.
    pub(super) async fn call(mut self) {
        let answered = http::send(&self.call).await;
        let failed = match answered {
            Ok(answered) => self.answered(&answered).await,
            Err(why) => Err(why),
        };
        if let Err(why) = failed {
            let told = json!({"httpError": {"message": why}, "httpResult": "null"});
            self.run.step("after-http-call", told);
        }
    }

    async fn answered(&mut self, answer: &Answered) -> Result<(), String> {
        let run = &mut self.run;
        let content = &answer.body;
        let shown = serde_json::to_string(content).unwrap_or_default();
        run.step("after-http-call", json!({ "httpResult": shown }));
        let header = |name: &str| answer.headers.iter().find(|(key, _)| key == name);
        let kind = header("content-type").map_or("", |(_, value)| value.as_str());
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let data: Json = if JSON_KINDS.contains(&kind) {
            serde_json::from_str(content).unwrap_or_default()
        } else {
            Json::Null
        };
        let pairs = answer.headers.iter();
        let pairs: Map<_, _> = pairs
            .map(|(key, value)| (key.clone(), value.as_str().into()))
            .collect();
        let response = json!({
            "error": null, "status_code": answer.status, "content": content, "content_raw": content, "headers": pairs,
        });
        let input = Script::Object(vec![
            ("request".to_owned(), self.request.clone()),
            ("response".to_owned(), Script::from_plain_json(&response)),
        ]);
        let author = data
            .get("user_name")
            .and_then(Json::as_str)
            .map(str::to_owned);
        let result = run.script(Method::ProcessOutgoingResponse, input).await;
        let result = result.map_err(|Escaped| "the script threw what is no error".to_owned())?;
        match result.as_ref() {
            Some(Script::Bool(false)) => {
                run.step("after-process-false-result", json!({"finished": true}));
                return Ok(());
            }
            Some(value) => {
                if let Some(content) = value.get("content").filter(|it| it.is_truthy()) {
                    let sent = run.say(content, author)?;
                    let told = json!({"processSentMessage": sent, "finished": true});
                    run.step("after-process-send-message", told);
                    return Ok(());
                }
            }
            None => {}
        }
        if content.is_empty() || !matches!(answer.status, 200..=202) {
            self.failed(answer);
            return Ok(());
        }
        let says = |key: &str| data.get(key).is_some_and(|value| !is_falsy(value));
        if says("text") || says("attachments") {
            let run = &mut self.run;
            let sent = run.say(&Script::from_plain_json(&data), author)?;
            let told = json!({"resultMessage": sent, "finished": true});
            run.step("url-response-sent-message", told);
        }
        Ok(())
    }

    /// The answer is none that counts: the webhook is switched off, or called again.
    fn failed(&mut self, answer: &Answered) {
        let run = &mut self.run;
        let error = || json!({"error": true});
        match answer.status {
            410 if !answer.body.is_empty() => {
                run.step("after-process-http-status-410", error());
                let mut state = run.sandbox.lock();
                let id = text(&run.record, "_id").unwrap_or_default();
                if let Some(mut record) = state.world.record(id).cloned() {
                    record.insert("enabled".to_owned(), false.into());
                    record.insert("_updatedAt".to_owned(), run.sandbox.clock.iso().into());
                    // A state that cannot be written is told in the log.
                    let _ = state.write(vec![Write::Record(record)]);
                }
                return;
            }
            500 if !answer.body.is_empty() => {
                run.step("after-process-http-status-500", error());
                return;
            }
            _ => {}
        }
        if run.record.get("retryFailedCalls") != Some(&Json::Bool(true)) {
            run.step("failed-and-not-configured-to-retry", error());
            return;
        }
        let most = run
            .record
            .get("retryCount")
            .and_then(Json::as_u64)
            .unwrap_or(0);
        let delay = text(&run.record, "retryDelay")
            .unwrap_or_default()
            .to_owned();
        if u64::from(run.tries) >= most || delay.is_empty() {
            run.step("too-many-retries", error());
            return;
        }
        run.step(&format!("going-to-retry-{}", run.tries + 1), error());
        let pause = match delay.as_str() {
            "powers-of-ten" => Duration::from_millis(10_u64.saturating_pow(run.tries + 2)),
            "powers-of-two" => Duration::from_secs(2_u64.saturating_pow(run.tries + 1)),
            "increments-of-two" => Duration::from_secs(u64::from(run.tries + 1) * 2),
            _ => {
                run.step("failed-and-retry-delay-is-invalid", error());
                return;
            }
        };
        let pause = if run.sandbox.fast_retries {
            Duration::from_millis(1)
        } else {
            pause
        };
        let again = Again {
            sandbox: Arc::clone(&run.sandbox),
            happened: Arc::clone(&run.happened),
            record: run.record.clone(),
            url: run.url.clone(),
            word: run.word.clone(),
            tries: run.tries + 1,
        };
        drop(tokio::spawn(again.after(pause)));
    }
}

/// A call that is to be tried again.
struct Again {
    sandbox: Arc<Sandbox>,
    happened: Arc<Happened>,
    record: Record,
    url: String,
    word: Option<String>,
    tries: u32,
}

impl Again {
    fn after(self, pause: Duration) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            tokio::time::sleep(pause).await;
            // One that was removed or switched off meanwhile is not called any more.
            let id = text(&self.record, "_id").unwrap_or_default();
            let enabled = |record: &Record| record.get("enabled") == Some(&Json::Bool(true));
            if !self.sandbox.lock().world.record(id).is_some_and(enabled) {
                return;
            }
            let run = Run::new(
                &self.sandbox,
                &self.happened,
                &self.record,
                &self.url,
                self.word,
                self.tries,
            );
            if let Ok(Some(prepared)) = run.prepare().await {
                prepared.call().await;
            }
        })
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

fn is_falsy(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Bool(flag) => !flag,
        Json::String(text) => text.is_empty(),
        Json::Number(number) => number.as_f64() == Some(0.0),
        Json::Array(_) | Json::Object(_) => false,
    }
}

/// Base64 with padding: what basic authorization is written in.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let padded = [
            three[0],
            three.get(1).copied().unwrap_or(0),
            three.get(2).copied().unwrap_or(0),
        ];
        let whole = u32::from_be_bytes([0, padded[0], padded[1], padded[2]]);
        for at in 0..4 {
            let digit = DIGITS[(whole >> (18 - 6 * at)) as usize & 63];
            text.push(if at <= three.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_padded() {
        for (plain, coded) in [
            ("", ""),
            ("a", "YQ=="),
            ("ab", "YWI="),
            ("abc", "YWJj"),
            ("user:pass", "dXNlcjpwYXNz"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
