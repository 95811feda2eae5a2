//! How facts are written: mirrors of the core's types, which are not serializable, in postcard behind a byte that names
//! the encoding.
//!
//! The mirrors borrow from the fact when writing and from the row when reading. Order of fields and variants is the
//! format: it changes only together with the encoding's number, and the old decoder stays. A fact does not repeat its
//! key, which stands in its own column.

pub(crate) mod entity;
pub(crate) mod object;

use serde::{Deserialize, Serialize};

use crate::error::RecordError;

/// The encoding written, and so far the only one read.
const ENCODING: u8 = 1;

/// A key or another value without a byte for its encoding: keys are compared byte by byte, so theirs never changes.
fn bare<T: Serialize>(what: &'static str, value: &T) -> Result<Vec<u8>, RecordError> {
    postcard::to_stdvec(value).map_err(|error| malformed(what, &error))
}

fn from_bare<'a, T: Deserialize<'a>>(
    what: &'static str,
    bytes: &'a [u8],
) -> Result<T, RecordError> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(RecordError::Malformed {
            what,
            reason: format!("{} bytes too many", rest.len()),
        }),
        Err(error) => Err(malformed(what, &error)),
    }
}

fn versioned<T: Serialize>(what: &'static str, value: &T) -> Result<Vec<u8>, RecordError> {
    postcard::to_extend(value, vec![ENCODING]).map_err(|error| malformed(what, &error))
}

fn from_versioned<'a, T: Deserialize<'a>>(
    what: &'static str,
    bytes: &'a [u8],
) -> Result<T, RecordError> {
    match bytes {
        [ENCODING, rest @ ..] => from_bare(what, rest),
        [found, ..] => Err(RecordError::Encoding {
            what,
            found: *found,
            expected: ENCODING,
        }),
        [] => Err(RecordError::Malformed {
            what,
            reason: "it is empty".to_owned(),
        }),
    }
}

fn malformed(what: &'static str, error: &postcard::Error) -> RecordError {
    RecordError::Malformed {
        what,
        reason: error.to_string(),
    }
}

/// Pairs of texts: labels and selectors.
type Pairs<'a> = Vec<(&'a str, &'a str)>;

fn pairs(labels: &topology::fact::LabelPairs) -> Pairs<'_> {
    labels
        .iter()
        .map(|(key, value)| (&**key, &**value))
        .collect()
}

fn from_pairs(pairs: Pairs<'_>) -> topology::fact::LabelPairs {
    pairs
        .into_iter()
        .map(|(key, value)| (key.into(), value.into()))
        .collect()
}
