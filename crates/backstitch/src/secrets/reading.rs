//! The keys of a Secret, read one by one: what of them cannot be used, and what is worth a warning. No value is ever told (S31).

use cluster::live::secrets::{Secret, Value};
use secrecy::ExposeSecret as _;
use topology::nearest::nearest;

use super::Problem;
use crate::config::parts_of_place;

/// A Secret, and what has been found wrong with it so far.
pub(super) struct Reading<'s> {
    pub(super) secret: &'s Secret,
    /// What cannot be used.
    pub(super) faults: Vec<String>,
    /// What is no failure and should be known.
    pub(super) warnings: Vec<String>,
}

impl<'s> Reading<'s> {
    pub(super) fn of(secret: &'s Secret) -> Self {
        Self {
            secret,
            faults: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// What came of it, with the warnings; all that is wrong where something is.
    pub(super) fn finish<T>(self, value: Option<T>) -> Result<(T, Vec<String>), Problem> {
        match value {
            Some(value) if self.faults.is_empty() => Ok((value, self.warnings)),
            _ => {
                let (namespace, name) = (&self.secret.namespace, &self.secret.name);
                let (cluster, within) = parts_of_place(namespace);
                let there = cluster.map_or_else(String::new, |it| format!(" in cluster `{it}`"));
                let mut told = self.faults;
                told.extend(self.warnings);
                Err(Problem {
                    message: format!(
                        "the Secret `{name}` of namespace `{namespace}` cannot be used: {}",
                        told.join("; ")
                    ),
                    remedy: Some(format!(
                        "mend it with `kubectl edit secret {name} --namespace {within}`{there}; it is read again at once"
                    )),
                })
            }
        }
    }

    /// Warns of every key that is not `known`; `aliases` are what other tools call them.
    pub(super) fn unknown_keys(&mut self, known: &[&str], aliases: &[(&str, &str)]) {
        for key in self.secret.data.keys() {
            if known.contains(&key.as_str()) {
                continue;
            }
            let alias = aliases
                .iter()
                .find(|(alias, _)| alias.eq_ignore_ascii_case(key))
                .map(|(_, key)| *key);
            let mut known_keys = known.iter().copied();
            let capitals = known_keys.find(|known| known.eq_ignore_ascii_case(key));
            let near = capitals
                .or(alias)
                .or_else(|| nearest(key, known.iter().copied()));
            let meant = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys are `{}`", known.join("`, `")),
            };
            self.warnings.push(format!(
                "the key `{key}` is unknown and has no effect, {meant}"
            ));
        }
    }

    /// The text under a key, without white space around it; `None` where there is none.
    pub(super) fn text(&mut self, key: &str, most: usize) -> Option<String> {
        let bytes = match self.secret.data.get(key)? {
            Value::Bytes(bytes) => bytes.expose_secret(),
            Value::Malformed => {
                self.faults.push(format!(
                    "`{key}` is no base64, expected the value encoded in that"
                ));
                return None;
            }
        };
        if bytes.len() > most {
            let found = bytes.len();
            self.faults.push(format!(
                "`{key}`: found {found} bytes, expected at most {most}"
            ));
            return None;
        }
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Some(text.trim().to_owned());
        }
        self.faults.push(format!(
            "`{key}`: found bytes that are no UTF-8, expected a text"
        ));
        None
    }
}
