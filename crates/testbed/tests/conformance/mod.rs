//! What a reader relies on in the Catalog API: requests, and what the answer must look like.
//!
//! The same list is asked of the served catalog and of real Backstages, so that tests against the one mean something for
//! the other. It needs three entities or more, of which one is a component with an owner that exists.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

/// Who is asked.
pub(crate) struct Target {
    pub(crate) url: String,
    pub(crate) token: Option<String>,
    /// A token that is known and may not read entities.
    pub(crate) reads_nothing: Option<String>,
    /// A token for another plugin.
    pub(crate) other_plugin: Option<String>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: String,
    pub(crate) link: Option<String>,
    pub(crate) text: String,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let header = |name: &str| {
            let value = response.headers().get(name)?;
            Some(value.to_str().expect("ASCII").to_owned())
        };
        let (content_type, link) = (header("content-type").unwrap_or_default(), header("link"));
        Self {
            status: response.status(),
            content_type,
            link,
            text: response.text().await.expect("a whole body"),
        }
    }

    fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        assert_eq!(self.content_type, "application/json; charset=utf-8");
        serde_json::from_str(&self.text).expect("JSON")
    }

    fn items(&self) -> Vec<Value> {
        let mut json = self.json();
        let items = if json.is_array() {
            json.take()
        } else {
            json["items"].take()
        };
        items.as_array().expect("a list").clone()
    }

    #[track_caller]
    fn fails(&self, status: u16, name: &str, message: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.content_type, "application/json; charset=utf-8");
        let json: Value = serde_json::from_str(&self.text).expect("JSON");
        assert_eq!(json["error"]["name"], name, "{json}");
        let found = json["error"]["message"].as_str().expect("a message");
        assert!(found.starts_with(message), "{found}");
        assert_eq!(json["response"]["statusCode"], status);
    }
}

impl Target {
    async fn send(&self, request: reqwest::RequestBuilder, token: Option<&String>) -> Answer {
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        Answer::of(request.send().await.expect("an answer")).await
    }

    fn at(&self, route: &str) -> String {
        format!("{}/api/catalog{route}", self.url)
    }

    async fn get(&self, route: &str) -> Answer {
        self.get_as(route, self.token.as_ref()).await
    }

    async fn get_as(&self, route: &str, token: Option<&String>) -> Answer {
        self.send(client().get(self.at(route)), token).await
    }

    async fn post(&self, body: impl Into<reqwest::Body>) -> Answer {
        let request = client()
            .post(self.at("/entities/by-refs"))
            .header("content-type", "application/json")
            .body(body);
        self.send(request, self.token.as_ref()).await
    }

    async fn by_refs(&self, references: &[&str]) -> Answer {
        self.post(json!({"entityRefs": references}).to_string())
            .await
    }

    /// Whether this Backstage is of 1.12 or later, by what it answers.
    async fn has_by_query(&self) -> bool {
        self.get("/entities/by-query?limit=0").await.status != 404
    }

    async fn all(&self) -> Vec<Value> {
        let all = self.get("/entities").await.items();
        assert!(all.len() >= 3, "the catalog has too few entities to test");
        all
    }
}

/// A client that takes the body as it comes. Making one takes long, so there is one; it keeps no connection, which would
/// be of the test that opened it.
fn client() -> &'static reqwest::Client {
    static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(|| {
        let client = reqwest::Client::builder().no_proxy().no_gzip();
        let client = client.pool_max_idle_per_host(0).build();
        client.expect("a client")
    });
    &CLIENT
}

fn reference(entity: &Value) -> String {
    let text = |value: &Value| value.as_str().expect("a text").to_lowercase();
    let metadata = &entity["metadata"];
    format!(
        "{}:{}/{}",
        text(&entity["kind"]),
        text(&metadata["namespace"]),
        text(&metadata["name"])
    )
}

fn references(entities: &[Value]) -> BTreeSet<String> {
    entities.iter().map(reference).collect()
}

fn encoded(cursor: &Value) -> String {
    let cursor = cursor.as_str().expect("a cursor");
    form_urlencoded::byte_serialize(cursor.as_bytes()).collect()
}

fn uid(entity: &Value) -> String {
    entity["metadata"]["uid"]
        .as_str()
        .expect("a uid")
        .to_owned()
}

pub(crate) async fn an_entity_has_identity_etag_and_relations(target: &Target) {
    let all = target.all().await;
    for entity in &all {
        for field in ["name", "namespace", "uid", "etag"] {
            assert!(entity["metadata"][field].is_string(), "{field}: {entity}");
        }
        for relation in entity["relations"].as_array().expect("relations") {
            let target = relation["targetRef"].as_str().expect("a target");
            assert_eq!(target, target.to_lowercase());
            assert!(target.contains(':') && target.contains('/'), "{target}");
        }
    }
    // Relations go both ways.
    let known = references(&all);
    let mut pairs = 0;
    for entity in &all {
        let owners = entity["relations"].as_array().expect("relations").iter();
        for owner in owners.filter(|relation| relation["type"] == "ownedBy") {
            let owner = owner["targetRef"].as_str().expect("a target");
            if !known.contains(owner) {
                continue;
            }
            let owner = all.iter().find(|other| reference(other) == owner);
            let back = &owner.expect("known")["relations"];
            let expected = json!({"type": "ownerOf", "targetRef": reference(entity)});
            let found = back.as_array().expect("relations").iter().any(|relation| {
                relation["type"] == expected["type"]
                    && relation["targetRef"] == expected["targetRef"]
            });
            assert!(found, "{expected} in {back}");
            pairs += 1;
        }
    }
    assert!(pairs > 0, "no component has an owner that exists");
}

pub(crate) async fn by_query_crawls_by_uid_to_the_end(target: &Target) {
    if !target.has_by_query().await {
        let missing = target.get("/entities/by-query").await;
        assert_eq!((missing.status.as_u16(), &*missing.text), (404, ""));
        return;
    }
    let all = target.all().await;
    let mut seen = Vec::new();
    let mut route = "/entities/by-query?limit=2".to_owned();
    loop {
        let page = target.get(&route).await.json();
        let items = page["items"].as_array().expect("items").clone();
        let (first, next) = (seen.is_empty(), &page["pageInfo"]["nextCursor"]);
        assert_eq!(page["totalItems"], all.len());
        assert_eq!(page["pageInfo"]["prevCursor"].is_null(), first, "{page}");
        seen.extend(items);
        if next.is_null() {
            break;
        }
        assert_eq!(seen.len() % 2, 0, "only the last page is short");
        // The key of the last one stands in the cursor, and the count of the first page.
        let cursor = STANDARD.decode(next.as_str().expect("a cursor"));
        let cursor: Value = serde_json::from_slice(&cursor.expect("base64")).expect("JSON");
        let keys = cursor["orderFieldValues"].as_array().expect("keys");
        let last = seen.last().map(uid);
        assert_eq!(keys.last().and_then(Value::as_str), last.as_deref());
        assert_eq!(cursor["totalItems"], all.len());
        route = format!("/entities/by-query?limit=2&cursor={}", encoded(next));
    }
    let uids: Vec<String> = seen.iter().map(uid).collect();
    assert!(uids.is_sorted_by(|a, b| a < b), "{uids:?}");
    assert_eq!(references(&seen), references(&all));
}

pub(crate) async fn a_cursor_holds_the_filter_but_not_the_limit(target: &Target) {
    if !target.has_by_query().await {
        return;
    }
    let all = target.all().await;
    let first = target.get("/entities/by-query?limit=1").await.json();
    let cursor = encoded(&first["pageInfo"]["nextCursor"]);
    let route = format!("/entities/by-query?filter=kind=no-such-kind&cursor={cursor}");
    let rest = target.get(&route).await.json();
    let count = rest["items"].as_array().expect("items").len();
    assert_eq!(count, all.len().min(201) - 1);
    assert_eq!(rest["totalItems"], all.len());
    assert!(rest["pageInfo"]["prevCursor"].is_string());
}

pub(crate) async fn limit_zero_counts(target: &Target) {
    if !target.has_by_query().await {
        return;
    }
    let all = target.all().await;
    let counted = target.get("/entities/by-query?limit=0").await.json();
    let expected = json!({"items": [], "totalItems": all.len(), "pageInfo": {}});
    assert_eq!(counted, expected);
}

pub(crate) async fn filters_are_or_of_and_without_case(target: &Target) {
    let all = target.all().await;
    let expect = |matches: &dyn Fn(&Value) -> bool| -> BTreeSet<String> {
        references(
            &all.iter()
                .filter(|entity| matches(entity))
                .cloned()
                .collect::<Vec<_>>(),
        )
    };
    let is = |entity: &Value, kind: &str| {
        entity["kind"]
            .as_str()
            .expect("a kind")
            .eq_ignore_ascii_case(kind)
    };
    let in_default = |entity: &Value| entity["metadata"]["namespace"] == "default";
    let two = expect(&|entity| is(entity, "component") || is(entity, "group"));
    let cases = [
        (
            "filter=kind=COMPONENT",
            expect(&|entity| is(entity, "component")),
        ),
        ("filter=kind=component&filter=kind=group", two.clone()),
        ("filter=kind=component,kind=group", two),
        (
            "filter=kind=component,metadata.namespace=Default",
            expect(&|entity| is(entity, "component") && in_default(entity)),
        ),
        ("filter=kind=no-such-kind", BTreeSet::new()),
        (
            "filter=metadata.title",
            expect(&|entity| entity["metadata"]["title"].is_string()),
        ),
    ];
    let mut routes = vec!["/entities"];
    if target.has_by_query().await {
        routes.push("/entities/by-query");
    }
    for route in routes {
        for (filter, expected) in &cases {
            let found = target.get(&format!("{route}?limit=1000&{filter}")).await;
            assert_eq!(references(&found.items()), *expected, "{route} {filter}");
        }
    }
}

pub(crate) async fn wrong_parameters_are_refused(target: &Target) {
    if !target.has_by_query().await {
        let lenient = target.get("/entities?limit=1&foo=1").await;
        assert_eq!(lenient.items().len(), 1);
        return;
    }
    for route in ["/entities/by-query", "/entities"] {
        let cases = [
            ("foo=1", "Unknown query parameter 'foo'"),
            ("limit=x", "request/query/limit must be integer"),
            ("limit=1&limit=2", "request/query/limit must be integer"),
            ("limit=-1", "request/query/limit must be >= 0"),
            ("filter=", "Empty value found for query parameter 'filter'"),
            (
                "filter=%3Dx",
                "Invalid filter, '=x' is not a valid statement",
            ),
        ];
        for (query, message) in cases {
            let refused = target.get(&format!("{route}?{query}")).await;
            refused.fails(400, "InputError", message);
        }
    }
    for cursor in ["abc", "e30%3D", "bm8%3D"] {
        let refused = target
            .get(&format!("/entities/by-query?cursor={cursor}"))
            .await;
        refused.fails(400, "InputError", "Malformed cursor");
    }
    let refused = target.get("/entities?after=zzz").await;
    refused.fails(400, "InputError", "Malformed after cursor");
}

pub(crate) async fn the_older_paging_goes_by_offset(target: &Target) {
    let all = target.all().await;
    let refused = target.get("/entities?limit=0").await;
    refused.fails(
        400,
        "InputError",
        "Invalid limit, must be greater than zero",
    );
    assert!(
        target
            .get("/entities?limit=1&offset=1000000")
            .await
            .items()
            .is_empty()
    );

    let mut route = "/entities?limit=2".to_owned();
    let mut by_link = Vec::new();
    loop {
        let page = target.get(&route).await;
        by_link.extend(page.items());
        let Some(link) = page.link else { break };
        // Relative to the catalog's base, not to the origin.
        let next = link
            .strip_prefix('<')
            .and_then(|link| link.strip_suffix(">; rel=\"next\""));
        next.expect("a link").clone_into(&mut route);
        assert!(route.starts_with("/entities?"), "{route}");
        assert!(!route.contains("offset="), "{route}");
    }
    assert_eq!(by_link.len(), all.len());
    assert_eq!(references(&by_link), references(&all));

    let mut by_offset = Vec::new();
    for offset in 0..all.len() {
        let page = target
            .get(&format!("/entities?limit=1&offset={offset}"))
            .await;
        by_offset.extend(page.items());
    }
    assert_eq!(references(&by_offset), references(&all));
    assert_eq!(by_offset.len(), all.len());
}

pub(crate) async fn by_refs_keeps_the_order_and_the_spelling(target: &Target) {
    let all = target.all().await;
    let (first, second) = (reference(&all[0]), reference(&all[1]));
    let upper = first.to_uppercase();
    let found = target
        .by_refs(&[
            &second,
            "component:default/no-such-name",
            &upper,
            &first,
            "group:x",
        ])
        .await;
    let items = found.items();
    assert_eq!(found.json().as_object().expect("an object").len(), 1);
    let found: Vec<Option<String>> = items
        .iter()
        .map(|item| (!item.is_null()).then(|| reference(item)))
        .collect();
    assert_eq!(found, [Some(second), None, None, Some(first), None]);
    assert!(target.by_refs(&[]).await.items().is_empty());
}

pub(crate) async fn by_refs_refuses_what_it_cannot_read(target: &Target) {
    let too_large: Vec<String> = (0..5_000)
        .map(|n| format!("component:default/x{n:06}"))
        .collect();
    let too_large: Vec<&str> = too_large.iter().map(String::as_str).collect();
    let refused = target.by_refs(&too_large).await;
    if target.has_by_query().await {
        refused.fails(400, "InputError", "request entity too large");
        let missing = target.post(r#"{"foo":[]}"#).await;
        missing.fails(
            400,
            "InputError",
            "request/body must have required property 'entityRefs'",
        );
        let broken = target.post(r#"{"entityRefs":"#).await;
        broken.fails(400, "InputError", "");
    } else {
        refused.fails(413, "PayloadTooLargeError", "request entity too large");
    }
}

pub(crate) async fn fields_leave_the_rest_out(target: &Target) {
    let all = target.all().await;
    let fields = "fields=kind,metadata.name,metadata.annotations.backstage.io/managed-by-location";
    let reduced = target.get(&format!("/entities?{fields}")).await.items();
    assert_eq!(reduced.len(), all.len());
    let given = all.iter().map(|entity| {
        let mut kept = json!({
            "kind": entity["kind"],
            "metadata": {"name": entity["metadata"]["name"]},
        });
        let location = &entity["metadata"]["annotations"]["backstage.io/managed-by-location"];
        if !location.is_null() {
            kept["metadata"]["annotations"] = json!({"backstage.io/managed-by-location": location});
        }
        kept.to_string()
    });
    let found: BTreeSet<String> = reduced.iter().map(Value::to_string).collect();
    assert_eq!(found, given.collect());
}

pub(crate) async fn gzip_is_sent_to_who_accepts_it(target: &Target) {
    let all = target.all().await;
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let request = client.get(target.at("/entities"));
    // The client takes the header away when it decompresses, so what came is asked of one that does not.
    let raw = self::client()
        .get(target.at("/entities"))
        .header("accept-encoding", "gzip");
    let raw = match &target.token {
        Some(token) => raw.bearer_auth(token),
        None => raw,
    };
    let raw = raw.send().await.expect("an answer");
    // Small answers are not worth it to a real one; this is one of some kilobytes.
    assert_eq!(raw.headers()["content-encoding"], "gzip");
    let answer = target.send(request, target.token.as_ref()).await;
    assert_eq!(references(&answer.items()), references(&all));
}

pub(crate) async fn routes_that_are_not_there_are_404_without_a_body(target: &Target) {
    for route in ["/nope", "/entities/by-query/nope"] {
        let missing = target.get(route).await;
        assert_eq!(
            (missing.status.as_u16(), &*missing.text),
            (404, ""),
            "{route}"
        );
    }
}

pub(crate) async fn a_head_past_16_kib_is_a_431_without_a_body(target: &Target) {
    let filter = "kind=component,".repeat(1_300);
    let refused = target.get(&format!("/entities?filter={filter}")).await;
    assert_eq!((refused.status.as_u16(), &*refused.text), (431, ""));
}

pub(crate) async fn tokens_are_told_apart(target: &Target) {
    let route = "/entities?limit=1";
    let has_by_query = target.has_by_query().await;
    if target.token.is_some() {
        let missing = target.get_as(route, None).await;
        assert_eq!(missing.status, 401);
        if has_by_query {
            missing.fails(401, "AuthenticationError", "Missing credentials");
        }
    }
    // Refused even by a Backstage that needs no token.
    let wrong = target
        .get_as(route, Some(&"no-such-token".to_owned()))
        .await;
    assert_eq!(wrong.status, 401);
    if has_by_query {
        wrong.fails(401, "AuthenticationError", "Illegal token");
    }
    if let Some(token) = &target.other_plugin {
        let refused = target.get_as(route, Some(token)).await;
        refused.fails(
            403,
            "NotAllowedError",
            "This token's access is restricted to plugin(s)",
        );
    }
}

pub(crate) async fn a_token_that_may_not_read_sees_an_empty_catalog(target: &Target) {
    let Some(token) = &target.reads_nothing else {
        return;
    };
    for route in ["/entities", "/entities?limit=1"] {
        let empty = target.get_as(route, Some(token)).await;
        assert_eq!(empty.json(), json!([]));
    }
    if target.has_by_query().await {
        let empty = target
            .get_as("/entities/by-query?limit=1", Some(token))
            .await;
        assert_eq!(
            empty.json(),
            json!({"items": [], "totalItems": 0, "pageInfo": {}})
        );
    }
    let known = reference(&target.all().await[0]);
    let request = client()
        .post(target.at("/entities/by-refs"))
        .header("content-type", "application/json")
        .body(json!({"entityRefs": [known]}).to_string());
    let empty = target.send(request, Some(token)).await;
    assert_eq!(empty.json(), json!({"items": [null]}));
}

/// A test for each case, of the target that this function gives.
macro_rules! conforms {
    ($target:path) => {
        conforms!($target:
            an_entity_has_identity_etag_and_relations,
            by_query_crawls_by_uid_to_the_end,
            a_cursor_holds_the_filter_but_not_the_limit,
            limit_zero_counts,
            filters_are_or_of_and_without_case,
            wrong_parameters_are_refused,
            the_older_paging_goes_by_offset,
            by_refs_keeps_the_order_and_the_spelling,
            by_refs_refuses_what_it_cannot_read,
            fields_leave_the_rest_out,
            gzip_is_sent_to_who_accepts_it,
            routes_that_are_not_there_are_404_without_a_body,
            a_head_past_16_kib_is_a_431_without_a_body,
            tokens_are_told_apart,
            a_token_that_may_not_read_sees_an_empty_catalog,
        );
    };
    ($target:path: $($case:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                if let Some((target, _running)) = $target().await {
                    crate::conformance::$case(&target).await;
                }
            }
        )*
    };
}
pub(crate) use conforms;
