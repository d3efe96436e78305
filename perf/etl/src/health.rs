//! What a file lost, and what is wrong with it.

use crate::xpress::ExpandError;
use std::fmt;

/// How many damages are kept one by one; the rest is counted.
const DAMAGES_KEPT: usize = 100;

/// What is wrong at one place of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The first record does not describe the file.
    NoHeaderRecord,
    /// Bytes that are no buffer were skipped.
    NoBuffer,
    /// The file ends within a buffer.
    Truncated,
    /// A buffer says that its events end where they cannot.
    BufferEnd,
    /// A record that is none, or reaches beyond its buffer; the rest of the buffer is left out.
    Record,
    /// Compressed events that cannot be expanded; the rest of the buffer is left out.
    Compression(ExpandError),
    /// More buffers, or more processors and sessions, than this reader keeps track of.
    TooMany,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::NoHeaderRecord => "the first record does not describe the file",
            Self::NoBuffer => "bytes that are no buffer",
            Self::Truncated => "the file ends within a buffer",
            Self::BufferEnd => "a buffer's events end where they cannot",
            Self::Record => "a record that is none; the rest of its buffer is left out",
            Self::Compression(error) => return write!(f, "a compressed buffer: {error}"),
            Self::TooMany => "more buffers, processors or sessions than can be kept track of",
        };
        f.write_str(text)
    }
}

/// Something that is wrong with a file, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Where in the file.
    pub offset: u64,
    /// How many bytes of it cannot be used, as far as that is known.
    pub bytes: u64,
    /// What is wrong.
    pub problem: Problem,
}

/// The account of a file: complete when all events have been read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Buffers that were found.
    pub buffers: u64,
    /// Buffers that the file says it has.
    pub buffers_written: Option<u32>,
    /// Buffers that are compressed.
    pub compressed_buffers: u64,
    /// Events that were read so far.
    pub events: u64,
    /// Events that the session lost, as the file says.
    pub events_lost: u32,
    /// Buffers that the session lost, as the file says.
    pub buffers_lost: u32,
    /// Buffers before or in which events were lost.
    pub buffers_after_lost_events: u64,
    /// Buffers before which others were lost.
    pub buffers_after_lost_buffers: u64,
    /// Processors whose buffers do not stand in the order of time. Circular files are like that.
    pub unsorted_processors: u64,
    /// Events whose time is before that of the one read before them.
    pub events_out_of_order: u64,
    /// Records of a kind that is not known.
    pub unknown_records: u64,
    /// What is wrong, one by one, as far as it is kept.
    pub damages: Vec<Damage>,
    /// How many damages there are.
    pub damage_count: u64,
    /// Bytes that could not be used.
    pub bytes_lost: u64,
}

impl Health {
    /// Whether events are missing that the session saw.
    pub fn is_lossy(&self) -> bool {
        self.events_lost > 0
            || self.buffers_lost > 0
            || self.buffers_after_lost_events > 0
            || self.buffers_after_lost_buffers > 0
            || self.bytes_lost > 0
    }

    pub(crate) fn damage(&mut self, offset: u64, bytes: u64, problem: Problem) {
        self.damage_count += 1;
        self.bytes_lost = self.bytes_lost.saturating_add(bytes);
        if self.damages.len() < DAMAGES_KEPT {
            self.damages.push(Damage {
                offset,
                bytes,
                problem,
            });
        }
    }
}
