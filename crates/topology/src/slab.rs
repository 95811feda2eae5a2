//! Records under dense `u32` ids, in pages that never move: growing copies nothing and wastes at most one page.

const PAGE_BITS: u32 = 12;
const PAGE: usize = 1 << PAGE_BITS;

/// See the module. A removed id is given out again.
#[derive(Clone, Debug)]
pub(crate) struct Slab<T> {
    pages: Vec<Vec<T>>,
    free: Vec<u32>,
    len: usize,
}

impl<T> Slab<T> {
    pub(crate) fn new() -> Self {
        Self {
            pages: Vec::new(),
            free: Vec::new(),
            len: 0,
        }
    }

    pub(crate) fn insert(&mut self, value: T) -> u32 {
        if let Some(id) = self.free.pop() {
            *self.get_mut(id) = value;
            return id;
        }
        if self.len & (PAGE - 1) == 0 {
            self.pages.push(Vec::with_capacity(PAGE));
        }
        let page = self.len >> PAGE_BITS;
        self.pages[page].push(value);
        let Ok(id) = u32::try_from(self.len) else {
            panic!("more than 2^32 records: sources are bounded far below");
        };
        self.len += 1;
        id
    }

    /// Gives `id` back. What stands there stays until the id is given out again.
    pub(crate) fn remove(&mut self, id: u32) {
        self.free.push(id);
    }

    pub(crate) fn get(&self, id: u32) -> &T {
        &self.pages[(id >> PAGE_BITS) as usize][id as usize & (PAGE - 1)]
    }

    pub(crate) fn get_mut(&mut self, id: u32) -> &mut T {
        &mut self.pages[(id >> PAGE_BITS) as usize][id as usize & (PAGE - 1)]
    }

    /// One more than the highest id ever given out.
    pub(crate) fn bound(&self) -> usize {
        self.len
    }

    /// Every record with its id, removed ones included.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.iter_from(0)
    }

    /// The same from an id on.
    pub(crate) fn iter_from(&self, id: u32) -> impl Iterator<Item = (u32, &T)> {
        let page = ((id >> PAGE_BITS) as usize).min(self.pages.len());
        let skip = id as usize & (PAGE - 1);
        (id..).zip(self.pages[page..].iter().flatten().skip(skip))
    }
}
