//! Stacks (*StackWalk_Event class*).

use crate::bytes::{Bytes, put_pointer};

/// The stack of another event, logged after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stack<'a> {
    /// Time stamp of the event that it belongs to.
    pub event_time_stamp: i64,
    /// The event's process.
    pub process_id: u32,
    /// The event's thread.
    pub thread_id: u32,
    /// The addresses, innermost first.
    pub addresses: Addresses<'a>,
}

impl<'a> Stack<'a> {
    pub(super) fn decode(bytes: &mut Bytes<'a>, pointer: u8) -> Option<Self> {
        Some(Self {
            event_time_stamp: bytes.i64()?,
            process_id: bytes.u32()?,
            thread_id: bytes.u32()?,
            addresses: Addresses {
                bytes: bytes.rest(),
                pointer,
            },
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>, pointer: u8) {
        out.extend_from_slice(&self.event_time_stamp.to_le_bytes());
        out.extend_from_slice(&self.process_id.to_le_bytes());
        out.extend_from_slice(&self.thread_id.to_le_bytes());
        for address in self.addresses {
            put_pointer(out, address, pointer);
        }
    }
}

/// Addresses as they stand in an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses<'a> {
    bytes: &'a [u8],
    pointer: u8,
}

impl<'a> Addresses<'a> {
    /// Addresses of 64-bit code, one behind the other.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, pointer: 8 }
    }
}

impl Iterator for Addresses<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let mut bytes = Bytes::new(self.bytes);
        let address = bytes.pointer(self.pointer);
        self.bytes = bytes.rest();
        address
    }
}
