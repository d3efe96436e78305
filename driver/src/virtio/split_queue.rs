//! The driver's side of a split virtqueue with event index (VIRTIO 1.2, 2.7 *Split Virtqueues*).
//!
//! ```text
//! descriptors  16 bytes × size │ available ring  6 + 2 × size │ used ring  6 + 8 × size
//! written by the driver        │ written by the driver        │ written by the device, avail_event last
//! ```
//!
//! The descriptor table lies in shared memory, so it is written and never read back: which descriptors are free and
//! how chains are linked is kept in the driver's own memory.

use alloc::boxed::Box;
use core::num::Wrapping;
use core::sync::atomic::{Ordering, fence};

use netadapter::Result;
use netadapter::dma::DmaMemory;
use netadapter::memory::try_slice;

use super::Fault;

pub(super) const DESCRIPTOR_BYTES: usize = 16;
pub(super) const DESCRIPTOR_HAS_NEXT: u16 = 1;
const DESCRIPTOR_DEVICE_WRITES: u16 = 2;
const AVAILABLE_NO_INTERRUPT: u16 = 1;
const USED_NO_NOTIFY: u16 = 1;
/// The used ring starts on its own cache line: the device writes there.
const USED_ALIGNMENT: usize = 64;
/// Ends the driver's list of free descriptors.
const NONE: u16 = u16::MAX;

/// One stretch of memory in a descriptor chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// Address as the device sees it.
    pub logical_address: u64,
    /// Length in bytes.
    pub length: u32,
    /// Whether the device writes it; else it reads it.
    pub device_writes: bool,
}

/// A chain that the device has given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// The chain's first descriptor, as [`SplitQueue::add`] named it.
    pub head: u16,
    /// Bytes that the device has written; never more than the chain's writable bytes.
    pub written: u32,
}

/// What the driver remembers of a descriptor.
#[derive(Clone, Copy)]
struct Record {
    /// The descriptor that follows, in its chain or in the list of free ones.
    next: u16,
    /// Descriptors of the chain that starts here; 0 unless the chain is outstanding.
    chain_length: u16,
    /// Writable bytes of the chain that starts here.
    writable: u32,
}

/// Where the three parts of a virtqueue lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Descriptor table.
    pub descriptors: u64,
    /// Available ring, the driver area.
    pub available: u64,
    /// Used ring, the device area.
    pub used: u64,
}

/// A split virtqueue.
pub struct SplitQueue {
    memory: DmaMemory,
    records: Box<[Record]>,
    size: u16,
    event_index: bool,
    free_head: u16,
    free_count: u16,
    outstanding: u16,
    /// The available index, chains not yet published included.
    next_available: Wrapping<u16>,
    /// The available index that the device was told.
    published: Wrapping<u16>,
    /// The used element to look at next.
    next_used: Wrapping<u16>,
    /// The device's used index, as last read and checked.
    used_known: Wrapping<u16>,
}

impl SplitQueue {
    /// Bytes of shared memory that a queue of so many descriptors needs.
    pub fn memory_bytes(size: u16) -> usize {
        used_offset(size) + 6 + 8 * usize::from(size)
    }

    /// An empty queue in `memory`, which has at least [`Self::memory_bytes`]; `size` is a power of two.
    ///
    /// # Errors
    ///
    /// STATUS_INSUFFICIENT_RESOURCES when the driver's own records cannot be allocated.
    pub fn new(memory: DmaMemory, size: u16) -> Result<Self> {
        assert!(
            size.is_power_of_two() && memory.len() >= Self::memory_bytes(size),
            "virtqueue memory and size fit"
        );
        let records = try_slice(usize::from(size), |_| Record {
            next: NONE,
            chain_length: 0,
            writable: 0,
        })?;
        let mut queue = Self {
            memory,
            records,
            size,
            event_index: false,
            free_head: 0,
            free_count: 0,
            outstanding: 0,
            next_available: Wrapping(0),
            published: Wrapping(0),
            next_used: Wrapping(0),
            used_known: Wrapping(0),
        };
        queue.reset(false);
        Ok(queue)
    }

    /// Empties the queue, as the device finds it after its reset. `event_index`: VIRTIO_F_EVENT_IDX is negotiated.
    ///
    /// Only while the device does not use the queue.
    pub fn reset(&mut self, event_index: bool) {
        self.memory.zero();
        for (number, record) in (1..).zip(self.records.iter_mut()) {
            *record = Record {
                next: number,
                chain_length: 0,
                writable: 0,
            };
        }
        self.records[usize::from(self.size) - 1].next = NONE;
        self.event_index = event_index;
        (self.free_head, self.free_count, self.outstanding) = (0, self.size, 0);
        (self.next_available, self.published) = (Wrapping(0), Wrapping(0));
        (self.next_used, self.used_known) = (Wrapping(0), Wrapping(0));
    }

    /// The addresses that the device is to be told.
    pub fn addresses(&self) -> Addresses {
        Addresses {
            descriptors: self.memory.logical_address(0),
            available: self.memory.logical_address(available_offset(self.size)),
            used: self.memory.logical_address(used_offset(self.size)),
        }
    }

    /// Whether VIRTIO_F_EVENT_IDX is negotiated.
    pub fn has_event_index(&self) -> bool {
        self.event_index
    }

    /// The number of descriptors.
    pub fn size(&self) -> u16 {
        self.size
    }

    /// Descriptors that [`Self::add`] can still take.
    pub fn free_descriptors(&self) -> u16 {
        self.free_count
    }

    /// The chains that the device holds.
    pub fn outstanding(&self) -> u16 {
        self.outstanding
    }

    /// The heads of all chains that the device holds.
    pub fn outstanding_heads(&self) -> impl Iterator<Item = u16> {
        (0..self.size).filter(|head| self.records[usize::from(*head)].chain_length > 0)
    }

    /// Adds a chain and gives its head; `None`, with nothing changed, when it is empty or there are too few free
    /// descriptors. The device sees it after [`Self::publish`].
    pub fn add(&mut self, buffers: &[Buffer]) -> Option<u16> {
        let count = u16::try_from(buffers.len())
            .ok()
            .filter(|count| (1..=self.free_count).contains(count))?;
        let head = self.free_head;
        let mut writable = 0_u32;
        for (position, buffer) in (1..=count).zip(buffers) {
            let descriptor = self.free_head;
            let next = self.records[usize::from(descriptor)].next;
            let follower = (position < count).then_some(next);
            self.describe(descriptor, buffer, follower);
            if buffer.device_writes {
                writable = writable.saturating_add(buffer.length);
            }
            self.free_head = next;
        }
        self.make_available(head, count, writable);
        Some(head)
    }

    /// [`Self::add`] for a chain of one.
    pub fn add_one(&mut self, buffer: &Buffer) -> Option<u16> {
        if self.free_count == 0 {
            return None;
        }
        let head = self.free_head;
        self.describe(head, buffer, None);
        self.free_head = self.records[usize::from(head)].next;
        let writable = if buffer.device_writes {
            buffer.length
        } else {
            0
        };
        self.make_available(head, 1, writable);
        Some(head)
    }

    /// Writes a descriptor: address, then length, flags and follower in one.
    fn describe(&self, descriptor: u16, buffer: &Buffer, follower: Option<u16>) {
        let mut flags = 0;
        if follower.is_some() {
            flags |= DESCRIPTOR_HAS_NEXT;
        }
        if buffer.device_writes {
            flags |= DESCRIPTOR_DEVICE_WRITES;
        }
        let at = usize::from(descriptor) * DESCRIPTOR_BYTES;
        let rest = u64::from(buffer.length)
            | u64::from(flags) << 32
            | u64::from(follower.unwrap_or(0)) << 48;
        self.memory.write(at, buffer.logical_address);
        self.memory.write(at + 8, rest);
    }

    /// Takes note of a chain, and puts it where [`Self::publish`] lets the device see it.
    fn make_available(&mut self, head: u16, count: u16, writable: u32) {
        self.free_count -= count;
        self.outstanding += 1;
        let record = &mut self.records[usize::from(head)];
        (record.chain_length, record.writable) = (count, writable);

        let slot = usize::from(self.next_available.0 & (self.size - 1));
        self.memory
            .write(available_offset(self.size) + 4 + 2 * slot, head);
        self.next_available += 1;
    }

    /// Lets the device see all chains added so far; tells whether it wants to be notified.
    #[must_use = "a device that waits for a notification would wait forever"]
    pub fn publish(&mut self) -> bool {
        let (old, new) = (self.published, self.next_available);
        if old == new {
            return false;
        }
        // Release: the device must not see the index before descriptors and ring entries (2.7.13.3 "Updating idx").
        self.memory
            .store_u16(available_offset(self.size) + 2, new.0, Ordering::Release);
        self.published = new;
        // The index must be visible before the device's wish is read, or both sides could sleep (2.7.13.4).
        fence(Ordering::SeqCst);
        if self.event_index {
            let event = Wrapping(
                self.memory
                    .load_u16(self.available_event_offset(), Ordering::Relaxed),
            );
            passes(event, old, new)
        } else {
            self.memory
                .load_u16(used_offset(self.size), Ordering::Relaxed)
                & USED_NO_NOTIFY
                == 0
        }
    }

    /// Takes the next chain that the device has given back.
    ///
    /// # Errors
    ///
    /// The rule that the device broke. The queue must not be used any more before it is reset.
    pub fn pop_used(&mut self) -> core::result::Result<Option<Used>, Fault> {
        if self.next_used == self.used_known {
            // Acquire: elements and data are read after the index that announces them.
            let index = Wrapping(
                self.memory
                    .load_u16(used_offset(self.size) + 2, Ordering::Acquire),
            );
            let claimed = (index - self.next_used).0;
            if claimed > self.outstanding {
                return Err(Fault::UsedIndex {
                    claimed,
                    outstanding: self.outstanding,
                });
            }
            if claimed == 0 {
                return Ok(None);
            }
            self.used_known = index;
        }
        let slot = usize::from(self.next_used.0 & (self.size - 1));
        let at = used_offset(self.size) + 4 + 8 * slot;
        let (id, written): (u32, u32) = (self.memory.read(at), self.memory.read(at + 4));
        let outstanding =
            |head: &u16| *head < self.size && self.records[usize::from(*head)].chain_length > 0;
        let head = u16::try_from(id)
            .ok()
            .filter(outstanding)
            .ok_or(Fault::UsedDescriptor { id })?;
        let writable = self.records[usize::from(head)].writable;
        if written > writable {
            return Err(Fault::UsedLength {
                claimed: written,
                writable,
            });
        }
        self.release(head);
        self.next_used += 1;
        Ok(Some(Used { head, written }))
    }

    /// Whether the device seems to have given back a chain; [`Self::pop_used`] tells for certain.
    pub fn has_used(&self) -> bool {
        self.memory
            .load_u16(used_offset(self.size) + 2, Ordering::Acquire)
            != self.next_used.0
    }

    /// Asks for an interrupt at the next used chain; tells whether there is one already.
    pub fn enable_interrupts(&mut self) -> bool {
        if self.event_index {
            self.memory.store_u16(
                self.used_event_offset(),
                self.next_used.0,
                Ordering::Relaxed,
            );
        } else {
            self.memory
                .store_u16(available_offset(self.size), 0, Ordering::Relaxed);
        }
        // The wish must be visible before the used index is read, or a chain could be used in between unseen.
        fence(Ordering::SeqCst);
        self.has_used()
    }

    /// Asks for no interrupts. With an event index that is a hint which lapses after 65,535 used chains.
    pub fn disable_interrupts(&mut self) {
        if self.event_index {
            let passed = self.next_used - Wrapping(1);
            self.memory
                .store_u16(self.used_event_offset(), passed.0, Ordering::Relaxed);
        } else {
            self.memory.store_u16(
                available_offset(self.size),
                AVAILABLE_NO_INTERRUPT,
                Ordering::Relaxed,
            );
        }
    }

    /// Puts a chain's descriptors back on the list of free ones.
    fn release(&mut self, head: u16) {
        let count = self.records[usize::from(head)].chain_length;
        let mut last = head;
        for _ in 1..count {
            last = self.records[usize::from(last)].next;
        }
        self.records[usize::from(last)].next = self.free_head;
        self.records[usize::from(head)].chain_length = 0;
        self.free_head = head;
        self.free_count += count;
        self.outstanding -= 1;
    }

    /// `used_event`: behind the available ring's entries; written by the driver.
    fn used_event_offset(&self) -> usize {
        available_offset(self.size) + 4 + 2 * usize::from(self.size)
    }

    /// `avail_event`: behind the used ring's elements; written by the device.
    fn available_event_offset(&self) -> usize {
        used_offset(self.size) + 4 + 8 * usize::from(self.size)
    }
}

pub(super) fn available_offset(size: u16) -> usize {
    DESCRIPTOR_BYTES * usize::from(size)
}

pub(super) fn used_offset(size: u16) -> usize {
    (available_offset(size) + 6 + 2 * usize::from(size)).next_multiple_of(USED_ALIGNMENT)
}

/// Whether an index that moves from `old` to `new` passes `event` (2.7.10 *Available Buffer Notification Suppression*).
fn passes(event: Wrapping<u16>, old: Wrapping<u16>, new: Wrapping<u16>) -> bool {
    (new - event - Wrapping(1)).0 < (new - old).0
}

#[cfg(test)]
mod tests {
    use super::super::device_double::Device;
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    fn queue(size: u16) -> (SplitQueue, Device) {
        let memory = DmaMemory::on_build_machine(SplitQueue::memory_bytes(size), 0x10_0000);
        let device = Device::new(&memory, size);
        let mut queue = SplitQueue::new(memory, size).unwrap();
        queue.reset(true);
        (queue, device)
    }

    fn writable(length: u32) -> Buffer {
        Buffer {
            logical_address: 0x8000,
            length,
            device_writes: true,
        }
    }

    #[test]
    fn the_device_sees_a_chain_as_it_was_added() {
        let (mut queue, mut device) = queue(8);
        let buffers = [1, 2, 3].map(|part| Buffer {
            logical_address: part << 12,
            length: 7,
            device_writes: false,
        });
        let head = queue.add(&buffers).unwrap();
        assert_eq!(device.take(), None, "not published yet");
        assert!(queue.publish());
        let chain = device.take().unwrap();
        assert_eq!(chain[0].2, head);
        assert_eq!(
            chain.iter().map(|part| part.0).collect::<Vec<_>>(),
            [0x1000, 0x2000, 0x3000]
        );
    }

    #[test]
    fn a_chain_longer_than_the_free_descriptors_changes_nothing() {
        let (mut queue, _) = queue(4);
        assert!(queue.add(&[writable(1); 3]).is_some());
        assert_eq!(queue.add(&[writable(1); 2]), None);
        assert_eq!(queue.free_descriptors(), 1);
        assert_eq!(queue.add(&[]), None);
    }

    #[test]
    fn the_device_is_notified_only_when_its_event_is_passed() {
        let (mut queue, device) = queue(8);
        queue.add(&[writable(1)]);
        assert!(queue.publish(), "the event index starts at 0");
        queue.add(&[writable(1)]);
        assert!(!queue.publish(), "the device has not asked again");
        device.set_available_event(2);
        queue.add(&[writable(1)]);
        assert!(queue.publish());
        assert!(!queue.publish(), "nothing new");
    }

    #[test]
    fn enabling_interrupts_tells_of_chains_already_used() {
        let (mut queue, mut device) = queue(8);
        let head = queue.add(&[writable(64)]).unwrap();
        assert!(!queue.enable_interrupts());
        device.give_back(head.into(), 64);
        assert!(queue.enable_interrupts());
        assert_eq!(queue.pop_used(), Ok(Some(Used { head, written: 64 })));
        assert!(!queue.enable_interrupts());
    }

    #[test]
    fn a_used_index_beyond_the_outstanding_chains_is_refused() {
        let (mut queue, mut device) = queue(8);
        queue.add(&[writable(64)]);
        device.set_used_index(2);
        assert_eq!(
            queue.pop_used(),
            Err(Fault::UsedIndex {
                claimed: 2,
                outstanding: 1
            })
        );
    }

    #[test]
    fn a_used_index_that_runs_backwards_is_refused() {
        let (mut queue, mut device) = queue(8);
        queue.add(&[writable(64)]);
        device.set_used_index(u16::MAX);
        assert_eq!(
            queue.pop_used(),
            Err(Fault::UsedIndex {
                claimed: u16::MAX,
                outstanding: 1
            })
        );
    }

    #[test]
    fn a_used_element_with_a_foreign_descriptor_is_refused() {
        for id in [1, 7, 8, 0xFFFF, 0x1_0000, u32::MAX] {
            let (mut queue, mut device) = queue(8);
            queue.add(&[writable(64)]);
            device.give_back(id, 1);
            assert_eq!(queue.pop_used(), Err(Fault::UsedDescriptor { id }));
        }
    }

    #[test]
    fn the_same_chain_given_back_twice_is_refused() {
        let (mut queue, mut device) = queue(8);
        let head = queue.add(&[writable(64)]).unwrap();
        queue.add(&[writable(64)]).unwrap();
        device.give_back(head.into(), 1);
        device.give_back(head.into(), 1);
        assert!(queue.pop_used().is_ok());
        assert_eq!(
            queue.pop_used(),
            Err(Fault::UsedDescriptor { id: head.into() })
        );
    }

    #[test]
    fn more_bytes_than_the_writable_part_are_refused() {
        let (mut queue, mut device) = queue(8);
        let head = queue.add(&[writable(64)]).unwrap();
        device.give_back(head.into(), 65);
        assert_eq!(
            queue.pop_used(),
            Err(Fault::UsedLength {
                claimed: 65,
                writable: 64
            })
        );
    }

    #[test]
    fn a_reset_frees_what_the_device_held() {
        let (mut queue, mut device) = queue(4);
        queue.add(&[writable(1); 2]);
        queue.add(&[writable(1)]);
        assert_eq!(queue.outstanding_heads().count(), 2);
        device.give_back(0, 1);
        queue.reset(true);
        assert_eq!(queue.outstanding_heads().count(), 0);
        assert_eq!(queue.free_descriptors(), 4);
        assert_eq!(queue.pop_used(), Ok(None));
        assert!(queue.add(&[writable(1); 4]).is_some());
    }

    proptest! {
        // Each case walks the whole range of indices first.
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn chains_come_back_whole_in_any_order_and_past_the_index_wrap(
            script in prop::collection::vec((1_usize..5, any::<prop::sample::Index>(), any::<bool>()), 1..400),
        ) {
            let (mut queue, mut device) = queue(16);
            // Near the wrap from the start, as after 65,526 chains.
            for _ in 0..65_526_u32 {
                let head = queue.add(&[writable(1)]).unwrap();
                let _ = queue.publish();
                device.take().unwrap();
                device.give_back(head.into(), 1);
                prop_assert!(queue.pop_used().unwrap().is_some());
            }
            let mut held: Vec<(u16, u32)> = vec![];
            let mut returned = VecDeque::new();
            for (length, pick, drain) in script {
                if let Some(head) = queue.add(&vec![writable(10); length]) {
                    let _ = queue.publish();
                    prop_assert_eq!(device.take().unwrap().len(), length);
                    held.push((head, 10 * length as u32));
                }
                if !held.is_empty() {
                    let (head, bytes) = held.swap_remove(pick.index(held.len()));
                    device.give_back(head.into(), bytes);
                    returned.push_back(Used { head, written: bytes });
                }
                while drain && !returned.is_empty() {
                    prop_assert_eq!(queue.pop_used().unwrap(), returned.pop_front());
                }
            }
            while let Some(expected) = returned.pop_front() {
                prop_assert_eq!(queue.pop_used().unwrap(), Some(expected));
            }
            prop_assert_eq!(queue.pop_used(), Ok(None));
        }
    }

    proptest! {
        #[test]
        fn whatever_the_device_writes_the_queue_stays_within_itself(
            scribble in prop::collection::vec((0_usize..300, any::<u8>()), 0..600),
            chains in 0_usize..8,
        ) {
            let (mut queue, device) = queue(8);
            for _ in 0..chains {
                queue.add(&[writable(32)]);
            }
            for (at, byte) in scribble {
                device.memory.write(at % device.memory.len(), byte);
            }
            for _ in 0..=chains {
                match queue.pop_used() {
                    Ok(Some(used)) => prop_assert!(used.written <= 32 && used.head < 8),
                    Ok(None) | Err(_) => break,
                }
            }
            prop_assert!(queue.free_descriptors() <= 8);
        }
    }
}
