//! How a live Backstage is reached: its URL, its token, whom to trust, what to ask for.

use backstage_client::EntityFilter;
use url::Url;

use super::Endpoint;
use super::node::{Node, Place, Value};
use super::reader::{Map, boolean, text, texts};
use super::root::Reading;
use super::token::TokenSource;

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

/// Everything about a live Backstage but its URL. `None` where something of it is wrong.
pub(super) fn reach(map: &mut Map, live: bool, reading: &mut Reading<'_, '_>) -> Option<Endpoint> {
    let before = reading.faults.list.len();
    let inline = map.take_entry("token");
    let file = map.take_entry("token_file");
    let variable = map.take_entry("token_env");
    let insecure = map.take_entry("insecure_skip_verify");
    let ca_file = map.take_entry("ca_file");
    let filter = map.take_entry("filter");
    if !live {
        let keys = [
            ("token", &inline),
            ("token_file", &file),
            ("token_env", &variable),
            ("insecure_skip_verify", &insecure),
            ("ca_file", &ca_file),
        ];
        for (key, entry) in keys {
            if let Some((at, _)) = entry {
                reading.faults.add(
                    *at,
                    format!("`{key}` without `endpoint`: it is about a live Backstage"),
                );
            }
        }
    }
    reading.faults.at_most_one(
        [
            ("token", &inline),
            ("token_file", &file),
            ("token_env", &variable),
        ],
        "one of `token_file`, `token_env` and `token`",
    );
    let token = if let Some((_, node)) = file {
        reading
            .path("token_file", Some(node))
            .map(TokenSource::File)
    } else if let Some((_, node)) = variable {
        text("token_env", &node, reading.faults).map(TokenSource::Environment)
    } else if let Some((at, node)) = inline {
        inline_token(at, &node, reading)
    } else {
        None
    };
    let insecure_skip_verify = insecure
        .and_then(|(_, node)| boolean("insecure_skip_verify", &node, reading.faults))
        .unwrap_or(false);
    let ca_file = ca_file.and_then(|(_, node)| reading.path("ca_file", Some(node)));
    let filter = filter_conditions(filter, live, reading);
    let placeholder = Url::parse("http://localhost").ok()?;
    (reading.faults.list.len() == before).then_some(Endpoint {
        url: placeholder,
        token,
        insecure_skip_verify,
        ca_file,
        filter,
    })
}

fn inline_token(at: Place, node: &Node, reading: &mut Reading<'_, '_>) -> Option<TokenSource> {
    let Value::Scalar(token, _) = &node.value else {
        reading.faults.expected("token", node, "a text");
        return None;
    };
    reading.warnings.hint(
        at,
        "the token stands in the configuration itself, where it is easily shared",
        "give it by `token_file` or `token_env`",
    );
    let token = token.trim();
    (!token.is_empty()).then(|| TokenSource::Inline(token.to_owned().into()))
}

fn filter_conditions(
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
