//! The device side of a split virtqueue, by `virtio-queue`.

use crate::common_config::QueueRegisters;
use std::sync::atomic::Ordering;
use thiserror::Error;
use virtio_bindings::virtio_ring::VRING_AVAIL_F_NO_INTERRUPT;
use virtio_queue::desc::split::Descriptor;
use virtio_queue::{Queue, QueueOwnedT, QueueT};
use vm_memory::{Bytes, GuestAddress, GuestMemoryMmap};

/// What a driver left in memory or in registers that a device cannot work with. The device sets
/// DEVICE_NEEDS_RESET and touches no memory until it is reset.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DriverFault {
    /// The areas of a queue are unaligned or not in memory.
    #[error(
        "queue {queue} was enabled with its descriptors at {descriptor_area:#x}, its driver area \
         at {driver_area:#x} and its device area at {device_area:#x}: \
         not all of them are aligned and in memory"
    )]
    QueueAreas {
        /// The virtqueue.
        queue: u16,
        /// Address of the descriptor table.
        descriptor_area: u64,
        /// Address of the available ring.
        driver_area: u64,
        /// Address of the used ring.
        device_area: u64,
    },
    /// The available index runs further ahead than the queue is long.
    #[error("queue {queue}: the available index claims more buffers than the queue has entries")]
    AvailableIndex {
        /// The virtqueue.
        queue: u16,
    },
    /// A chain leaves its table, does not end, or its table cannot be read.
    #[error("queue {queue}: the descriptor chain at entry {head} has no proper end")]
    Chain {
        /// The virtqueue.
        queue: u16,
        /// First descriptor.
        head: u16,
    },
    /// A chain mixes up what the device reads and what it writes.
    #[error(
        "queue {queue}: the descriptor chain at entry {head} has buffers in the wrong direction"
    )]
    Direction {
        /// The virtqueue.
        queue: u16,
        /// First descriptor.
        head: u16,
    },
    /// A buffer is not in memory.
    #[error("queue {queue}: a buffer of {length} bytes at {address:#x} is not in memory")]
    Buffer {
        /// The virtqueue.
        queue: u16,
        /// Its address.
        address: u64,
        /// Its length.
        length: u32,
    },
    /// A chain is too short or too long for what it has to hold.
    #[error(
        "queue {queue}: the descriptor chain at entry {head} holds {length} bytes; \
         between {least} and {most} are possible"
    )]
    ChainLength {
        /// The virtqueue.
        queue: u16,
        /// First descriptor.
        head: u16,
        /// Bytes of its buffers.
        length: u64,
        /// Least bytes.
        least: u64,
        /// Most bytes.
        most: u64,
    },
}

/// A descriptor chain, copied out of memory once. Kept by its user so that no memory is allocated
/// for each frame.
#[derive(Default)]
pub(crate) struct Chain {
    pub head: u16,
    descriptors: Vec<Descriptor>,
}

impl Chain {
    /// The buffers that the device reads; they come before those that it writes.
    pub fn readable(&self) -> &[Descriptor] {
        &self.descriptors[..self.readable_count()]
    }

    /// The buffers that the device writes.
    pub fn writable(&self) -> &[Descriptor] {
        &self.descriptors[self.readable_count()..]
    }

    fn readable_count(&self) -> usize {
        self.descriptors
            .partition_point(|descriptor| !descriptor.is_write_only())
    }
}

/// Bytes of some buffers together.
pub(crate) fn total_length(buffers: &[Descriptor]) -> u64 {
    buffers.iter().map(|buffer| u64::from(buffer.len())).sum()
}

/// An enabled virtqueue.
pub(crate) struct DeviceQueue {
    index: u16,
    queue: Queue,
    /// Something was completed since the driver's wish for interrupts was looked at.
    completed: bool,
    /// The most chains that were available at once.
    available_most: u16,
}

impl DeviceQueue {
    pub fn new(
        index: u16,
        registers: &QueueRegisters,
        event_index: bool,
        memory: &GuestMemoryMmap,
    ) -> Result<Self, DriverFault> {
        let fault = DriverFault::QueueAreas {
            queue: index,
            descriptor_area: registers.descriptor_area,
            driver_area: registers.driver_area,
            device_area: registers.device_area,
        };
        let set_up = || {
            let mut queue = Queue::new(registers.size)?;
            queue.try_set_desc_table_address(GuestAddress(registers.descriptor_area))?;
            queue.try_set_avail_ring_address(GuestAddress(registers.driver_area))?;
            queue.try_set_used_ring_address(GuestAddress(registers.device_area))?;
            queue.set_event_idx(event_index);
            queue.set_ready(true);
            Ok::<_, virtio_queue::Error>(queue)
        };
        match set_up() {
            Ok(queue) if queue.is_valid(memory) => Ok(Self {
                index,
                queue,
                completed: false,
                available_most: 0,
            }),
            _ => Err(fault),
        }
    }

    /// Takes the next available chain into `chain`; false when there is none.
    pub fn next_chain(
        &mut self,
        memory: &GuestMemoryMmap,
        chain: &mut Chain,
    ) -> Result<bool, DriverFault> {
        let queue = self.index;
        if let Ok(index) = self.queue.avail_idx(memory, Ordering::Relaxed) {
            let available = index.0.wrapping_sub(self.queue.next_avail());
            self.available_most = self.available_most.max(available.min(self.queue.size()));
        }
        let mut available = self
            .queue
            .iter(memory)
            .map_err(|_| DriverFault::AvailableIndex { queue })?;
        let Some(descriptors) = available.next() else {
            return Ok(false);
        };
        chain.head = descriptors.head_index();
        chain.descriptors.clear();
        chain.descriptors.extend(descriptors);
        let fault = |kind: fn(u16, u16) -> DriverFault| Err(kind(queue, chain.head));
        // The iterator ends early at a descriptor that it cannot follow, and at the latest after
        // as many descriptors as the table has.
        if chain.descriptors.last().is_none_or(Descriptor::has_next) {
            return fault(|queue, head| DriverFault::Chain { queue, head });
        }
        if chain
            .writable()
            .iter()
            .any(|buffer| !buffer.is_write_only())
        {
            return fault(|queue, head| DriverFault::Direction { queue, head });
        }
        Ok(true)
    }

    /// The most chains that were available at once since the queue was enabled.
    pub fn available_most(&self) -> u16 {
        self.available_most
    }

    /// Puts the chain taken last back, to be taken again.
    pub fn put_back(&mut self) {
        self.queue.go_to_previous_position();
    }

    /// Gives a chain back to the driver, with `length` bytes written to it.
    pub fn complete(
        &mut self,
        memory: &GuestMemoryMmap,
        head: u16,
        length: u32,
    ) -> Result<(), DriverFault> {
        let queue = self.index;
        self.completed = true;
        self.queue
            .add_used(memory, head, length)
            .map_err(|_| DriverFault::Chain { queue, head })
    }

    /// Asks for a doorbell at the next buffer. True if buffers are there already.
    pub fn ask_for_doorbell(&mut self, memory: &GuestMemoryMmap) -> Result<bool, DriverFault> {
        let queue = self.index;
        self.queue
            .enable_notification(memory)
            .map_err(|_| DriverFault::AvailableIndex { queue })
    }

    /// Whether the driver wants an interrupt for what was completed since it was last asked.
    ///
    /// VIRTIO 1.2 section 2.7.7 "Used Buffer Notification Suppression" and section 2.7.10.
    pub fn interrupt_wanted(&mut self, memory: &GuestMemoryMmap) -> Result<bool, DriverFault> {
        if !std::mem::take(&mut self.completed) {
            return Ok(false);
        }
        let queue = self.index;
        let fault = DriverFault::AvailableIndex { queue };
        let wanted = self
            .queue
            .needs_notification(memory)
            .map_err(|_| fault.clone())?;
        if self.queue.event_idx_enabled() {
            return Ok(wanted);
        }
        // Without the event index, virtio-queue leaves the driver's flag to its user.
        let flags: u16 = memory
            .load(GuestAddress(self.queue.avail_ring()), Ordering::Relaxed)
            .map_err(|_| fault)?;
        Ok(u16::from_le(flags) & VRING_AVAIL_F_NO_INTERRUPT as u16 == 0)
    }

    /// Reads the buffers `from` into `bytes`, which is as long as they are together.
    pub fn read_buffers(
        &self,
        memory: &GuestMemoryMmap,
        from: &[Descriptor],
        bytes: &mut [u8],
    ) -> Result<(), DriverFault> {
        let mut rest = bytes;
        for buffer in from {
            let (part, behind) = rest.split_at_mut(buffer.len() as usize);
            memory
                .read_slice(part, buffer.addr())
                .map_err(|_| self.buffer_fault(buffer))?;
            rest = behind;
        }
        Ok(())
    }

    /// Writes `bytes` to the buffers `to`, which are at least as long together.
    pub fn write_buffers(
        &self,
        memory: &GuestMemoryMmap,
        to: &[Descriptor],
        bytes: &[u8],
    ) -> Result<(), DriverFault> {
        let mut rest = bytes;
        for buffer in to {
            let (part, behind) = rest.split_at(rest.len().min(buffer.len() as usize));
            memory
                .write_slice(part, buffer.addr())
                .map_err(|_| self.buffer_fault(buffer))?;
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
        Ok(())
    }

    fn buffer_fault(&self, buffer: &Descriptor) -> DriverFault {
        DriverFault::Buffer {
            queue: self.index,
            address: buffer.addr().0,
            length: buffer.len(),
        }
    }
}
