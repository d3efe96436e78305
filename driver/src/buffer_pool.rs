//! The receive buffers of one queue: common-buffer chunks that the driver owns, never pool memory.
//!
//! A buffer is always in one of four places: in the poller's own list of free buffers, with the device, with the
//! protocol stack (*lent*), or on the list of returned ones. The last is where the stack's threads and the poller meet:
//! buffers are pushed one by one and taken all at once, so no lock is needed, and the head cannot be mistaken for an
//! older one.

use alloc::boxed::Box;
use core::num::NonZeroUsize;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crossbeam_utils::CachePadded;
use netadapter::Result;
use netadapter::dma::{DmaEnabler, DmaMemory, VirtualAddress};
use netadapter::memory::{try_slice, try_slice_of_results};
use netadapter::ring::ReturnContext;

/// Bytes of a buffer: the device's header and a frame.
pub const BUFFER_BYTES: u32 = 2048;
/// Buffers of one chunk, so that no chunk needs many contiguous pages.
const BUFFERS_PER_CHUNK: u16 = 32;
/// Ends the list of returned buffers.
const END: u32 = u32::MAX;
/// Set in every return context, so that none is 0.
const CONTEXT_MARK: usize = 1 << 32;

/// The buffers.
pub struct BufferPool {
    chunks: Box<[DmaMemory]>,
    count: u16,
    lent: Box<[AtomicBool]>,
    /// The returned buffer behind each returned buffer.
    next: Box<[AtomicU32]>,
    returned: CachePadded<AtomicU32>,
}

impl BufferPool {
    /// `count` buffers, all of which the caller then has. IRQL: PASSIVE_LEVEL.
    ///
    /// # Errors
    ///
    /// STATUS_INSUFFICIENT_RESOURCES when memory is short.
    pub fn allocate(enabler: &DmaEnabler, count: u16) -> Result<Self> {
        Self::from_chunks(count, |bytes| enabler.common_buffer(bytes))
    }

    fn from_chunks(count: u16, mut chunk: impl FnMut(usize) -> Result<DmaMemory>) -> Result<Self> {
        let chunk_bytes = usize::from(BUFFERS_PER_CHUNK) * BUFFER_BYTES as usize;
        let chunks = try_slice_of_results(usize::from(count.div_ceil(BUFFERS_PER_CHUNK)), |_| {
            chunk(chunk_bytes)
        })?;
        Ok(Self {
            chunks,
            count,
            lent: try_slice(usize::from(count), |_| AtomicBool::new(false))?,
            next: try_slice(usize::from(count), |_| AtomicU32::new(END))?,
            returned: CachePadded::new(AtomicU32::new(END)),
        })
    }

    /// The number of buffers.
    pub fn count(&self) -> u16 {
        self.count
    }

    /// A buffer's address for the device.
    pub fn logical_address(&self, buffer: u16) -> u64 {
        let (chunk, offset) = self.place(buffer);
        chunk.logical_address(offset)
    }

    /// Hands a buffer to the protocol stack: its address, and the context with which it comes back.
    pub fn lend(&self, queue: u16, buffer: u16) -> (VirtualAddress, ReturnContext) {
        let (chunk, offset) = self.place(buffer);
        self.lent[usize::from(buffer)].store(true, Ordering::Relaxed);
        (chunk.virtual_address(offset), context_of(queue, buffer))
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

    /// Whether the protocol stack has a buffer.
    pub fn is_lent(&self, buffer: u16) -> bool {
        self.lent[usize::from(buffer)].load(Ordering::Relaxed)
    }

    /// Takes all returned buffers. Only the poller of the queue does this.
    pub fn take_returned(&self, mut each: impl FnMut(u16)) {
        let mut head = self.returned.swap(END, Ordering::Acquire);
        while let Ok(buffer) = u16::try_from(head) {
            head = self.next[usize::from(buffer)].load(Ordering::Relaxed);
            each(buffer);
        }
    }

    fn place(&self, buffer: u16) -> (&DmaMemory, usize) {
        let chunk = &self.chunks[usize::from(buffer / BUFFERS_PER_CHUNK)];
        (
            chunk,
            usize::from(buffer % BUFFERS_PER_CHUNK) * BUFFER_BYTES as usize,
        )
    }
}

/// What a fragment says of its buffer.
fn context_of(queue: u16, buffer: u16) -> ReturnContext {
    let value = CONTEXT_MARK | usize::from(queue) << 16 | usize::from(buffer);
    ReturnContext(NonZeroUsize::new(value).unwrap_or(NonZeroUsize::MIN))
}

/// The queue and the buffer in a context that [`BufferPool::lend`] made; `None` for any other.
pub fn queue_and_buffer(context: ReturnContext) -> Option<(u16, u16)> {
    let value = context.0.get();
    let (queue, buffer) = ((value >> 16) as u16, value as u16);
    (context == context_of(queue, buffer)).then_some((queue, buffer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn pool(count: u16) -> BufferPool {
        let mut at = 0;
        BufferPool::from_chunks(count, |bytes| {
            at += 0x10_0000;
            Ok(DmaMemory::on_build_machine(bytes, at))
        })
        .unwrap()
    }

    #[test]
    fn buffers_do_not_overlap() {
        let pool = pool(100);
        let addresses: BTreeSet<u64> = (0..100)
            .map(|buffer| pool.logical_address(buffer))
            .collect();
        assert_eq!(addresses.len(), 100);
        assert!(
            addresses
                .iter()
                .zip(addresses.iter().skip(1))
                .all(|(low, high)| high - low >= 2048)
        );
    }

    #[test]
    fn a_buffer_comes_back_once_for_each_time_it_is_lent() {
        let pool = pool(64);
        assert!(!pool.give_back(3), "never lent");
        let (_, context) = pool.lend(5, 3);
        assert_eq!(queue_and_buffer(context), Some((5, 3)));
        assert!(pool.give_back(3));
        assert!(!pool.give_back(3), "back already");
        assert!(!pool.give_back(64), "no such buffer");
        let mut back = vec![];
        pool.take_returned(|buffer| back.push(buffer));
        assert_eq!(back, [3]);
        pool.take_returned(|_| panic!("nothing is left"));
    }

    #[test]
    fn buffers_returned_by_many_threads_all_arrive() {
        let pool = pool(4096);
        (0..4096).for_each(|buffer| _ = pool.lend(0, buffer));
        let mut back = BTreeSet::new();
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4_u16)
                .map(|thread| {
                    let pool = &pool;
                    scope.spawn(move || {
                        (0..1024).for_each(|place| assert!(pool.give_back(thread * 1024 + place)));
                    })
                })
                .collect();
            while !threads.iter().all(|thread| thread.is_finished()) {
                pool.take_returned(|buffer| assert!(back.insert(buffer)));
            }
        });
        pool.take_returned(|buffer| assert!(back.insert(buffer)));
        assert_eq!(back.len(), 4096);
    }

    proptest! {
        #[test]
        fn only_contexts_that_were_made_are_understood(value in 1_usize..) {
            let context = ReturnContext(NonZeroUsize::new(value).unwrap());
            if let Some((queue, buffer)) = queue_and_buffer(context) {
                prop_assert_eq!(context_of(queue, buffer), context);
            }
        }
    }
}
