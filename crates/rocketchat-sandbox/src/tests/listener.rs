//! The listener: what is sent is bounded in size and in time, and nothing that is sent keeps others waiting.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

use super::super::{Effect, Fault, serve};
use super::{ALICE, Server, incoming};

/// A server on a port of this machine, and where it is.
async fn listening() -> (Server, String) {
    let server = Server::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(serve(server.0.clone(), listener, std::future::pending()));
    (server, address)
}

/// Sends bytes and reads what comes until the end.
async fn told(address: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    // It may be closed before all is written.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// A request with this administrator's credentials.
fn request(server: &Server, method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let credentials = server.request(ALICE, method, path, &Value::Null).http;
    let of = |name: &str| {
        credentials.headers()[name]
            .to_str()
            .expect("text")
            .to_owned()
    };
    format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nX-User-Id: {}\r\nX-Auth-Token: {}\r\nContent-Type: application/json\r\n\
         {headers}\r\n{body}",
        of("x-user-id"),
        of("x-auth-token"),
    )
    .into_bytes()
}

fn create(server: &Server, headers: &str, body: &str) -> Vec<u8> {
    request(server, "POST", "/api/v1/integrations.create", headers, body)
}

async fn lives(server: &Server, address: &str) {
    let asked = request(server, "GET", "/api/v1/me", "Connection: close\r\n", "");
    let answer = told(address, &asked).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_large_body_is_refused_without_being_read() {
    let (server, address) = listening().await;
    // It says how large it is, and sends nothing.
    let announced = format!("Content-Length: {}\r\n", (16 << 20) + 1);
    let answer = told(&address, &create(&server, &announced, "")).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let absurd = "Content-Length: 18446744073709551615\r\n";
    let answer = told(&address, &create(&server, absurd, "")).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    // It does not say so, and sends it: its sender gets to the answer.
    let mut chunked = create(&server, "Transfer-Encoding: chunked\r\n", "");
    for _ in 0..40 {
        chunked.extend(format!("{:x}\r\n", 1 << 20).bytes());
        chunked.extend(std::iter::repeat_n(b' ', 1 << 20));
        chunked.extend(b"\r\n");
    }
    chunked.extend(b"0\r\n\r\n");
    let answer = told(&address, &chunked).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(server.0.records().is_empty());
    lives(&server, &address).await;
}

#[tokio::test]
async fn a_body_within_the_bound_is_taken() {
    let (server, address) = listening().await;
    let mut body = incoming(json!({"name": "large"})).to_string();
    body.extend(std::iter::repeat_n(' ', (16 << 20) - body.len()));
    let length = format!("Content-Length: {}\r\nConnection: close\r\n", body.len());
    let answer = told(&address, &create(&server, &length, &body)).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// How long it takes until a connection is closed that sends no more than this.
async fn patience(address: &str, sent: &[u8]) -> (Duration, String) {
    let begun = Instant::now();
    let answer = told(address, sent).await;
    (begun.elapsed(), answer)
}

#[tokio::test(start_paused = true)]
async fn what_does_not_come_is_not_waited_for() {
    let (server, address) = listening().await;
    let minute = Duration::from_mins(1);
    for head in ["", "G", "GET / HTTP/1.1\r\nHost:"] {
        let (waited, answer) = patience(&address, head.as_bytes()).await;
        assert!(
            waited > minute && waited < 2 * minute,
            "{head:?}: {waited:?}"
        );
        assert_eq!(answer, "");
    }
    let half = create(&server, "Content-Length: 10\r\n", "{");
    let (waited, answer) = patience(&address, &half).await;
    assert!(
        waited < minute && answer.starts_with("HTTP/1.1 408"),
        "{waited:?} {answer}"
    );

    // One that asks now and then is kept, and so is one whose answer takes long.
    let mut stream = TcpStream::connect(&address).await.expect("a connection");
    let slow = Effect::Delay { millis: 300_000 };
    server.0.inject(Fault::next("health", slow));
    for _ in 0..4 {
        let ask = stream.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
        ask.await.expect("asked");
        let mut answer = [0; 1000];
        let read = stream.read(&mut answer).await.expect("answered");
        assert!(answer[..read].starts_with(b"HTTP/1.1 200"), "{read}");
        tokio::time::sleep(minute).await;
    }

    // One that sends a byte now and then gets no longer.
    let mut stream = TcpStream::connect(&address).await.expect("a connection");
    let head = create(&server, "Content-Length: 1000\r\n", "");
    stream.write_all(&head).await.expect("written");
    let begun = Instant::now();
    let trickled = async {
        while stream.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    };
    timeout(10 * minute, trickled).await.expect("it is closed");
    assert!(begun.elapsed() < minute, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn bytes_of_any_kind_do_not_end_it() {
    let (server, address) = listening().await;
    let long = "a".repeat(1 << 20);
    for odd in [
        "\0\0\0\0\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0",
        "POST /api/v1/integrations.create HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "GET /hooks/%ff/%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /api/v1/integrations.list?%5B%5D=%5B&a[=]&[ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        &format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n"),
        &format!("GET / HTTP/1.1\r\nHost: x\r\nX: {long}\r\n\r\n"),
    ] {
        told(&address, odd.as_bytes()).await;
    }
    for body in [
        "[".repeat(1 << 20),
        "{\"a\":".repeat(1 << 18),
        "\"".to_owned(),
        "{\"type\":\"webhook-incoming\",\"channel\":".to_owned()
            + &"[".repeat(120)
            + &"]".repeat(120)
            + "}",
        "\u{0}".repeat(1000),
    ] {
        for path in [
            "integrations.create",
            "integrations.update",
            "integrations.remove",
            "login",
        ] {
            let length = format!("Content-Length: {}\r\nConnection: close\r\n", body.len());
            let method = if path.ends_with("update") {
                "PUT"
            } else {
                "POST"
            };
            let path = format!("/api/v1/{path}");
            let answer = told(&address, &request(&server, method, &path, &length, &body)).await;
            assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
        }
    }
    lives(&server, &address).await;
}

/// A script of this many bytes that the engine reads in a time that grows with their square.
fn slow(bytes: usize) -> String {
    let mut script = String::from("class Script {}\n");
    let mut number = 0;
    while script.len() < bytes {
        let _ = write!(script, "let a{number};");
        number += 1;
    }
    script
}

#[tokio::test]
async fn a_script_that_takes_long_keeps_nobody_waiting() {
    let (server, address) = listening().await;
    let script = json!({"name": "slow", "scriptEnabled": true, "script": slow(1_000_000)});
    let body = incoming(script).to_string();
    let length = format!("Content-Length: {}\r\nConnection: close\r\n", body.len());
    let slow = create(&server, &length, &body);
    let to = address.clone();
    let begun = Instant::now();
    let compiling = tokio::spawn(async move { told(&to, &slow).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut answered = 0;
    while !compiling.is_finished() {
        let asked = Instant::now();
        lives(&server, &address).await;
        assert!(
            asked.elapsed() < Duration::from_secs(2),
            "{:?}",
            asked.elapsed()
        );
        answered += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let answer = compiling.await.expect("answered");
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // What is not compiled in time is not compiled; either way the record says which.
    let record = server.0.records().pop().expect("it is stored");
    let error = record
        .get("scriptError")
        .map(|error| error["message"].clone());
    assert!(
        error.is_some() != record.contains_key("scriptCompiled"),
        "{error:?}"
    );
    assert!(
        answered > 0 || begun.elapsed() < Duration::from_secs(1),
        "{answered}"
    );
}

#[tokio::test]
async fn a_large_script_is_compiled_as_a_small_one_is() {
    let (server, _) = listening().await;
    let filler = format!("/*{}*/", "x".repeat(100_000));
    for (script, skip, fine) in [
        (format!("class Script {{}}{filler}"), false, true),
        (format!("class Script {{}}{filler} }}"), false, false),
        (
            format!("class Script {{}}{filler} // a comment"),
            true,
            false,
        ),
        (format!("{filler} return 1;"), true, true),
        (format!("{filler} return 1;"), false, false),
    ] {
        let body = json!({"scriptEnabled": true, "skipTranspile": skip, "script": script});
        let made = server.create(incoming(body)).await;
        assert_eq!(made.status, 200);
        let record = made.record();
        assert_eq!(record.get("scriptCompiled").is_some(), fine, "{skip}");
        assert_eq!(record.get("scriptError").is_none(), fine, "{skip}");
    }
    for (more, told) in [
        (
            json!({"script": "x;".repeat(1 << 20)}),
            "larger than the 1 MiB",
        ),
        // Only the validator makes a flag of it.
        (
            json!({"script": filler, "skipTranspile": "true"}),
            "could not be compiled here",
        ),
    ] {
        let mut body = incoming(json!({"scriptEnabled": true}));
        for (key, value) in more.as_object().expect("an object") {
            body[key] = value.clone();
        }
        let record = server.create(body).await.record().clone();
        let message = record["scriptError"]["message"].to_string();
        assert!(message.contains(told), "{message}");
    }
}
