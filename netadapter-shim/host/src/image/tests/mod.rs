//! Tests with a real driver image (`fixtures/driver/probe.rs`) and with damaged copies of it.

mod refusals;
mod runs;

use std::ffi::c_void;

use super::{ImageError, ImportResolver, LoadedImage};

const PROBE: &[u8] = include_bytes!("../fixtures/probe.sys");
const PROBE_PDB: &[u8] = include_bytes!("../fixtures/probe.pdb");

/// Resolves nothing.
struct Nothing;

impl ImportResolver for Nothing {
    fn resolve(&self, _module: &str, _name: &str) -> Option<*const c_void> {
        None
    }
}

/// Resolves everything to an address that is never called.
struct Anything;

impl ImportResolver for Anything {
    fn resolve(&self, _module: &str, _name: &str) -> Option<*const c_void> {
        Some(std::ptr::dangling())
    }
}

/// A copy of the probe to damage.
struct Copy {
    bytes: Vec<u8>,
}

impl Copy {
    const SECTION_HEADER_BYTES: usize = 40;

    /// A copy without a checksum, which would hide what else is wrong.
    fn of_probe() -> Self {
        let mut copy = Self {
            bytes: PROBE.to_vec(),
        };
        copy.write(copy.optional_header() + 64, 0_u32.to_le_bytes());
        copy
    }

    fn write<const N: usize>(&mut self, offset: usize, value: [u8; N]) {
        self.bytes[offset..][..N].copy_from_slice(&value);
    }

    fn read_u32(&self, offset: usize) -> u32 {
        u32::from_le_bytes(*self.bytes[offset..].first_chunk().expect("inside the file"))
    }

    fn file_header(&self) -> usize {
        self.read_u32(0x3c) as usize + 4
    }

    fn optional_header(&self) -> usize {
        self.file_header() + 20
    }

    /// The offset of a data directory's address and size.
    fn directory(&self, number: usize) -> usize {
        self.optional_header() + 112 + 8 * number
    }

    /// The offset of a section's header.
    fn section(&self, name: &str) -> usize {
        let table = self.optional_header() + 240;
        (0..)
            .map(|number| table + number * Self::SECTION_HEADER_BYTES)
            .find(|&header| self.bytes[header..].starts_with(name.as_bytes()))
            .expect("the probe has this section")
    }

    /// The file offset of an address, which lies in the named section.
    fn offset_of(&self, section: &str, rva: u32) -> usize {
        let header = self.section(section);
        (rva - self.read_u32(header + 12) + self.read_u32(header + 20)) as usize
    }

    fn load(&self) -> Result<LoadedImage, ImageError> {
        LoadedImage::load(&self.bytes, &Anything)
    }

    fn refusal(&self) -> String {
        self.load()
            .expect_err("the image must be refused")
            .to_string()
    }
}
