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
        Answer::Response(response) => Ok(response.map(|body| Reply {
            whole: body.len(),
            rest: Some(body),
        })),
        Answer::Cut(response, bytes) => Ok(response.map(|mut body| {
            let whole = body.len();
            body.truncate(bytes);
            Reply {
                whole,
                rest: Some(body),
            }
        })),
        Answer::Dropped => Err(Dropped),
    }
}

/// Why a connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("dropped")]
struct Dropped;

/// A body that promises `whole` bytes, and breaks off where it has fewer.
struct Reply {
    whole: usize,
    rest: Option<Bytes>,
}

impl Body for Reply {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let Some(bytes) = self.rest.take().filter(|bytes| !bytes.is_empty()) else {
            let complete = self.whole == 0;
            let broken = || Some(Err(io::Error::from(io::ErrorKind::ConnectionAborted)));
            return Poll::Ready(if complete { None } else { broken() });
        };
        self.whole -= bytes.len().min(self.whole);
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.whole == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.whole).unwrap_or(u64::MAX))
    }
}
