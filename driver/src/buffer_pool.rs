//! The receive buffers of one queue: common-buffer chunks that the driver owns, never pool memory.
//!
//! Three parties meet here, and none waits for another:
//!
//! * the *poller* of the queue, which alone has [`Buffers`]: chunks, and the buffers that nobody else holds;
//! * the *protocol stack*, which gives buffers back one by one, on any thread ([`BufferPool::give_back`]);
//! * the *keeper*, a work item, which adds chunks and takes those away that have fallen free ([`BufferPool::add`],
//!   [`BufferPool::take_leaving`]).
//!
//! ```text
//!            keeper: add                              poller: refill
//! system ───────────────► arriving ───► free list ───────────────────► device
//!    ▲                                     ▲                             │ poller: deliver
//!    │  keeper: take_leaving               │ returned list               ▼
//!    └─────────────────────── leaving ◄────┴───────────────────── protocol stack (lent)
//! ```
//!
//! A buffer is always in one of four places: with the poller, with the device, with the protocol stack (*lent*), or on
//! the list of returned ones. That list is pushed to one by one and taken all at once, so no lock is needed, and the
//! head cannot be mistaken for an older one. A chunk that is to go *retires*: its buffers are not used again as they
//! come home, and with the last one the whole chunk leaves.

use alloc::boxed::Box;
use core::num::NonZeroUsize;
use core::sync::atomic::{AtomicBool, AtomicU16, AtomicU32, Ordering};

use crossbeam_utils::CachePadded;
use netadapter::Result;
use netadapter::dma::DmaMemory;
use netadapter::memory::try_slice;
use netadapter::ring::ReturnContext;
use netadapter::sync::{Handover, Parcel};

mod buffers;

pub use buffers::Buffers;

/// Bytes of a buffer: the device's header and a frame.
pub const BUFFER_BYTES: u32 = 2048;
/// Buffers of one chunk, so that no chunk needs many contiguous pages.
pub const BUFFERS_PER_CHUNK: u16 = 32;
/// Bytes of one chunk.
pub const CHUNK_BYTES: usize = BUFFERS_PER_CHUNK as usize * BUFFER_BYTES as usize;
/// Ends the list of returned buffers.
const END: u32 = u32::MAX;
/// Set in every return context, so that none is 0.
const CONTEXT_MARK: usize = 1 << 32;

/// A stretch of buffers, on its way between the system and a pool.
pub type Chunk = Box<Parcel<DmaMemory>>;

/// What poller, protocol stack and keeper share.
pub struct BufferPool {
    /// Whether the stack may give a buffer back, by buffer.
    lent: Box<[AtomicBool]>,
    /// The returned buffer behind each returned buffer.
    next: Box<[AtomicU32]>,
    returned: CachePadded<AtomicU32>,
    arriving: Handover<DmaMemory>,
    leaving: Handover<DmaMemory>,
    /// Chunks that the pool should have; the keeper decides.
    wanted: AtomicU16,
    /// Chunks that belong to the pool, wherever they are.
    present: AtomicU16,
}

impl BufferPool {
    /// A pool that can have `capacity` chunks, and has none. The poller gets the other part.
    ///
    /// # Errors
    ///
    /// STATUS_INSUFFICIENT_RESOURCES when memory is short.
    pub fn try_new(capacity: u16) -> Result<(Self, Buffers)> {
        let buffers = usize::from(capacity) * usize::from(BUFFERS_PER_CHUNK);
        let pool = Self {
            lent: try_slice(buffers, |_| AtomicBool::new(false))?,
            next: try_slice(buffers, |_| AtomicU32::new(END))?,
            returned: CachePadded::new(AtomicU32::new(END)),
            arriving: Handover::new(),
            leaving: Handover::new(),
            wanted: AtomicU16::new(0),
            present: AtomicU16::new(0),
        };
        Ok((pool, Buffers::try_new(capacity)?))
    }

    /// The most chunks that the pool can have.
    pub fn capacity(&self) -> u16 {
        (self.lent.len() / usize::from(BUFFERS_PER_CHUNK)) as u16
    }

    /// Chunks that belong to the pool, those that are about to leave included.
    pub fn present(&self) -> u16 {
        self.present.load(Ordering::Relaxed)
    }

    /// Chunks that the pool should have.
    pub fn wanted(&self) -> u16 {
        self.wanted.load(Ordering::Relaxed)
    }

    /// Says how many chunks the pool should have, as far as it has room for them. The poller retires what is too much;
    /// what is missing is the keeper's to add.
    pub fn want(&self, chunks: u16) {
        self.wanted
            .store(chunks.min(self.capacity()), Ordering::Relaxed);
    }

    /// Chunks that the keeper still has to add.
    pub fn missing(&self) -> u16 {
        self.wanted().saturating_sub(self.present())
    }

    /// Adds a chunk of [`CHUNK_BYTES`]. Only the keeper does this, and only when one is missing.
    pub fn add(&self, chunk: Chunk) {
        self.present.fetch_add(1, Ordering::Relaxed);
        self.arriving.put(chunk);
    }

    /// Takes the chunks that have fallen free. Only the keeper does this.
    pub fn take_leaving(&self) -> impl Iterator<Item = DmaMemory> {
        self.leaving.take().map(|chunk| {
            self.present.fetch_sub(1, Ordering::Relaxed);
            chunk.value
        })
    }

    /// Takes a buffer back from the protocol stack; gives `false` for one that the stack does not have.
    ///
    /// IRQL: ≤ DISPATCH_LEVEL, on any thread.
    pub fn give_back(&self, buffer: u16) -> bool {
        let Some(lent) = self.lent.get(usize::from(buffer)) else {
            return false;
        };
        if !lent.swap(false, Ordering::Relaxed) {
            return false;
        }
        let mut head = self.returned.load(Ordering::Relaxed);
        loop {
            self.next[usize::from(buffer)].store(head, Ordering::Relaxed);
            let pushed = self.returned.compare_exchange_weak(
                head,
                u32::from(buffer),
                // Release: what the stack's thread did with the buffer, and the link, come before the push.
                Ordering::Release,
                Ordering::Relaxed,
            );
            match pushed {
                Ok(_) => return true,
                Err(now) => head = now,
            }
        }
    }

    /// Takes all returned buffers. Only the poller of the queue does this.
    fn take_returned(&self, mut each: impl FnMut(u16)) {
        let mut head = self.returned.swap(END, Ordering::Acquire);
        while let Ok(buffer) = u16::try_from(head) {
            head = self.next[usize::from(buffer)].load(Ordering::Relaxed);
            each(buffer);
        }
    }
}

/// What a fragment says of its buffer.
fn context_of(queue: u16, buffer: u16) -> ReturnContext {
    let value = CONTEXT_MARK | usize::from(queue) << 16 | usize::from(buffer);
    ReturnContext(NonZeroUsize::new(value).unwrap_or(NonZeroUsize::MIN))
}

/// The queue and the buffer in a context that [`Buffers::lend`] made; `None` for any other.
pub fn queue_and_buffer(context: ReturnContext) -> Option<(u16, u16)> {
    let value = context.0.get();
    let (queue, buffer) = ((value >> 16) as u16, value as u16);
    (context == context_of(queue, buffer)).then_some((queue, buffer))
}

#[cfg(test)]
mod tests;
