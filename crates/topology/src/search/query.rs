//! What somebody typed, as words.

use std::fmt;

use super::word::Word;

/// Bound on the words of a query.
pub const MAX_WORDS: usize = 8;
/// Bound on a query, in bytes.
pub const MAX_QUERY: usize = 256;

/// Words that all have to match; at least one.
#[derive(Clone, Debug)]
pub struct Query {
    pub(super) words: Vec<Word>,
}

/// Why a text is no query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryFault {
    /// It has no word.
    Empty,
    /// It has so many words.
    TooManyWords(usize),
    /// It has so many bytes.
    TooLong(usize),
}

impl fmt::Display for QueryFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("there is no word in it"),
            Self::TooManyWords(words) => {
                write!(f, "it has {words} words, expected at most {MAX_WORDS}")
            }
            Self::TooLong(bytes) => {
                write!(f, "it is {bytes} bytes long, expected at most {MAX_QUERY}")
            }
        }
    }
}

impl Query {
    /// Reads a query: words stand between spaces, `/` and `:`, so that ids and references are queries, too.
    pub fn parse(text: &str) -> Result<Self, QueryFault> {
        if text.len() > MAX_QUERY {
            return Err(QueryFault::TooLong(text.len()));
        }
        let parts = text.split(|c: char| c.is_whitespace() || c == '/' || c == ':');
        let words: Vec<Word> = parts
            .filter(|part| !part.is_empty())
            .map(Word::new)
            .collect();
        match words.len() {
            0 => Err(QueryFault::Empty),
            count if count > MAX_WORDS => Err(QueryFault::TooManyWords(count)),
            _ => Ok(Self { words }),
        }
    }
}
