//! What the answer to a call comes to: a message, a webhook that is switched off, or a call that is tried again.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};
use webhook_script::runtime::Method;
use webhook_script::value::Value as Script;

use super::super::rules::is_falsy;
use super::super::write::{Record, Write, text};
use super::http::{self, Answered};
use super::run::{Escaped, Prepared, Run, Trigger};

/// What counts as JSON in an answer.
const JSON_KINDS: [&str; 4] = [
    "application/json",
    "text/javascript",
    "application/javascript",
    "application/x-javascript",
];

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
        let result = result
            .map_err(|Escaped| "the script threw something that is not an error".to_owned())?;
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
        let says = |key: &str| !is_falsy(data.get(key));
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
                let mut state = run.of.sandbox.lock();
                let id = text(&run.of.record, "_id").unwrap_or_default();
                if let Some(mut record) = state.world.record(id).cloned() {
                    record.insert("enabled".to_owned(), false.into());
                    record.insert("_updatedAt".to_owned(), run.of.sandbox.clock.iso().into());
                    // A state that cannot be written is reported in the log.
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
        if run.of.record.get("retryFailedCalls") != Some(&Json::Bool(true)) {
            run.step("failed-and-not-configured-to-retry", error());
            return;
        }
        let most = run
            .of
            .record
            .get("retryCount")
            .and_then(Json::as_u64)
            .unwrap_or(0);
        let delay = text(&run.of.record, "retryDelay")
            .unwrap_or_default()
            .to_owned();
        if u64::from(run.of.tries) >= most || delay.is_empty() {
            run.step("too-many-retries", error());
            return;
        }
        run.step(&format!("going-to-retry-{}", run.of.tries + 1), error());
        let pause = match delay.as_str() {
            "powers-of-ten" => Duration::from_millis(10_u64.saturating_pow(run.of.tries + 2)),
            "powers-of-two" => Duration::from_secs(2_u64.saturating_pow(run.of.tries + 1)),
            "increments-of-two" => Duration::from_secs(u64::from(run.of.tries + 1) * 2),
            _ => {
                run.step("failed-and-retry-delay-is-invalid", error());
                return;
            }
        };
        let pause = if run.of.sandbox.fast_retries {
            Duration::from_millis(1)
        } else {
            pause
        };
        let again = Trigger {
            tries: run.of.tries + 1,
            ..run.of.clone()
        };
        drop(tokio::spawn(retry(again, pause)));
    }
}

/// Calls once more after a pause.
fn retry(of: Trigger, pause: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        tokio::time::sleep(pause).await;
        // One that was removed or switched off meanwhile is not called any more.
        let id = text(&of.record, "_id").unwrap_or_default();
        let enabled = |record: &Record| record.get("enabled") == Some(&Json::Bool(true));
        if !of.sandbox.lock().world.record(id).is_some_and(enabled) {
            return;
        }
        if let Ok(Some(prepared)) = Run::new(of).prepare().await {
            prepared.call().await;
        }
    })
}
