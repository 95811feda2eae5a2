//! Many short texts in few pieces of memory, each of which comes and goes by itself.

/// The size of a piece, in bytes; a longer text has a piece of its own.
const BLOCK: usize = 64 * 1024;

/// Texts that are added and forgotten, but never changed.
#[derive(Default)]
pub(super) struct Arena {
    blocks: Vec<String>,
    /// Bytes of texts that are still wanted, and of those that are not.
    live: usize,
    dead: usize,
}

/// Where a text is.
#[derive(Clone, Copy)]
pub(super) struct Place {
    block: u32,
    start: u32,
    length: u32,
}

impl Arena {
    pub(super) fn push(&mut self, text: &str) -> Place {
        let fits = |block: &String| block.len() + text.len() <= block.capacity();
        if !self.blocks.last().is_some_and(fits) {
            self.blocks
                .push(String::with_capacity(BLOCK.max(text.len())));
        }
        let index = self.blocks.len().saturating_sub(1);
        let mut start = 0;
        if let Some(block) = self.blocks.last_mut() {
            start = block.len();
            block.push_str(text);
        }
        self.live += text.len();
        Place {
            block: small(index),
            start: small(start),
            length: small(text.len()),
        }
    }

    pub(super) fn get(&self, place: Place) -> &str {
        let start = place.start as usize;
        let text = self
            .blocks
            .get(place.block as usize)
            .and_then(|block| block.get(start..start + place.length as usize));
        text.unwrap_or_default()
    }

    /// The text at this place is not wanted any more; its memory is given back when the arena is made anew.
    pub(super) fn forget(&mut self, place: Place) {
        self.live -= place.length as usize;
        self.dead += place.length as usize;
    }

    /// Whether more than half of it is texts that nobody wants.
    pub(super) fn is_mostly_dead(&self) -> bool {
        self.dead > self.live
    }

    /// How many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        let blocks: usize = self.blocks.iter().map(String::capacity).sum();
        blocks + self.blocks.capacity() * size_of::<String>()
    }
}

/// Nothing in memory is as large as what this cannot hold: a text comes from one answer, whose size has a bound.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_kept_as_they_are_whatever_their_length() {
        let mut arena = Arena::default();
        let texts: Vec<String> = [0, 1, 40_000, 40_000, BLOCK, BLOCK + 1, 3, 0]
            .into_iter()
            .enumerate()
            .map(|(index, length)| format!("{index}é").repeat(length / 2))
            .collect();
        let places: Vec<Place> = texts.iter().map(|text| arena.push(text)).collect();
        let read: Vec<&str> = places.iter().map(|place| arena.get(*place)).collect();
        assert_eq!(read, texts);
        assert!(!arena.is_mostly_dead());
        for place in &places[..6] {
            arena.forget(*place);
        }
        assert!(arena.is_mostly_dead());
        let held: usize = texts.iter().map(String::len).sum();
        assert!(
            (held..held + 4 * BLOCK).contains(&arena.bytes()),
            "{}",
            arena.bytes()
        );
    }
}
