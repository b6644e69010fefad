//! Servers that mean harm: a plan ends with a clear error, soon, and in little memory.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use super::peer::Peer;
use super::support::{Run, manifest, write};

pub(crate) const MIB: usize = 1024 * 1024;

/// The most memory that a run may take.
pub(crate) const MOST: usize = 200 * MIB;

/// The longest that a run may take, on a machine that does other things.
const LONGEST: Duration = Duration::from_mins(1);

/// What a run came to, and the most memory that it had, in bytes.
pub(crate) fn measured(command: &mut Command) -> (Run, usize) {
    let start = Instant::now();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let watch = thread::spawn(move || {
        let mut most = 0;
        // Until the process has gone, or has ended and holds no memory.
        while let Some(now) = fs::read_to_string(&status)
            .ok()
            .and_then(|text| peak(&text))
        {
            most = now.max(most);
            thread::sleep(Duration::from_millis(5));
        }
        most
    });
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let err: String = lines
        .by_ref()
        .map_while(Result::ok)
        .map(|line| line + "\n")
        .collect();
    let output = child.wait_with_output().unwrap();
    assert!(start.elapsed() < LONGEST, "took {:?}", start.elapsed());
    let run = Run {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err,
    };
    (run, watch.join().unwrap())
}

fn peak(status: &str) -> Option<usize> {
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<usize>().ok()? * 1024)
}

/// A plan against a server, held to its bounds.
fn plan(peer: &Peer, more: &[&str]) -> Run {
    let folder = TempDir::new().unwrap();
    let file = write(folder.path(), "chat.yaml", &manifest(1));
    let args = [&["plan", &file, "--timeout", "20", "--retries", "1"], more].concat();
    let (run, memory) = measured(&mut peer.rcsync(&args));
    assert!(
        memory > MIB && memory < MOST,
        "{} MiB:\n{}",
        memory / MIB,
        run.err
    );
    run
}

/// The answer of a sound server to what a plan asks, given what its listing is.
fn sound(line: &str, listing: impl FnOnce() -> Json) -> Json {
    let path = line.split([' ', '?']).nth(1).unwrap_or_default();
    match path {
        "/api/info" => json!({"success": true, "version": "8.6"}),
        "/api/v1/me" => {
            json!({"success": true, "_id": "uSomebody", "username": "somebody", "roles": ["admin"]})
        }
        "/api/v1/integrations.list" => listing(),
        "/api/v1/permissions.listAll" => {
            let names = [
                "manage-incoming-integrations",
                "manage-outgoing-integrations",
            ];
            let update: Vec<_> = names
                .map(|name| json!({"_id": name, "roles": ["admin"]}))
                .into();
            json!({"success": true, "update": update, "remove": []})
        }
        _ => json!({"success": false, "error": "not here"}),
    }
}

fn send(stream: &mut dyn Write, headers: &str, body: &[u8]) -> io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n{headers}\r\n"
    )?;
    stream.write_all(body)
}

/// A server that is sound but for its listing, which is written by hand.
fn listing(body: impl Fn(&mut dyn Write) -> io::Result<()> + Send + Sync + 'static) -> Peer {
    Peer::writing(move |line, stream| {
        if line.contains("integrations.list") {
            return body(stream);
        }
        send(
            stream,
            "",
            sound(line, || Json::Null).to_string().as_bytes(),
        )
    })
}

fn record(id: usize) -> Json {
    json!({"_id": format!("{id:024x}"), "type": "webhook-incoming", "name": format!("Record {id}"),
        "enabled": true, "username": "rocket.cat", "channel": ["#general"], "token": "hunter2",
        "_createdBy": {"_id": "uSomebody", "username": "somebody"}})
}

#[test]
fn an_answer_without_end_is_not_read_to_its_end() {
    let peer = listing(|stream| {
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        )?;
        let piece = vec![b' '; 64 * 1024];
        loop {
            write!(stream, "{:x}\r\n", piece.len())?;
            stream.write_all(&piece)?;
            write!(stream, "\r\n")?;
        }
    });
    is_too_large(&peer);
    // It would be so again.
    let asked = peer
        .requests()
        .iter()
        .filter(|head| head.contains("integrations.list"))
        .count();
    assert_eq!(asked, 1);
}

fn is_too_large(peer: &Peer) {
    let run = plan(peer, &[]).exits(1);
    assert!(
        run.err.contains("cannot be read: it is larger than 96 MiB"),
        "{}",
        run.err
    );
}

#[test]
fn a_gigabyte_is_not_read_whole() {
    let peer = listing(|stream| {
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
            1024 * MIB
        )?;
        let piece = vec![b'['; MIB];
        (0..1024).try_for_each(|_| stream.write_all(&piece))
    });
    is_too_large(&peer);
}

#[test]
fn a_small_body_that_unpacks_to_a_gigabyte_is_not_unpacked_whole() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    let piece = vec![b' '; MIB];
    (0..1024).for_each(|_| packed.write_all(&piece).unwrap());
    let packed = packed.finish().unwrap();
    assert!(packed.len() < 8 * MIB);
    let peer = listing(move |stream| send(stream, "Content-Encoding: gzip\r\n", &packed));
    is_too_large(&peer);
}

#[test]
fn an_answer_that_is_nested_without_end_is_refused() {
    for (open, size) in [("[", 100_000), (r#"{"a":"#, 100_000), ("[", 50 * MIB)] {
        let peer = listing(move |stream| send(stream, "", open.repeat(size).as_bytes()));
        let run = plan(&peer, &[]).exits(1);
        assert!(run.err.contains("nested too deeply"), "{}", run.err);
    }
}

#[test]
fn many_small_values_do_not_fill_the_memory() {
    let text = format!(
        r#"{{"success":true,"integrations":[{}0]}}"#,
        "0,".repeat(40 * MIB)
    );
    let peer = listing(move |stream| send(stream, "", text.as_bytes()));
    for more in [&[][..], &["-vv"]] {
        let run = plan(&peer, more).exits(1);
        assert!(
            run.err.contains("it holds more than 1000000 values"),
            "{}",
            run.err
        );
    }
}

/// A server each of whose pages holds one more record, and tells of more.
fn endless(record: impl Fn(usize) -> Json + Send + Sync + 'static) -> Peer {
    let next = AtomicUsize::new(0);
    listing(move |stream| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        page(stream, &[record(number)], number + 10)
    })
}

fn page(stream: &mut dyn Write, records: &[Json], total: usize) -> io::Result<()> {
    let page = json!({"success": true, "integrations": records, "total": total});
    send(stream, "", page.to_string().as_bytes())
}

/// The listing does not add up, and that is found with fewer requests than these.
fn never_adds_up(peer: &Peer, requests: usize) {
    let run = plan(peer, &[]).exits(1);
    assert!(
        run.err.contains("the list changed while it was read"),
        "{}",
        run.err
    );
    assert!(
        peer.requests().len() < requests,
        "{}",
        peer.requests().len()
    );
}

#[test]
fn pages_that_repeat_come_to_an_end() {
    // Ten thousand pages are told of; each is the first. Of one record, no overlap can tell.
    for size in [1, 100] {
        let records: Vec<_> = (0..size).map(record).collect();
        let peer = listing(move |stream| page(stream, &records, size * 10_000));
        // Two readings: the first answer, and what is asked for side by side before the second has told.
        never_adds_up(&peer, 25);
    }
}

#[test]
fn a_count_that_runs_away_comes_to_an_end() {
    never_adds_up(&endless(record), 2100);
}

#[test]
fn large_pages_without_end_come_to_an_end() {
    let script = "x".repeat(8 * MIB);
    let peer = endless(move |number| {
        let mut large = record(number);
        large["script"] = script.clone().into();
        large
    });
    let run = plan(&peer, &[]).exits(1);
    assert!(
        run.err.contains("the listing is larger than 96 MiB"),
        "{}",
        run.err
    );
}

/// Values of every type, some of them as large as their type allows.
fn wrong() -> Vec<Json> {
    vec![
        Json::Null,
        true.into(),
        0.into(),
        (-1).into(),
        u64::MAX.into(),
        1e300.into(),
        "".into(),
        "\u{1b}]0;owned\u{7}\u{202e}".into(),
        json!([]),
        json!([[], {}, null, 7]),
        json!({}),
        json!({"username": 7, "_id": []}),
    ]
}

#[test]
fn wrong_types_in_every_field_of_every_answer_end_in_words() {
    let listed = json!({"success": true, "integrations": [record(1)], "total": 1});
    let answers = [
        ("/api/info", sound("GET /api/info x", || Json::Null)),
        ("/api/v1/me", sound("GET /api/v1/me x", || Json::Null)),
        ("/api/v1/integrations.list", listed.clone()),
        (
            "/api/v1/permissions.listAll",
            sound("GET /api/v1/permissions.listAll x", || Json::Null),
        ),
    ];
    for (endpoint, answer) in &answers {
        let keys: Vec<String> = answer.as_object().unwrap().keys().cloned().collect();
        for (key, value) in keys
            .iter()
            .flat_map(|key| wrong().into_iter().map(move |it| (key, it)))
        {
            let mut changed = answer.clone();
            changed[key] = value.clone();
            let (endpoint, listed) = (*endpoint, listed.clone());
            let peer = Peer::answering(move |line| {
                let asked = line.split([' ', '?']).nth(1) == Some(endpoint);
                let body = if asked {
                    changed.clone()
                } else {
                    sound(line, || listed.clone())
                };
                ("200 OK", "", body.to_string())
            });
            ends_in_words(&peer, &format!("{endpoint} {key}: {value}"));
        }
    }
}

#[test]
fn wrong_types_in_every_field_of_a_record_end_in_words() {
    let mut keys: Vec<String> = record(1).as_object().unwrap().keys().cloned().collect();
    let more = [
        "alias",
        "avatar",
        "emoji",
        "script",
        "scriptEnabled",
        "scriptEngine",
        "urls",
        "event",
        "userId",
    ];
    keys.extend(more.map(str::to_owned));
    for (key, value) in keys
        .iter()
        .flat_map(|key| wrong().into_iter().map(move |it| (key, it)))
    {
        // The record that the manifest names.
        let mut managed = record(1);
        managed["name"] = "Hook 0".into();
        managed[key] = value.clone();
        let peer = Peer::answering(move |line| {
            let listed =
                || json!({"success": true, "integrations": [managed, record(2)], "total": 2});
            ("200 OK", "", sound(line, listed).to_string())
        });
        ends_in_words(&peer, &format!("{key}: {value}"));
    }
}

/// A plan, a refusal or an error, without what a terminal would obey, and without a panic.
fn ends_in_words(peer: &Peer, what: &str) {
    let folder = TempDir::new().unwrap();
    let file = write(folder.path(), "chat.yaml", &manifest(1));
    let run = Run::of(&mut peer.rcsync(&["plan", &file, "--retries", "0"]));
    assert!(
        [0, 1, 4, 7].contains(&run.code),
        "{what}: exit {}\n{}",
        run.code,
        run.err
    );
    let shown = run.out + &run.err;
    assert!(
        !shown.contains("panicked") && !shown.contains("hunter2"),
        "{what}\n{shown}"
    );
    assert!(
        !shown.contains(['\u{1b}', '\u{7}', '\u{202e}']),
        "{what}\n{shown:?}"
    );
    let refused = run.code == 4 && shown.contains("refused: ");
    assert!(
        run.code == 0 || refused || shown.contains("error: "),
        "{what}\n{shown}"
    );
}

#[test]
fn a_malformed_stranger_among_good_records_leaves_a_plan() {
    for stranger in [
        json!({"_id": "stranger"}),
        json!({"_id": "stranger", "type": "webhook-sideways", "name": 7}),
        json!({"_id": "stranger", "type": "webhook-incoming", "name": ["x"], "urls": {}}),
        json!({"_id": "stranger", "type": "webhook-outgoing", "name": "x", "urls": {"a": 1}, "event": 5}),
    ] {
        let peer = Peer::answering(move |line| {
            let records = json!([record(1), stranger, record(2)]);
            let listed = || json!({"success": true, "integrations": records, "total": 3});
            ("200 OK", "", sound(line, listed).to_string())
        });
        let run = plan(&peer, &[]).exits(0);
        assert!(run.out.contains("1 to create"), "{}", run.out);
    }
}
