//! What stands before each record of a buffer.

mod encode;
mod parse;

use crate::bytes::Bytes;
use crate::event::EventDescriptor;
use uuid::Uuid;

/// The top byte of a record that ETW wrote.
const MARKER_EVENT: u8 = 0xC0;
/// The top byte of a WPP message.
const MARKER_MESSAGE: u8 = 0x90;
/// The top byte of a message with a 32-bit time.
const MARKER_OLD_MESSAGE: u8 = 0xB0;

/// The smallest record: its size must be readable.
pub(crate) const RECORD_BYTES_MIN: usize = 8;

/// EVENT_HEADER.Flags: extended data items stand between header and payload.
pub const FLAG_EXTENDED_INFO: u16 = 0x0001;

/// A record's header, with everything that its kind has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordHeader {
    /// SYSTEM32 and SYSTEM64, or COMPACT32 and COMPACT64, which lack the times.
    System {
        /// The event.
        hook: Hook,
        /// The thread that wrote it.
        thread_id: u32,
        /// That thread's process.
        process_id: u32,
        /// When, in ticks of the session's clock.
        time_stamp: i64,
        /// Kernel and user time of the thread; `None` in the compact form.
        times: Option<(u32, u32)>,
    },
    /// PERFINFO32 and PERFINFO64.
    PerfInfo {
        /// The event.
        hook: Hook,
        /// When, in ticks of the session's clock.
        time_stamp: i64,
    },
    /// FULL32 and FULL64, or INSTANCE32 and INSTANCE64: EVENT_TRACE_HEADER.
    Full {
        /// The event class.
        class: Uuid,
        /// The event's type in its class.
        opcode: u8,
        /// The level that it was logged at.
        level: u8,
        /// The version of its layout.
        version: u16,
        /// The thread that wrote it.
        thread_id: u32,
        /// That thread's process.
        process_id: u32,
        /// When, in ticks of the session's clock.
        time_stamp: i64,
        /// Kernel and user time of the thread.
        times: (u32, u32),
        /// Instance, parent's instance and parent's class.
        instance: Option<(u32, u32, Uuid)>,
        /// Bytes of a pointer: 4 or 8.
        pointer_size: u8,
    },
    /// EVENT_HEADER.
    Event {
        /// Bits of EVENT_HEADER.Flags; 1 says that items follow.
        flags: u16,
        /// EVENT_HEADER.EventProperty.
        property: u16,
        /// The thread that wrote it.
        thread_id: u32,
        /// That thread's process.
        process_id: u32,
        /// When, in ticks of the session's clock.
        time_stamp: i64,
        /// The provider.
        provider: Uuid,
        /// Which event.
        descriptor: EventDescriptor,
        /// Kernel and user time of the thread.
        times: (u32, u32),
        /// The activity that it belongs to.
        activity: Uuid,
        /// Bytes of a pointer: 4 or 8.
        pointer_size: u8,
    },
    /// A WPP message.
    Message {
        /// The message's number in its file.
        number: u16,
        /// What follows the header: see TRACE_MESSAGE_ flags.
        options: u16,
        /// When, if it says so.
        time_stamp: Option<i64>,
        /// Thread and process, if it says so.
        thread_and_process: Option<(u32, u32)>,
    },
    /// A kind that is skipped by its size.
    Other {
        /// The header's type.
        header_type: u8,
    },
}

/// How an event of the kernel is named in a SYSTEM or PERFINFO header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The group of the class.
    pub group: u8,
    /// The event's type in its class.
    pub opcode: u8,
    /// The version of its layout.
    pub version: u8,
    /// Bytes of a pointer: 4 or 8.
    pub pointer_size: u8,
}

/// Where a record begins, and what it is: what can be known from its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// Nothing more in this buffer.
    End,
    /// A record of so many bytes.
    Record { size: usize },
    /// Not a record.
    Damaged,
}

/// Reads the start of a record.
pub(crate) fn start(bytes: &[u8]) -> Start {
    let Some(first) = bytes.first_chunk::<RECORD_BYTES_MIN>() else {
        return Start::End;
    };
    let [low, high, kind, marker, ..] = *first;
    if first[..4] == [0; 4] || first[..4] == [0xFF; 4] {
        return Start::End;
    }
    let in_front = usize::from(u16::from_le_bytes([low, high]));
    let size = match marker {
        MARKER_EVENT => match kind {
            1..=4 | 16 | 17 => usize::from(u16::from_le_bytes([first[4], first[5]])),
            _ => in_front,
        },
        MARKER_MESSAGE | MARKER_OLD_MESSAGE => in_front,
        _ => return Start::Damaged,
    };
    let least = match (marker, kind) {
        (MARKER_EVENT, 1 | 2) => 32,
        (MARKER_EVENT, 3 | 4) => 24,
        (MARKER_EVENT, 16 | 17) => 16,
        (MARKER_EVENT, 10 | 20) => 48,
        (MARKER_EVENT, 11 | 21) => 72,
        (MARKER_EVENT, 18 | 19) => 80,
        _ => RECORD_BYTES_MIN,
    };
    if size < least {
        Start::Damaged
    } else {
        Start::Record { size }
    }
}

/// The time stamp of a record whose first bytes these are; `None` if it has none.
pub(crate) fn time_stamp(bytes: &[u8]) -> Option<i64> {
    let marker = *bytes.get(3)?;
    if marker != MARKER_EVENT {
        return match RecordHeader::parse(bytes)?.0 {
            RecordHeader::Message { time_stamp, .. } => time_stamp,
            _ => None,
        };
    }
    let at = match bytes[2] {
        16 | 17 => 8,
        1..=4 | 10 | 11 | 18..=21 => 16,
        _ => return None,
    };
    Bytes::new(bytes.get(at..)?).i64()
}

impl RecordHeader {
    /// Reads the header of a whole record; what follows is its items and payload.
    pub fn parse(record: &[u8]) -> Option<(Self, &[u8])> {
        let (kind, marker) = (*record.get(2)?, *record.get(3)?);
        let mut bytes = Bytes::new(record);
        let header = match (marker, kind) {
            (MARKER_EVENT, 1..=4) => parse::system(&mut bytes, kind)?,
            (MARKER_EVENT, 16 | 17) => parse::perf_info(&mut bytes, kind)?,
            (MARKER_EVENT, 10 | 11 | 20 | 21) => parse::full(&mut bytes, kind)?,
            (MARKER_EVENT, 18 | 19) => parse::event(&mut bytes, kind)?,
            (MARKER_MESSAGE, _) => parse::message(&mut bytes)?,
            _ => {
                bytes.skip(RECORD_BYTES_MIN)?;
                Self::Other { header_type: kind }
            }
        };
        Some((header, bytes.rest()))
    }

    /// When the record was written, in ticks; `None` if it does not say.
    pub fn time_stamp(&self) -> Option<i64> {
        match self {
            Self::System { time_stamp, .. }
            | Self::PerfInfo { time_stamp, .. }
            | Self::Full { time_stamp, .. }
            | Self::Event { time_stamp, .. } => Some(*time_stamp),
            Self::Message { time_stamp, .. } => *time_stamp,
            Self::Other { .. } => None,
        }
    }
}
