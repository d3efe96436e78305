//! The transmit path: packets to the device, completions to the framework.
//!
//! Each packet is one chain: a header of zeros, which all packets share because no offload is in use, and the packet's
//! fragments. The device may complete chains in any order; packets go back in ring order.
//!
//! A cancelled queue waits for what the device has, so that nothing is lost that was sent, but not for ever: then the
//! virtqueue is taken away from the device, or the device is reset. Until then it could read memory that is no longer
//! the driver's.

use alloc::boxed::Box;

use arrayvec::ArrayVec;
use netadapter::Result;
use netadapter::dma::{DmaEnabler, DmaMemory};
use netadapter::memory::{Shared, try_slice};
use netadapter::packet_queue_type;
use netadapter::processor;
use netadapter::queue::{Notifier, PacketQueue, QueueInit};
use netadapter::ring::{TxPacket, TxRings};
use netadapter::sync::SpinLock;

use crate::health::Health;
use crate::nic::Nic;
use crate::processors::ProcessorTable;
use crate::rx_queue::HEADER_BYTES;
use crate::virtio::Fault;
use crate::virtio::connection::{Connection, Enabled};
use crate::virtio::split_queue::{Buffer, SplitQueue};
use crate::virtio::transport::Line;

/// The number of the first transmit virtqueue (5.1.2 *Virtqueues*).
pub const VIRTQUEUE: u16 = 1;
/// The framework copies packets with more fragments.
pub const FRAGMENTS_MAX: usize = 16;
/// How long a cancelled queue waits for the device: a tenth of a second.
const PATIENCE: u32 = 100_000 / PATIENCE_MICROSECONDS;
const PATIENCE_MICROSECONDS: u32 = 20;
/// Descriptors of the virtqueue, if the device allows as many.
const DESCRIPTORS_MAX: u16 = 512;

/// The transmit queue as the device knows it.
pub struct TransmitPath {
    notifier: Shared<Notifier>,
    header: DmaMemory,
    state: SpinLock<State>,
}

struct State {
    virtqueue: SplitQueue,
    connection: Connection,
}

impl TransmitPath {
    /// A path that is not connected, for a device whose virtqueue can have `size_max` descriptors; that is a power of
    /// two, at least 2. IRQL: PASSIVE_LEVEL.
    ///
    /// # Errors
    ///
    /// STATUS_INSUFFICIENT_RESOURCES when memory is short.
    pub fn allocate(enabler: &DmaEnabler, size_max: u16) -> Result<Self> {
        let size = size_max.min(DESCRIPTORS_MAX);
        let ring = enabler.common_buffer(SplitQueue::memory_bytes(size))?;
        Ok(Self {
            notifier: Shared::try_new(Notifier::new())?,
            header: enabler.common_buffer(usize::from(HEADER_BYTES))?,
            state: SpinLock::new(State {
                virtqueue: SplitQueue::new(ring, size)?,
                connection: Connection::default(),
            }),
        })
    }

    /// Wakes the queue's polling.
    pub fn notifier(&self) -> &Shared<Notifier> {
        &self.notifier
    }

    /// Fragments of the longest packet that fits into the virtqueue.
    pub fn fragments_max(&self) -> usize {
        FRAGMENTS_MAX.min(usize::from(self.state.lock().virtqueue.size()) - 1)
    }

    /// Gives the device the empty virtqueue. The device does not live yet.
    ///
    /// # Errors
    ///
    /// That of `enable`, which tells the device.
    pub fn connect(
        &self,
        event_index: bool,
        message: u16,
        enable: impl FnOnce(u16, &SplitQueue, u16) -> Result<Line>,
    ) -> Result<()> {
        let mut state = self.state.lock();
        state.virtqueue.reset(event_index);
        let line = enable(VIRTQUEUE, &state.virtqueue, message)?;
        state.connection = Connection::Enabled(Enabled {
            line,
            virtqueue: VIRTQUEUE,
            message: Some(message),
        });
        Ok(())
    }

    /// The device was reset.
    pub fn disconnect(&self) {
        self.state.lock().connection = Connection::Disconnected;
    }
}

/// The driver's data of the transmit queue.
pub struct TxQueue {
    health: Shared<Health>,
    processors: Shared<ProcessorTable>,
    path: Shared<TransmitPath>,
    /// The packet behind each chain that the device holds, by the chain's head.
    slot_of: Box<[u32]>,
    /// Whether a posted packet is done, by its slot.
    done: Box<[bool]>,
}
packet_queue_type!(TxQueue);

impl TxQueue {
    /// Creates the framework's queue.
    ///
    /// # Errors
    ///
    /// STATUS_INSUFFICIENT_RESOURCES when memory is short; else that of the framework.
    pub fn create(nic: &Nic, init: QueueInit<'_, TxRings>) -> Result<()> {
        let path = nic.transmit()?;
        init.create(path.notifier.clone(), |rings| {
            Self::try_new(
                nic.health.clone(),
                nic.processors().clone(),
                path.clone(),
                rings,
            )
        })
    }

    fn try_new(
        health: Shared<Health>,
        processors: Shared<ProcessorTable>,
        path: Shared<TransmitPath>,
        rings: &TxRings,
    ) -> Result<Self> {
        let size = usize::from(path.state.lock().virtqueue.size());
        Ok(Self {
            health,
            processors,
            path,
            slot_of: try_slice(size, |_| 0)?,
            done: try_slice(rings.packet_slots(), |_| false)?,
        })
    }

    /// Hands back the packets that the device has done with.
    fn complete(&mut self, rings: &mut TxRings) -> core::result::Result<(), Fault> {
        let mut state = self.path.state.lock();
        let result = loop {
            match state.virtqueue.pop_used() {
                Ok(Some(used)) => self.done[self.slot_of[usize::from(used.head)] as usize] = true,
                Ok(None) => break Ok(()),
                Err(fault) => break Err(fault),
            }
        };
        let mut drain = rings.drain();
        let mut packets = 0;
        while drain.front().is_some_and(|packet| self.done[packet.slot()]) {
            drain.advance();
            packets += 1;
        }
        if drain.commit() {
            // The framework will ask for notification again before it stops polling.
            state.virtqueue.disable_interrupts();
            self.path.notifier.busy();
        }
        drop(state);
        self.processors.current().count_packets(packets);
        result
    }

    /// Gives packets to the device, as far as there are descriptors.
    fn send(&mut self, rings: &mut TxRings) {
        let mut state = self.path.state.lock();
        let State {
            virtqueue,
            connection,
        } = &mut *state;
        let Some(line) = connection.line() else {
            return;
        };
        let mut post = rings.post();
        while let Some(packet) = post.front() {
            let slot = packet.slot();
            let chain = chain(&self.path.header, &packet);
            self.done[slot] = packet.is_ignored() || chain.len() < 2;
            if !self.done[slot] {
                let Some(head) = virtqueue.add(&chain) else {
                    break;
                };
                self.slot_of[usize::from(head)] = slot as u32;
            }
            post.advance();
        }
        post.commit();
        if virtqueue.publish() {
            line.ring();
        }
    }

    /// Gets back what the device has: by waiting, but not for ever, else by taking the virtqueue away.
    fn recover(&mut self, rings: &mut TxRings) -> core::result::Result<(), Fault> {
        for _ in 0..PATIENCE {
            self.complete(rings)?;
            if self.path.state.lock().virtqueue.outstanding() == 0 {
                return Ok(());
            }
            processor::stall(PATIENCE_MICROSECONDS);
        }
        if !self.health.has_queue_reset() {
            return Err(Fault::TransmitTimeout);
        }
        self.path.state.lock().connection.reset()?;
        // What the device has given back meanwhile is looked at for its own sake: everything goes back now.
        self.complete(rings)?;
        self.forget(rings);
        Ok(())
    }

    /// Hands everything back, without the device: it is gone, or must not be trusted any more. First the device is
    /// reset, so that it does not read memory which is no longer the driver's.
    fn abandon(&mut self, rings: &mut TxRings) {
        let connection = core::mem::take(&mut self.path.state.lock().connection);
        if let Some(line) = connection.line() {
            self.health.report(line.transport.reset());
        }
        self.forget(rings);
    }

    /// Hands back what the device had, and cannot reach any more.
    fn forget(&mut self, rings: &mut TxRings) {
        let mut state = self.path.state.lock();
        let event_index = state.virtqueue.has_event_index();
        state.virtqueue.reset(event_index);
        drop(state);
        rings.return_all();
    }
}

/// The chain of a packet.
fn chain(header: &DmaMemory, packet: &TxPacket<'_>) -> ArrayVec<Buffer, { FRAGMENTS_MAX + 1 }> {
    let part = |logical_address, length| Buffer {
        logical_address,
        length,
        device_writes: false,
    };
    let header = part(header.logical_address(0), u32::from(HEADER_BYTES));
    let fragments = packet
        .fragments()
        .map(|fragment| part(fragment.logical_address, fragment.length));
    // The framework keeps to the number of fragments that it was told.
    core::iter::once(header)
        .chain(fragments)
        .take(FRAGMENTS_MAX + 1)
        .collect()
}

impl PacketQueue for TxQueue {
    type Rings = TxRings;

    fn start(&mut self) {
        let mut state = self.path.state.lock();
        let State {
            virtqueue,
            connection,
        } = &mut *state;
        let result = connection.enable_again(virtqueue);
        drop(state);
        self.health.report(result);
    }

    fn advance(&mut self, rings: &mut TxRings) {
        if self.health.is_usable() {
            let result = self.complete(rings);
            self.health.report(result);
            self.send(rings);
        }
    }

    fn set_notification_enabled(&mut self, enabled: bool) {
        let mut state = self.path.state.lock();
        if !enabled {
            state.virtqueue.disable_interrupts();
            return;
        }
        let waiting = state.virtqueue.enable_interrupts();
        drop(state);
        if waiting {
            self.path.notifier.wake();
        }
    }

    fn cancel(&mut self, rings: &mut TxRings) {
        if let Some(line) = self.path.state.lock().connection.line() {
            self.health.look_for_device(&line.transport);
        }
        // What the device does not have yet goes back in its turn.
        let mut post = rings.post();
        while let Some(packet) = post.front() {
            self.done[packet.slot()] = true;
            post.advance();
        }
        post.commit();
        let result = if self.health.is_usable() {
            self.recover(rings)
        } else {
            self.abandon(rings);
            return;
        };
        if result.is_err() {
            self.abandon(rings);
        }
        self.health.report(result);
    }

    fn stop(&mut self) {}
}

#[cfg(test)]
mod tests;
