//! The poller's part of a pool.

use alloc::boxed::Box;
use alloc::vec::Vec;

use core::sync::atomic::Ordering;

use netadapter::dma::{DmaMemory, VirtualAddress};
use netadapter::memory::try_slice;
use netadapter::ring::ReturnContext;
use netadapter::{Result, Status};

use super::{BUFFER_BYTES, BUFFERS_PER_CHUNK, BufferPool, Chunk, context_of};

/// The place of one chunk. Its number, with a buffer's place in the chunk, makes the buffer's number.
#[derive(Default)]
struct Slot {
    chunk: Option<Chunk>,
    /// The buffers that the protocol stack has, and those whose frames wait for it, one bit each.
    taken: u32,
    /// The chunk is to go.
    retiring: bool,
    /// Of a chunk that is to go: the buffers that nobody else holds any more, one bit each.
    home: u32,
}

impl Slot {
    fn memory(&self) -> &DmaMemory {
        let chunk = self.chunk.as_ref();
        &chunk
            .expect("a chunk stays until all its buffers are home")
            .value
    }
}

/// Every bit of [`Slot::taken`] and [`Slot::home`] is a buffer.
const _: () = assert!(BUFFERS_PER_CHUNK as u32 == u32::BITS);

/// The chunks of a pool, and the buffers that the poller has.
pub struct Buffers {
    slots: Box<[Slot]>,
    /// The buffers that nobody holds. It has room for all, so it never grows.
    free: Vec<u16>,
    /// Chunks that are not to go.
    serving: u16,
    /// Chunks that are to go.
    retiring: u16,
    /// A chunk has left since [`Buffers::has_let_go`] was asked.
    let_go: bool,
}

impl Buffers {
    pub(super) fn try_new(capacity: u16) -> Result<Self> {
        let mut free = Vec::new();
        free.try_reserve_exact(usize::from(capacity) * usize::from(BUFFERS_PER_CHUNK))
            .map_err(|_| Status::INSUFFICIENT_RESOURCES)?;
        Ok(Self {
            slots: try_slice(usize::from(capacity), |_| Slot::default())?,
            free,
            serving: 0,
            retiring: 0,
            let_go: false,
        })
    }

    /// Takes in what has come since the last time: returned buffers, new chunks, another wish of the keeper.
    pub fn settle(&mut self, pool: &BufferPool) {
        pool.take_returned(|buffer| {
            let (slot, place) = place(buffer);
            let home = &mut self.slots[slot];
            home.taken &= !(1 << place);
            if home.retiring {
                self.come_home(pool, buffer);
            } else {
                self.free.push(buffer);
            }
        });
        if !pool.arriving.is_empty() {
            pool.arriving.take().for_each(|chunk| self.install(chunk));
        }
        let wanted = pool.wanted();
        if self.serving > wanted {
            self.retire(pool, self.serving - wanted);
        } else if self.retiring > 0 && self.serving < wanted {
            self.revive(wanted - self.serving);
        }
    }

    /// The device was reset: it holds no buffer any more.
    pub fn take_all_from_device(&mut self, pool: &BufferPool) {
        self.free.clear();
        for slot in 0..self.slots.len() {
            self.slots[slot].home = 0;
            let taken = self.slots[slot].taken;
            if self.slots[slot].chunk.is_none() {
                continue;
            }
            for place in (0..BUFFERS_PER_CHUNK).filter(|place| taken & 1 << place == 0) {
                self.come_home(pool, slot as u16 * BUFFERS_PER_CHUNK + place);
            }
        }
        self.settle(pool);
    }

    /// Whether a chunk has left since this was asked last: the keeper should hear of it.
    pub fn has_let_go(&mut self) -> bool {
        core::mem::take(&mut self.let_go)
    }

    /// The buffers that nobody holds.
    pub fn free(&self) -> usize {
        self.free.len()
    }

    /// The next buffer for the device.
    pub fn take(&mut self) -> Option<u16> {
        self.free.pop()
    }

    /// The device has written a frame that the protocol stack gets later.
    pub fn keep(&mut self, buffer: u16) {
        let (slot, place) = place(buffer);
        self.slots[slot].taken |= 1 << place;
    }

    /// Takes a buffer back that nobody else holds any more.
    pub fn come_home(&mut self, pool: &BufferPool, buffer: u16) {
        let (slot, place) = place(buffer);
        if self.slots[slot].retiring {
            self.slots[slot].home |= 1 << place;
            self.leave_if_whole(pool, slot);
        } else {
            self.free.push(buffer);
        }
    }

    /// The opposite of [`Self::take`], for a buffer that the device does not take.
    pub fn put_back(&mut self, buffer: u16) {
        self.free.push(buffer);
    }

    /// A buffer's address for the device.
    #[inline]
    pub fn logical_address(&self, buffer: u16) -> u64 {
        let (slot, place) = place(buffer);
        self.slots[slot].memory().logical_address(offset(place))
    }

    /// Hands a buffer to the protocol stack: its address, and the context with which it comes back.
    #[inline]
    pub fn lend(
        &mut self,
        pool: &BufferPool,
        queue: u16,
        buffer: u16,
    ) -> (VirtualAddress, ReturnContext) {
        let (slot, place) = place(buffer);
        let slot = &mut self.slots[slot];
        slot.taken |= 1 << place;
        pool.lent[usize::from(buffer)].store(true, Ordering::Relaxed);
        let address = slot.memory().virtual_address(offset(place));
        (address, context_of(queue, buffer))
    }

    fn install(&mut self, chunk: Chunk) {
        let slot = self.slots.iter().position(|slot| slot.chunk.is_none());
        let slot = slot.expect("the keeper adds no more chunks than the pool can have");
        self.slots[slot].chunk = Some(chunk);
        self.serving += 1;
        let first = slot as u16 * BUFFERS_PER_CHUNK;
        self.free.extend(first..first + BUFFERS_PER_CHUNK);
    }

    /// Has chunks retire, those first of which most buffers are free.
    fn retire(&mut self, pool: &BufferPool, count: u16) {
        for slot in self.slots.iter_mut().filter(|slot| !slot.retiring) {
            slot.home = 0;
        }
        for buffer in &self.free {
            let (slot, place) = place(*buffer);
            self.slots[slot].home |= 1 << place;
        }
        for _ in 0..count {
            let serving = |slot: &&mut Slot| slot.chunk.is_some() && !slot.retiring;
            let slots = self.slots.iter_mut().filter(serving);
            let Some(slot) = slots.max_by_key(|slot| slot.home.count_ones()) else {
                break;
            };
            slot.retiring = true;
            self.serving -= 1;
            self.retiring += 1;
        }
        let slots = &self.slots;
        self.free.retain(|buffer| !slots[place(*buffer).0].retiring);
        for slot in 0..self.slots.len() {
            if self.slots[slot].retiring {
                self.leave_if_whole(pool, slot);
            }
        }
    }

    /// Has chunks that were to go stay.
    fn revive(&mut self, count: u16) {
        let retiring = self
            .slots
            .iter_mut()
            .zip(0..)
            .filter(|(slot, _)| slot.retiring);
        for (slot, number) in retiring.take(usize::from(count)) {
            slot.retiring = false;
            self.retiring -= 1;
            self.serving += 1;
            let home = (0..BUFFERS_PER_CHUNK).filter(|place| slot.home & 1 << place != 0);
            self.free
                .extend(home.map(|place| number * BUFFERS_PER_CHUNK + place));
        }
    }

    /// Hands a chunk of which all buffers are home to the keeper.
    fn leave_if_whole(&mut self, pool: &BufferPool, slot: usize) {
        let slot = &mut self.slots[slot];
        if slot.home != u32::MAX {
            return;
        }
        if let Some(chunk) = slot.chunk.take() {
            slot.retiring = false;
            self.retiring -= 1;
            self.let_go = true;
            pool.leaving.put(chunk);
        }
    }
}

/// Where a buffer lies in its chunk.
fn offset(place: u16) -> usize {
    usize::from(place) * BUFFER_BYTES as usize
}

/// The slot of a buffer's chunk, and the buffer's place there.
fn place(buffer: u16) -> (usize, u16) {
    (
        usize::from(buffer / BUFFERS_PER_CHUNK),
        buffer % BUFFERS_PER_CHUNK,
    )
}
