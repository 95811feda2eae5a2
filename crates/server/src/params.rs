//! Query parameters: every one is understood or refused by name.
//!
//! Handlers take what they know and then say [`Params::finish`]; what is left over is unknown. So there is no list of
//! names to keep in step, and a test holds the names taken against the `OpenAPI` document.

use std::borrow::Cow;
use std::collections::BTreeMap;

use topology::entity_ref::{DEFAULT_NAMESPACE, EntityRef};
use topology::nearest::nearest;
use topology::query::MAX_PAGE;

use crate::problem::Refusal;
use crate::token::{Kind, Token};

/// How many items a page has when nobody says.
pub(crate) const DEFAULT_PAGE: usize = 100;
/// Bound on the length of one value, in bytes.
const MAX_VALUE: usize = 4096;
/// Bound on the number of parameters.
const MAX_PARAMS: usize = 64;

/// The parameters not taken yet, and the names asked for.
pub(crate) struct Params<'q> {
    left: Vec<(Cow<'q, str>, Cow<'q, str>)>,
    known: Vec<&'static str>,
}

/// Which page of a list.
pub(crate) struct PageOf {
    pub(crate) limit: usize,
    pub(crate) after: Option<Token>,
}

impl<'q> Params<'q> {
    pub(crate) fn read(query: Option<&'q str>) -> Result<Self, Refusal> {
        let left: Vec<_> = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
            .take(MAX_PARAMS + 1)
            .collect();
        if left.len() > MAX_PARAMS {
            return Err(Refusal::parameter(
                &left[MAX_PARAMS].0,
                format!("expected at most {MAX_PARAMS} parameters"),
            ));
        }
        if let Some((name, value)) = left.iter().find(|(_, value)| value.len() > MAX_VALUE) {
            return Err(Refusal::parameter(
                name,
                format!(
                    "`{name}` is {} bytes long, expected at most {MAX_VALUE}",
                    value.len()
                ),
            ));
        }
        Ok(Self {
            left,
            known: Vec::new(),
        })
    }

    /// Every value of a parameter that may be repeated.
    pub(crate) fn all(&mut self, name: &'static str) -> Vec<String> {
        self.known.push(name);
        let mut values = Vec::new();
        self.left.retain_mut(|(key, value)| {
            let wanted = key == name;
            if wanted {
                values.push(std::mem::take(value).into_owned());
            }
            !wanted
        });
        values
    }

    /// The value of a parameter that may be given once.
    pub(crate) fn one(&mut self, name: &'static str) -> Result<Option<String>, Refusal> {
        let mut values = self.all(name);
        match values.len() {
            0 => Ok(None),
            1 => Ok(values.pop()),
            times => Err(Refusal::parameter(
                name,
                format!("`{name}` is given {times} times, expected once"),
            )),
        }
    }

    /// A parameter whose value is one of a closed list of words.
    pub(crate) fn word<T: Copy>(
        &mut self,
        name: &'static str,
        all: &[T],
        as_str: fn(T) -> &'static str,
    ) -> Result<Option<T>, Refusal> {
        let Some(given) = self.one(name)? else {
            return Ok(None);
        };
        if let Some(word) = all.iter().find(|word| as_str(**word) == given) {
            return Ok(Some(*word));
        }
        let words: Vec<String> = all.iter().map(|word| as_str(*word).to_owned()).collect();
        let near = nearest(&given, words.iter().map(String::as_str)).map(str::to_owned);
        let refusal =
            Refusal::parameter(name, format!("`{name}` cannot be `{given}`")).candidates(words);
        Err(did_you_mean(refusal, near))
    }

    /// `true` or `false`, if given.
    pub(crate) fn truth(&mut self, name: &'static str) -> Result<Option<bool>, Refusal> {
        self.word(
            name,
            &[true, false],
            |flag| if flag { "true" } else { "false" },
        )
    }

    /// `true` or `false`; absent is `false`.
    pub(crate) fn flag(&mut self, name: &'static str) -> Result<bool, Refusal> {
        Ok(self.truth(name)?.unwrap_or(false))
    }

    /// A reference to an owner: a bare name is a Group (S12).
    pub(crate) fn owner(&mut self, name: &'static str) -> Result<Option<EntityRef>, Refusal> {
        self.one(name)?
            .map(|text| {
                EntityRef::parse(&text, Some("group"), DEFAULT_NAMESPACE)
                    .map_err(|error| Refusal::parameter(name, error.to_string()))
            })
            .transpose()
    }

    /// How many items at most: `limit`.
    pub(crate) fn limit(&mut self, default: usize, most: usize) -> Result<usize, Refusal> {
        self.number("limit", default, most)
    }

    /// A number from 1 to `most`.
    pub(crate) fn number(
        &mut self,
        name: &'static str,
        default: usize,
        most: usize,
    ) -> Result<usize, Refusal> {
        let Some(text) = self.one(name)? else {
            return Ok(default);
        };
        let number = text.parse().ok();
        number
            .filter(|number| (1..=most).contains(number))
            .ok_or_else(|| {
                Refusal::parameter(
                    name,
                    format!("`{name}` cannot be `{text}`, expected 1 to {most}"),
                )
            })
    }

    /// Which page: `limit` and `cursor`.
    pub(crate) fn page(&mut self, kind: Kind) -> Result<PageOf, Refusal> {
        let limit = self.limit(DEFAULT_PAGE, MAX_PAGE)?;
        let after = self
            .one("cursor")?
            .map(|text| Token::read(&text, kind))
            .transpose()
            .map_err(Refusal::cursor)?;
        Ok(PageOf { limit, after })
    }

    /// Every parameter as a label.
    pub(crate) fn into_labels(self) -> Result<BTreeMap<String, String>, Refusal> {
        let mut labels = BTreeMap::new();
        for (key, value) in self.left {
            if let Some(first) = labels.insert(key.clone().into_owned(), value.into_owned()) {
                return Err(Refusal::parameter(
                    &key,
                    format!("label `{key}` is given twice, first as `{first}`"),
                ));
            }
        }
        Ok(labels)
    }

    /// Refuses what nobody took.
    pub(crate) fn finish(self) -> Result<(), Refusal> {
        let Some((name, _)) = self.left.first() else {
            return Ok(());
        };
        let near = nearest(name, self.known.iter().copied()).map(str::to_owned);
        let known = self.known.iter().map(|&name| name.to_owned()).collect();
        let refusal = Refusal::parameter(name, format!("`{name}` is no parameter of this route"))
            .candidates(known);
        Err(did_you_mean(refusal, near))
    }
}

fn did_you_mean(refusal: Refusal, near: Option<String>) -> Refusal {
    match near {
        Some(near) => refusal.hint(format!("did you mean `{near}`?")),
        None => refusal,
    }
}
