//! The listener: HTTP/1.1 with keep-alive in front of [`Sandbox::handle`].
//!
//! Knows nothing of endpoints. A request runs to its end even when its client has gone, as on the real
//! server; a dropped connection is a fault's doing.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::{Answer, Request, Sandbox};

/// Serves until `shutdown` is over. Connections that are open then are closed with the runtime.
pub(crate) async fn serve(
    sandbox: Arc<Sandbox>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) {
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => drop(tokio::spawn(converse(
                Arc::clone(&sandbox),
                stream,
                peer.ip(),
            ))),
            // Out of file descriptors, most likely: give some time to get them back.
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
        }
    }
}

/// Answers the requests of one connection.
async fn converse(sandbox: Arc<Sandbox>, stream: TcpStream, peer: IpAddr) {
    // A failure only means that the answers leave in larger pieces.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(Arc::clone(&sandbox), request, peer));
    // What breaks a connection is the client's affair, or a fault's.
    let _ = http1::Builder::new()
        .keep_alive(true)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// One request and its answer; an error drops the connection.
async fn answer(
    sandbox: Arc<Sandbox>,
    request: http::Request<Incoming>,
    peer: IpAddr,
) -> Result<http::Response<Reply>, Dropped> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Dropped)?.to_bytes();
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
