//! Clients that remove what another run may have reported.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};

use super::super::crowd;
use super::twice::{body, is, with_body};
use rocketchat_client::{BoxFuture, Request, Response, SendError, Transport};

/// What such a client removes when a listing shows several.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    /// Those of other runs if its own has the lowest id, however late its create was: as if ids told the moment of
    /// the insert by a clock that all servers share.
    TheOthers,
    /// Its own if that has not the lowest id, however long it has been there.
    ItsOwn,
}

struct Removes {
    line: Arc<dyn Transport>,
    wrong: Wrong,
    own: Mutex<BTreeSet<String>>,
    /// How often a listing showed several, by name.
    looks: Mutex<BTreeMap<String, usize>>,
}

impl Transport for Removes {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        Box::pin(async move {
            let (creates, lists) = (
                is(&request, "integrations.create"),
                is(&request, "integrations.list"),
            );
            let again = request.clone();
            let answer = self.line.send(request).await?;
            let Some(mut body) = body(&answer).filter(|_| creates || lists) else {
                return Ok(answer);
            };
            if creates {
                let id = body["integration"]["_id"].as_str().unwrap().to_owned();
                self.own.lock().unwrap().insert(id);
                return Ok(answer);
            }
            let records = body["integrations"].as_array().unwrap().clone();
            let going = self.going(&records);
            for (kind, id) in &going {
                // Whatever comes of it.
                let _ = self.line.send(removal(&again, kind, id)).await;
            }
            let records = body["integrations"].as_array_mut().unwrap();
            records.retain(|it| going.iter().all(|(_, id)| it["_id"] != **id));
            body["total"] = json!(records.len());
            Ok(with_body(answer, &body))
        })
    }
}

impl Removes {
    /// The records that it removes: their types and ids.
    fn going(&self, records: &[Json]) -> Vec<(String, String)> {
        let mut by_name: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
        for record in records {
            let text = |key: &str| record[key].as_str().unwrap();
            let named = by_name.entry(text("name")).or_default();
            named.push((text("_id"), text("type")));
        }
        let own = self.own.lock().unwrap();
        let mut looks = self.looks.lock().unwrap();
        let mut going = Vec::new();
        for (name, mut named) in by_name {
            named.sort_unstable();
            let mine = named.iter().position(|(id, _)| own.contains(*id));
            let Some(mine) = mine.filter(|_| named.len() > 1) else {
                continue;
            };
            let look = looks.entry(name.to_owned()).or_default();
            *look += 1;
            match self.wrong {
                Wrong::TheOthers if mine == 0 && *look > 1 => going.extend(named.drain(1..)),
                Wrong::ItsOwn if mine > 0 => going.push(named[mine]),
                _ => {}
            }
        }
        let going = going.into_iter();
        going
            .map(|(id, kind)| (kind.to_owned(), id.to_owned()))
            .collect()
    }
}

/// The removal of a record, made of the request for a listing.
fn removal(list: &Request, kind: &str, id: &str) -> Request {
    let mut request = list.clone();
    let uri = request.uri().to_string();
    let (path, _) = uri.split_once('?').unwrap();
    *request.uri_mut() = path.replace("list", "remove").parse().unwrap();
    *request.method_mut() = http::Method::POST;
    let json = "application/json".parse().unwrap();
    request.headers_mut().insert("content-type", json);
    let body = json!({"type": kind, "integrationId": id});
    *request.body_mut() = body.to_string().into();
    request
}

fn removes(line: Arc<dyn Transport>, wrong: Wrong) -> Arc<dyn Transport> {
    Arc::new(Removes {
        line,
        wrong,
        own: Mutex::default(),
        looks: Mutex::default(),
    })
}

/// A client that goes by the second in the ids.
pub(in super::super) fn removes_though_late(line: Arc<dyn Transport>) -> Arc<dyn Transport> {
    removes(line, Wrong::TheOthers)
}

/// The law that both of them break.
const DEAD: &str = "was told of, and is dead";

#[test]
fn a_client_that_removes_others_though_its_create_was_late_is_caught() {
    assert!(crowd::broken_so(removes_though_late, DEAD).is_some());
}

#[test]
fn a_client_that_takes_back_what_others_may_have_reported_is_caught() {
    let takes_back = |line| removes(line, Wrong::ItsOwn);
    assert!(crowd::broken_so(takes_back, DEAD).is_some());
}
