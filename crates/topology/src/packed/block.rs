//! A stretch of memory that packed entities share: their texts in one, the lengths and marks between them in another.
//!
//! Writing and reading are mirror images, one call each. Reading past the end gives empty texts and zeros rather than a
//! panic.

/// A block takes no more entities once its texts have this many bytes, so that the memory of a large generation comes and
/// goes in small pieces.
const FULL: usize = 256 * 1024;

#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    texts: String,
    numbers: Vec<u8>,
    /// Where each entity begins, in the texts and in the numbers.
    starts: Vec<(u32, u32)>,
}

impl Block {
    pub(super) fn is_full(&self) -> bool {
        self.texts.len() >= FULL
    }

    /// Gives back what it reserved for entities that go elsewhere.
    pub(super) fn shrink(&mut self) {
        self.texts.shrink_to_fit();
        self.numbers.shrink_to_fit();
        self.starts.shrink_to_fit();
    }

    pub(super) fn bytes(&self) -> usize {
        self.texts.capacity()
            + self.numbers.capacity()
            + self.starts.capacity() * size_of::<(u32, u32)>()
    }

    /// What is written from here on belongs to the next entity.
    pub(super) fn begin(&mut self) {
        self.starts
            .push((at(self.texts.len()), at(self.numbers.len())));
    }

    /// Seven bits a byte, the lowest first.
    pub(super) fn number(&mut self, mut number: usize) {
        while number >= 0x80 {
            self.numbers.push(low_bits(number) | 0x80);
            number >>= 7;
        }
        self.numbers.push(low_bits(number));
    }

    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len());
        self.texts.push_str(text);
    }

    pub(super) fn reader(&self, index: usize) -> Option<Reader<'_>> {
        let (texts, numbers) = *self.starts.get(index)?;
        Some(Reader {
            texts: self.texts.get(texts as usize..).unwrap_or_default(),
            numbers: self.numbers.get(numbers as usize..).unwrap_or_default(),
        })
    }

    pub(super) fn readers(&self) -> impl Iterator<Item = Reader<'_>> {
        (0..self.starts.len()).filter_map(|index| self.reader(index))
    }
}

fn at(length: usize) -> u32 {
    // A block ends far below; one entity alone has a bound on each of its texts.
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[expect(clippy::cast_possible_truncation, reason = "seven bits are kept")]
fn low_bits(number: usize) -> u8 {
    (number & 0x7f) as u8
}

/// Reads what was written, in the same order.
#[derive(Clone, Debug)]
pub(super) struct Reader<'b> {
    texts: &'b str,
    numbers: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(super) fn number(&mut self) -> usize {
        let mut number = 0;
        let mut shift = 0;
        while let Some((byte, rest)) = self.numbers.split_first() {
            self.numbers = rest;
            number |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 || shift >= usize::BITS {
                break;
            }
        }
        number
    }

    pub(super) fn text(&mut self) -> &'b str {
        let length = self.number();
        let (text, rest) = self.texts.split_at_checked(length).unwrap_or_default();
        self.texts = rest;
        text
    }
}
