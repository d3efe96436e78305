//! Whose buffers the fragments of a receive queue carry, in each mode
//! (*Network data buffer management*).

use super::data_buffers::DataBuffers;
use crate::netcx::adapter::Adapter;
use crate::netcx::buffer_pool::BufferPool;
use crate::netcx::extension::{LOGICAL_ADDRESS, RETURN_CONTEXT, VIRTUAL_ADDRESS};
use crate::netcx::ring::Rings;
use crate::netcx::rules;
use crate::netcx::settings::{ReceiveBuffers, ReceiveCapabilities};
use crate::netcx::verifier::{Broken, poisoned_fragment};
use netadapter_abi::net::{
    NET_FRAGMENT_LOGICAL_ADDRESS, NET_FRAGMENT_RETURN_CONTEXT, NET_FRAGMENT_RETURN_CONTEXT_HANDLE,
    NET_FRAGMENT_VIRTUAL_ADDRESS, NETADAPTER,
};
use netadapter_abi::nt::{NTSTATUS, STATUS_INVALID_DEVICE_STATE};
use netadapter_abi::nt_fn;

/// No buffer is attached to a fragment.
const NONE: u32 = u32::MAX;

/// A buffer on its way through the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Buffer {
    /// The driver's, by the return context that it gave with it.
    Driver(usize),
    /// The system's, by its number in the pool.
    System(u32),
}

/// The buffers of one queue.
pub(super) enum Buffers {
    /// The driver's: each goes back by this callback.
    Driver {
        adapter: usize,
        give_back: nt_fn!(fn(NETADAPTER, NET_FRAGMENT_RETURN_CONTEXT_HANDLE)),
        virtual_address: usize,
        return_context: usize,
    },
    /// The system's, attached by the system.
    Attached(Attached),
    /// The system's, attached by the driver from the data buffer ring.
    Ring(DataBuffers),
}

/// A pool, and which of its buffers each fragment has.
pub(super) struct Attached {
    pool: BufferPool,
    /// By index in the fragment ring.
    attached: Box<[u32]>,
    virtual_address: usize,
    logical_address: Option<usize>,
}

impl Buffers {
    /// Prepares the buffers of a queue.
    ///
    /// # Errors
    /// Those of [`BufferPool::new`].
    pub(super) fn new(
        adapter: &Adapter,
        capabilities: &ReceiveCapabilities,
        rings: &Rings,
    ) -> Result<Self, NTSTATUS> {
        let layout = &rings.fragment_layout;
        let place = |extension| layout.offset(extension).ok_or(STATUS_INVALID_DEVICE_STATE);
        let virtual_address = place(&VIRTUAL_ADDRESS)?;
        Ok(match capabilities.buffers {
            ReceiveBuffers::Driver(give_back) => Self::Driver {
                adapter: adapter.handle() as usize,
                give_back,
                virtual_address,
                return_context: place(&RETURN_CONTEXT)?,
            },
            ReceiveBuffers::System(_) => {
                let shape = capabilities.pool_shape(rings.fragments.count());
                Self::Attached(Attached {
                    pool: BufferPool::new(adapter.system(), &shape)?,
                    attached: vec![NONE; rings.fragments.count() as usize].into(),
                    virtual_address,
                    logical_address: layout.offset(&LOGICAL_ADDRESS),
                })
            }
            ReceiveBuffers::Ring(_) => {
                Self::Ring(DataBuffers::new(adapter.system(), capabilities, rings)?)
            }
        })
    }

    /// Makes the fragment at `index` one that the driver may use; whether there was a buffer.
    ///
    /// # Errors
    /// The rule that the buffer broke while it lay in the pool.
    pub(super) fn post(&mut self, rings: &Rings, index: u32) -> Result<bool, Broken> {
        let fragments = &rings.fragments;
        match self {
            Self::Driver { .. } | Self::Ring(_) => {
                fragments.clear(index);
                fragments.set_fragment(index, poisoned_fragment(None));
                Ok(true)
            }
            Self::Attached(attached) => attached.post(rings, index),
        }
    }

    /// Before the driver is called: data buffers are posted.
    ///
    /// # Errors
    /// As [`Buffers::post`].
    #[inline]
    pub(super) fn before_advance(&mut self, rings: &Rings) -> Result<(), Broken> {
        match self {
            Self::Ring(buffers) => buffers.post(rings),
            Self::Driver { .. } | Self::Attached(_) => Ok(()),
        }
    }

    /// After the driver was called: what came back in the data buffer ring is counted.
    ///
    /// # Errors
    /// The rule that a handle breaks.
    #[inline]
    pub(super) fn after_advance(&mut self, rings: &Rings) -> Result<(), Broken> {
        match self {
            Self::Ring(buffers) => buffers.count(rings),
            Self::Driver { .. } | Self::Attached(_) => Ok(()),
        }
    }

    /// After EvtStop: data buffers that the driver still has come back, and everything is at home.
    ///
    /// # Errors
    /// The rule that a buffer that is not back breaks.
    pub(super) fn after_stop(&mut self, rings: &Rings) -> Result<(), Broken> {
        match self {
            Self::Ring(buffers) => buffers.after_stop(rings),
            Self::Driver { .. } => Ok(()),
            Self::Attached(attached) => {
                debug_assert!(attached.pool.is_full(), "a stopped queue has no buffers");
                Ok(())
            }
        }
    }

    /// Where the buffer of a returned fragment begins; null if the driver gave none.
    #[inline]
    pub(super) fn address(&self, rings: &Rings, index: u32) -> *const u8 {
        match self {
            Self::Driver {
                virtual_address, ..
            } => {
                let address: NET_FRAGMENT_VIRTUAL_ADDRESS =
                    rings.fragments.data(index, *virtual_address);
                address.VirtualAddress.cast()
            }
            Self::Attached(attached) => {
                let buffer = attached.attached[index as usize];
                attached.pool.virtual_address(buffer)
            }
            Self::Ring(buffers) => buffers.address(rings, index),
        }
    }

    /// Takes the buffer off a returned fragment of a packet.
    #[inline]
    pub(super) fn detach(&mut self, rings: &Rings, index: u32) -> Buffer {
        match self {
            Self::Driver { return_context, .. } => {
                let context: NET_FRAGMENT_RETURN_CONTEXT =
                    rings.fragments.data(index, *return_context);
                Buffer::Driver(context.Handle as usize)
            }
            Self::Attached(attached) => {
                let slot = &mut attached.attached[index as usize];
                Buffer::System(std::mem::replace(slot, NONE))
            }
            Self::Ring(buffers) => Buffer::System(buffers.buffer(rings, index)),
        }
    }

    /// A returned fragment that no packet used: the driver keeps what was its own, the system
    /// takes what was the system's.
    ///
    /// # Errors
    /// As [`Buffers::give_back`].
    #[inline]
    pub(super) fn skip(&mut self, rings: &Rings, index: u32) -> Result<(), Broken> {
        match self {
            Self::Driver { .. } => Ok(()),
            Self::Attached(attached) => {
                let buffer = std::mem::replace(&mut attached.attached[index as usize], NONE);
                attached.pool.give(buffer)
            }
            Self::Ring(buffers) => buffers.skip(rings, index),
        }
    }

    /// The stack is done with a buffer: one of the driver's goes back to it, once
    /// (*EVT_NET_ADAPTER_RETURN_RX_BUFFER callback function*).
    ///
    /// # Errors
    /// The rule that the buffer's bytes show broken.
    #[inline]
    pub(super) fn give_back(&mut self, buffer: Buffer) -> Result<(), Broken> {
        match (self, buffer) {
            (
                Self::Driver {
                    adapter, give_back, ..
                },
                Buffer::Driver(context),
            ) => {
                let adapter = *adapter as NETADAPTER;
                // SAFETY: the driver's callback, on the execution context of the queue that the
                // buffer came from, once for each buffer.
                unsafe { give_back(adapter, context as NET_FRAGMENT_RETURN_CONTEXT_HANDLE) };
                Ok(())
            }
            (Self::Attached(attached), Buffer::System(buffer)) => attached.pool.give(buffer),
            (Self::Ring(buffers), Buffer::System(buffer)) => buffers.release(buffer),
            _ => unreachable!("a queue's buffers are of one kind"),
        }
    }

    /// What belongs to the system in a returned fragment of a packet is as it was posted.
    ///
    /// # Errors
    /// The rule.
    #[inline]
    pub(super) fn check(&self, rings: &Rings, index: u32) -> Result<(), Broken> {
        match self {
            Self::Driver { .. } => Ok(()),
            Self::Attached(attached) => attached.check(rings, index),
            Self::Ring(buffers) => buffers.check(rings, index),
        }
    }
}

impl Attached {
    fn post(&mut self, rings: &Rings, index: u32) -> Result<bool, Broken> {
        let Some(buffer) = self.pool.take()? else {
            return Ok(false);
        };
        let fragments = &rings.fragments;
        fragments.clear(index);
        let capacity = self.pool.capacity() as u64;
        fragments.set_fragment(index, poisoned_fragment(Some(capacity)));
        let address = NET_FRAGMENT_VIRTUAL_ADDRESS {
            VirtualAddress: self.pool.virtual_address(buffer).cast(),
        };
        fragments.set_data(index, self.virtual_address, address);
        if let Some(place) = self.logical_address {
            let address = NET_FRAGMENT_LOGICAL_ADDRESS {
                LogicalAddress: self.pool.logical_address(buffer),
            };
            fragments.set_data(index, place, address);
        }
        self.attached[index as usize] = buffer;
        Ok(true)
    }

    fn check(&self, rings: &Rings, index: u32) -> Result<(), Broken> {
        let buffer = self.attached[index as usize];
        let virtual_address: NET_FRAGMENT_VIRTUAL_ADDRESS =
            rings.fragments.data(index, self.virtual_address);
        let moved = virtual_address.VirtualAddress.cast() != self.pool.virtual_address(buffer);
        let moved = moved
            || self.logical_address.is_some_and(|place| {
                let address: NET_FRAGMENT_LOGICAL_ADDRESS = rings.fragments.data(index, place);
                address.LogicalAddress != self.pool.logical_address(buffer)
            });
        let capacity = rings.fragments.fragment(index).capacity();
        if moved || capacity != self.pool.capacity() as u64 {
            return Err(Broken {
                rule: &rules::INVALID_RING_MODIFIED_RX_FRAGMENT,
                detail: format!(
                    "receive fragment {index} came back with another buffer or capacity than the \
                     system attached"
                ),
            });
        }
        Ok(())
    }
}
