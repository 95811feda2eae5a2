use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use futures::StreamExt as _;
use insta::assert_snapshot;
use topology::apply::{ClusterDelta, Delta};

use crate::company::{Company, NOW, service};

/// A stream that never comes must fail the test, not hang it.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Stream {
    body: BodyDataStream,
    text: String,
}

impl Stream {
    async fn open(company: &Company, last: Option<&str>) -> Self {
        let header = last.map(|last| ("last-event-id", last));
        Self::with(company, header).await
    }

    pub(crate) async fn with(company: &Company, header: Option<(&str, &str)>) -> Self {
        let mut request = Request::get("/api/v1/events");
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let response = tower::ServiceExt::oneshot(
            company.router.clone(),
            request.body(Body::empty()).unwrap(),
        )
        .await
        .unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            body: response.into_body().into_data_stream(),
            text: String::new(),
        }
    }

    /// The next event as it is sent; `None`: the stream ended.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let rest = self.text.split_off(end + 2);
                return Some(std::mem::replace(&mut self.text, rest));
            }
            let chunk = tokio::time::timeout(PATIENCE, self.body.next())
                .await
                .unwrap()?;
            self.text += std::str::from_utf8(&chunk.unwrap()).unwrap();
        }
    }

    async fn name(&mut self) -> String {
        let event = self.next().await.unwrap();
        let of = |field: &str| {
            event
                .lines()
                .find_map(|line| line.strip_prefix(field))
                .unwrap_or_else(|| panic!("no {field} in {event}"))
                .trim()
                .to_owned()
        };
        format!("{} {}", of("event:"), of("id:"))
    }
}

/// Adds a Service to the cluster and publishes what that changed.
pub(crate) fn grow(company: &Company, name: &str) {
    let mut topology = company.state.topology.write().unwrap();
    let cluster = topology.cluster_id("eu1").unwrap();
    let changes = topology.apply(Delta::Cluster(ClusterDelta {
        cluster,
        upserts: vec![service("shop", name)],
        removals: Vec::new(),
    }));
    let changes = topology.describe(&changes);
    company.state.events.publish(NOW, &changes);
}

#[tokio::test]
async fn a_new_stream_begins_with_a_reset_and_follows_changes() {
    let company = Company::new();
    let mut stream = Stream::open(&company, None).await;
    assert_snapshot!(stream.next().await.unwrap(), @r#"
    event: reset
    id: 1700000060-0
    retry: 2000
    data: {"id":"1700000060-0","reason":"the stream begins here"}
    "#);
    grow(&company, "serch");
    assert_snapshot!(stream.next().await.unwrap(), @r#"
    event: verdict
    id: 1700000060-1
    data: {"id":"1700000060-1","time":"2023-11-14T22:14:20Z","change":{"type":"verdict","ref":"component:default/serch","instance":"default","cluster":"eu1","before":{"verdict":"service-not-found","owner":"resolved"},"after":{"verdict":"stitched","service":"eu1/shop/serch","owner":"resolved"}}}
    "#);
    assert_snapshot!(stream.next().await.unwrap(), @r#"
    event: service
    id: 1700000060-2
    data: {"id":"1700000060-2","time":"2023-11-14T22:14:20Z","change":{"type":"service","service":"eu1/shop/serch","after":{"state":"owned","component":"component:default/serch","instance":"default","owner":"group:default/shop"}}}
    "#);
}

#[tokio::test]
async fn a_stream_goes_on_after_the_last_event() {
    let company = Company::new();
    for name in ["a", "b", "c"] {
        grow(&company, name);
    }
    let mut stream = Stream::open(&company, Some(&format!("{NOW}-1"))).await;
    assert_eq!(stream.name().await, format!("service {NOW}-2"));
    assert_eq!(stream.name().await, format!("service {NOW}-3"));
    grow(&company, "d");
    assert_eq!(stream.name().await, format!("service {NOW}-4"));
}

#[tokio::test]
async fn an_id_that_is_not_kept_is_answered_with_a_reset() {
    let company = Company::new();
    grow(&company, "a");
    for id in ["0-1", "gibberish", &format!("{NOW}-99")] {
        let mut stream = Stream::open(&company, Some(id)).await;
        assert_eq!(stream.name().await, format!("reset {NOW}-1"), "{id}");
    }
}

#[tokio::test]
async fn a_stream_that_falls_behind_is_told() {
    let company = Company::new();
    let mut stream = Stream::open(&company, None).await;
    assert_eq!(stream.name().await, format!("reset {NOW}-0"));
    let status = company.get("/api/v1/sources").await;
    assert_eq!(status["items"], serde_json::json!([]));
    for _ in 0..=server::events::CAPACITY {
        let id = server::status::SourceId {
            kind: api::SourceKind::Cluster,
            name: "eu1".into(),
        };
        let (_, state) = company.state.sources.update(&id, |_| ());
        company
            .state
            .events
            .publish_source(NOW, state.render(&id, NOW));
    }
    let last = server::events::CAPACITY + 1;
    assert_eq!(stream.name().await, format!("reset {NOW}-{last}"));
    grow(&company, "a");
    assert_eq!(stream.name().await, format!("service {NOW}-{}", last + 1));
}

#[tokio::test]
async fn streams_end_when_the_server_goes_down() {
    let company = Company::new();
    let mut stream = Stream::open(&company, None).await;
    stream.next().await.unwrap();
    company.state.events.close();
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn streams_are_counted_and_bounded() {
    let company = Company::new();
    let mut open = Vec::new();
    for _ in 0..256 {
        open.push(Stream::open(&company, None).await);
    }
    let refused = company.ask(crate::company::request("/api/v1/events")).await;
    assert_eq!(refused.status, 503);
    assert_eq!(refused.header("retry-after"), "10");
    let _ = refused.problem();
    open.pop();
    Stream::open(&company, None).await;
}
