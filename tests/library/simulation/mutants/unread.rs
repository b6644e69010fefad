//! Clients that write without reading first.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use serde_json::{Value as Json, json};

use super::super::stale;
use rocketchat_client::{BoxFuture, Request, Response, SendError, Transport};

/// Reads no record that it has listed: it takes it for what it was then.
struct ReadsNothing {
    line: Arc<dyn Transport>,
    listed: Mutex<BTreeMap<String, Json>>,
}

impl Transport for ReadsNothing {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        Box::pin(async move {
            let path = request.uri().path().to_owned();
            let query = request.uri().query().unwrap_or_default();
            let asked = query.strip_prefix("integrationId=").unwrap_or_default();
            let known = self.listed.lock().unwrap().get(asked).cloned();
            if let Some(record) = known.filter(|_| path.ends_with("integrations.get")) {
                let body = json!({"integration": record, "success": true});
                return Ok(Response::new(Bytes::from(body.to_string())));
            }
            let answer = self.line.send(request).await?;
            if path.ends_with("integrations.list") {
                let body: Json = serde_json::from_slice(answer.body()).unwrap();
                let records = body["integrations"].as_array().unwrap().iter();
                let records =
                    records.map(|it| (it["_id"].as_str().unwrap().to_owned(), it.clone()));
                self.listed.lock().unwrap().extend(records);
            }
            Ok(answer)
        })
    }
}

#[test]
fn a_client_that_does_not_read_before_it_writes_is_caught() {
    for write in ["delete", "disable", "update"] {
        let broken = stale::broken_by(write, |line| {
            let listed = Mutex::default();
            Arc::new(ReadsNothing { line, listed })
        });
        let broken = broken.unwrap_or_else(|| panic!("{write}"));
        assert!(broken.contains("which is"), "{broken}");
    }
}
