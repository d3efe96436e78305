//! Packets that the stack wants to send: kept in the machine's memory, in order, until a transmit
//! queue takes them.
//!
//! The page *Holding Incoming IRPs When A Device Is Paused* is about IRPs; sends are none. NDIS
//! fails them while a miniport is paused, and the transport sends them again. The host has no
//! transport that repeats, so it keeps what a transport would repeat: nothing is lost, in order.

mod parts;
mod request;

pub(super) use parts::Part;
pub(super) use request::SendInfo;
pub use request::SendRequest;

use super::settings::TransmitCapabilities;
use crate::executive::{ContiguousMemory, PAGE_SIZE, System};
use crate::upper_edge::SendLayout;
use crossbeam_queue::ArrayQueue;
use netadapter_abi::nt::{NTSTATUS, STATUS_INSUFFICIENT_RESOURCES};
use parking_lot::Mutex;
use parts::Plan;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Bytes of an Ethernet header.
pub(super) const LINK_HEADER_BYTES: usize = 14;

/// Packets that can wait at a time.
const SEND_BUFFERS: usize = 1024;

/// Where a packet's bytes lie.
enum Storage {
    /// One of the buffers that are made at the start.
    Slot(u32),
    /// Pages of its own, for a packet that is longer than those.
    Pages(ContiguousMemory),
    /// Nowhere: it is too long for the medium.
    Nowhere,
}

/// A packet that waits.
pub(super) struct Send {
    storage: Storage,
    /// Bytes of the frame; 0 if it cannot be sent.
    pub(super) bytes: u32,
    pub(super) info: SendInfo,
}

/// Why a packet is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendQueueFull;

/// The packets that wait for one transmit queue.
struct Waiting {
    packets: ArrayQueue<Send>,
    /// A packet that was taken and came back unsent: it is the next.
    first: Mutex<Option<Send>>,
    has_first: AtomicBool,
}

impl Waiting {
    fn new() -> Self {
        Self {
            packets: ArrayQueue::new(SEND_BUFFERS),
            first: Mutex::default(),
            has_first: AtomicBool::new(false),
        }
    }

    fn take(&self) -> Option<Send> {
        if self.has_first.swap(false, Ordering::AcqRel)
            && let Some(first) = self.first.lock().take()
        {
            return Some(first);
        }
        self.packets.pop()
    }
}

/// The packets of one adapter that wait to be sent, for each of its transmit queues.
pub(crate) struct SendQueues {
    memory: ContiguousMemory,
    slot_bytes: usize,
    plan: Plan,
    /// The longest frame of the medium, and the longest that the adapter can take.
    longest_frame: usize,
    longest_send: usize,
    free: ArrayQueue<u32>,
    waiting: Box<[Waiting]>,
    submitted: AtomicU64,
    completed: AtomicU64,
    refused: AtomicU64,
    system: &'static System,
}

/// What the queues of an adapter must be able to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SendShape {
    pub(super) layout: SendLayout,
    /// Bytes that the driver wants in front of each frame.
    pub(super) backfill: usize,
    pub(super) alignment: usize,
    pub(super) mtu: u32,
    /// The longest payload behind the headers that the adapter segments; 0: none.
    pub(super) maximum_offload_bytes: usize,
    /// Number of transmit queues.
    pub(super) queues: usize,
}

/// The longest IP and TCP headers, in bytes.
const LONGEST_HEADERS: usize = 60 + 60;

impl SendShape {
    pub(super) fn new(
        layout: SendLayout,
        transmit: &TransmitCapabilities,
        mtu: u32,
        maximum_offload_bytes: usize,
    ) -> Self {
        Self {
            layout,
            backfill: transmit.payload_backfill,
            alignment: transmit.alignment,
            mtu,
            maximum_offload_bytes,
            queues: 1,
        }
    }

    fn longest_frame(&self) -> usize {
        LINK_HEADER_BYTES + self.mtu as usize
    }

    /// The longest frame that can be passed to the driver; with segmentation, by that
    /// (*NET_ADAPTER_OFFLOAD_GSO_CAPABILITIES structure*).
    pub(super) fn longest_send(&self) -> usize {
        match self.maximum_offload_bytes {
            0 => self.longest_frame(),
            payload => LINK_HEADER_BYTES + LONGEST_HEADERS + payload,
        }
    }
}

impl SendQueues {
    /// Makes empty queues with buffers that fit an adapter.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES` if there is no memory for them.
    pub(super) fn new(system: &'static System, shape: &SendShape) -> Result<Self, NTSTATUS> {
        let plan = Plan::new(shape);
        let slot_bytes = plan.bytes_for(shape.longest_frame());
        let memory = system
            .memory()
            .allocate(slot_bytes * SEND_BUFFERS, PAGE_SIZE)
            .ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
        let free = ArrayQueue::new(SEND_BUFFERS);
        for slot in 0..SEND_BUFFERS as u32 {
            free.push(slot).expect("there is room for every buffer");
        }
        let waiting = (0..shape.queues).map(|_| Waiting::new());
        Ok(Self {
            memory,
            slot_bytes,
            plan,
            longest_frame: shape.longest_frame(),
            longest_send: shape.longest_send(),
            free,
            waiting: waiting.collect(),
            submitted: AtomicU64::new(0),
            completed: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            system,
        })
    }

    /// Takes a frame for transmit queue `queue`; it is sent after all that were taken for it
    /// before.
    ///
    /// IRQL: any. For a frame of the medium, locks nothing and allocates nothing.
    ///
    /// # Errors
    /// If so many packets wait that there is no room.
    pub(super) fn submit(
        &self,
        queue: usize,
        frame: &[u8],
        info: SendInfo,
    ) -> Result<(), SendQueueFull> {
        let waiting = &self.waiting[queue % self.waiting.len()];
        if waiting.packets.is_full() {
            return self.refuse();
        }
        let Some(storage) = self.storage(frame.len()) else {
            return self.refuse();
        };
        let send = Send {
            bytes: match storage {
                Storage::Nowhere => 0,
                Storage::Slot(_) | Storage::Pages(_) => frame.len() as u32,
            },
            storage,
            info,
        };
        self.write(&send, frame);
        match waiting.packets.push(send) {
            Ok(()) => {
                self.submitted.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Err(send) => {
                self.release(send);
                self.refuse()
            }
        }
    }

    /// Takes a frame that wants nothing but to be sent.
    ///
    /// IRQL: any. Locks nothing, allocates nothing.
    ///
    /// # Errors
    /// If so many packets wait that there is no room.
    pub(crate) fn submit_plain(&self, frame: &[u8]) -> Result<(), SendQueueFull> {
        self.submit(0, frame, SendInfo::NONE)
    }

    /// The transmit queue for a priority.
    pub(super) fn queue_of(&self, priority: u8) -> usize {
        usize::from(priority) % self.waiting.len()
    }

    fn refuse(&self) -> Result<(), SendQueueFull> {
        self.refused.fetch_add(1, Ordering::Relaxed);
        Err(SendQueueFull)
    }

    fn storage(&self, bytes: usize) -> Option<Storage> {
        if bytes == 0 || bytes > self.longest_send {
            return Some(Storage::Nowhere);
        }
        if bytes <= self.longest_frame {
            return self.free.pop().map(Storage::Slot);
        }
        let memory = self.system.memory();
        let pages = memory.allocate(self.plan.bytes_for(bytes), PAGE_SIZE)?;
        Some(Storage::Pages(pages))
    }

    /// Where the room of a packet begins.
    fn base(&self, send: &Send) -> Option<(*mut u8, u64)> {
        match &send.storage {
            Storage::Slot(slot) => {
                let offset = self.slot_bytes * *slot as usize;
                Some((
                    self.memory.virtual_address.wrapping_add(offset),
                    self.memory.logical_address + offset as u64,
                ))
            }
            Storage::Pages(pages) => Some((pages.virtual_address, pages.logical_address)),
            Storage::Nowhere => None,
        }
    }

    fn write(&self, send: &Send, frame: &[u8]) {
        let mut rest = frame;
        for part in self.parts(send) {
            let (bytes, behind) = rest.split_at(part.bytes);
            // SAFETY: a packet's room has no other user until it waits.
            unsafe {
                part.virtual_address
                    .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            }
            rest = behind;
        }
    }

    /// The parts of a packet, in order; none if it cannot be sent.
    pub(super) fn parts(&self, send: &Send) -> impl Iterator<Item = Part> + '_ {
        let base = self.base(send);
        let bytes = send.bytes as usize;
        base.into_iter()
            .flat_map(move |(virtual_address, logical_address)| {
                self.plan.parts(bytes).map(move |place| Part {
                    virtual_address: virtual_address.wrapping_add(place.offset),
                    logical_address: logical_address + place.offset as u64,
                    bytes: place.bytes,
                    capacity: place.capacity,
                    headroom: place.headroom,
                })
            })
    }

    /// Takes over what waits in the queues of an earlier start, and its counts.
    pub(super) fn adopt(&self, before: &Self) {
        for (queue, waiting) in before.waiting.iter().enumerate() {
            while let Some(send) = waiting.take() {
                let mut frame = Vec::with_capacity(send.bytes as usize);
                for part in before.parts(&send) {
                    // SAFETY: the frame was copied there when it was submitted; nobody else uses
                    // it now.
                    let bytes =
                        unsafe { std::slice::from_raw_parts(part.virtual_address, part.bytes) };
                    frame.extend_from_slice(bytes);
                }
                // All queues have the same number of buffers, so there is room.
                let _ = self.submit(queue, &frame, send.info);
                before.release(send);
            }
        }
        let (submitted, completed, refused) = before.counts();
        self.submitted.store(submitted, Ordering::Relaxed);
        self.completed.store(completed, Ordering::Relaxed);
        self.refused.store(refused, Ordering::Relaxed);
    }

    /// The packet that has waited longest for a transmit queue.
    pub(super) fn take(&self, queue: usize) -> Option<Send> {
        self.waiting.get(queue)?.take()
    }

    /// A packet that was taken was not sent: it goes first later.
    pub(super) fn put_back(&self, queue: usize, send: Send) {
        if let Some(waiting) = self.waiting.get(queue) {
            *waiting.first.lock() = Some(send);
            waiting.has_first.store(true, Ordering::Release);
        }
    }

    /// The longest frame that can be passed to the driver.
    pub(super) fn longest_send(&self) -> usize {
        self.longest_send
    }

    /// The driver has given a packet back.
    pub(super) fn complete(&self, send: Send) {
        self.completed.fetch_add(1, Ordering::Relaxed);
        self.release(send);
    }

    fn release(&self, send: Send) {
        match send.storage {
            Storage::Slot(slot) => self
                .free
                .push(slot)
                .expect("there is room for every buffer"),
            Storage::Pages(pages) => self.system.memory().release(pages),
            Storage::Nowhere => {}
        }
    }

    /// Packets taken, given back by the driver, and not taken because there was no room.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (
            read(&self.submitted),
            read(&self.completed),
            read(&self.refused),
        )
    }
}

impl Drop for SendQueues {
    fn drop(&mut self) {
        for waiting in &self.waiting {
            while let Some(send) = waiting.take() {
                self.release(send);
            }
        }
        self.system.memory().release(self.memory);
    }
}
