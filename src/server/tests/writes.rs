use std::cell::RefCell;
use std::io::Write;
use std::sync::Once;

use serde_json::{Value as Json, json};

use crate::client::{SendError, ServerError, Session, Verb};
use crate::integration::{Fields, Kind, Value};
use crate::observed::Record;
use crate::secret::{Piece, Secret, Text};
use crate::server::fake::{Script, TOKEN, answer, page, record};
use crate::server::{Reader, Writer};

fn outgoing() -> Fields {
    let mut url = Text::from("https://example.org/");
    url.push(Piece::Secret(Secret::new("hunter2-of-a-url")));
    let mut fields = Fields::new(Kind::Outgoing);
    fields.set("name", Some(Value::Text("Out".into())));
    fields.set("urls", Some(Value::List(vec![url])));
    fields.set("token", Some(Value::secret("hunter2-of-a-token")));
    fields
}

async fn create(session: &Session) -> Result<Record, ServerError> {
    let writer = Writer::of(session);
    let permit = writer.permit(Verb::Create).await?;
    writer.create(permit, &outgoing()).await.result
}

#[tokio::test(start_paused = true)]
async fn a_create_is_one_post_of_json() {
    let created = json!({"integration": record("a1"), "success": true});
    let script = Script::new([answer(200, created.to_string())]);
    assert_eq!(create(&script.session(0)).await.unwrap().id.raw(), "a1");
    assert_eq!(script.lines(), ["POST /chat/api/v1/integrations.create"]);
    let request = &script.requests()[0];
    assert_eq!(request.headers()["content-type"], "application/json");
    let body: Json = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(body["token"], "hunter2-of-a-token");
}

#[tokio::test(start_paused = true)]
async fn a_create_counts_only_with_success_and_an_id() {
    for body in [
        json!({"integration": record("a1")}),
        json!({"success": true}),
        json!({"integration": {"type": "webhook-incoming", "name": "x"}, "success": true}),
    ] {
        let script = Script::new([answer(200, body.to_string())]);
        let error = create(&script.session(0)).await.unwrap_err();
        assert!(error.leaves_open(), "{error}");
        assert_eq!(script.lines().len(), 1, "never sent again");
    }
}

thread_local! {
    /// What this thread's test logged.
    static LOGGED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Logged;

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOGGED.with_borrow_mut(|logged| logged.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// One subscriber for the whole process: one for this test alone would race with what other tests' threads make
/// `tracing` remember about who listens.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(|| Logged)
            .init();
    });
}

#[tokio::test(start_paused = true)]
async fn no_secret_reaches_a_log_or_an_error() {
    listen();
    let echo = format!("no: {TOKEN} hunter2-of-a-token hunter2-of-a-url");
    let script = Script::new([
        page(&[record("a1")], 1),
        answer(400, json!({"success": false, "error": echo}).to_string()),
        answer(502, echo.clone()),
        Err(SendError::Unknown(echo.clone())),
    ]);
    let session = script.session(0);
    let reader = Reader::of(&session);
    let mut printed = format!("{:?}", reader.listing().await);
    for _ in 0..3 {
        let error = create(&session).await.unwrap_err();
        let more = format!("{error} {error:?}");
        printed.push_str(&more);
    }
    let log = String::from_utf8(LOGGED.take()).unwrap();
    assert!(
        log.contains("GET /chat/api/v1/integrations.list: 200 in 0 ms"),
        "{log}"
    );
    assert!(
        log.contains("x-auth-token: (secret)") && log.contains("rocketchat_client"),
        "{log}"
    );
    assert!(!log.contains("hunter2"), "{log}");
    assert!(!printed.contains("hunter2"), "{printed}");
}
