//! How well a word that somebody typed fits a name: a pure function of the two.
//!
//! It owns the classes and what tells names apart without looking at them. It must not know whose name it is.

/// Letters of a name that are looked at; names of Kubernetes and Backstage are shorter.
pub(crate) const MAX_LETTERS: usize = 256;

/// From so many letters on a word may have one slip.
pub(crate) const MIN_SLIP: usize = 4;

/// What one class is worse than the one before. Within a class of letters in order, gaps count.
pub(crate) const CLASS: u16 = 64;

const EXACT: u16 = 0;
const PREFIX: u16 = CLASS;
const PART: u16 = 2 * CLASS;
const INSIDE: u16 = 3 * CLASS;
const IN_ORDER: u16 = 4 * CLASS;
const SLIP: u16 = 5 * CLASS;

/// Which letters a text has: a bit for each letter, one for two digits, and one for all that is not ASCII. What is no letter
/// and no digit has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Letters(u32);

impl Letters {
    const NOT_ASCII: u32 = 1 << 31;

    /// Those of a name. A name that is not all ASCII may have any, since a letter such as `İ` has an ASCII one in small.
    pub(crate) fn of(name: &str) -> Self {
        let mut bits = 0;
        for byte in name.bytes() {
            bits |= match byte {
                b'a'..=b'z' => 1 << (byte - b'a'),
                b'A'..=b'Z' => 1 << (byte - b'A'),
                b'0'..=b'9' => 1 << (26 + (byte - b'0') / 2),
                0x80.. => return Self(u32::MAX),
                _ => 0,
            };
        }
        Self(bits)
    }

    /// How many of these the name lacks.
    fn lacking(self, name: Self) -> u32 {
        (self.0 & !name.0).count_ones()
    }
}

/// One word, in small letters.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    text: String,
    characters: Vec<char>,
    letters: Letters,
    /// Letters that it has more than once: a name that lacks one of these lacks too much for a slip.
    repeated: u32,
}

/// How well a word fits, the less the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fit(pub(crate) u16);

/// What is asked of a name: each costs more than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Asked {
    /// Whether the word stands in it.
    Literal,
    /// Also whether all letters do, in order.
    InOrder,
    /// Also whether it does with one slip.
    Slip,
}

impl Asked {
    /// What can be of use where a word may cost no more than this.
    pub(crate) fn within(most: u16) -> Self {
        if most >= SLIP {
            Self::Slip
        } else if most >= IN_ORDER {
            Self::InOrder
        } else {
            Self::Literal
        }
    }
}

impl Fit {
    /// The word stands in the name as it is.
    pub(crate) fn is_literal(self) -> bool {
        self.0 < IN_ORDER
    }
}

impl Word {
    pub(crate) fn new(text: &str) -> Self {
        let text = text.to_lowercase();
        let mut letters = Letters::of(&text);
        if !text.is_ascii() {
            let ascii: String = text.chars().filter(char::is_ascii).collect();
            letters = Letters(Letters::of(&ascii).0 | Letters::NOT_ASCII);
        }
        let characters: Vec<char> = text.chars().collect();
        let mut once = 0;
        let mut repeated = 0;
        for letter in characters.iter().filter(|letter| letter.is_ascii()) {
            let bit = Letters::of(letter.encode_utf8(&mut [0; 4])).0;
            repeated |= once & bit;
            once |= bit;
        }
        Self {
            text,
            characters,
            letters,
            repeated,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// How well the word fits a name.
    pub(crate) fn fit(&self, name: &str) -> Option<Fit> {
        self.fit_lazily(Letters::of(name), Asked::Slip, || name)
    }

    /// How well the word fits a name with these letters, which is fetched only if it may fit.
    pub(crate) fn fit_lazily<'n>(
        &self,
        letters: Letters,
        asked: Asked,
        name: impl FnOnce() -> &'n str,
    ) -> Option<Fit> {
        let lacking = self.letters.lacking(letters);
        // A letter that is not there may stand in the word once: it is another, or one too many.
        let may_slip = asked == Asked::Slip
            && self.characters.len() >= MIN_SLIP
            && self.repeated & !letters.0 == 0;
        if lacking > u32::from(may_slip) {
            return None;
        }
        let asked = if may_slip {
            asked
        } else {
            asked.min(Asked::InOrder)
        };
        let name = first_letters(name());
        if !name.is_ascii() || !self.text.is_ascii() {
            return self.fit_characters(name, lacking, asked);
        }
        let bytes = name.as_bytes();
        let starts = |at: usize| {
            let (before, here) = (bytes[at - 1], bytes[at]);
            !before.is_ascii_alphanumeric()
                || (here.is_ascii_uppercase() && !before.is_ascii_uppercase())
        };
        let word = self.text.as_bytes();
        if bytes.iter().any(u8::is_ascii_uppercase) {
            let small = name.to_ascii_lowercase();
            return fit(word, small.as_bytes(), starts, lacking, asked);
        }
        fit(word, bytes, starts, lacking, asked)
    }

    fn fit_characters(&self, name: &str, lacking: u32, asked: Asked) -> Option<Fit> {
        let mut small = Vec::new();
        let mut starts = Vec::new();
        let mut before: Option<char> = None;
        for here in name.chars() {
            let is_start = before.is_none_or(|before| {
                !before.is_alphanumeric() || (here.is_uppercase() && !before.is_uppercase())
            });
            for (at, letter) in here.to_lowercase().enumerate() {
                small.push(letter);
                starts.push(is_start && at == 0);
            }
            before = Some(here);
        }
        fit(&self.characters, &small, |at| starts[at], lacking, asked)
    }
}

fn first_letters(name: &str) -> &str {
    &name[..name.floor_char_boundary(MAX_LETTERS)]
}

/// `starts` says of any place but the first whether a part of the name starts there; `lacking` is how many letters of the
/// word the name does not have.
fn fit<T: Copy + Eq>(
    word: &[T],
    name: &[T],
    starts: impl Fn(usize) -> bool,
    lacking: u32,
    asked: Asked,
) -> Option<Fit> {
    let first = *word.first()?;
    if lacking == 0 {
        if name.starts_with(word) {
            let whole = name.len() == word.len();
            return Some(Fit(if whole { EXACT } else { PREFIX }));
        }
        let mut inside = false;
        for at in 1..(name.len() + 1).saturating_sub(word.len()) {
            if name[at] == first && name[at..].starts_with(word) {
                if starts(at) {
                    return Some(Fit(PART));
                }
                inside = true;
            }
        }
        if inside {
            return Some(Fit(INSIDE));
        }
        if asked == Asked::Literal {
            return None;
        }
        if let Some(gaps) = gaps(word, name) {
            let gaps = u16::try_from(gaps).unwrap_or(CLASS).min(CLASS - 1);
            return Some(Fit(IN_ORDER + gaps));
        }
    }
    let slips = asked == Asked::Slip
        && (0..name.len()).any(|at| (at == 0 || starts(at)) && one_slip(word, &name[at..]));
    slips.then_some(Fit(SLIP))
}

/// How many letters stand between those of the word, where they stand closest.
fn gaps<T: Copy + Eq>(word: &[T], name: &[T]) -> Option<usize> {
    let mut best: Option<usize> = None;
    let mut from = 0;
    loop {
        let mut end = from;
        for letter in word {
            let Some(step) = name[end..].iter().position(|other| other == letter) else {
                return best;
            };
            end += step + 1;
        }
        // From the end back, so that what stands before the last possible start does not count.
        let mut start = end;
        for letter in word.iter().rev() {
            start = name[..start]
                .iter()
                .rposition(|other| other == letter)
                .unwrap_or_default();
        }
        let gaps = end - start - word.len();
        best = Some(best.map_or(gaps, |best| best.min(gaps)));
        from = start + 1;
    }
}

/// Whether the name begins with the word, but for one letter that is another, missing, too many, or changed places with
/// the next. The first letters that differ are where the slip is, or stand in a run of equal letters with it.
fn one_slip<T: Copy + Eq>(word: &[T], name: &[T]) -> bool {
    let same = word.iter().zip(name).take_while(|(a, b)| a == b).count();
    let (word, name) = (&word[same..], &name[same..]);
    let [first, rest @ ..] = word else {
        return true;
    };
    let swapped = || match (rest, name) {
        ([second, rest @ ..], [one, two, name @ ..]) => {
            (one, two) == (second, first) && name.starts_with(rest)
        }
        _ => false,
    };
    name.starts_with(rest)
        || name
            .split_first()
            .is_some_and(|(_, after)| after.starts_with(rest) || after.starts_with(word))
        || swapped()
}

#[cfg(test)]
mod tests {
    use super::{CLASS, Fit, Word};

    fn fit(word: &str, name: &str) -> Option<u16> {
        let fit = Word::new(word).fit(name);
        fit.map(|fit| fit.0)
    }

    #[test]
    fn the_classes_in_order() {
        let table = [
            ("cart", "cart", Some(0)),
            ("CART", "Cart", Some(0)),
            ("cart", "cart-api", Some(CLASS)),
            ("cart", "my-cart", Some(2 * CLASS)),
            ("cart", "my.cart", Some(2 * CLASS)),
            ("cart", "my_cart", Some(2 * CLASS)),
            ("cart", "The Cart", Some(2 * CLASS)),
            ("cart", "myCart", Some(2 * CLASS)),
            ("cart", "mycart", Some(3 * CLASS)),
            // The better of two places counts.
            ("cart", "mycart-cart", Some(2 * CLASS)),
            ("ckt", "checkout", Some(4 * CLASS + 2)),
            ("chkt", "checkout", Some(4 * CLASS + 4)),
            // The closest of several.
            ("ab", "a-xx-a-b", Some(4 * CLASS + 1)),
            ("chexkout", "checkout", Some(5 * CLASS)),
            ("checkoutt", "checkout", Some(5 * CLASS)),
            ("hceckout", "checkout", Some(5 * CLASS)),
            ("chexkout", "the-checkout-api", Some(5 * CLASS)),
            ("chexkout", "thecheckout", None),
            ("cxrt", "cart", Some(5 * CLASS)),
            ("cxt", "cart", None),
            ("cart", "trac", None),
            ("käse", "Der Käse", Some(2 * CLASS)),
            ("kase", "käse", Some(5 * CLASS)),
            ("käse", "kase", Some(5 * CLASS)),
            ("i", "İ", Some(CLASS)),
            ("cart", "", None),
        ];
        for (word, name, expected) in table {
            assert_eq!(fit(word, name), expected, "{word} in {name}");
        }
    }

    #[test]
    fn what_is_literal_is_better_than_what_is_not() {
        assert!(Fit(3 * CLASS).is_literal());
        assert!(!Fit(4 * CLASS).is_literal());
    }
}
