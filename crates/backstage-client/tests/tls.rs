//! Whose certificates are accepted: against a real TLS server.

mod support;

use std::sync::Arc;

use backstage_client::{Client, ConnectFailure, Error, Identity, SettingsError};
use rcgen::{Certificate, CertificateParams, CertifiedIssuer, KeyPair, date_time_ymd};
use support::{first_page, json, report, settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// An authority with a key of its own.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut authority = CertificateParams::default();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    CertifiedIssuer::self_signed(authority, key).expect("an authority")
}

/// A TLS server for `name` whose certificate comes from an authority of its own, and that
/// authority's certificate in PEM. Every request is answered by an empty catalog.
async fn server(name: &str, expired: bool) -> (String, String) {
    server_for(name, expired, None).await
}

/// The same, for clients with a certificate of this authority, if there is one.
async fn server_for(
    name: &str,
    expired: bool,
    clients: Option<&CertifiedIssuer<'static, KeyPair>>,
) -> (String, String) {
    let authority = authority();
    let mut leaf = CertificateParams::new([name.to_owned()]).expect("a name");
    if expired {
        leaf.not_before = date_time_ymd(2001, 1, 1);
        leaf.not_after = date_time_ymd(2002, 1, 1);
    }
    let key = KeyPair::generate().expect("a key");
    let certificate = leaf.signed_by(&key, &authority).expect("a certificate");
    let address = serve(&certificate, &key, clients).await;
    (address, authority.pem())
}

/// A TLS server that shows this certificate.
async fn serve(
    certificate: &Certificate,
    key: &KeyPair,
    clients: Option<&CertifiedIssuer<'static, KeyPair>>,
) -> String {
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a PKCS #8 key");
    let config = ServerConfig::builder();
    let config = match clients {
        None => config.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.der().clone()).expect("a root");
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build();
            config.with_client_cert_verifier(verifier.expect("a verifier"))
        }
    };
    let config = config
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a TLS configuration");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(acceptor.clone(), stream));
        }
    });
    format!("https://localhost:{port}")
}

/// Answers one request by an empty catalog.
async fn answer(acceptor: TlsAcceptor, stream: TcpStream) {
    let mut stream = match acceptor.accept(stream).into_fallible().await {
        Ok(stream) => stream,
        Err((_, mut stream)) => {
            // One side did not like the other's certificate. The client hears of it only if the
            // connection is not reset, as it would be with a request left unread.
            let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
            return;
        }
    };
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a request"));
    }
    let answer = json(r#"{"items":[],"pageInfo":{}}"#);
    stream.write_all(&answer).await.expect("room for an answer");
    stream.flush().await.expect("room for an answer");
}

#[tokio::test]
async fn a_self_signed_certificate_is_trusted_unless_it_is_an_authority() {
    for is_authority in [false, true] {
        let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        if is_authority {
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        }
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        let address = serve(&certificate, &key, None).await;
        let mut settings = settings(&address);
        settings.tls.extra_roots_pem = Some(certificate.pem().into_bytes());
        let client = Client::new(settings).expect("good settings");
        match first_page(&client).await {
            Ok(_) => assert!(!is_authority),
            Err(error) => {
                let text = report(&error, &address);
                assert!(is_authority, "{text}");
                assert!(text.contains("`basicConstraints=CA:FALSE`"), "{text}");
            }
        }
    }
}

#[tokio::test]
async fn certificates_are_checked_unless_told_otherwise() {
    let untrusted = "hint: give the certificate of the authority that issued the server's (PEM) as an extra root";
    let name = "hint: use a host name that the server's certificate is valid for";
    let date = "hint: renew the server's certificate, or set the clock of this machine right";
    for (certified, expired, trusted, insecure, expected) in [
        ("localhost", false, true, false, None),
        ("localhost", false, false, true, None),
        ("other.example", true, false, true, None),
        (
            "localhost",
            false,
            false,
            false,
            Some((ConnectFailure::UntrustedCertificate, untrusted)),
        ),
        (
            "other.example",
            false,
            true,
            false,
            Some((ConnectFailure::CertificateForOtherName, name)),
        ),
        (
            "localhost",
            true,
            true,
            false,
            Some((ConnectFailure::CertificateOutOfDate, date)),
        ),
    ] {
        let (address, authority) = server(certified, expired).await;
        let mut settings = settings(&address);
        settings.tls.insecure_skip_verify = insecure;
        settings.tls.extra_roots_pem = trusted.then(|| authority.into_bytes());
        let client = Client::new(settings).expect("good settings");
        match (first_page(&client).await, expected) {
            (Ok(_), None) => {}
            (Err(error), Some((expected, hint))) => {
                let text = report(&error, &address);
                let Error::Connect { failure, .. } = error else {
                    panic!("{text}")
                };
                assert_eq!(failure, expected, "{text}");
                assert!(!error.is_transient(), "{text}");
                assert!(text.ends_with(hint), "{text}");
            }
            (answered, _) => panic!("{certified} {expired} {trusted} {insecure}: {answered:?}"),
        }
    }
}

/// A client's certificate and its key, PEM.
fn client_certificate(by: &CertifiedIssuer<'static, KeyPair>, expired: bool) -> (String, String) {
    let mut leaf = CertificateParams::default();
    if expired {
        leaf.not_before = date_time_ymd(2001, 1, 1);
        leaf.not_after = date_time_ymd(2002, 1, 1);
    }
    let key = KeyPair::generate().expect("a key");
    let certificate = leaf.signed_by(&key, by).expect("a certificate");
    (certificate.pem(), key.serialize_pem())
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_one_is_wanted() {
    let (known, unknown) = (authority(), authority());
    let missing = "hint: the server wants a client certificate: give one, with its key";
    let refused = "hint: the client certificate must be valid today and issued by an authority that \
                   the server trusts";
    for (identity, expected) in [
        (Some(client_certificate(&known, false)), None),
        (
            None,
            Some((ConnectFailure::ClientCertificateMissing, missing)),
        ),
        (
            Some(client_certificate(&unknown, false)),
            Some((ConnectFailure::ClientCertificateRefused, refused)),
        ),
        (
            Some(client_certificate(&known, true)),
            Some((ConnectFailure::ClientCertificateRefused, refused)),
        ),
    ] {
        let (address, authority) = server_for("localhost", false, Some(&known)).await;
        let mut settings = settings(&address);
        settings.tls.extra_roots_pem = Some(authority.into_bytes());
        settings.tls.identity = identity.map(|(certificate, key)| Identity::new(certificate, key));
        let client = Client::new(settings).expect("good settings");
        match (first_page(&client).await, expected) {
            (Ok(_), None) => {}
            (Err(error), Some((expected, hint))) => {
                let text = report(&error, &address);
                let Error::Connect { failure, .. } = error else {
                    panic!("{error:?}")
                };
                assert_eq!(failure, expected, "{text}");
                assert!(!error.is_transient(), "{text}");
                assert!(text.contains(hint), "{text}");
            }
            (answered, _) => panic!("{expected:?}: {answered:?}"),
        }
    }
    // One that nobody asks for does no harm.
    let (address, authority) = server("localhost", false).await;
    let mut settings = settings(&address);
    settings.tls.extra_roots_pem = Some(authority.into_bytes());
    let (certificate, key) = client_certificate(&unknown, false);
    settings.tls.identity = Some(Identity::new(certificate, key));
    let client = Client::new(settings).expect("good settings");
    first_page(&client).await.expect("a page");
}

#[test]
fn a_client_certificate_that_cannot_work_says_which_part_of_it() {
    let by = authority();
    let (certificate, key) = client_certificate(&by, false);
    let (_, other_key) = client_certificate(&by, false);
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let junk = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let junk_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (certificate, key, expected) in [
        ("", key.as_str(), "the client certificate must be"),
        (&key, &key, "the client certificate must be"),
        (junk_certificate, &key, "the client certificate must be"),
        (
            &certificate,
            "",
            "the key of the client certificate must be",
        ),
        (
            &certificate,
            &certificate,
            "the key of the client certificate must be",
        ),
        (
            &certificate,
            junk,
            "the key of the client certificate must be",
        ),
        (
            &certificate,
            encrypted,
            "the key of the client certificate is encrypted",
        ),
        (
            &certificate,
            &other_key,
            "the key does not belong to the client certificate",
        ),
    ] {
        let mut settings = settings("https://b.example");
        settings.tls.identity = Some(Identity::new(certificate, key));
        let shown = format!("{settings:?}");
        assert!(!shown.contains("BEGIN"), "{shown}");
        let error = Client::new(settings).expect_err(expected);
        assert!(
            error.to_string().starts_with(expected),
            "{expected}: {error}"
        );
    }
}

#[tokio::test]
async fn plain_http_behind_https_is_recognised() {
    let plain = wiremock::MockServer::start().await;
    let address = plain.uri().replace("http://", "https://");
    let error = first_page(&support::client(&address))
        .await
        .expect_err("no TLS");
    let text = report(&error, &address);
    assert!(
        text.ends_with("hint: the server seems to speak plain HTTP: try `http://`"),
        "{text}"
    );
}

#[tokio::test]
async fn https_behind_plain_http_is_an_error() {
    let (address, _) = server("localhost", false).await;
    let address = address.replace("https://", "http://");
    let error = first_page(&support::client(&address))
        .await
        .expect_err("no HTTP");
    assert!(matches!(error, Error::Disconnected { .. }), "{error:?}");
}

/// A minimal container image has no root certificates. The test runs itself once more without any,
/// for where they are is taken from the environment.
#[test]
fn root_certificates_are_needed_for_tls_alone() {
    const NO_ROOTS: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];
    let nowhere = env!("CARGO_TARGET_TMPDIR").to_owned() + "/no-such-file";
    if NO_ROOTS
        .iter()
        .any(|name| std::env::var(name).as_ref() != Ok(&nowhere))
    {
        let this = std::env::current_exe().expect("the test binary");
        let run = std::process::Command::new(this)
            .args(["--exact", "root_certificates_are_needed_for_tls_alone"])
            .envs(NO_ROOTS.map(|name| (name, &nowhere)))
            .output()
            .expect("a run");
        assert!(run.status.success(), "{run:?}");
        return;
    }
    Client::new(settings("http://b.example")).expect("plain HTTP needs none");
    let error = Client::new(settings("https://b.example")).expect_err("nobody to trust");
    assert!(matches!(error, SettingsError::Tls(_)), "{error:?}");
    let mut given = settings("https://b.example");
    let key = KeyPair::generate().expect("a key");
    let authority = CertificateParams::default()
        .self_signed(&key)
        .expect("a certificate");
    given.tls.extra_roots_pem = Some(authority.pem().into_bytes());
    Client::new(given).expect("one root is enough");
    let mut insecure = settings("https://b.example");
    insecure.tls.insecure_skip_verify = true;
    Client::new(insecure).expect("nobody needs to be trusted");
}
