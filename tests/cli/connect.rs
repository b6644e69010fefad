//! How a server is reached: certificates, proxies, plain http, and logging in by password.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::peer::Peer;
use super::support::{Run, Sandbox, manifest, rcsync, write};

const PASSWORD: &str = " correct-horse battery ";

/// A sandbox with an account that has a password, and one that may do nothing.
fn with_passwords() -> Sandbox {
    let folder = tempfile::tempdir().unwrap();
    let fixture = json!({
        "users": [
            {"_id": "uAnn", "username": "ann", "roles": ["admin"], "active": true, "password": PASSWORD, "token": "tok-ann-1111"},
            {"_id": "uPaul", "username": "paul", "roles": ["user"], "active": true, "password": PASSWORD},
            {"_id": "rocket.cat", "username": "rocket.cat", "roles": ["bot"], "active": true},
        ],
        "roles": {
            "admin": ["manage-incoming-integrations", "manage-outgoing-integrations", "view-c-room"],
            "user": ["view-c-room"],
            "bot": ["message-impersonate"],
        },
        "rooms": [{"_id": "GENERAL", "name": "general", "t": "c"}],
        "subscriptions": [{"rid": "GENERAL", "uid": "uAnn"}],
    });
    let file = write(folder.path(), "fixture.json", &fixture.to_string());
    let mut sandbox = Sandbox::with(&["--fixture", &file]);
    "uAnn".clone_into(&mut sandbox.user_id);
    "tok-ann-1111".clone_into(&mut sandbox.token);
    sandbox
}

/// The binary with a password instead of a token.
fn as_user(sandbox: &Sandbox, user: &str, args: &[&str]) -> Command {
    let mut command = rcsync(args);
    command
        .env("RCSYNC_URL", &sandbox.url)
        .env("RCSYNC_USER", user)
        .env("RCSYNC_PASSWORD", PASSWORD);
    command
}

#[test]
fn a_login_by_password_is_ended_when_the_run_ends() {
    let sandbox = with_passwords();
    let file = sandbox.file("chat.yaml", &manifest(1));
    let run = Run::of(&mut as_user(
        &sandbox,
        "ann",
        &["apply", "--yes", &file, "-vv"],
    ))
    .exits(0);
    let requests = sandbox.requests();
    assert_eq!(requests.first().unwrap(), "POST /api/v1/login 200");
    assert_eq!(requests.last().unwrap(), "POST /api/v1/logout 200");
    assert_eq!(sandbox.records().len(), 1);
    // Neither the password nor the token that was got for it is in a log.
    assert!(run.err.contains("> POST"), "{}", run.err);
    assert!(!run.err.contains(PASSWORD.trim()), "{}", run.err);
    let token = run
        .err
        .lines()
        .find(|line| line.contains("authToken"))
        .unwrap();
    assert!(token.contains(r#""authToken":"(secret)""#), "{token}");
}

#[test]
fn a_failed_run_logs_out_too_and_a_failed_login_has_nothing_to_end() {
    let sandbox = with_passwords();
    let file = sandbox.file("chat.yaml", &manifest(1));
    let run = Run::of(&mut as_user(&sandbox, "paul", &["plan", &file])).exits(7);
    assert!(
        run.err.contains("manage-incoming-integrations"),
        "{}",
        run.err
    );
    assert_eq!(
        sandbox.requests().last().unwrap(),
        "POST /api/v1/logout 200"
    );

    let before = sandbox.received();
    let mut wrong = as_user(&sandbox, "ann", &["plan", &file]);
    let run = Run::of(wrong.env("RCSYNC_PASSWORD", "wrong-pass")).exits(7);
    assert!(
        run.err.contains("does not accept the user and password"),
        "{}",
        run.err
    );
    assert!(!run.err.contains("wrong-pass"), "{}", run.err);
    assert_eq!(sandbox.received(), before + 1);
}

#[test]
fn a_password_may_stand_in_a_file_and_flags_win_over_the_environment() {
    let sandbox = with_passwords();
    let file = sandbox.file("chat.yaml", &manifest(1));
    let password = sandbox.file("password", &format!("{PASSWORD}\n"));
    let args = ["plan", &file, "--user", "ann", "--password-file", &password];
    // The administrator of the environment is not asked.
    sandbox.run(&args).exits(0);
    assert_eq!(sandbox.requests()[0], "POST /api/v1/login 200");

    let mut both = as_user(&sandbox, "ann", &["plan", &file]);
    let run = Run::of(both.env("RCSYNC_USER_ID", "uAnn")).exits(3);
    assert!(
        run.err
            .contains("both RCSYNC_USER and RCSYNC_USER_ID are set"),
        "{}",
        run.err
    );
    let mut none = as_user(&sandbox, "ann", &["plan", &file]);
    let run = Run::of(none.env_remove("RCSYNC_PASSWORD")).exits(3);
    assert!(
        run.err
            .contains("set RCSYNC_PASSWORD, or give `--password-file`"),
        "{}",
        run.err
    );
    let run = Run::of(&mut as_user(
        &sandbox,
        "ann",
        &["plan", &file, "--user", "ann", "--sandbox"],
    ));
    assert_eq!(run.code, 3);
}

#[test]
fn a_second_factor_is_named_with_what_to_do_instead() {
    let peer = Peer::answering(|_| {
        let body = r#"{"status":"error","error":"totp-required","message":"TOTP Required",
            "details":{"method":"totp","availableMethods":["totp"]}}"#;
        ("401 Unauthorized", "", body.to_owned())
    });
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "chat.yaml", &manifest(1));
    let mut command = rcsync(&["plan", &file]);
    command
        .env("RCSYNC_URL", &peer.url)
        .env("RCSYNC_USER", "ann")
        .env("RCSYNC_PASSWORD", PASSWORD);
    let run = Run::of(&mut command).exits(7);
    assert!(
        run.err.contains("requires a second factor (totp)"),
        "{}",
        run.err
    );
    assert!(
        run.err.contains("use a personal access token"),
        "{}",
        run.err
    );
    assert_eq!(peer.requests().len(), 1);
}

#[test]
fn a_token_that_a_second_factor_is_asked_of_ends_the_run_with_what_to_tick() {
    let sandbox = Sandbox::strict();
    let file = sandbox.file("a.yaml", &manifest(1));
    let body = r#"{"success":false,"errorType":"totp-required","error":"TOTP Required [totp-required]",
        "details":{"method":"totp"}}"#;
    for (path, args) in [
        ("me", &["plan", &file][..]),
        ("integrations.create", &["apply", "--yes", &file]),
    ] {
        let effect = json!({"kind": "answer", "status": 400, "body": body});
        sandbox.fault(&json!({"path": path, "times": 1, "effect": effect}));
        let run = sandbox.run(args).exits(7);
        let told = run.out + &run.err;
        assert!(
            told.contains("the server requires a second factor (totp)")
                && told.contains("`Ignore Two Factor Authentication`"),
            "{told}"
        );
    }
}

#[test]
fn credentials_go_in_clear_to_this_machine_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "chat.yaml", &manifest(1));
    let proxy = Peer::answering(|_| ("502 Bad Gateway", "", String::new()));
    let run = |more: &[&str]| {
        let args = [&["plan", &file, "--retries", "0"], more].concat();
        let mut command = proxy.rcsync(&args);
        command
            .env("RCSYNC_URL", "http://chat.example.org")
            .env("http_proxy", &proxy.url);
        Run::of(&mut command)
    };
    let refused = run(&[]).exits(3);
    assert!(
        refused
            .err
            .contains("http://chat.example.org is plain http"),
        "{}",
        refused.err
    );
    assert!(refused.err.contains("--insecure-http"), "{}", refused.err);
    assert_eq!(proxy.requests().len(), 0);
    // Asked for, it is sent; by the proxy that the environment names.
    run(&["--insecure-http"]).exits(7);
    let requests = proxy.requests();
    let info = "GET http://chat.example.org/api/info ";
    assert!(requests.iter().any(|it| it.starts_with(info)));
}

#[test]
fn this_machine_is_reached_past_every_proxy() {
    let sandbox = Sandbox::inventive();
    let file = sandbox.file("chat.yaml", &manifest(1));
    for args in [
        &["plan", file.as_str()][..],
        &["plan", &file, "--sandbox=none.jsonl"],
    ] {
        let proxy = Peer::answering(|_| ("502 Bad Gateway", "", String::new()));
        let mut command = sandbox.rcsync(args);
        for name in ["http_proxy", "HTTP_PROXY", "ALL_PROXY"] {
            command.env(name, &proxy.url);
        }
        Run::of(&mut command).exits(0);
        assert_eq!(proxy.requests().len(), 0);
    }
}

#[test]
fn a_redirect_is_told_and_nothing_follows_it() {
    let other = Peer::answering(|_| ("200 OK", "", "{}".to_owned()));
    let location: &'static str = format!("Location: {}/api/info?token=x\r\n", other.url).leak();
    let peer = Peer::answering(move |_| ("301 Moved Permanently", location, String::new()));
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "chat.yaml", &manifest(1));
    let run = Run::of(&mut peer.rcsync(&["plan", &file])).exits(7);
    assert!(
        run.err.contains(&format!("use `{}` as its URL", other.url)),
        "{}",
        run.err
    );
    // The first answer ends it: of the three that are asked at once, the others may not even have left.
    assert!((1..=3).contains(&peer.requests().len()));
    assert_eq!(other.requests().len(), 0);
}

/// A certificate of our own making for these names, with the authority that issued it in a file.
fn certificate(folder: &Path, names: &[&str]) -> (ServerConfig, String) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(names)
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    (config, write(folder, "authority.pem", &authority.pem()))
}

/// TLS in front of a sandbox; its URL.
fn behind_tls(sandbox: &Sandbox, config: ServerConfig) -> String {
    let inner = sandbox.url.strip_prefix("http://").unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let acceptor = TlsAcceptor::from(std::sync::Arc::new(config));
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((outer, _)) = listener.accept().await {
                let (acceptor, inner) = (acceptor.clone(), inner.clone());
                tokio::spawn(async move {
                    // A client that does not trust us hangs up.
                    let Ok(mut outer) = acceptor.accept(outer).await else {
                        return;
                    };
                    let mut inner = tokio::net::TcpStream::connect(inner).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut outer, &mut inner).await;
                });
            }
        });
    });
    url
}

/// A sandbox behind TLS.
struct Behind {
    sandbox: Sandbox,
    /// A manifest.
    file: String,
    url: String,
    /// The authority that issued its certificate.
    authority: String,
}

impl Behind {
    /// With a certificate for this name.
    fn certificate_for(name: &str) -> Self {
        let sandbox = Sandbox::inventive();
        let file = sandbox.file("chat.yaml", &manifest(1));
        let (config, authority) = certificate(sandbox.folder.path(), &[name]);
        Self {
            url: behind_tls(&sandbox, config),
            file,
            authority,
            sandbox,
        }
    }

    fn plan(&self, more: &[&str]) -> Command {
        let args = ["plan", &self.file, "--url", &self.url, "--retries", "0"];
        self.sandbox.rcsync(&[&args, more].concat())
    }
}

#[test]
fn an_authority_of_ones_own_is_trusted_when_it_is_named() {
    let behind = Behind::certificate_for("127.0.0.1");
    let (sandbox, authority) = (&behind.sandbox, &behind.authority);
    let run = Run::of(&mut behind.plan(&[])).exits(7);
    let why =
        "its certificate is not trusted: neither the system nor `--ca-file` knows who issued it";
    assert!(run.err.contains(why), "{}", run.err);
    assert_eq!(sandbox.received(), 0);
    Run::of(&mut behind.plan(&["--ca-file", authority])).exits(0);
    Run::of(behind.plan(&[]).env("RCSYNC_CA_FILE", authority)).exits(0);

    let empty = sandbox.file("empty.pem", "no certificate\n");
    let run = Run::of(&mut behind.plan(&["--ca-file", &empty])).exits(7);
    let why = "the certificate file contains no certificate";
    assert!(run.err.contains(why), "{}", run.err);
    let run = Run::of(&mut behind.plan(&["--ca-file", "missing.pem"])).exits(3);
    let why = "the certificates file missing.pem cannot be read";
    assert!(run.err.contains(why), "{}", run.err);
}

#[test]
fn a_certificate_of_another_host_is_refused() {
    let behind = Behind::certificate_for("chat.example.org");
    let run = Run::of(&mut behind.plan(&["--ca-file", &behind.authority])).exits(7);
    assert!(
        run.err
            .contains("it is for another host than the one in the URL"),
        "{}",
        run.err
    );
    assert_eq!(behind.sandbox.received(), 0);
}

#[test]
fn a_port_that_does_not_speak_tls_is_told_so() {
    let sandbox = Sandbox::inventive();
    let file = sandbox.file("chat.yaml", &manifest(1));
    let mut command = sandbox.rcsync(&["plan", &file, "--retries", "0"]);
    command.env("RCSYNC_URL", sandbox.url.replace("http://", "https://"));
    let run = Run::of(&mut command).exits(7);
    assert!(
        run.err.contains("this port does not speak TLS"),
        "{}",
        run.err
    );
}
