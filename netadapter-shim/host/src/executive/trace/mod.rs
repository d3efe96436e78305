//! The event trace of a conducted machine: what happened, in order, in bytes that are equal for
//! equal seeds. No address and no time of this computer is in it.

mod text;

use super::playing::{on_processor, processor};
use super::processor::Processor;
use std::collections::HashMap;
use std::fmt;

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceEvent {
    /// The driver calls this function of the system.
    Call(&'static str),
    /// The system calls this callback of the driver.
    Callback(&'static str),
    /// The callback returned.
    Return(&'static str),
    /// An interrupt service routine begins.
    Interrupt,
    /// A DPC routine begins.
    Dpc,
    /// A thread goes on.
    Thread(&'static str),
    /// A timer expired.
    Timer,
    /// A register was read.
    Read {
        /// Which range.
        bar: u8,
        /// Where in it.
        offset: u64,
        /// The answer.
        value: u64,
    },
    /// A register was written.
    Write {
        /// Which range.
        bar: u8,
        /// Where in it.
        offset: u64,
        /// What was written.
        value: u64,
    },
    /// A device sent an interrupt message.
    Message(u32),
    /// A packet queue was advanced: its number, and how far both rings are.
    Ring {
        /// Receive queues are even, transmit queues odd.
        queue: u32,
        /// The packet ring's begin.
        packets: u32,
        /// The fragment ring's begin.
        fragments: u32,
    },
    /// A milestone, with the processor it concerns plus one.
    Milestone(&'static str, u32),
    /// A fault was injected.
    Fault(&'static str),
}

/// Calls the driver's callback `name`: an event of the trace when it begins and when it has
/// returned, and others may run before and after.
///
/// IRQL: that of the callback, on a processor.
#[inline]
pub fn traced<T>(name: &'static str, call: impl FnOnce() -> T) -> T {
    processor().begin_callback(name);
    let result = call();
    processor().end_callback(name);
    result
}

impl Processor {
    #[inline]
    fn begin_callback(&self, name: &'static str) {
        if let Some(conductor) = self.conductor() {
            self.serve();
            conductor.record(TraceEvent::Callback(name));
        }
    }

    #[inline]
    fn end_callback(&self, name: &'static str) {
        if let Some(conductor) = self.conductor() {
            conductor.record(TraceEvent::Return(name));
            self.serve();
        }
    }
}

/// The kind byte before a name, which gets the next number.
const NAME: u8 = 255;

/// The processor field of what happens outside of all processors.
const NO_PROCESSOR: u64 = 0;

/// What happened on a conducted machine.
#[derive(Clone, Default)]
pub struct Trace {
    bytes: Vec<u8>,
    numbers: HashMap<&'static str, u64>,
    last_ns: u64,
    events: u64,
}

impl Trace {
    /// The trace as bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The number of events.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// A number that tells traces apart: the 64-bit FNV-1a hash of their bytes.
    pub fn digest(&self) -> u64 {
        self.bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
    }

    /// Adds an event of this moment: its kind, the time since the last one, processor and IRQL,
    /// then what belongs to the kind, all as numbers of variable length.
    pub(super) fn add(&mut self, now_ns: u64, event: TraceEvent) {
        let (kind, operands) = self.encode(event);
        let (place, irql) = if on_processor() {
            let processor = processor();
            (u64::from(processor.index()) + 1, processor.irql())
        } else {
            (NO_PROCESSOR, 0)
        };
        self.bytes.push(kind);
        self.push(now_ns - self.last_ns);
        self.push(place);
        self.bytes.push(irql);
        for operand in operands.into_iter().flatten() {
            self.push(operand);
        }
        self.last_ns = now_ns;
        self.events += 1;
    }

    fn encode(&mut self, event: TraceEvent) -> (u8, [Option<u64>; 3]) {
        let mut name = |name| Some(self.number(name));
        match event {
            TraceEvent::Call(text) => (0, [name(text), None, None]),
            TraceEvent::Callback(text) => (1, [name(text), None, None]),
            TraceEvent::Return(text) => (2, [name(text), None, None]),
            TraceEvent::Interrupt => (3, [None; 3]),
            TraceEvent::Dpc => (4, [None; 3]),
            TraceEvent::Thread(text) => (5, [name(text), None, None]),
            TraceEvent::Timer => (6, [None; 3]),
            TraceEvent::Read { bar, offset, value } => {
                (7, [Some(bar.into()), Some(offset), Some(value)])
            }
            TraceEvent::Write { bar, offset, value } => {
                (8, [Some(bar.into()), Some(offset), Some(value)])
            }
            TraceEvent::Message(data) => (9, [Some(data.into()), None, None]),
            TraceEvent::Ring {
                queue,
                packets,
                fragments,
            } => (
                10,
                [
                    Some(queue.into()),
                    Some(packets.into()),
                    Some(fragments.into()),
                ],
            ),
            TraceEvent::Milestone(text, processor) => {
                (11, [name(text), Some(processor.into()), None])
            }
            TraceEvent::Fault(text) => (12, [name(text), None, None]),
        }
    }

    /// Names are numbered in the order in which they come first, and stand in the bytes then.
    fn number(&mut self, name: &'static str) -> u64 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.numbers.len() as u64;
        self.numbers.insert(name, number);
        self.bytes.push(NAME);
        self.push(name.len() as u64);
        self.bytes.extend(name.as_bytes());
        number
    }

    fn push(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} events, digest {:016x}", self.events, self.digest())
    }
}
