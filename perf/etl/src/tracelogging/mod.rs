//! TraceLogging: events that carry their own description.
//!
//! *TraceLoggingProvider.h* and the published `tracelogging` crates agree on the layout: a blob
//! that names the provider, and one that names the event and its fields.

mod build;
mod decode;
mod metadata;

pub use build::{EventBuilder, FieldValue, provider_metadata};
pub use decode::{Decoded, Field, Value, decode};
pub use metadata::{ElementCount, EventMetadata, FieldMetadata, Fields, in_type, out_type};

use crate::bytes::Bytes;

/// The provider's name in its metadata.
pub fn provider_name(blob: &[u8]) -> Option<&str> {
    let mut bytes = Bytes::new(blob);
    let size = usize::from(bytes.u16()?);
    let mut name = Bytes::new(blob.get(2..size)?);
    std::str::from_utf8(name.utf8_bytes()).ok()
}

/// Provider metadata, event metadata and payload, where all stand one behind the other.
pub(crate) fn split_inline(payload: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (provider, rest) = split_blob(payload)?;
    let (event, rest) = split_blob(rest)?;
    Some((provider, event, rest))
}

fn split_blob(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let size = usize::from(Bytes::new(bytes).u16()?);
    if size < 3 {
        return None;
    }
    bytes.split_at_checked(size)
}

#[cfg(test)]
mod tests;
