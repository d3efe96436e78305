//! What stands before each buffer of a file: `WMI_BUFFER_HEADER`.

use crate::bytes::Bytes;
use bitflags::bitflags;

/// Bytes of a buffer's header.
pub const BUFFER_HEADER_BYTES: usize = 0x48;

/// The largest buffer that a session can have (*EVENT_TRACE_PROPERTIES*, BufferSize).
pub const BUFFER_BYTES_MAX: usize = 16 << 20;

/// A processor index takes 11 bits.
const PROCESSOR_INDEX_MASK: u16 = 0x07FF;

bitflags! {
    /// What is said of a buffer.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct BufferFlags: u16 {
        /// The last buffer of a flush.
        const FLUSH_MARKER = 0x01;
        /// Events were lost before or in this buffer.
        const EVENTS_LOST = 0x02;
        /// Buffers were lost before this one.
        const BUFFERS_LOST = 0x04;
        /// The backup of a real-time session is corrupt.
        const RTBACKUP_CORRUPT = 0x08;
        /// From the backup of a real-time session.
        const RTBACKUP = 0x10;
        /// The processor is an index over all groups.
        const PROCESSOR_INDEX = 0x20;
        /// What follows the header is compressed.
        const COMPRESSED = 0x40;
    }
}

/// What a buffer is for.
pub mod buffer_type {
    /// Events.
    pub const GENERIC: u16 = 0;
    /// The rundown.
    pub const RUNDOWN: u16 = 1;
    /// The file's first buffer.
    pub const HEADER: u16 = 4;
    /// The largest known.
    pub const MAX: u16 = 7;
}

/// The state of a buffer that was written: flushed.
pub const STATE_FLUSH: u32 = 3;
/// The largest known state.
const STATE_MAX: u32 = 6;

/// A buffer's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferHeader {
    /// Bytes that the buffer takes in the file, this header included.
    pub size: u32,
    /// Where the events end, as older systems say it.
    pub saved_offset: u32,
    /// When the buffer was flushed.
    pub time_stamp: i64,
    /// In which order buffers were taken into use; not the order in the file.
    pub sequence_number: i64,
    /// The processor, or its number and an alignment where [`BufferFlags::PROCESSOR_INDEX`] is not
    /// set.
    pub processor: u16,
    /// The session.
    pub logger_id: u16,
    /// The buffer's state.
    pub state: u32,
    /// Where the events end, counted from the start of this header, decompressed.
    pub offset: u32,
    /// What is said of the buffer.
    pub flags: BufferFlags,
    /// See [`buffer_type`].
    pub buffer_type: u16,
}

impl BufferHeader {
    /// Reads a header from the first [`BUFFER_HEADER_BYTES`] of `bytes`.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut bytes = Bytes::new(bytes.get(..BUFFER_HEADER_BYTES)?);
        let size = bytes.u32()?;
        let saved_offset = bytes.u32()?;
        // CurrentOffset and ReferenceCount are those of the memory that the buffer was in.
        bytes.skip(8)?;
        let time_stamp = bytes.i64()?;
        let sequence_number = bytes.i64()?;
        bytes.skip(8)?;
        Some(Self {
            size,
            saved_offset,
            time_stamp,
            sequence_number,
            processor: bytes.u16()?,
            logger_id: bytes.u16()?,
            state: bytes.u32()?,
            offset: bytes.u32()?,
            flags: BufferFlags::from_bits_retain(bytes.u16()?),
            buffer_type: bytes.u16()?,
        })
    }

    /// The header as it stands in a file.
    pub fn encode(&self) -> [u8; BUFFER_HEADER_BYTES] {
        let mut out = [0; BUFFER_HEADER_BYTES];
        let mut put = |at: usize, bytes: &[u8]| out[at..at + bytes.len()].copy_from_slice(bytes);
        put(0x00, &self.size.to_le_bytes());
        put(0x04, &self.saved_offset.to_le_bytes());
        put(0x08, &self.offset.to_le_bytes());
        put(0x10, &self.time_stamp.to_le_bytes());
        put(0x18, &self.sequence_number.to_le_bytes());
        put(0x28, &self.processor.to_le_bytes());
        put(0x2A, &self.logger_id.to_le_bytes());
        put(0x2C, &self.state.to_le_bytes());
        put(0x30, &self.offset.to_le_bytes());
        put(0x34, &self.flags.bits().to_le_bytes());
        put(0x36, &self.buffer_type.to_le_bytes());
        out
    }

    /// The processor whose events these are.
    pub fn processor_index(&self) -> u16 {
        if self.flags.contains(BufferFlags::PROCESSOR_INDEX) {
            self.processor & PROCESSOR_INDEX_MASK
        } else {
            // A number and an alignment.
            self.processor & 0xFF
        }
    }

    /// Whether the buffer's events are compressed.
    pub fn is_compressed(&self) -> bool {
        self.flags.contains(BufferFlags::COMPRESSED)
    }

    /// Where the events end, counted from the start of the header, as far as they can be in a
    /// buffer of this size.
    pub fn end(&self) -> usize {
        let end = if self.offset == 0 {
            self.saved_offset
        } else {
            self.offset
        };
        let most = if self.is_compressed() {
            BUFFER_BYTES_MAX
        } else {
            self.size as usize
        };
        (end as usize).clamp(BUFFER_HEADER_BYTES, most.max(BUFFER_HEADER_BYTES))
    }

    /// Whether the header's end lies where a buffer of this size can have it.
    pub fn end_is_possible(&self) -> bool {
        let end = if self.offset == 0 {
            self.saved_offset
        } else {
            self.offset
        };
        self.end() == end as usize
    }

    /// Whether this can be a buffer's header at all.
    pub fn is_possible(&self) -> bool {
        (BUFFER_HEADER_BYTES..=BUFFER_BYTES_MAX).contains(&(self.size as usize))
    }

    /// Whether this is so much like a header that it can be told from other bytes.
    pub fn is_probable(&self) -> bool {
        self.is_possible()
            && self.end_is_possible()
            && self.state <= STATE_MAX
            && self.buffer_type <= buffer_type::MAX
            && BufferFlags::from_bits(self.flags.bits()).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> BufferHeader {
        BufferHeader {
            size: 0x10000,
            saved_offset: 0x120,
            time_stamp: 7,
            sequence_number: 9,
            processor: 300,
            logger_id: 0x20,
            state: STATE_FLUSH,
            offset: 0x120,
            flags: BufferFlags::PROCESSOR_INDEX | BufferFlags::FLUSH_MARKER,
            buffer_type: buffer_type::GENERIC,
        }
    }

    #[test]
    fn a_header_reads_as_it_was_written() {
        let header = header();
        assert_eq!(BufferHeader::parse(&header.encode()), Some(header));
        assert_eq!(header.processor_index(), 300);
        assert!(header.is_probable());
    }

    #[test]
    fn a_windows_7_header_has_a_number_and_an_alignment() {
        let header = BufferHeader {
            processor: 0x0803,
            flags: BufferFlags::empty(),
            ..header()
        };
        assert_eq!(header.processor_index(), 3);
    }

    #[test]
    fn an_end_outside_of_the_buffer_is_cut() {
        let header = BufferHeader {
            offset: 0x20000,
            ..header()
        };
        assert_eq!(header.end(), 0x10000);
        assert!(!header.end_is_possible());
        let compressed = BufferHeader {
            flags: BufferFlags::COMPRESSED,
            ..header
        };
        assert_eq!(compressed.end(), 0x20000);
        let none = BufferHeader {
            offset: 0,
            saved_offset: 0,
            ..header
        };
        assert_eq!(none.end(), BUFFER_HEADER_BYTES);
    }
}
