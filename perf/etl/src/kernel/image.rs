//! Images: drivers, programs, libraries (*Image class*, and what tools add when they merge).

use crate::bytes::{Bytes, put_pointer, put_utf8, put_utf16};
use uuid::Uuid;

/// An image in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// Where it begins.
    pub base: u64,
    /// Bytes that it takes.
    pub size: u64,
    /// The process that it is loaded in; 0 for the kernel.
    pub process_id: u32,
    /// Checksum of its headers.
    pub checksum: u32,
    /// Time stamp of its headers.
    pub time_date_stamp: u32,
    /// Where it would have liked to begin.
    pub default_base: u64,
    /// Its path, as the kernel names it.
    pub file_name: String,
}

impl Image {
    pub(super) fn decode(bytes: &mut Bytes<'_>, pointer: u8, version: u8) -> Option<Self> {
        let base = bytes.pointer(pointer)?;
        let size = bytes.pointer(pointer)?;
        let process_id = if version >= 1 { bytes.u32()? } else { 0 };
        if version < 2 {
            return Some(Self {
                base,
                size,
                process_id,
                file_name: bytes.utf16(),
                ..Self::default()
            });
        }
        let checksum = bytes.u32()?;
        let time_date_stamp = bytes.u32()?;
        // Signature level and type, or reserved.
        bytes.skip(4)?;
        let default_base = bytes.pointer(pointer)?;
        bytes.skip(16)?;
        Some(Self {
            base,
            size,
            process_id,
            checksum,
            time_date_stamp,
            default_base,
            file_name: bytes.utf16(),
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>, pointer: u8) {
        put_pointer(out, self.base, pointer);
        put_pointer(out, self.size, pointer);
        for value in [self.process_id, self.checksum, self.time_date_stamp, 0] {
            out.extend_from_slice(&value.to_le_bytes());
        }
        put_pointer(out, self.default_base, pointer);
        out.extend_from_slice(&[0; 16]);
        put_utf16(out, &self.file_name);
    }

    /// The last part of the path.
    pub fn module(&self) -> &str {
        let name = self.file_name.rsplit(['\\', '/']).next();
        name.unwrap_or_default()
    }
}

/// Which PDB belongs to an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DebugId {
    /// Where the image begins.
    pub base: u64,
    /// The process that it is loaded in.
    pub process_id: u32,
    /// Identifies the build.
    pub guid: Uuid,
    /// How often the PDB was written.
    pub age: u32,
    /// The PDB's path.
    pub pdb_file_name: String,
}

impl DebugId {
    pub(super) fn decode(bytes: &mut Bytes<'_>, pointer: u8) -> Option<Self> {
        Some(Self {
            base: bytes.pointer(pointer)?,
            process_id: bytes.u32()?,
            guid: bytes.guid()?,
            age: bytes.u32()?,
            pdb_file_name: bytes.utf8(),
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>, pointer: u8) {
        put_pointer(out, self.base, pointer);
        out.extend_from_slice(&self.process_id.to_le_bytes());
        out.extend_from_slice(&self.guid.to_bytes_le());
        out.extend_from_slice(&self.age.to_le_bytes());
        put_utf8(out, &self.pdb_file_name);
    }
}
