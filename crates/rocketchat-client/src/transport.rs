//! The seam under the client: one request out, one answer back, or the reason there is none.
//!
//! Whatever carries requests must say which of two things happened when there is no answer: *not sent*, or
//! *unknown*. "Never twice" hangs on that. A transport follows no redirect and resends nothing by itself.

use std::pin::Pin;

use bytes::Bytes;
use thiserror::Error;

/// A request, with an absolute URL.
pub type Request = http::Request<Bytes>;

/// A whole answer.
pub type Response = http::Response<Bytes>;

/// How many bytes the answer to a request may have, among the request's extensions. A transport that reads answers from
/// somebody else ends one that is larger with [`SendError::Overlarge`].
#[derive(Clone, Copy, Debug)]
pub struct Largest(pub usize);

/// A future behind a pointer, so that a transport can be chosen at run time.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Carries requests.
pub trait Transport: Send + Sync {
    /// Sends one request, once.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>>;
}

/// Why there is no answer. The reasons hold no URL and no header.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SendError {
    /// Certainly nothing reached the server: no name, no connection, no TLS.
    #[error("{0}")]
    NotSent(String),
    /// Something was sent, and no whole answer came back. The server may have done it.
    #[error("{0}")]
    Unknown(String),
    /// Something was sent, and the answer is larger than any that is read: it would be so again.
    #[error("{0}")]
    Overlarge(String),
}
