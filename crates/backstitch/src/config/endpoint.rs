//! How a live Backstage is reached: its URL, whom to trust, which way to go, what to ask for.

use std::num::NonZeroU32;

use backstage_client::EntityFilter;
use url::Url;

use super::credentials::Given;
use super::headers::headers;
use super::node::{Node, Place};
use super::reader::{Map, boolean, number, text, texts};
use super::root::Reading;
use super::timeouts;
use super::{ClientCertificate, Credentials, DEFAULT_PAGE_SIZE, Endpoint, Proxy};

pub(super) fn endpoint_url(node: &Node, reading: &mut Reading<'_, '_>) -> Option<Url> {
    let written = text("endpoint", node, reading.faults)?;
    match parse_endpoint(&written) {
        Ok(url) => Some(url),
        Err(EndpointProblem::UserInfo) => {
            reading.faults.hint(
                node.at,
                "`endpoint`: the URL carries a user name or password",
                "leave it out, and give a token by `token_file` or `token_env`",
            );
            None
        }
        Err(EndpointProblem::NotHttp) => {
            reading.faults.expected(
                "endpoint",
                node,
                "the URL of a Backstage backend such as `https://backstage.example.com`",
            );
            None
        }
    }
}

/// Why a text cannot be the URL of a Backstage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndpointProblem {
    /// It carries a user name or password.
    UserInfo,
    /// It is no http or https URL with a host.
    NotHttp,
}

/// Reads the URL of a Backstage backend.
///
/// # Errors
/// When it cannot be one.
pub(crate) fn parse_endpoint(text: &str) -> Result<Url, EndpointProblem> {
    // What cannot be read may hold a password all the same, and is not to be shown then (S31).
    let wrong = || {
        if text.contains('@') {
            EndpointProblem::UserInfo
        } else {
            EndpointProblem::NotHttp
        }
    };
    let url = Url::parse(text).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wrong());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(EndpointProblem::UserInfo);
    }
    Ok(url)
}

/// How many entities may be asked for at once.
const PAGE_SIZES: std::ops::RangeInclusive<NonZeroU32> =
    NonZeroU32::MIN..=NonZeroU32::new(10_000).expect("not zero");

/// Everything about a live Backstage but its URL. `None` where something of it is wrong.
pub(super) fn reach(map: &mut Map, live: bool, reading: &mut Reading<'_, '_>) -> Option<Endpoint> {
    let before = reading.faults.list.len();
    let credentials = Given::take(map);
    let insecure = map.take_entry("insecure_skip_verify");
    let ca_file = map.take_entry("ca_file");
    let certificate = map.take_entry("client_cert_file");
    let key = map.take_entry("client_key_file");
    let extra_headers = map.take_entry("headers");
    let proxy_entry = map.take_entry("proxy");
    let timeouts = timeouts::Given::take(map);
    let page_size = map.take_entry("page_size");
    let gzip = map.take_entry("gzip");
    let fields_entry = map.take_entry("fields");
    let filter = map.take_entry("filter");
    if !live {
        let others = [
            ("insecure_skip_verify", &insecure),
            ("ca_file", &ca_file),
            ("client_cert_file", &certificate),
            ("client_key_file", &key),
            ("headers", &extra_headers),
            ("proxy", &proxy_entry),
            ("page_size", &page_size),
            ("gzip", &gzip),
            ("fields", &fields_entry),
        ];
        let given = credentials.entries().into_iter().chain(others);
        for (key, entry) in given.chain(timeouts.entries()) {
            if let Some((at, _)) = entry {
                reading.faults.add(
                    *at,
                    format!("`{key}` without `endpoint`: it is about a live Backstage"),
                );
            }
        }
    }
    let credentials = credentials.read(reading);
    let authorized = !matches!(credentials, Credentials::None);
    let insecure_skip_verify = insecure
        .and_then(|(_, node)| boolean("insecure_skip_verify", &node, reading.faults))
        .unwrap_or(false);
    let ca_file = ca_file.and_then(|(_, node)| reading.path("ca_file", Some(node)));
    let client_certificate = client_certificate(certificate, key, reading);
    let headers = extra_headers
        .map(|(_, node)| headers(node, authorized, reading))
        .unwrap_or_default();
    let proxy = proxy_entry
        .map(|(_, node)| proxy(&node, reading))
        .unwrap_or_default();
    let timeouts = timeouts.read(reading);
    let page_size = page_size
        .and_then(|(_, node)| number("page_size", &node, PAGE_SIZES, reading.faults))
        .unwrap_or(DEFAULT_PAGE_SIZE);
    let gzip = gzip
        .and_then(|(_, node)| boolean("gzip", &node, reading.faults))
        .unwrap_or(false);
    let fields = fields_entry
        .map(|(at, node)| fields(at, node, reading))
        .unwrap_or_default();
    let filter = filter_conditions(filter, live, reading);
    let placeholder = Url::parse("http://localhost").ok()?;
    (reading.faults.list.len() == before).then_some(Endpoint {
        credentials,
        insecure_skip_verify,
        ca_file,
        client_certificate,
        headers,
        proxy,
        timeouts,
        page_size,
        gzip,
        fields,
        filter,
        ..Endpoint::at(placeholder)
    })
}

/// Both files, or none.
fn client_certificate(
    certificate: Option<(Place, Node)>,
    key: Option<(Place, Node)>,
    reading: &mut Reading<'_, '_>,
) -> Option<ClientCertificate> {
    let (certificate, key) = match (certificate, key) {
        (None, None) => return None,
        (Some((_, certificate)), Some((_, key))) => (certificate, key),
        (Some((at, _)), None) => {
            reading.faults.add(
                at,
                "`client_cert_file` without `client_key_file`, expected the file of its private key too",
            );
            return None;
        }
        (None, Some((at, _))) => {
            reading.faults.add(
                at,
                "`client_key_file` without `client_cert_file`, expected the file of its certificate too",
            );
            return None;
        }
    };
    let certificate_file = reading.path("client_cert_file", Some(certificate));
    let key_file = reading.path("client_key_file", Some(key));
    Some(ClientCertificate {
        certificate_file: certificate_file?,
        key_file: key_file?,
    })
}

/// `environment`, `none` or a URL.
fn proxy(node: &Node, reading: &mut Reading<'_, '_>) -> Proxy {
    const EXPECTED: &str = "`environment`, `none` or a URL such as `http://proxy.example.com:3128`";
    let Some(written) = text("proxy", node, reading.faults) else {
        return Proxy::default();
    };
    match written.as_str() {
        "environment" => return Proxy::Environment,
        "none" => return Proxy::None,
        _ => {}
    }
    match parse_endpoint(&written) {
        Ok(url) => return Proxy::Url(url),
        Err(EndpointProblem::UserInfo) => reading.faults.hint(
            node.at,
            "`proxy`: the URL carries a user name or password",
            "leave `proxy` out, and give the URL in the environment variables HTTPS_PROXY and HTTP_PROXY",
        ),
        Err(EndpointProblem::NotHttp) => reading.faults.expected("proxy", node, EXPECTED),
    }
    Proxy::default()
}

fn fields(at: Place, node: Node, reading: &mut Reading<'_, '_>) -> Vec<String> {
    let fields = texts("fields", node, reading.faults).unwrap_or_default();
    for (at, field) in &fields {
        let is_path = field.split('.').all(|part| !part.is_empty())
            && !field.contains(|c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']'));
        if !is_path {
            reading.faults.add(
                *at,
                format!(
                    "`fields`: found `{field}`, expected a path such as `metadata.annotations`"
                ),
            );
        }
    }
    reading.warnings.hint(
        at,
        "`fields` costs Backstage several times the work of whole entities, which it then cuts down one by one",
        "leave it out unless the network is what is slow",
    );
    fields.into_iter().map(|(_, field)| field).collect()
}

pub(super) fn filter_conditions(
    entry: Option<(Place, Node)>,
    live: bool,
    reading: &mut Reading<'_, '_>,
) -> Vec<String> {
    let Some((at, node)) = entry else {
        return Vec::new();
    };
    let conditions = texts("filter", node, reading.faults).unwrap_or_default();
    for (at, condition) in &conditions {
        if let Err(error) = EntityFilter::all().and(condition.clone()) {
            reading.faults.hint(
                *at,
                format!("`filter`: {error}"),
                "expected such as `metadata.namespace=emea`; the kinds are chosen already",
            );
        }
        if condition
            .split(',')
            .any(|pair| pair.trim_start().starts_with("spec."))
        {
            reading.warnings.add(
                *at,
                "a `filter` on `spec` leaves out Groups and Users as well, so that owners cannot be resolved",
            );
        }
    }
    if !live {
        reading.warnings.add(
            at,
            "`filter` has no effect: only a live Backstage is asked with one",
        );
    }
    conditions
        .into_iter()
        .map(|(_, condition)| condition)
        .collect()
}
