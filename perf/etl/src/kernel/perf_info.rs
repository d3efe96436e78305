//! Interrupts, DPCs and samples (*PerfInfo class*). A DPC or ISR is logged when its routine
//! returns: the event's time stamp is the exit, `initial_time` the entry.

use crate::bytes::{Bytes, put_pointer};

/// The kinds of DPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DpcKind {
    /// A threaded DPC: it runs below DISPATCH_LEVEL where the system can.
    Threaded,
    /// A DPC that was queued.
    Normal,
    /// A timer's DPC.
    Timer,
    /// A device's I/O timer.
    IoTimer,
}

impl DpcKind {
    pub(super) fn opcode(self) -> u8 {
        match self {
            Self::Threaded => 66,
            Self::Normal => 68,
            Self::Timer => 69,
            Self::IoTimer => 70,
        }
    }

    pub(super) fn from_opcode(opcode: u8) -> Option<Self> {
        Some(match opcode {
            66 => Self::Threaded,
            68 => Self::Normal,
            69 => Self::Timer,
            70 => Self::IoTimer,
            _ => return None,
        })
    }
}

/// A DPC that has run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dpc {
    /// Its kind.
    pub kind: DpcKind,
    /// When it was entered, in ticks.
    pub initial_time: i64,
    /// Its routine's address.
    pub routine: u64,
}

impl Dpc {
    pub(super) fn decode(bytes: &mut Bytes<'_>, pointer: u8, kind: DpcKind) -> Option<Self> {
        Some(Self {
            kind,
            initial_time: bytes.i64()?,
            routine: bytes.pointer(pointer)?,
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>, pointer: u8) {
        out.extend_from_slice(&self.initial_time.to_le_bytes());
        put_pointer(out, self.routine, pointer);
    }
}

/// The kinds of interrupt service routine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IsrKind {
    /// Of a line.
    Line,
    /// Of a message.
    Message,
    /// At PASSIVE_LEVEL.
    Passive,
}

impl IsrKind {
    pub(super) fn opcode(self) -> u8 {
        match self {
            Self::Line => 67,
            Self::Message => 50,
            Self::Passive => 95,
        }
    }

    pub(super) fn from_opcode(opcode: u8) -> Option<Self> {
        Some(match opcode {
            67 => Self::Line,
            50 => Self::Message,
            95 => Self::Passive,
            _ => return None,
        })
    }
}

/// An interrupt service routine that has run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isr {
    /// Its kind.
    pub kind: IsrKind,
    /// When it was entered, in ticks.
    pub initial_time: i64,
    /// Its address.
    pub routine: u64,
    /// Whether the interrupt was its device's.
    pub claimed: bool,
    /// The interrupt's vector.
    pub vector: u16,
    /// The message's number.
    pub message: Option<u32>,
}

impl Isr {
    pub(super) fn decode(bytes: &mut Bytes<'_>, pointer: u8, kind: IsrKind) -> Option<Self> {
        let initial_time = bytes.i64()?;
        let routine = bytes.pointer(pointer)?;
        let claimed = bytes.u8()? != 0;
        let vector = bytes.u16()?;
        // The last byte is reserved; the message's number follows.
        let message = bytes.skip(1).and_then(|()| bytes.u32());
        Some(Self {
            kind,
            initial_time,
            routine,
            claimed,
            vector,
            message: message.filter(|_| kind == IsrKind::Message),
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>, pointer: u8) {
        out.extend_from_slice(&self.initial_time.to_le_bytes());
        put_pointer(out, self.routine, pointer);
        out.push(u8::from(self.claimed));
        out.extend_from_slice(&self.vector.to_le_bytes());
        out.push(0);
        if self.kind == IsrKind::Message {
            out.extend_from_slice(&self.message.unwrap_or_default().to_le_bytes());
        }
    }
}

/// A DPC that was put into a processor's queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DpcEnqueue {
    /// Address of the DPC's object.
    pub key: u64,
    /// DPCs in the queue.
    pub queue_depth: i32,
    /// DPCs that the processor has run.
    pub dpc_count: u32,
    /// The processor that will run it.
    pub target_processor: u32,
    /// Its importance.
    pub importance: u8,
}

impl DpcEnqueue {
    pub(super) fn decode(bytes: &mut Bytes<'_>, pointer: u8) -> Option<Self> {
        Some(Self {
            key: bytes.pointer(pointer)?,
            queue_depth: bytes.i32()?,
            dpc_count: bytes.u32()?,
            target_processor: bytes.u32()?,
            importance: bytes.u8()?,
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>, pointer: u8) {
        put_pointer(out, self.key, pointer);
        out.extend_from_slice(&self.queue_depth.to_le_bytes());
        out.extend_from_slice(&self.dpc_count.to_le_bytes());
        out.extend_from_slice(&self.target_processor.to_le_bytes());
        out.extend_from_slice(&[self.importance, 0, 0, 0]);
    }
}

/// A DPC that is about to run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DpcExecution {
    /// Its routine's address.
    pub routine: u64,
    /// Address of the DPC's object.
    pub key: u64,
}

impl DpcExecution {
    pub(super) fn decode(bytes: &mut Bytes<'_>, pointer: u8) -> Option<Self> {
        Some(Self {
            routine: bytes.pointer(pointer)?,
            key: bytes.pointer(pointer)?,
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>, pointer: u8) {
        put_pointer(out, self.routine, pointer);
        put_pointer(out, self.key, pointer);
    }
}

/// What kind of callback the framework called for a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WdfKind {
    /// EvtInterruptIsr.
    Isr,
    /// EvtInterruptDpc or EvtDpcFunc.
    Dpc,
    /// EvtWorkItem.
    WorkItem,
}

impl WdfKind {
    pub(super) fn opcode(self) -> u8 {
        match self {
            Self::Isr => 96,
            Self::Dpc => 98,
            Self::WorkItem => 103,
        }
    }

    pub(super) fn from_opcode(opcode: u8) -> Option<Self> {
        Some(match opcode {
            96 => Self::Isr,
            98 => Self::Dpc,
            103 => Self::WorkItem,
            _ => return None,
        })
    }
}

/// Where a processor was when its profile timer struck.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SampledProfile {
    /// The instruction's address.
    pub instruction_pointer: u64,
    /// The thread.
    pub thread_id: u32,
    /// How many samples this stands for.
    pub count: u16,
    /// Bit 0: in a DPC; bit 1: in an ISR.
    pub flags: u8,
}

impl SampledProfile {
    pub(super) fn decode(bytes: &mut Bytes<'_>, pointer: u8) -> Option<Self> {
        Some(Self {
            instruction_pointer: bytes.pointer(pointer)?,
            thread_id: bytes.u32()?,
            count: bytes.u16()?,
            flags: bytes.u8()?,
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>, pointer: u8) {
        put_pointer(out, self.instruction_pointer, pointer);
        out.extend_from_slice(&self.thread_id.to_le_bytes());
        out.extend_from_slice(&self.count.to_le_bytes());
        out.extend_from_slice(&[self.flags, 0]);
    }
}
