//! The file that names the receivers of owners, for `backstitch export alertmanager-routes`.

use std::path::Path;

use super::fault::ConfigError;
use super::node;
use super::reader::{Faults, Map, text};

/// What the file is, for messages.
const WHAT: &str = "file of receivers";

/// From the reference or the name of an owner, as written, to the name of a receiver; in the order of the file.
pub(crate) type Receivers = Vec<(String, String)>;

/// Reads the file.
///
/// # Errors
/// When it cannot be read, or with all that is wrong with it.
pub(crate) fn receivers(path: &Path) -> Result<Receivers, ConfigError> {
    parse(path, &super::read(WHAT, path)?)
}

/// Whether Prometheus and every Alertmanager take it as the name of a label.
pub(crate) fn is_label_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !text.starts_with(|first: char| first.is_ascii_digit())
}

fn parse(path: &Path, source: &str) -> Result<Receivers, ConfigError> {
    let mut faults = Faults::new(path, source);
    let mut receivers = Receivers::new();
    match node::parse(source) {
        Ok(node) => {
            if let Some(map) = Map::open(node, "the file", "a map of receivers", &mut faults) {
                for (key, node) in map.rest() {
                    if let Some(receiver) = text(&key.text, &node, &mut faults) {
                        receivers.push((key.text, receiver));
                    }
                }
            }
        }
        Err(broken) => faults.add(broken.at, broken.message),
    }
    if faults.list.is_empty() {
        return Ok(receivers);
    }
    Err(ConfigError::Faults {
        what: WHAT,
        path: path.to_owned(),
        faults: faults.list,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_from_owners_to_receivers() {
        let read = |text| parse(Path::new("receivers.yaml"), text);
        let pair = |key: &str, receiver: &str| (key.to_owned(), receiver.to_owned());
        assert_eq!(
            read("group:default/payments: pager\nWeb shop: 'chat'\n").expect("receivers"),
            [
                pair("group:default/payments", "pager"),
                pair("Web shop", "chat")
            ]
        );
        assert_eq!(read("").expect("none"), []);
        for (text, told) in [
            ("- a", "expected a map"),
            ("a: [b]", "`a`: found a list, expected a text"),
            ("a: ''", "expected a value"),
            ("a: b\na: c", "given twice"),
            ("a: [", "not valid YAML"),
        ] {
            let error = read(text).expect_err("it is faulty").to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
