use serde_json::{Value as Json, json};

use crate::client::ServerError;
use crate::observed::Record;
use crate::server::fake::{Script, answer, page, record};

fn records(ids: std::ops::Range<usize>) -> Vec<Json> {
    ids.map(|id| record(&format!("{id:04}"))).collect()
}

fn listed(listing: &Result<Vec<Record>, ServerError>) -> usize {
    listing.as_ref().unwrap().len()
}

/// The offset and count of every request for a page.
fn pages(script: &Script) -> Vec<(String, String)> {
    let value = |line: &str, key: &str| {
        let (_, rest) = line.split_once(&format!("{key}=")).unwrap();
        rest.split('&').next().unwrap_or_default().to_owned()
    };
    let lines = script.lines();
    let lines = lines
        .iter()
        .map(|line| (value(line, "offset"), value(line, "count")));
    lines.collect()
}

fn page_of(offset: &str, count: &str) -> (String, String) {
    (offset.to_owned(), count.to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_small_listing_is_one_request() {
    let script = Script::new([page(&records(0..3), 3)]);
    assert_eq!(listed(&script.reader().listing().await), 3);
    let line = "GET /chat/api/v1/integrations.list?offset=0&count=0&sort=%7B%22_id%22%3A1%7D";
    assert_eq!(script.lines(), [line]);
}

#[tokio::test(start_paused = true)]
async fn where_all_is_not_given_at_once_pages_are_asked_for_side_by_side() {
    let script = Script::new([
        page(&records(0..50), 330),
        page(&records(49..149), 330),
        page(&records(148..248), 330),
        page(&records(247..330), 330),
    ]);
    assert_eq!(listed(&script.reader().listing().await), 330);
    let asked = [("0", "0"), ("49", "100"), ("148", "100"), ("247", "100")];
    assert_eq!(pages(&script), asked.map(|(at, count)| page_of(at, count)));
}

#[tokio::test(start_paused = true)]
async fn smaller_pages_are_asked_for_once_they_are_known() {
    let script = Script::new([
        page(&records(0..20), 100),
        // The limit of the server is 30.
        page(&records(19..49), 100),
        page(&records(48..78), 100),
        page(&records(77..100), 100),
    ]);
    assert_eq!(listed(&script.reader().listing().await), 100);
    let asked = [("0", "0"), ("19", "100"), ("48", "30"), ("77", "30")];
    assert_eq!(pages(&script), asked.map(|(at, count)| page_of(at, count)));
}

#[tokio::test(start_paused = true)]
async fn pages_of_one_record_are_enough() {
    let script = Script::new((0..5).map(|id| page(&records(id..id + 1), 5)));
    assert_eq!(listed(&script.reader().listing().await), 5);
}

#[tokio::test(start_paused = true)]
async fn records_that_come_twice_count_once() {
    let mut twice = records(0..3);
    twice.extend(records(1..3));
    let script = Script::new([page(&twice, 3)]);
    assert_eq!(listed(&script.reader().listing().await), 3);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_shifted_is_read_again() {
    // Between the pages one record before the seam went and one came: the count alone would not tell.
    let shifted = [page(&records(0..100), 150), page(&records(100..151), 150)];
    let whole = [page(&records(1..101), 150), page(&records(100..151), 150)];
    let script = Script::new(shifted.into_iter().chain(whole));
    let listing = script.reader().listing().await.unwrap();
    assert_eq!((listing.len(), listing[0].id.raw()), (150, "0001"));
}

#[tokio::test(start_paused = true)]
async fn a_count_that_never_fits_is_an_error() {
    let short = || page(&records(0..3), 4);
    let empty = || page(&[], 4);
    let script = Script::new([short(), empty(), short(), empty()]);
    let error = script.reader().listing().await.unwrap_err();
    let expected = ServerError::ListingInconsistent {
        total: 4,
        distinct: 3,
    };
    assert_eq!(error.to_string(), expected.to_string());
    assert_eq!((script.lines().len(), error.is_no_access()), (4, false));
}

#[tokio::test(start_paused = true)]
async fn an_empty_page_is_no_proof_of_absence() {
    let empty = || page(&[], 3);
    let error = Script::new([empty(), empty()]).reader().listing().await;
    assert!(matches!(
        error,
        Err(ServerError::ListingInconsistent { .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn unknown_kinds_are_counted_and_records_without_id_refused() {
    let stranger = json!({"_id": "z", "type": "webhook-sideways", "name": "x"});
    let info = || answer(200, json!({"version": "7.4", "success": true}).to_string());
    let me = || {
        answer(
            200,
            json!({"_id": "u1", "username": "deploy", "success": true}).to_string(),
        )
    };
    let listing = |second: Json| page(&[record("a"), second], 2);
    let script = Script::new([info(), me(), listing(stranger)]);
    let observed = script.reader().observe().await.unwrap();
    assert_eq!((observed.records.len(), observed.unknown_kinds), (1, 1));
    let script = Script::new([info(), me(), listing(json!({"name": "x"}))]);
    let error = script.reader().observe().await.unwrap_err();
    assert!(matches!(error, ServerError::Undecodable(_)), "{error}");
}
