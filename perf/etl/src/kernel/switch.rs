//! The dispatcher (*CSwitch class*, *ReadyThread class*).

use crate::bytes::Bytes;

/// Bytes of a context switch that are not read.
const CSWITCH_TAIL_BYTES: usize = 4;

/// A processor goes on with another thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContextSwitch {
    /// The thread that goes on; 0 is the idle thread.
    pub new_thread_id: u32,
    /// The thread that stops.
    pub old_thread_id: u32,
    /// Priority of the one that goes on.
    pub new_priority: i8,
    /// Priority of the one that stops.
    pub old_priority: i8,
    /// Why the old one waits.
    pub old_wait_reason: i8,
    /// In which mode the old one waits.
    pub old_wait_mode: i8,
    /// What the old one does next: 1 ready, 5 waiting, 4 terminated.
    pub old_state: i8,
    /// Where the old one would like to run.
    pub old_ideal_processor: i8,
    /// How long the new one waited, in ticks of the system's timer.
    pub new_wait_time: u32,
}

impl ContextSwitch {
    pub(super) fn decode(bytes: &mut Bytes<'_>) -> Option<Self> {
        let new_thread_id = bytes.u32()?;
        let old_thread_id = bytes.u32()?;
        let new_priority = bytes.i8()?;
        let old_priority = bytes.i8()?;
        // PreviousCState and a spare byte.
        bytes.skip(2)?;
        Some(Self {
            new_thread_id,
            old_thread_id,
            new_priority,
            old_priority,
            old_wait_reason: bytes.i8()?,
            old_wait_mode: bytes.i8()?,
            old_state: bytes.i8()?,
            old_ideal_processor: bytes.i8()?,
            new_wait_time: bytes.u32()?,
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.new_thread_id.to_le_bytes());
        out.extend_from_slice(&self.old_thread_id.to_le_bytes());
        let bytes = [
            self.new_priority,
            self.old_priority,
            0,
            0,
            self.old_wait_reason,
            self.old_wait_mode,
            self.old_state,
            self.old_ideal_processor,
        ];
        out.extend(bytes.map(i8::cast_unsigned));
        out.extend_from_slice(&self.new_wait_time.to_le_bytes());
        out.extend_from_slice(&[0; CSWITCH_TAIL_BYTES]);
    }
}

/// A thread can run from now on; logged where the one runs that made it ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadyThread {
    /// The thread.
    pub thread_id: u32,
    /// Why its priority was changed.
    pub adjust_reason: i8,
    /// By how much.
    pub adjust_increment: i8,
    /// Bit 0: made ready by a DPC.
    pub flags: u8,
}

impl ReadyThread {
    pub(super) fn decode(bytes: &mut Bytes<'_>) -> Option<Self> {
        Some(Self {
            thread_id: bytes.u32()?,
            adjust_reason: bytes.i8()?,
            adjust_increment: bytes.i8()?,
            flags: bytes.u8()?,
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.thread_id.to_le_bytes());
        let (reason, increment) = (self.adjust_reason, self.adjust_increment);
        out.extend([reason, increment].map(i8::cast_unsigned));
        out.extend_from_slice(&[self.flags, 0]);
    }
}
