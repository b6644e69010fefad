//! Another program's output, within bounds: neither its time nor its length is for it to choose.

use std::io::{self, Read};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// As much as anybody reads of what a program complains about.
const MAX_WORDS: usize = 64 << 10;

/// Runs a program to its end, or until its time is over. It may print `most` bytes.
pub(super) fn output(command: &mut Command, time: Duration, most: usize) -> io::Result<Output> {
    let end = Instant::now() + time;
    let mut process = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let stdout = process.stdout.take().map(|pipe| gather(pipe, most));
    let stderr = process.stderr.take().map(|pipe| gather(pipe, MAX_WORDS));
    let read = || {
        let all = received(stdout, end)?;
        if all.len() > most {
            let most = most >> 20;
            return Err(io::Error::other(format!("it prints more than {most} MiB")));
        }
        Ok((all, received(stderr, end)?))
    };
    let read = read();
    if read.is_err() {
        let _ = process.kill();
    }
    // Both pipes are closed or it was killed: it ends now.
    let status = process.wait()?;
    let (stdout, stderr) = read?;
    Ok(Output {
        status,
        stdout,
        stderr,
    })
}

/// Waits for an answer until then.
pub(super) fn answered<T>(answers: &Receiver<io::Result<T>>, end: Instant) -> io::Result<T> {
    let left = end.saturating_duration_since(Instant::now());
    answers
        .recv_timeout(left)
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "it does not come to an end"))?
}

fn received(answers: Option<Receiver<io::Result<Vec<u8>>>>, end: Instant) -> io::Result<Vec<u8>> {
    answers.map_or(Ok(Vec::new()), |answers| answered(&answers, end))
}

/// Reads a pipe in a thread of its own and answers with `most` bytes and one; what follows them is thrown away.
fn gather(mut pipe: impl Read + Send + 'static, most: usize) -> Receiver<io::Result<Vec<u8>>> {
    let (answer, answers) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        let read = (&mut pipe).take(limit).read_to_end(&mut bytes);
        let _ = answer.send(read.map(|_| bytes));
        // A program that complains at length is not stopped by that.
        let _ = io::copy(&mut pipe, &mut io::sink());
    });
    answers
}
