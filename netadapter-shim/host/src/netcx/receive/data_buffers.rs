//! Receive buffers of the system that the driver attaches to fragments itself: it takes them from
//! the data buffer ring. A buffer is free again when the driver has handed its ring element back
//! and every fragment that named it has gone through the stack.

use crate::executive::System;
use crate::netcx::buffer_pool::BufferPool;
use crate::netcx::extension::{DATA_BUFFER, FragmentDataBuffer, LOGICAL_ADDRESS, VIRTUAL_ADDRESS};
use crate::netcx::ring::{DataBufferRing, Rings};
use crate::netcx::rules;
use crate::netcx::settings::ReceiveCapabilities;
use crate::netcx::verifier::Broken;
use netadapter_abi::net::{NET_FRAGMENT_LOGICAL_ADDRESS, NET_FRAGMENT_VIRTUAL_ADDRESS};
use netadapter_abi::nt::{NTSTATUS, STATUS_INVALID_DEVICE_STATE};

/// What the driver and the stack have of a buffer.
#[derive(Clone, Copy, Default)]
struct Use {
    /// It is not in the pool.
    out: bool,
    /// The driver has handed its element of the data buffer ring back.
    returned: bool,
    /// Fragments that name it and have not gone through the stack.
    references: u32,
}

/// The buffers of one queue. A handle is a buffer's number plus one: 0, which a fragment holds
/// when it is posted, names none.
pub(super) struct DataBuffers {
    pool: BufferPool,
    uses: Box<[Use]>,
    /// Where a fragment names its buffer.
    handle: usize,
    /// Where a fragment, and an element of the data buffer ring, have their addresses.
    fragment_address: usize,
    element_address: usize,
    element_logical_address: usize,
    /// The first fragment whose buffer has not been counted.
    counted: u32,
}

impl DataBuffers {
    pub(super) fn new(
        system: &'static System,
        capabilities: &ReceiveCapabilities,
        rings: &Rings,
    ) -> Result<Self, NTSTATUS> {
        let ring = data_ring(rings);
        let shape = capabilities.pool_shape(ring.ring.count());
        let offset = |place: Option<usize>| place.ok_or(STATUS_INVALID_DEVICE_STATE);
        Ok(Self {
            pool: BufferPool::new(system, &shape)?,
            uses: vec![Use::default(); shape.count as usize].into(),
            handle: offset(rings.fragment_layout.offset(&DATA_BUFFER))?,
            fragment_address: offset(rings.fragment_layout.offset(&VIRTUAL_ADDRESS))?,
            element_address: offset(ring.layout.offset(&VIRTUAL_ADDRESS.of_buffers()))?,
            element_logical_address: offset(ring.layout.offset(&LOGICAL_ADDRESS.of_buffers()))?,
            counted: 0,
        })
    }

    /// Fills the data buffer ring as far as there are buffers.
    pub(super) fn post(&mut self, rings: &Rings) -> Result<(), Broken> {
        let ring = &data_ring(rings).ring;
        let mut end = ring.end();
        while ring.after(end, 1) != ring.reclaimed() {
            let Some(buffer) = self.pool.take()? else {
                break;
            };
            self.uses[buffer as usize].out = true;
            ring.set_data(end, 0, buffer as usize + 1);
            let address = NET_FRAGMENT_VIRTUAL_ADDRESS {
                VirtualAddress: self.pool.virtual_address(buffer).cast(),
            };
            ring.set_data(end, self.element_address, address);
            let address = NET_FRAGMENT_LOGICAL_ADDRESS {
                LogicalAddress: self.pool.logical_address(buffer),
            };
            ring.set_data(end, self.element_logical_address, address);
            end = ring.after(end, 1);
        }
        ring.set_end(end);
        Ok(())
    }

    /// Counts the buffers of the fragments that came back, then takes back the elements of the
    /// data buffer ring that did.
    pub(super) fn count(&mut self, rings: &Rings) -> Result<(), Broken> {
        let fragments = &rings.fragments;
        while self.counted != fragments.begin() {
            let index = self.counted;
            self.counted = fragments.after(index, 1);
            let named: FragmentDataBuffer = fragments.data(index, self.handle);
            let Some(buffer) = named.handle.checked_sub(1) else {
                continue;
            };
            let used = self.uses.get_mut(buffer).filter(|used| used.out);
            let Some(used) = used else {
                return not_owned(index, named.handle);
            };
            used.references += 1;
            let address = NET_FRAGMENT_VIRTUAL_ADDRESS {
                VirtualAddress: self.pool.virtual_address(buffer as u32).cast(),
            };
            fragments.set_data(index, self.fragment_address, address);
        }
        let ring = &data_ring(rings).ring;
        while ring.reclaimed() != ring.begin() {
            let index = ring.reclaimed();
            let handle: usize = ring.data(index, 0);
            self.uses[handle - 1].returned = true;
            ring.set_reclaimed(ring.after(index, 1));
        }
        Ok(())
    }

    fn named(&self, rings: &Rings, index: u32) -> Option<u32> {
        let named: FragmentDataBuffer = rings.fragments.data(index, self.handle);
        (named.handle as u32).checked_sub(1)
    }

    /// The buffer of a fragment of a packet, which has been checked.
    pub(super) fn buffer(&self, rings: &Rings, index: u32) -> u32 {
        self.named(rings, index)
            .expect("a fragment of a checked packet has a buffer")
    }

    pub(super) fn address(&self, rings: &Rings, index: u32) -> *const u8 {
        self.pool.virtual_address(self.buffer(rings, index))
    }

    /// A fragment has gone through the stack.
    pub(super) fn release(&mut self, buffer: u32) -> Result<(), Broken> {
        let used = &mut self.uses[buffer as usize];
        used.references -= 1;
        if used.references == 0 && used.returned {
            *used = Use::default();
            return self.pool.give(buffer);
        }
        Ok(())
    }

    /// A fragment came back without a packet.
    pub(super) fn skip(&mut self, rings: &Rings, index: u32) -> Result<(), Broken> {
        match self.named(rings, index) {
            Some(buffer) => self.release(buffer),
            None => Ok(()),
        }
    }

    /// The system takes back what the driver never used. All fragments have gone through the
    /// stack, so a buffer that is out now was handed back and named by no fragment since.
    pub(super) fn after_stop(&mut self, rings: &Rings) -> Result<(), Broken> {
        let ring = &data_ring(rings).ring;
        let mut index = ring.begin();
        while index != ring.end() {
            let handle: usize = ring.data(index, 0);
            self.uses[handle - 1] = Use::default();
            self.pool.give(handle as u32 - 1)?;
            index = ring.after(index, 1);
        }
        self.counted = 0;
        let lost = self.uses.iter().filter(|used| used.out).count();
        if lost > 0 {
            return Err(Broken {
                rule: &rules::DATA_BUFFER_LOST,
                detail: format!(
                    "{lost} data buffers were handed back and no fragment that came back later \
                     names them"
                ),
            });
        }
        Ok(())
    }

    /// A fragment of a packet has a buffer, and no more capacity than that.
    pub(super) fn check(&self, rings: &Rings, index: u32) -> Result<(), Broken> {
        if self.named(rings, index).is_none() {
            return not_owned(index, 0);
        }
        let capacity = rings.fragments.fragment(index).capacity();
        if capacity > self.pool.capacity() as u64 {
            return Err(Broken {
                rule: &rules::INVALID_RING_MODIFIED_RX_FRAGMENT,
                detail: format!(
                    "receive fragment {index} claims {capacity} bytes of a data buffer of {}",
                    self.pool.capacity()
                ),
            });
        }
        Ok(())
    }
}

fn not_owned(index: u32, handle: usize) -> Result<(), Broken> {
    Err(Broken {
        rule: &rules::DATA_BUFFER_NOT_OWNED,
        detail: format!(
            "fragment {index} came back with the data buffer {handle:#x}, which the driver does \
             not have"
        ),
    })
}

fn data_ring(rings: &Rings) -> &DataBufferRing {
    rings
        .data_buffers
        .as_ref()
        .expect("a queue whose driver attaches the system's buffers has their ring")
}
