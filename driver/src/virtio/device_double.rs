//! The device's side of a queue's memory, for tests: free to be wrong.

use netadapter::dma::DmaMemory;

use super::split_queue::{DESCRIPTOR_BYTES, DESCRIPTOR_HAS_NEXT, available_offset, used_offset};

/// A device that reads and writes one split queue.
pub(crate) struct Device {
    pub(crate) memory: DmaMemory,
    size: u16,
    seen: u16,
    pub(crate) used: u16,
}

impl Device {
    pub(crate) fn new(memory: &DmaMemory, size: u16) -> Self {
        Self {
            memory: memory.alias_for_device(),
            size,
            seen: 0,
            used: 0,
        }
    }

    pub(crate) fn available(&self) -> u16 {
        self.memory.read(available_offset(self.size) + 2)
    }

    /// The next chain that the driver made available: address, length and place of each descriptor. What was scribbled
    /// over makes no sense, but does not lead beyond the queue.
    pub(crate) fn take(&mut self) -> Option<Vec<(u64, u32, u16)>> {
        (self.seen != self.available()).then(|| {
            let slot = usize::from(self.seen % self.size);
            let mut at: u16 = self.memory.read(available_offset(self.size) + 4 + 2 * slot);
            self.seen = self.seen.wrapping_add(1);
            let mut chain = vec![];
            loop {
                at %= self.size;
                let base = usize::from(at) * DESCRIPTOR_BYTES;
                let flags: u16 = self.memory.read(base + 12);
                chain.push((self.memory.read(base), self.memory.read(base + 8), at));
                if flags & DESCRIPTOR_HAS_NEXT == 0 || chain.len() == self.size.into() {
                    return chain;
                }
                at = self.memory.read(base + 14);
            }
        })
    }

    pub(crate) fn give_back(&mut self, id: u32, written: u32) {
        let at = used_offset(self.size) + 4 + 8 * usize::from(self.used % self.size);
        self.memory.write(at, id);
        self.memory.write(at + 4, written);
        self.set_used_index(self.used.wrapping_add(1));
    }

    pub(crate) fn set_used_index(&mut self, index: u16) {
        self.used = index;
        self.memory.write(used_offset(self.size) + 2, index);
    }

    pub(crate) fn set_available_event(&self, index: u16) {
        self.memory.write(
            used_offset(self.size) + 4 + 8 * usize::from(self.size),
            index,
        );
    }
}
