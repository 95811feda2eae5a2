//! The one document of S32, written row by row: of a large company it is larger than all that is known.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use server::render;
use topology::query::{ComponentFilter, ServiceFilter};

use super::walk;
use crate::sources::Stitched;

/// Writes the document as JSON.
pub(crate) fn write_json(stitched: &Stitched, out: &mut dyn Write) -> io::Result<()> {
    json(&Document { stitched }, out)
}

/// Writes the same document as YAML.
pub(crate) fn write_yaml(stitched: &Stitched, out: &mut dyn Write) -> io::Result<()> {
    yaml(&Document { stitched }, out)
}

/// Writes a value as JSON, indented.
pub(crate) fn json(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value).map_err(io::Error::from)?;
    writeln!(out)
}

/// Writes a value as YAML.
pub(crate) fn yaml(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = Remembering { out, failed: None };
    let written = serde_saphyr::to_io_writer(&mut writer, value);
    match (written, writer.failed) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(error)) => Err(error),
        (Err(error), None) => Err(io::Error::other(error.to_string())),
    }
}

/// Keeps the error of the stream behind it, which the YAML serializer turns into a text: a closed pipe has to be told from
/// a full disk.
struct Remembering<'w> {
    out: &'w mut dyn Write,
    failed: Option<io::Error>,
}

impl Write for Remembering<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).map_err(|error| {
            let kind = error.kind();
            self.failed = Some(error);
            kind.into()
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// [`api::stitch::Document`], without ever being it.
struct Document<'s> {
    stitched: &'s Stitched,
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Stitched { topology, errors } = self.stitched;
        let components = || {
            walk::verdicts(topology, ComponentFilter::default())
                .map(|verdict| render::component_row(&verdict))
        };
        let services = || {
            walk::services(topology, ServiceFilter::default())
                .map(|id| render::service_row(topology, id))
        };
        let owners = || walk::owners(topology).map(|id| render::owner_row(topology, id));
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("summary", &render::summary(&topology.summary()))?;
        map.serialize_entry("components", &Rows(components))?;
        map.serialize_entry("services", &Rows(services))?;
        map.serialize_entry("owners", &Rows(owners))?;
        map.serialize_entry("errors", errors)?;
        map.end()
    }
}

/// Rows that are made one at a time, as they are written.
struct Rows<F>(F);

impl<F, I> Serialize for Rows<F>
where
    F: Fn() -> I,
    I: Iterator<Item: Serialize>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}
