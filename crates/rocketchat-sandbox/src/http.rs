//! The listener: HTTP/1.1 with keep-alive in front of [`Sandbox::handle`].
//!
//! Knows nothing of endpoints. A request runs to its end even when its client has gone, as on the real
//! server; a dropped connection is a fault's doing. What is sent is bounded in size, and in the time that it takes.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::reply::text_response;
use super::{Answer, Request, Sandbox};

/// The largest body that is taken.
const LARGEST_BODY: usize = 16 << 20;
/// How long a connection may go on without a request, or a part of an answer that is taken: at least so long, and at most
/// twice. Longer than the minute for which a client may be told to wait.
const IDLE: Duration = Duration::from_secs(75);
/// How long a body may take.
const BODY: Duration = Duration::from_secs(30);
/// How long the rest of a body is read that is refused, so that its sender gets to the answer.
const LINGER: Duration = Duration::from_secs(5);
/// How many connections are served at once; further ones wait.
const CONNECTIONS: usize = 256;

/// Serves until `shutdown` is over. Connections that are open then are closed with the runtime.
pub async fn serve(
    sandbox: Arc<Sandbox>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) {
    tokio::pin!(shutdown);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            () = &mut shutdown => return,
            next = next => next,
        };
        match accepted {
            Ok((stream, peer)) => drop(tokio::spawn(converse(
                Arc::clone(&sandbox),
                stream,
                peer.ip(),
                place,
            ))),
            // Out of file descriptors, most likely: give some time to get them back.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Answers the requests of one connection, which keeps its place until it ends.
async fn converse(
    sandbox: Arc<Sandbox>,
    stream: TcpStream,
    peer: IpAddr,
    _place: Option<OwnedSemaphorePermit>,
) {
    // A failure only means that the answers leave in larger pieces.
    let _ = stream.set_nodelay(true);
    // Whether a request is being answered, and whether one was since the last look. One timer for all of them costs less
    // than one for each.
    let (busy, active) = (AtomicBool::new(false), AtomicBool::new(false));
    let service = service_fn(|request| async {
        busy.store(true, Ordering::Relaxed);
        let answer = answer(Arc::clone(&sandbox), request, peer).await;
        busy.store(false, Ordering::Relaxed);
        active.store(true, Ordering::Relaxed);
        answer
    });
    let serving = http1::Builder::new()
        .keep_alive(true)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(serving);
    loop {
        // What breaks a connection is the client's affair, or a fault's.
        if timeout(IDLE, &mut serving).await.is_ok() {
            return;
        }
        if !active.swap(false, Ordering::Relaxed) && !busy.load(Ordering::Relaxed) {
            return;
        }
    }
}

/// One request and its answer; an error drops the connection.
async fn answer(
    sandbox: Arc<Sandbox>,
    request: http::Request<Incoming>,
    peer: IpAddr,
) -> Result<http::Response<Reply>, Dropped> {
    let (head, body) = request.into_parts();
    let body = match read(body).await? {
        Ok(body) => body,
        Err(status) => return Ok(refused(status)),
    };
    let request = Request {
        http: http::Request::from_parts(head, body),
        peer,
    };
    let working = tokio::spawn(async move { sandbox.handle(request).await });
    match working.await.map_err(|_| Dropped)? {
        Answer::Response(response) => Ok(response.map(|body| Reply::of(body, usize::MAX))),
        Answer::Cut(response, bytes) => Ok(response.map(|body| Reply::of(body, bytes))),
        Answer::Dropped => Err(Dropped),
    }
}

/// Reads a body; or says with which status it is refused: one that is too large at once, if it says so itself.
async fn read(mut body: Incoming) -> Result<Result<Bytes, StatusCode>, Dropped> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced <= LARGEST_BODY {
        match timeout(BODY, Limited::new(&mut body, LARGEST_BODY).collect()).await {
            Ok(Ok(body)) => return Ok(Ok(body.to_bytes())),
            Ok(Err(error)) if !error.is::<LengthLimitError>() => return Err(Dropped),
            Ok(Err(_)) => {}
            Err(_) => return Ok(Err(StatusCode::REQUEST_TIMEOUT)),
        }
    }
    tokio::spawn(timeout(LINGER, async move {
        while let Some(Ok(_)) = body.frame().await {}
    }));
    Ok(Err(StatusCode::PAYLOAD_TOO_LARGE))
}

/// What the proxy in front of a server says, which lets go of the connection.
fn refused(status: StatusCode) -> http::Response<Reply> {
    let page = format!(
        "<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>\n"
    );
    let mut response = text_response(status, "text/html", page);
    response
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    response.map(|body| Reply::of(body, usize::MAX))
}

/// Why a connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("dropped")]
struct Dropped;

/// A body that promises `missing` more bytes than it has, and breaks off there.
struct Reply {
    rest: Option<Bytes>,
    missing: usize,
    /// Whether the time has been given to send what there is before breaking off.
    sent: bool,
}

impl Reply {
    /// The first bytes of a body; all of it when there are no more.
    fn of(mut body: Bytes, bytes: usize) -> Self {
        let missing = body.len().saturating_sub(bytes);
        body.truncate(bytes);
        let rest = Some(body).filter(|body| !body.is_empty());
        let sent = false;
        Self {
            rest,
            missing,
            sent,
        }
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(bytes) = self.rest.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        if self.missing == 0 {
            return Poll::Ready(None);
        }
        if !self.sent {
            self.sent = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_none() && self.missing == 0
    }

    fn size_hint(&self) -> SizeHint {
        let length = self.rest.as_ref().map_or(0, Bytes::len) + self.missing;
        SizeHint::with_exact(u64::try_from(length).unwrap_or(u64::MAX))
    }
}
