//! Servers that are no sandbox: they answer each request with the bytes that a test gives.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use super::support::rcsync;

/// What writes an answer, by the request's first line.
type Answer = dyn Fn(&str, &mut dyn Write) -> io::Result<()> + Send + Sync;

/// A server that serves until the test ends.
pub(crate) struct Peer {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    /// One that writes what it likes.
    pub(crate) fn writing(
        answer: impl Fn(&str, &mut dyn Write) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let heard = requests.clone();
        let answer: Arc<Answer> = Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (answer, heard) = (answer.clone(), heard.clone());
                thread::spawn(move || {
                    // Whoever hangs up on us has heard enough.
                    let _ = serve(stream, &*answer, &heard);
                });
            }
        });
        Self { url, requests }
    }

    /// One that answers with a status, more headers and a body.
    pub(crate) fn answering(
        answer: impl Fn(&str) -> (&'static str, &'static str, String) + Send + Sync + 'static,
    ) -> Self {
        Self::writing(move |line, stream| {
            let (status, headers, body) = answer(line);
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
            )
        })
    }

    /// The heads of the requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// The binary, as somebody who asks this server.
    pub(crate) fn rcsync(&self, args: &[&str]) -> Command {
        let mut command = rcsync(args);
        command
            .env("RCSYNC_URL", &self.url)
            .env("RCSYNC_USER_ID", "uSomebody")
            .env("RCSYNC_AUTH_TOKEN", "tok-somebody-1111");
        command
    }
}

/// The requests of one connection.
fn serve(mut stream: TcpStream, answer: &Answer, heard: &Mutex<Vec<String>>) -> io::Result<()> {
    // An answer in two writes does not wait for the client.
    stream.set_nodelay(true)?;
    let mut seen = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = seen.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            let mut piece = [0; 4096];
            let read = stream.read(&mut piece)?;
            if read == 0 {
                return Ok(());
            }
            seen.extend_from_slice(&piece[..read]);
        };
        let head = String::from_utf8_lossy(&seen[..end]).into_owned();
        let length = head
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse()
                    .ok()
            })
            .unwrap_or(0);
        while seen.len() < end + length {
            let mut piece = [0; 4096];
            let read = stream.read(&mut piece)?;
            seen.extend_from_slice(&piece[..read]);
        }
        seen.drain(..end + length);
        let line = head.lines().next().unwrap_or_default().to_owned();
        heard.lock().unwrap().push(head);
        answer(&line, &mut stream)?;
        stream.flush()?;
    }
}
