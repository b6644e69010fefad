//! The calls of outgoing webhooks. They reach this machine alone: what runs in a sandbox may be under review, and must not reach
//! anybody else.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::header::{HOST, HeaderName, HeaderValue};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::{Host, Position, Url};

/// The largest answer that is read, as on the server.
const LARGEST: usize = 10 << 20;
/// How long a call may take, as on the server.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A call to be made.
pub(super) struct Call {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<String>,
    /// How long it may take, where the script says so.
    pub(super) limit: Option<Duration>,
}

/// What was answered.
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

/// Makes a call, or says why there is no answer.
pub(super) async fn send(call: &Call) -> Result<Answered, String> {
    if call.body.is_some() && matches!(call.method.as_str(), "GET" | "HEAD") {
        return Err("Request with GET/HEAD method cannot have body".to_owned());
    }
    let url = Url::parse(&call.url).map_err(|_| "Invalid URL".to_owned())?;
    let to = here(&url)
        .ok_or_else(|| format!("{url} is not called: a sandbox only calls http on this machine"))?;
    let limit = call.limit.unwrap_or(TIMEOUT).min(TIMEOUT);
    let answered = timeout(limit, exchange(call, &url, &to)).await;
    answered.unwrap_or_else(|_| Err("The user aborted a request.".to_owned()))
}

/// The addresses on this machine that a URL names, if it does. A name is not looked up: it could lead elsewhere.
fn here(url: &Url) -> Option<Vec<SocketAddr>> {
    if url.scheme() != "http" {
        return None;
    }
    let ips: Vec<IpAddr> = match url.host()? {
        Host::Ipv4(ip) => vec![ip.into()],
        Host::Ipv6(ip) => vec![ip.into()],
        Host::Domain("localhost") => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        Host::Domain(_) => return None,
    };
    let port = url.port_or_known_default()?;
    let is_here = ips.iter().all(IpAddr::is_loopback);
    is_here.then(|| {
        ips.into_iter()
            .map(|ip| SocketAddr::new(ip, port))
            .collect()
    })
}

async fn exchange(call: &Call, url: &Url, to: &[SocketAddr]) -> Result<Answered, String> {
    let failed =
        |error: &dyn std::error::Error| format!("request to {} failed, reason: {error}", call.url);
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let mut request = http::Request::builder()
        .method(call.method.as_str())
        .uri(path)
        .body(Full::new(Bytes::from(
            call.body.clone().unwrap_or_default(),
        )))
        .map_err(|error| failed(&error))?;
    let host = &url[Position::BeforeHost..Position::AfterPort];
    let host = HeaderValue::from_str(host).map_err(|error| failed(&error))?;
    request.headers_mut().insert(HOST, host);
    for (name, value) in &call.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| failed(&error))?;
        let value = HeaderValue::from_str(value).map_err(|error| failed(&error))?;
        request.headers_mut().insert(name, value);
    }
    let stream = TcpStream::connect(to)
        .await
        .map_err(|error| failed(&error))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failed(&error))?;
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request).await;
    let answer = answer.map_err(|error| failed(&error))?;
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, LARGEST).collect().await;
    connection.abort();
    let body = body.map_err(|error| failed(&*error))?.to_bytes();
    let headers = head.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    Ok(Answered {
        status: head.status.as_u16(),
        headers: headers.collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_called() {
        let called = |url: &str| here(&Url::parse(url).expect("a URL")).is_some();
        for url in [
            "http://127.0.0.1:9/x",
            "http://localhost/x",
            "http://[::1]:80/",
            "http://127.1.2.3",
        ] {
            assert!(called(url), "{url}");
        }
        for url in [
            "https://127.0.0.1/",
            "http://10.0.0.1/",
            "http://0.0.0.0/",
            "http://169.254.169.254/latest",
            "http://localhost.example.org/",
            "http://example.org/",
            "ftp://127.0.0.1/",
        ] {
            assert!(!called(url), "{url}");
        }
    }
}
