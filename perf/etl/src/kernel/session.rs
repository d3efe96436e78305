//! What a session says of itself (*EventTraceEvent class*, *RT_LostEvent class*).

use crate::bytes::Bytes;

/// Words of group masks.
const MASKS: usize = 8;

/// Masks of [`EnabledGroups`]: the top three bits are the word's number (`PERF_` constants).
#[allow(missing_docs, reason = "the names are those of the groups")]
pub mod group_mask {
    pub const PROCESS: u32 = 0x0000_0001;
    pub const THREAD: u32 = 0x0000_0002;
    pub const LOADER: u32 = 0x0000_0004;
    pub const PROFILE: u32 = 0x2000_0002;
    pub const CONTEXT_SWITCH: u32 = 0x2000_0004;
    pub const DPC: u32 = 0x2000_0080;
    pub const COMPACT_CONTEXT_SWITCH: u32 = 0x2000_0100;
    pub const DISPATCHER: u32 = 0x2000_0200;
    pub const INTERRUPT: u32 = 0x2000_4000;
    pub const DPC_QUEUE: u32 = 0x2004_0000;
}

/// The kernel events that a session asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EnabledGroups {
    /// The masks.
    pub masks: [u32; MASKS],
    /// Version of the kernel's events.
    pub kernel_event_version: u32,
}

impl EnabledGroups {
    /// Whether the session asked for this group; see [`group_mask`].
    pub fn contains(&self, group: u32) -> bool {
        let (word, bits) = split(group);
        self.masks[word] & bits == bits
    }

    /// The masks with this group added.
    #[must_use]
    pub fn with(mut self, group: u32) -> Self {
        let (word, bits) = split(group);
        self.masks[word] |= bits;
        self
    }

    /// Whether anything is enabled at all.
    pub fn is_empty(&self) -> bool {
        self.masks == [0; MASKS]
    }

    pub(super) fn decode(bytes: &mut Bytes<'_>) -> Option<Self> {
        let mut masks = [0; MASKS];
        for mask in &mut masks {
            *mask = bytes.u32()?;
        }
        Some(Self {
            masks,
            kernel_event_version: bytes.u32().unwrap_or_default(),
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        for value in self.masks.iter().chain([&self.kernel_event_version]) {
            out.extend_from_slice(&value.to_le_bytes());
        }
    }
}

fn split(group: u32) -> (usize, u32) {
    const WORD_SHIFT: u32 = 29;
    let bits = group & ((1 << WORD_SHIFT) - 1);
    ((group >> WORD_SHIFT) as usize, bits)
}

/// What a real-time session lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Events.
    Event,
    /// A buffer.
    Buffer,
    /// The file that a session's buffers wait in.
    File,
}

impl Loss {
    pub(super) fn from_opcode(opcode: u8) -> Option<Self> {
        Some(match opcode {
            0x20 => Self::Event,
            0x21 => Self::Buffer,
            0x22 => Self::File,
            _ => return None,
        })
    }

    pub(super) fn opcode(self) -> u8 {
        match self {
            Self::Event => 0x20,
            Self::Buffer => 0x21,
            Self::File => 0x22,
        }
    }
}
