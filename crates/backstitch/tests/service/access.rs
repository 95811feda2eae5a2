//! How a live Backstage is reached: what is configured is sent, and what was rotated is used from the next read on,
//! without a restart. Secrets are swapped as Kubernetes swaps what it mounts, by a link.

use std::fs;
use std::sync::{Arc, Mutex};

use rcgen::{CertificateParams, CertifiedIssuer, DnType, KeyPair};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::common::Folder;
use crate::restart::services;
use crate::running::{Service, until};
use crate::scripted::company;

/// A folder with one Service and one live instance of which these lines are said.
fn folder(endpoint: &str, lines: &[&str]) -> Folder {
    let folder = Folder::new();
    folder.file("k8s/services.yaml", services(1));
    let lines: Vec<String> = lines.iter().map(|line| format!("      {line}\n")).collect();
    let lines = lines.concat();
    folder.file(
        "backstitch.yaml",
        format!(
            "listen: 127.0.0.1:0\nstore: state/store.db\nclusters: [{{name: prod, path: k8s}}]\nscrapers:\n  backstage:\n    \
             instances:\n    - name: main\n      endpoint: {endpoint}\n      sync_interval: 1s\n{lines}"
        ),
    );
    folder
}

fn page() -> String {
    json!({"items": company(1, "web"), "totalItems": 2, "pageInfo": {}}).to_string()
}

async fn answering(body: String) -> MockServer {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_raw(body, "application/json");
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// Mounts files as the kubelet does: they are links into a folder that is a link.
#[cfg(unix)]
fn mounted(folder: &Folder, version: &str, files: &[(&str, &str)]) {
    use std::os::unix::fs::symlink;

    let mount = folder.path().join("secrets");
    for (name, text) in files {
        folder.file(&format!("secrets/..{version}/{name}"), text);
        if mount.join(name).symlink_metadata().is_err() {
            symlink(format!("..data/{name}"), mount.join(name)).expect("a link");
        }
    }
    symlink(format!("..{version}"), mount.join("..data_tmp")).expect("a link");
    fs::rename(mount.join("..data_tmp"), mount.join("..data")).expect("a rename");
}

async fn requests(server: &MockServer) -> Vec<Request> {
    server.received_requests().await.expect("they are recorded")
}

/// Waits until a request has come that has this header.
async fn asked_with(server: &MockServer, name: &str, value: &str) {
    let has = |request: &Request| {
        let found = request.headers.get(name);
        found.is_some_and(|found| found.as_bytes() == value.as_bytes())
    };
    until(&format!("{name}: {value}"), || async {
        requests(server).await.iter().any(has)
    })
    .await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn s31_a_token_and_a_header_that_were_rotated_are_used_from_the_next_read_on() {
    let backstage = answering(page()).await;
    let lines = [
        "token_file: secrets/token",
        "headers: {X-Api-Key: {file: secrets/api-key}}",
        "page_size: 77",
        "gzip: true",
        "fields: metadata.labels",
    ];
    let folder = folder(&backstage.uri(), &lines);
    mounted(
        &folder,
        "one",
        &[("token", "t0ken-one\n"), ("api-key", "k3y-one")],
    );
    let service = Service::start(&folder);
    service.phase("catalog/main", "ready").await;
    assert_eq!(service.owner("prod/shop/s0").await, "group:default/web");
    asked_with(&backstage, "authorization", "Bearer t0ken-one").await;
    asked_with(&backstage, "x-api-key", "k3y-one").await;

    mounted(
        &folder,
        "two",
        &[("token", "t0ken-two"), ("api-key", "k3y-two\n")],
    );
    asked_with(&backstage, "authorization", "Bearer t0ken-two").await;
    asked_with(&backstage, "x-api-key", "k3y-two").await;

    let requests = requests(&backstage).await;
    let first = requests.first().expect("it was asked");
    let query = first.url.query().unwrap_or_default();
    assert!(query.contains("limit=77"), "{query}");
    assert!(
        query.contains("spec.profile") && query.contains("metadata.labels"),
        "{query}"
    );
    let encoding = first
        .headers
        .get("accept-encoding")
        .expect("it is asked for");
    assert_eq!(encoding.as_bytes(), b"gzip");
    let log = service.log();
    assert!(!log.contains("t0ken-") && !log.contains("k3y-"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s31_a_token_of_a_token_endpoint_is_kept_until_its_secret_is_rotated() {
    let backstage = answering(page()).await;
    let token = json!({"access_token": "acc3ss", "expires_in": 3600}).to_string();
    let provider = answering(token).await;
    let lines = [
        "oauth2:",
        &format!("  token_url: {}/token", provider.uri()),
        "  client_id: backstitch",
        "  client_secret_file: secret",
        "  client_authentication: body",
        "  scopes: [catalog.read, openid]",
        "  audience: backstage",
    ];
    let folder = folder(&backstage.uri(), &lines);
    folder.file("secret", "s3cret-one");
    let service = Service::start(&folder);
    service.phase("catalog/main", "ready").await;
    asked_with(&backstage, "authorization", "Bearer acc3ss").await;
    until("several reads", || async {
        requests(&backstage).await.len() >= 4
    })
    .await;
    let asked = requests(&provider).await;
    let [first] = asked.as_slice() else {
        panic!("one token is enough, {} were asked for", asked.len());
    };
    let body = String::from_utf8_lossy(&first.body);
    for part in [
        "client_secret=s3cret-one",
        "scope=catalog.read+openid",
        "audience=backstage",
    ] {
        assert!(body.contains(part), "{body}");
    }

    folder.file("secret", "s3cret-two");
    until("the new secret is shown", || async {
        let asked = requests(&provider).await;
        asked
            .last()
            .is_some_and(|last| last.body.windows(10).any(|part| part == b"s3cret-two"))
    })
    .await;
    let (_, sources) = service.get("/api/v1/sources").await;
    let shown = format!("{sources}{}", service.log());
    assert!(
        !shown.contains("s3cret-") && !shown.contains("acc3ss"),
        "{shown}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s31_a_secret_that_is_gone_keeps_what_is_known_and_says_which() {
    let backstage = answering(page()).await;
    let folder = folder(&backstage.uri(), &["headers: {X-Api-Key: {file: api-key}}"]);
    folder.file("api-key", "k3y");
    let service = Service::start(&folder);
    service.phase("catalog/main", "ready").await;
    fs::remove_file(folder.path().join("api-key")).expect("it is there");
    let stale = service.phase("catalog/main", "stale").await;
    let message = stale["last_error"]["message"].as_str().unwrap_or_default();
    assert!(
        message.contains(
            "there is no value for the header `x-api-key`: cannot read the header file `api-key`"
        ),
        "{message}"
    );
    assert_eq!(service.owner("prod/shop/s0").await, "group:default/web");
    folder.file("api-key", "k3y");
    service.phase("catalog/main", "ready").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn through_a_proxy() {
    let proxy = answering(page()).await;
    let line = format!("proxy: {}", proxy.uri());
    let folder = folder("http://backstage.invalid", &[&line]);
    let service = Service::start(&folder);
    service.phase("catalog/main", "ready").await;
    assert_eq!(service.owner("prod/shop/s0").await, "group:default/web");
    asked_with(&proxy, "host", "backstage.invalid").await;
}

/// An authority with a key of its own.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut authority = CertificateParams::default();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    CertifiedIssuer::self_signed(authority, key).expect("an authority")
}

/// A certificate for `localhost` and its key.
fn certificate(authority: &CertifiedIssuer<'static, KeyPair>) -> (rcgen::Certificate, KeyPair) {
    let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    params
        .distinguished_name
        .push(DnType::CommonName, "localhost");
    let key = KeyPair::generate().expect("a key");
    (
        params.signed_by(&key, authority).expect("a certificate"),
        key,
    )
}

/// A Backstage for clients with a certificate of this authority; the certificates that it was shown.
async fn mutual(
    authority: &CertifiedIssuer<'static, KeyPair>,
) -> (String, Arc<Mutex<Vec<Vec<u8>>>>) {
    let (own, key) = certificate(authority);
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a PKCS #8 key");
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).expect("a root");
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build();
    let config = ServerConfig::builder()
        .with_client_cert_verifier(verifier.expect("a verifier"))
        .with_single_cert(vec![own.der().clone()], key)
        .expect("a TLS configuration");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let shown = Arc::new(Mutex::new(Vec::new()));
    tokio::spawn({
        let shown = Arc::clone(&shown);
        async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client may go as it likes.
                let _ = answer(&acceptor, stream, &shown).await;
            }
        }
    });
    (format!("https://localhost:{port}"), shown)
}

/// Answers one request by the catalog.
async fn answer(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
    shown: &Mutex<Vec<Vec<u8>>>,
) -> std::io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let certificate = certificates.first().map(|certificate| certificate.to_vec());
    shown.lock().expect("the list").extend(certificate);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let body = page();
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_client_certificate_that_was_renewed_is_shown_from_the_next_read_on() {
    let authority = authority();
    let (url, shown) = mutual(&authority).await;
    let lines = [
        "ca_file: ca.pem",
        "client_cert_file: secrets/tls.crt",
        "client_key_file: secrets/tls.key",
    ];
    let folder = folder(&url, &lines);
    folder.file("ca.pem", authority.pem());
    let (first, key) = certificate(&authority);
    let files =
        |certificate: &rcgen::Certificate, key: &KeyPair| [certificate.pem(), key.serialize_pem()];
    let [pem, key] = files(&first, &key);
    mounted(&folder, "one", &[("tls.crt", &pem), ("tls.key", &key)]);
    let service = Service::start(&folder);
    service.phase("catalog/main", "ready").await;
    assert_eq!(service.owner("prod/shop/s0").await, "group:default/web");
    let last_shown = || shown.lock().expect("the list").last().cloned();
    assert_eq!(last_shown().as_deref(), Some(&**first.der()));

    let (second, key) = certificate(&authority);
    let [pem, key] = files(&second, &key);
    mounted(&folder, "two", &[("tls.crt", &pem), ("tls.key", &key)]);
    until("the new certificate is shown", || async {
        last_shown().as_deref() == Some(&**second.der())
    })
    .await;
    service.phase("catalog/main", "ready").await;
}
