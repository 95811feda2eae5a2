//! What a served catalog has: the questions that its API asks of the entities, however they are kept.

use bytes::Bytes;

use super::filter::Filter;

/// Entities, ready to be sent one after the other.
pub struct Slice {
    /// The text of each, made when it is sent.
    pub(super) texts: Box<dyn Iterator<Item = Bytes> + Send>,
    /// The uids of the first and the last; `None` where there is none.
    pub(super) ends: Option<(String, String)>,
    /// Whether others follow.
    pub(super) more: bool,
}

/// A way to keep a catalog's entities.
///
/// Public as a bound of [`Catalog`](super::Catalog); what it asks for is known to this module's ways alone.
pub trait Model: Send + Sync + 'static {
    /// How many entities the filter finds.
    #[doc(hidden)]
    fn count(&self, query: &Query) -> u64;

    /// Those that the query finds, in the order of their uids.
    ///
    /// A real one crawls so: by uid, from the last key on, which is why what exists throughout is seen whatever comes
    /// or goes meanwhile.
    #[doc(hidden)]
    fn by_uid(&self, query: &Query) -> Slice;

    /// Those that the query finds, in the order of their references, as the older paging has them.
    #[doc(hidden)]
    fn by_reference(&self, query: &Query) -> Slice;

    /// The text of the entity with this full reference in lower case; any other spelling finds nothing.
    #[doc(hidden)]
    fn find(&self, reference: &str) -> Option<Bytes>;
}

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub struct Query {
    pub(super) filter: Filter,
    /// Only those with a greater uid.
    pub(super) after: Option<String>,
    /// How many of those found are passed over.
    pub(super) offset: usize,
    /// How many at most.
    pub(super) limit: usize,
}

/// A hash of which each bit depends on all bits of the seed (the end of SplitMix64).
pub(super) fn mixed(seed: u64) -> u64 {
    let hash = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// 40 hexadecimal digits that follow from a text, as an etag has them.
pub(super) fn etag(text: &str) -> String {
    let fold = |seed: u64| {
        text.bytes().fold(seed, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    let (first, second) = (mixed(fold(1)), mixed(fold(0xcbf2_9ce4_8422_2325)));
    format!(
        "{first:016x}{second:016x}{:08x}",
        mixed(first ^ second) >> 32
    )
}

/// A uid in the form of a UUID: the high half decides its place in the order of a crawl.
pub(super) fn uid(high: u64, low: u64) -> String {
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}
