//! Packets that the stack wants to send: kept in the machine's memory, in order, until the
//! transmit queue takes them.
//!
//! The page *Holding Incoming IRPs When A Device Is Paused* is about IRPs; sends are none. NDIS
//! fails them while a miniport is paused, and the transport sends them again. The host has no
//! transport that repeats, so it keeps what a transport would repeat: nothing is lost, in order.

use super::settings::TransmitCapabilities;
use crate::executive::{ContiguousMemory, PAGE_SIZE, System};
use crossbeam_queue::ArrayQueue;
use netadapter_abi::nt::{NTSTATUS, STATUS_INSUFFICIENT_RESOURCES};
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of an Ethernet header.
pub(super) const LINK_HEADER_BYTES: usize = 14;

/// Packets that can wait at a time.
const SEND_BUFFERS: usize = 1024;

/// Buffers do not share cache lines.
const CACHE_LINE: usize = 64;

/// A packet that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Send {
    pub(super) buffer: u32,
    /// Bytes of the frame; 0 if it is too long for the medium.
    pub(super) bytes: u32,
}

/// Where a packet's bytes lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct SendBuffer {
    /// Where processors see the start of the buffer, in front of the backfill.
    pub(super) virtual_address: *mut u8,
    /// Where the device sees it.
    pub(super) logical_address: u64,
}

/// Why a packet is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendQueueFull;

/// The packets of one adapter that wait to be sent.
pub(crate) struct SendQueue {
    memory: ContiguousMemory,
    buffer_bytes: usize,
    backfill: usize,
    longest_frame: usize,
    free: ArrayQueue<u32>,
    waiting: ArrayQueue<Send>,
    submitted: AtomicU64,
    completed: AtomicU64,
    refused: AtomicU64,
    system: &'static System,
}

fn buffer_bytes(transmit: &TransmitCapabilities, mtu: u32) -> usize {
    let longest = transmit.payload_backfill + LINK_HEADER_BYTES + mtu as usize;
    longest.next_multiple_of(transmit.alignment.max(CACHE_LINE))
}

impl SendQueue {
    /// Makes an empty queue with buffers that fit an adapter.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES` if there is no memory for them where the device reaches it.
    pub(super) fn new(
        system: &'static System,
        transmit: &TransmitCapabilities,
        mtu: u32,
    ) -> Result<Self, NTSTATUS> {
        let buffer_bytes = buffer_bytes(transmit, mtu);
        let alignment = transmit.alignment.max(PAGE_SIZE);
        let memory = system
            .memory()
            .allocate(buffer_bytes * SEND_BUFFERS, alignment)
            .ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
        let last = memory.logical_address + memory.bytes as u64 - 1;
        let limit = transmit.maximum_physical_address;
        if limit != 0 && last > limit {
            system.memory().release(memory);
            return Err(STATUS_INSUFFICIENT_RESOURCES);
        }
        let free = ArrayQueue::new(SEND_BUFFERS);
        for buffer in 0..SEND_BUFFERS as u32 {
            free.push(buffer).expect("there is room for every buffer");
        }
        Ok(Self {
            memory,
            buffer_bytes,
            backfill: transmit.payload_backfill,
            longest_frame: LINK_HEADER_BYTES + mtu as usize,
            free,
            waiting: ArrayQueue::new(SEND_BUFFERS),
            submitted: AtomicU64::new(0),
            completed: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            system,
        })
    }

    /// Whether the buffers still serve an adapter with these capabilities.
    pub(super) fn fits(&self, transmit: &TransmitCapabilities, mtu: u32) -> bool {
        self.buffer_bytes == buffer_bytes(transmit, mtu)
            && self.backfill == transmit.payload_backfill
            && self
                .memory
                .logical_address
                .is_multiple_of(transmit.alignment as u64)
    }

    /// Takes a frame; it is sent after all that were taken before.
    ///
    /// IRQL: any. Locks nothing, allocates nothing.
    ///
    /// # Errors
    /// If so many packets wait that there is no buffer.
    pub(crate) fn submit(&self, frame: &[u8]) -> Result<(), SendQueueFull> {
        let Some(buffer) = self.free.pop() else {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Err(SendQueueFull);
        };
        let translatable = frame.len() <= self.longest_frame;
        if translatable {
            let start = self
                .buffer(buffer)
                .virtual_address
                .wrapping_add(self.backfill);
            // SAFETY: a buffer that was free has no other user, and the longest frame fits behind
            // the backfill.
            unsafe { start.copy_from_nonoverlapping(frame.as_ptr(), frame.len()) };
        }
        let bytes = if translatable { frame.len() as u32 } else { 0 };
        self.submitted.fetch_add(1, Ordering::Relaxed);
        self.waiting
            .push(Send { buffer, bytes })
            .expect("there is room for every buffer");
        Ok(())
    }

    /// Takes over what waits in the queue of an earlier start, and its counts.
    pub(super) fn adopt(&self, before: &Self) {
        let (submitted, completed, refused) = before.counts();
        while let Some(send) = before.take() {
            let start = before
                .buffer(send.buffer)
                .virtual_address
                .wrapping_add(before.backfill);
            // SAFETY: the frame was copied there when it was submitted; nobody else uses it now.
            let frame = unsafe { std::slice::from_raw_parts(start, send.bytes as usize) };
            // Both queues have the same number of buffers, so there is room.
            let _ = self.submit(frame);
        }
        self.submitted.store(submitted, Ordering::Relaxed);
        self.completed.store(completed, Ordering::Relaxed);
        self.refused.store(refused, Ordering::Relaxed);
    }

    /// The packet that has waited longest.
    pub(super) fn take(&self) -> Option<Send> {
        self.waiting.pop()
    }

    pub(super) fn buffer(&self, buffer: u32) -> SendBuffer {
        let offset = self.buffer_bytes * buffer as usize;
        SendBuffer {
            virtual_address: self.memory.virtual_address.wrapping_add(offset),
            logical_address: self.memory.logical_address + offset as u64,
        }
    }

    pub(super) fn backfill(&self) -> usize {
        self.backfill
    }

    /// The driver has given a packet back.
    pub(super) fn complete(&self, send: Send) {
        self.completed.fetch_add(1, Ordering::Relaxed);
        self.free
            .push(send.buffer)
            .expect("there is room for every buffer");
    }

    /// Packets taken, given back by the driver, and not taken because the queue was full.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (
            read(&self.submitted),
            read(&self.completed),
            read(&self.refused),
        )
    }
}

impl Drop for SendQueue {
    fn drop(&mut self) {
        self.system.memory().release(self.memory);
    }
}
