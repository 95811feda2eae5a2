//! A stream of JSON split into entities, without holding more than one of them.
//!
//! It takes every shape in which entities are written down: what `GET /entities` answers (a list), what `by-query`
//! answers (a map with `items`), one entity, and any number of these after one another, such as JSON lines. It finds
//! where a value ends by its brackets and quotes alone and leaves judging it to the parser, so one broken entity costs
//! no other.

use std::io::{self, Read};

/// Bound on one entity in bytes; a larger one is passed over and reported.
pub const MAX_ENTITY_BYTES: usize = 64 << 20;

const CHUNK_BYTES: usize = 256 << 10;

/// One piece of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'b> {
    /// Its position among the pieces of the stream, counted from 1.
    pub number: u32,
    /// The line on which it starts, counted from 1.
    pub line: u64,
    /// What it is.
    pub content: Content<'b>,
}

/// What a piece of the stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content<'b> {
    /// The bytes of one value, not yet known to be JSON.
    Value(&'b [u8]),
    /// A value of more than [`MAX_ENTITY_BYTES`].
    TooLarge,
    /// The stream ends inside a value or a list; holds what was there of it.
    CutOff(&'b [u8]),
    /// Neither a list nor a map at the top; nothing after it is read.
    NotJson(&'b [u8]),
}

/// Whether a stream is known to hold one value a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// By its name it does: `.jsonl`, `.ndjson`.
    Lines,
    /// To be seen from its beginning.
    Unknown,
}

/// Splits `reader` and hands every piece to `piece`.
///
/// # Errors
/// When reading fails.
pub fn split<R: Read>(
    reader: R,
    layout: Layout,
    piece: &mut dyn FnMut(Piece<'_>),
) -> io::Result<()> {
    let mut splitter = Splitter {
        reader,
        buffer: Vec::new(),
        start: 0,
        at: 0,
        ended: false,
        number: 0,
        line: 1,
        counted: 0,
        begun_line: 1,
        too_large: false,
        piece,
    };
    splitter.run(layout)
}

struct Splitter<'p, R> {
    reader: R,
    buffer: Vec<u8>,
    /// Where the value being collected starts; everything before it is forgotten at the next read.
    start: usize,
    at: usize,
    ended: bool,
    number: u32,
    /// Line of `counted`, which only moves forward.
    line: u64,
    counted: usize,
    /// Line on which the value being collected starts.
    begun_line: u64,
    too_large: bool,
    piece: &'p mut dyn FnMut(Piece<'_>),
}

impl<R: Read> Splitter<'_, R> {
    fn run(&mut self, layout: Layout) -> io::Result<()> {
        self.fill_to(BYTE_ORDER_MARK.len())?;
        if self.buffer.starts_with(BYTE_ORDER_MARK) {
            self.at = BYTE_ORDER_MARK.len();
        }
        if layout == Layout::Lines {
            return self.lines();
        }
        loop {
            match self.skip_blanks()? {
                None => return Ok(()),
                Some(b'[') => {
                    self.at += 1;
                    self.list()?;
                }
                Some(b'{') => {
                    let line = self.line_here();
                    let entity = self.map()?;
                    if entity && self.line_follows(line)? {
                        return self.lines();
                    }
                }
                Some(_) => {
                    self.begin();
                    self.fill_to(self.at + SHOWN_BYTES)?;
                    self.emit(|found| Content::NotJson(&found[..SHOWN_BYTES.min(found.len())]));
                    return Ok(());
                }
            }
        }
    }

    /// Whether the entity that started on `line` ended there too and another line follows: then these are JSON lines,
    /// and a line end is a surer end than any bracket.
    fn line_follows(&mut self, line: u64) -> io::Result<bool> {
        if self.line_here() != line {
            return Ok(false);
        }
        let next = self.skip_blanks()?;
        Ok(next == Some(b'{') && self.line_here() > line)
    }

    fn lines(&mut self) -> io::Result<()> {
        while self.skip_blanks()?.is_some() {
            self.begin();
            while let Some(byte) = self.peek()? {
                if byte == b'\n' {
                    break;
                }
                self.skip_while(|byte| byte != b'\n');
            }
            self.emit_value();
        }
        Ok(())
    }

    /// The rest of a list, after its bracket; `false` when the stream ends inside it.
    fn list(&mut self) -> io::Result<bool> {
        loop {
            match self.skip_blanks()? {
                None => {
                    self.begin();
                    self.emit_cut_off();
                    return Ok(false);
                }
                Some(b']') => {
                    self.at += 1;
                    return Ok(true);
                }
                Some(b',') => self.at += 1,
                Some(_) => {
                    self.begin();
                    if !self.value()? {
                        self.emit_cut_off();
                        return Ok(false);
                    }
                    self.emit_value();
                }
            }
        }
    }

    /// A map at the top: an entity, or a page whose `items` are entities. Says whether it was an entity.
    fn map(&mut self) -> io::Result<bool> {
        self.begin();
        self.at += 1;
        let mut page = false;
        loop {
            if page {
                self.begin();
            }
            match self.skip_blanks()? {
                None => {
                    self.emit_cut_off();
                    return Ok(!page);
                }
                Some(b'}') => {
                    self.at += 1;
                    if !page {
                        self.emit_value();
                    }
                    return Ok(!page);
                }
                Some(b'"') => {
                    let key = self.at - self.start;
                    self.string()?;
                    let is_items = self.buffer.get(self.start + key..self.at) == Some(b"\"items\"");
                    if self.skip_blanks()? == Some(b':') {
                        self.at += 1;
                        if is_items && self.skip_blanks()? == Some(b'[') {
                            self.at += 1;
                            page = true;
                            if !self.list()? {
                                return Ok(false);
                            }
                        }
                    }
                }
                Some(b',') => self.at += 1,
                Some(_) => {
                    self.value()?;
                }
            }
        }
    }

    /// Passes over one value; `false` when the stream ends inside it.
    fn value(&mut self) -> io::Result<bool> {
        let mut depth = 0_usize;
        loop {
            let Some(byte) = self.peek()? else {
                return Ok(false);
            };
            match byte {
                b'"' => {
                    if !self.string()? {
                        return Ok(false);
                    }
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    self.at += 1;
                }
                _ if depth > 0 => {
                    self.skip_while(|byte| !matches!(byte, b'"' | b'{' | b'[' | b'}' | b']'));
                    continue;
                }
                _ => {
                    // A bare word or a number; at least one byte, so that anything is passed at last.
                    self.at += 1;
                    self.skip_while(|byte| {
                        !matches!(byte, b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t')
                    });
                    match self.peek()? {
                        Some(byte)
                            if !matches!(byte, b',' | b']' | b'}')
                                && !byte.is_ascii_whitespace() =>
                        {
                            continue;
                        }
                        _ => {}
                    }
                }
            }
            if depth == 0 {
                return Ok(true);
            }
        }
    }

    /// Passes over a string. A line end inside one is no JSON: a quote is missing, and the string is taken to end
    /// there, so that only its own entity is broken.
    fn string(&mut self) -> io::Result<bool> {
        self.at += 1;
        loop {
            self.skip_while(|byte| !matches!(byte, b'"' | b'\\' | b'\n'));
            match self.peek()? {
                None => return Ok(false),
                Some(b'\\') => {
                    self.at += 1;
                    if self.peek()?.is_none() {
                        return Ok(false);
                    }
                    self.at += 1;
                }
                Some(b'"') => {
                    self.at += 1;
                    return Ok(true);
                }
                Some(b'\n') => return Ok(true),
                Some(_) => {}
            }
        }
    }

    fn skip_blanks(&mut self) -> io::Result<Option<u8>> {
        loop {
            self.skip_while(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t'));
            match self.peek()? {
                Some(b' ' | b'\n' | b'\r' | b'\t') => {}
                other => return Ok(other),
            }
        }
    }

    /// Moves over what is in the buffer; the caller peeks to go on where the buffer ended first.
    fn skip_while(&mut self, skip: impl Fn(u8) -> bool) {
        let rest = &self.buffer[self.at..];
        let length = rest.iter().position(|&byte| !skip(byte));
        self.at += length.unwrap_or(rest.len());
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.at >= self.buffer.len() {
            self.fill_to(self.at)?;
        }
        Ok(self.buffer.get(self.at).copied())
    }

    /// Reads until the buffer holds the byte at `position`, or the stream ends.
    fn fill_to(&mut self, position: usize) -> io::Result<()> {
        let wanted = position.saturating_sub(self.at);
        while self.at + wanted >= self.buffer.len() && !self.ended {
            if self.at.saturating_sub(self.start) > MAX_ENTITY_BYTES {
                self.too_large = true;
                self.start = self.at;
            }
            self.forget();
            let filled = self.buffer.len();
            self.buffer.resize(filled + CHUNK_BYTES, 0);
            let read = loop {
                match self.reader.read(&mut self.buffer[filled..]) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => break other?,
                }
            };
            self.buffer.truncate(filled + read);
            self.ended = read == 0;
        }
        Ok(())
    }

    /// Drops what is before the value being collected.
    fn forget(&mut self) {
        let keep = self.start.min(self.at);
        self.count_to(keep);
        self.buffer.drain(..keep);
        self.at -= keep;
        self.start -= keep;
        self.counted -= keep;
    }

    fn count_to(&mut self, position: usize) {
        let position = position.min(self.buffer.len());
        if position > self.counted {
            self.line += line_breaks(&self.buffer[self.counted..position]);
            self.counted = position;
        }
    }

    fn line_here(&mut self) -> u64 {
        self.count_to(self.at);
        self.line
    }

    /// Starts a new piece here.
    fn begin(&mut self) {
        self.start = self.at;
        self.begun_line = self.line_here();
        self.too_large = false;
    }

    fn emit_value(&mut self) {
        let length = self.at - self.start;
        if self.too_large {
            self.emit(|_| Content::TooLarge);
        } else {
            self.emit(|buffer| Content::Value(&buffer[..length]));
        }
    }

    fn emit_cut_off(&mut self) {
        self.emit(|found| Content::CutOff(found));
    }

    fn emit(&mut self, content: impl for<'b> Fn(&'b [u8]) -> Content<'b>) {
        self.number = self.number.saturating_add(1);
        let collected = &self.buffer[self.start.min(self.buffer.len())..];
        (self.piece)(Piece {
            number: self.number,
            line: self.begun_line,
            content: content(collected),
        });
        self.start = self.at;
    }
}

/// How many lines `bytes` ends.
#[expect(
    clippy::naive_bytecount,
    reason = "the compiler vectorises it; a crate for it would not be noticed beside parsing"
)]
pub(crate) fn line_breaks(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// How much of a text that is no JSON is shown.
const SHOWN_BYTES: usize = 40;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

#[cfg(test)]
#[path = "json_stream_tests.rs"]
mod tests;
