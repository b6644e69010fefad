//! The transport over real HTTP.
//!
//! It refuses to be clever: no redirects (reqwest forwards `X-Auth-Token` to other hosts, and makes a GET of a
//! POST), no referer, no resending. Connections idle only shortly, because a POST on one that the server has
//! just closed has an unknown outcome. Any number of them may idle: as many as requests were in flight at once are used
//! again.

use std::error::Error;
use std::io;
use std::time::Duration;

use bytes::BytesMut;
use reqwest::{Certificate, Client, redirect, retry};
use rustls::CertificateError;

use super::transport::{BoxFuture, Largest, Request, Response, SendError, Transport};

/// How long a connection may idle; below what common proxies allow.
pub(super) const IDLE: Duration = Duration::from_secs(4);

/// The largest answer that is read, after decompression. A listing holds every script twice, so this is generous; its
/// parsed form stands beside it in memory.
pub(super) const LARGEST_ANSWER: usize = 96 * 1024 * 1024;

/// How long the parts of an exchange may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Until there is a connection.
    pub connect: Duration,
    /// Between two pieces of an answer.
    pub read: Duration,
    /// All of it.
    pub total: Duration,
}

impl Default for Timeouts {
    /// Those of the command line: 10, 30 and 60 seconds.
    fn default() -> Self {
        let [connect, read, total] = [10, 30, 60].map(Duration::from_secs);
        Self {
            connect,
            read,
            total,
        }
    }
}

/// How a server is reached.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// How long it may take.
    pub timeouts: Timeouts,
    /// Certificates to trust beside the system's, as PEM.
    pub authorities: Option<Vec<u8>>,
    /// Past the proxies of the environment: for this machine, which no proxy knows by that name.
    pub direct: bool,
}

/// Requests over HTTP and TLS.
pub struct HttpTransport {
    client: Client,
}

impl HttpTransport {
    /// Reads the system's certificates and proxy settings; connects to nothing yet.
    ///
    /// # Errors
    /// [`SendError::NotSent`] if the certificates cannot be used.
    pub fn new(connection: &Connection) -> Result<Self, SendError> {
        // Fails only if a provider is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let timeouts = connection.timeouts;
        let mut builder = Client::builder()
            .user_agent(concat!("rcsync/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(retry::never())
            .gzip(true)
            .pool_idle_timeout(IDLE)
            .connect_timeout(timeouts.connect)
            .read_timeout(timeouts.read)
            .timeout(timeouts.total);
        if let Some(pem) = &connection.authorities {
            builder = builder.tls_certs_merge(authorities(pem)?);
        }
        if connection.direct {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| {
            // Without any certificate store this fails even for plain http.
            let reason = reason(error);
            SendError::NotSent(format!("the HTTP client cannot be set up: {reason}"))
        })?;
        Ok(Self { client })
    }

    async fn exchange(&self, request: Request) -> Result<Response, SendError> {
        let largest = request.extensions().get::<Largest>();
        let largest = largest.map_or(LARGEST_ANSWER, |it| it.0);
        let request = reqwest::Request::try_from(request).map_err(send_error)?;
        let mut answer = self.client.execute(request).await.map_err(send_error)?;
        let told = answer
            .content_length()
            .and_then(|told| usize::try_from(told).ok());
        let mut body = BytesMut::with_capacity(told.unwrap_or(0).min(largest));
        while let Some(piece) = answer.chunk().await.map_err(unfinished)? {
            if body.len() + piece.len() > largest {
                return Err(SendError::Overlarge(format!(
                    "it is larger than {} MiB",
                    largest / (1024 * 1024)
                )));
            }
            body.extend_from_slice(&piece);
        }
        Ok(http::Response::<reqwest::Body>::from(answer).map(|_| body.freeze()))
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        Box::pin(self.exchange(request))
    }
}

/// Only what fails while connecting, or before, was certainly not sent. A reset on a connection that was used
/// before tells nothing about how far the request came.
fn send_error(error: reqwest::Error) -> SendError {
    let not_sent = error.is_connect() || error.is_builder();
    let reason = reason(error);
    if not_sent {
        SendError::NotSent(reason)
    } else {
        SendError::Unknown(reason)
    }
}

fn authorities(pem: &[u8]) -> Result<Vec<Certificate>, SendError> {
    let certificates = Certificate::from_pem_bundle(pem).unwrap_or_default();
    if certificates.is_empty() {
        let why =
            "the certificate file contains no certificate (PEM: `-----BEGIN CERTIFICATE-----`)";
        return Err(SendError::NotSent(why.to_owned()));
    }
    Ok(certificates)
}

/// An answer had begun when this happened.
fn unfinished(error: reqwest::Error) -> SendError {
    SendError::Unknown(format!("the answer ended early: {}", reason(error)))
}

/// The causes from the outside in, without the URL, whose query may hold secrets, and without the library's
/// own names for its stages.
fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    if error.is_timeout() {
        let what = if error.is_connect() {
            "the connection timed out"
        } else {
            "the answer timed out"
        };
        return what.to_owned();
    }
    let mut words: Vec<String> = Vec::new();
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(inner) = cause {
        if is_no_tls(inner) {
            return "this port does not speak TLS: use `http://`, or another port".to_owned();
        }
        if let Some(why) = distrust(inner) {
            return format!("its certificate is not trusted: {why}");
        }
        let text = inner.to_string();
        let said = words.iter().any(|said| said.contains(&text));
        if !said && !text.starts_with("client error") {
            words.push(text);
        }
        cause = inner.source();
    }
    if words.is_empty() {
        error.to_string()
    } else {
        words.join(": ")
    }
}

/// Whether what came is no TLS at all, as an answer in plain http is none.
fn is_no_tls(error: &(dyn Error + 'static)) -> bool {
    if let Some(outer) = error.downcast_ref::<io::Error>() {
        return outer.get_ref().is_some_and(|inner| is_no_tls(inner));
    }
    matches!(error.downcast_ref(), Some(rustls::Error::InvalidMessage(_)))
}

/// Why a certificate is refused, if that is what an error says, or the one that it wraps.
fn distrust(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(outer) = error.downcast_ref::<io::Error>() {
        return distrust(outer.get_ref()?);
    }
    let rustls::Error::InvalidCertificate(why) = error.downcast_ref()? else {
        return None;
    };
    Some(match why {
        CertificateError::UnknownIssuer => {
            "neither the system nor `--ca-file` knows who issued it".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet (is this machine's clock right?)".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another host than the one in the URL".to_owned()
        }
        other => other.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bytes::Bytes;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    async fn ask(url: String) -> Result<Response, SendError> {
        ask_within(url, 10_000, 10_000).await
    }

    async fn ask_within(url: String, read: u64, total: u64) -> Result<Response, SendError> {
        let timeouts = Timeouts {
            connect: Duration::from_secs(10),
            read: Duration::from_millis(read),
            total: Duration::from_millis(total),
        };
        let connection = Connection {
            timeouts,
            authorities: None,
            direct: true,
        };
        let transport = HttpTransport::new(&connection).unwrap();
        let request = http::Request::post(url).body(Bytes::from_static(b"{}"));
        transport.send(request.unwrap()).await
    }

    /// A server that answers one request with these bytes and hangs up.
    async fn answering(bytes: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut peer, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = peer.read(&mut request).await.unwrap();
            peer.write_all(bytes.as_bytes()).await.unwrap();
        });
        format!("http://{address}/api?secret=hunter2")
    }

    #[tokio::test]
    async fn a_refused_connection_was_not_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/?secret=hunter2", listener.local_addr().unwrap());
        drop(listener);
        let Err(SendError::NotSent(reason)) = ask(url).await else {
            panic!("should not have been sent");
        };
        assert!(reason.contains("refused"), "{reason}");
        assert!(!reason.contains("hunter2"), "{reason}");
    }

    #[tokio::test]
    async fn silence_after_sending_is_unknown() {
        for bytes in ["", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{\"a\""] {
            let Err(SendError::Unknown(reason)) = ask(answering(bytes).await).await else {
                panic!("should be unknown");
            };
            assert!(!reason.contains("hunter2"), "{reason}");
        }
    }

    #[tokio::test]
    async fn redirects_are_answers() {
        let bytes =
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
        let answer = ask(answering(bytes).await).await.unwrap();
        assert_eq!(answer.status(), 302);
    }

    #[tokio::test]
    async fn connections_are_used_again_however_many_there_are() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let opened = Arc::new(AtomicUsize::new(0));
        let counted = opened.clone();
        tokio::spawn(async move {
            while let Ok((mut peer, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    while peer.read(&mut [0; 4096]).await.is_ok_and(|read| read > 0) {
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                        peer.write_all(answer).await.unwrap();
                    }
                });
            }
        });
        let connection = Connection {
            direct: true,
            ..Connection::default()
        };
        let transport = Arc::new(HttpTransport::new(&connection).unwrap());
        for _ in 0..3 {
            let mut wave = tokio::task::JoinSet::new();
            for _ in 0..64 {
                let (transport, url) = (transport.clone(), url.clone());
                wave.spawn(async move {
                    let request = http::Request::get(url).body(Bytes::new()).unwrap();
                    transport.send(request).await.unwrap().status()
                });
            }
            assert_eq!(wave.join_all().await.len(), 64);
        }
        assert_eq!(opened.load(Ordering::Relaxed), 64);
    }

    /// A server that sends a byte of an answer every 50 ms, and does not come to its end.
    async fn dripping() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut peer, _) = listener.accept().await.unwrap();
            let _ = peer.read(&mut [0; 4096]).await.unwrap();
            let mut next = b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n".as_slice();
            while peer.write_all(next).await.is_ok() {
                next = b"x";
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        format!("http://{address}/")
    }

    #[tokio::test]
    async fn a_silent_server_and_an_endless_answer_time_out_as_unknown() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let silent = format!("http://{}/", listener.local_addr().unwrap());
        for (url, read, total) in [
            (silent.clone(), 100, 60_000),
            (silent, 60_000, 100),
            (dripping().await, 10_000, 300),
        ] {
            let Err(SendError::Unknown(reason)) = ask_within(url, read, total).await else {
                panic!("should have timed out");
            };
            assert!(reason.contains("timed out"), "{reason}");
        }
    }
}
