//! Further headers of every request to a live Backstage, as a proxy in front of it may want them. Their values are
//! secrets (S31).

use reqwest::header::{AUTHORIZATION, HeaderName};

use super::node::{Node, Place, Value};
use super::reader::{Map, text};
use super::root::Reading;
use super::secret::SecretSource;

/// Bound on the headers of one instance.
const MAX_HEADERS: usize = 100;

/// `headers`, whose keys are the names; `authorized` where the instance has credentials of its own.
pub(super) fn headers(
    node: Node,
    authorized: bool,
    reading: &mut Reading<'_, '_>,
) -> Vec<(HeaderName, SecretSource)> {
    let Some(map) = Map::open(node, "headers", "`headers`", reading.faults) else {
        return Vec::new();
    };
    let at = map.at();
    let entries = map.rest();
    if entries.len() > MAX_HEADERS {
        let message = format!(
            "`headers`: found {} of them, expected at most {MAX_HEADERS}",
            entries.len()
        );
        reading.faults.add(at, message);
    }
    let mut headers: Vec<(HeaderName, SecretSource)> = Vec::new();
    for (key, node) in entries {
        let Some(name) = header_name(&key.text, key.at, authorized, reading) else {
            continue;
        };
        if headers.iter().any(|(other, _)| *other == name) {
            reading.faults.add(
                key.at,
                format!(
                    "`headers`: `{}` is given twice, as capitals do not count in the name of a header",
                    key.text
                ),
            );
            continue;
        }
        if let Some(value) = value(&key.text, key.at, node, reading) {
            headers.push((name, value));
        }
    }
    headers
}

fn header_name(
    name: &str,
    at: Place,
    authorized: bool,
    reading: &mut Reading<'_, '_>,
) -> Option<HeaderName> {
    let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
        reading.faults.add(
            at,
            format!("`headers`: found `{name}`, expected the name of a header such as `X-Api-Key`"),
        );
        return None;
    };
    if let Some(reason) = backstage_client::reserved_header(&name) {
        reading
            .faults
            .add(at, format!("`headers`: `{name}` cannot be given, {reason}"));
        return None;
    }
    if name == AUTHORIZATION && authorized {
        reading.faults.add(
            at,
            "`headers`: `Authorization` beside a token, which is sent by that header; give one of them",
        );
        return None;
    }
    Some(name)
}

/// A text, or a map that says where the text is.
fn value(name: &str, at: Place, node: Node, reading: &mut Reading<'_, '_>) -> Option<SecretSource> {
    const EXPECTED: &str = "a text, `{file: …}` or `{env: …}`";
    let place = node.at;
    match node.value {
        Value::Scalar(secret, _) => {
            reading.warnings.hint(
                at,
                format!(
                    "the value of the header `{name}` stands in the configuration itself, where it is easily shared"
                ),
                "give it by `{file: …}` or `{env: …}`",
            );
            Some(SecretSource::Inline(secret.trim().to_owned().into()))
        }
        Value::Map(_) => {
            let mut map = Map::open(node, "headers", "a header", reading.faults)?;
            let file = map.take_entry("file");
            let variable = map.take_entry("env");
            map.finish_unshown(reading.faults);
            reading
                .faults
                .at_most_one([("file", &file), ("env", &variable)], "one of them");
            match (file, variable) {
                (Some((_, node)), _) => reading.path("file", Some(node)).map(SecretSource::File),
                (None, Some((_, node))) => {
                    text("env", &node, reading.faults).map(SecretSource::Environment)
                }
                (None, None) => {
                    reading.faults.add(
                        place,
                        format!("`headers`: `{name}` has no value, expected {EXPECTED}"),
                    );
                    None
                }
            }
        }
        Value::Null | Value::List(_) => {
            reading.faults.add(
                place,
                format!("`headers`: `{name}` has no text, expected {EXPECTED}"),
            );
            None
        }
    }
}
