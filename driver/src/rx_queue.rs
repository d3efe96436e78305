//! The receive path: buffers to the device, frames to the framework.
//!
//! A [`ReceivePath`] belongs to the device and lives as long as that; a [`RxQueue`] is the driver's data of a
//! framework queue, which comes and goes with the data path. The path's virtqueue stays filled with the driver's own
//! buffers, whatever the framework's rings hold.
//!
//! # Frames that wait
//!
//! What is handed up while the system pauses the adapter, it drops (*nxrxxlat.cpp*). So from
//! EvtDeviceSelfManagedIoSuspend on no frame goes up, and what the device has written by the time it loses the
//! virtqueue is kept, and goes up first when the queue starts again: a rebalance delays frames, and loses none that the
//! device had accepted.
//!
//! Without VIRTIO_F_RING_RESET a cancelled queue stays enabled: what the device goes on writing are the driver's own
//! buffers, never memory of the framework, and EvtDeviceD0Exit ends it by a reset of the device.

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use netadapter::memory::{Shared, try_slice};
use netadapter::packet_queue_type;
use netadapter::processor;
use netadapter::queue::{PacketQueue, QueueInit};
use netadapter::ring::{ReceivedFrame, RxRange, RxRings};
use netadapter::sync::SpinLock;
use netadapter::{Result, Status};

use crate::buffer_pool::{BUFFER_BYTES, BufferPool, Buffers};
use crate::health::Health;
use crate::nic::Nic;
use crate::processors::ProcessorTable;
use crate::queue_interrupt::QueueInterrupt;
use crate::virtio::Fault;
use crate::virtio::connection::{Connection, Enabled};
use crate::virtio::split_queue::{Buffer, SplitQueue};
use crate::virtio::transport::Line;

/// Bytes of `virtio_net_hdr` in front of every frame (5.1.6 *Device Operation*).
pub const HEADER_BYTES: u16 = 12;
/// Bytes of an Ethernet header; no frame is shorter.
const ETHERNET_HEADER_BYTES: u32 = 14;

/// A receive queue as the device knows it.
pub struct ReceivePath {
    number: u16,
    pool: BufferPool,
    interrupt: QueueInterrupt,
    state: SpinLock<State>,
}

/// What the poller of a queue works on. It has the lock for itself, but for the power callbacks.
struct State {
    virtqueue: SplitQueue,
    /// The buffer behind each descriptor that the device holds.
    buffer_of: Box<[u16]>,
    buffers: Buffers,
    /// The frames that wait. It never grows: what it has no room for is dropped.
    waiting: VecDeque<Frame>,
    connection: Connection,
}

/// A frame that the device has written.
#[derive(Clone, Copy)]
struct Frame {
    buffer: u16,
    /// Bytes, without the device's header.
    length: u32,
}

impl ReceivePath {
    /// A path that is not connected. IRQL: PASSIVE_LEVEL.
    ///
    /// # Errors
    ///
    /// STATUS_INSUFFICIENT_RESOURCES when memory is short.
    pub fn try_new(
        number: u16,
        (pool, buffers): (BufferPool, Buffers),
        virtqueue: SplitQueue,
        interrupt: QueueInterrupt,
    ) -> Result<Self> {
        let mut waiting = VecDeque::new();
        // Those of one stop; those that are still there at a second stop before they went up come on top.
        waiting
            .try_reserve_exact(2 * usize::from(virtqueue.size()))
            .map_err(|_| Status::INSUFFICIENT_RESOURCES)?;
        let state = State {
            buffer_of: try_slice(usize::from(virtqueue.size()), |_| 0)?,
            virtqueue,
            buffers,
            waiting,
            connection: Connection::default(),
        };
        Ok(Self {
            number,
            pool,
            interrupt,
            state: SpinLock::new(state),
        })
    }

    /// The number of the path's virtqueue (5.1.2 *Virtqueues*).
    fn virtqueue_number(&self) -> u16 {
        2 * self.number
    }

    /// What the queue's message leads to.
    pub fn interrupt(&self) -> &QueueInterrupt {
        &self.interrupt
    }

    /// Has the queue polled soon, if it sleeps. IRQL: ≤ DISPATCH_LEVEL.
    pub fn wake(&self) {
        self.interrupt.rx().wake();
    }

    /// The queue's buffers.
    pub fn pool(&self) -> &BufferPool {
        &self.pool
    }

    /// Gives the device the empty virtqueue; all buffers are the driver's again. The device does not live yet.
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
        state.buffers.take_all_from_device(&self.pool);
        let virtqueue = self.virtqueue_number();
        let line = enable(virtqueue, &state.virtqueue, message)?;
        state.connection = Connection::Enabled(Enabled {
            line,
            virtqueue,
            message: Some(message),
        });
        Ok(())
    }

    /// The device was reset. The frames that it has written by then are kept.
    ///
    /// # Errors
    ///
    /// The rule that the device broke.
    pub fn disconnect(&self) -> core::result::Result<(), Fault> {
        let mut state = self.state.lock();
        let connected = !matches!(state.connection, Connection::Disconnected);
        state.connection = Connection::Disconnected;
        if connected {
            state.keep_frames(&self.pool)
        } else {
            Ok(())
        }
    }
}

impl State {
    /// Gives free buffers to the device.
    fn refill(&mut self, pool: &BufferPool) {
        self.buffers.settle(pool);
        let Some(line) = self.connection.line() else {
            return;
        };
        while let Some(buffer) = self.buffers.take() {
            let part = Buffer {
                logical_address: self.buffers.logical_address(buffer),
                length: BUFFER_BYTES,
                device_writes: true,
            };
            let Some(head) = self.virtqueue.add_one(&part) else {
                self.buffers.put_back(buffer);
                break;
            };
            self.buffer_of[usize::from(head)] = buffer;
        }
        if self.virtqueue.publish() {
            line.ring();
        }
    }

    /// The next frame that the device has written.
    #[inline]
    fn next_frame(&mut self, pool: &BufferPool) -> core::result::Result<Option<Frame>, Fault> {
        let Some(used) = self.virtqueue.pop_used()? else {
            return Ok(None);
        };
        let buffer = self.buffer_of[usize::from(used.head)];
        let length = used.written.saturating_sub(u32::from(HEADER_BYTES));
        if length < ETHERNET_HEADER_BYTES {
            self.buffers.come_home(pool, buffer);
            return Err(Fault::FrameTooShort {
                bytes: used.written,
            });
        }
        Ok(Some(Frame { buffer, length }))
    }

    /// Hands frames up as far as there is room: those that wait, then what the device has written.
    fn deliver(
        &mut self,
        path: &ReceivePath,
        range: &mut RxRange<'_>,
    ) -> core::result::Result<(), Fault> {
        while range.has_room()
            && let Some(frame) = self.waiting.pop_front()
        {
            self.hand_up(path, range, frame);
        }
        while range.has_room()
            && let Some(frame) = self.next_frame(&path.pool)?
        {
            self.hand_up(path, range, frame);
        }
        Ok(())
    }

    #[inline]
    fn hand_up(&mut self, path: &ReceivePath, range: &mut RxRange<'_>, frame: Frame) {
        let (address, return_context) = self.buffers.lend(&path.pool, path.number, frame.buffer);
        range.deliver(&ReceivedFrame {
            buffer: address,
            capacity: BUFFER_BYTES,
            offset: HEADER_BYTES,
            length: frame.length,
            return_context,
        });
    }

    /// Keeps what the device has written for the time after the start.
    fn keep_frames(&mut self, pool: &BufferPool) -> core::result::Result<(), Fault> {
        while let Some(frame) = self.next_frame(pool)? {
            if self.waiting.len() < self.waiting.capacity() {
                self.buffers.keep(frame.buffer);
                self.waiting.push_back(frame);
            } else {
                self.buffers.come_home(pool, frame.buffer);
            }
        }
        Ok(())
    }

    /// Takes the buffers of a reset virtqueue back.
    fn recycle(&mut self, pool: &BufferPool) {
        if let Connection::Reset(_) = self.connection {
            for head in self.virtqueue.outstanding_heads() {
                self.buffers
                    .come_home(pool, self.buffer_of[usize::from(head)]);
            }
            self.virtqueue.reset(self.virtqueue.has_event_index());
        }
    }
}

/// The driver's data of a receive queue.
pub struct RxQueue {
    health: Shared<Health>,
    processors: Shared<ProcessorTable>,
    path: Shared<ReceivePath>,
}
packet_queue_type!(RxQueue);

impl RxQueue {
    /// Creates the framework's queue with the same number as a path.
    ///
    /// # Errors
    ///
    /// STATUS_INVALID_PARAMETER when the plan has no such queue; else that of the framework.
    pub fn create(nic: &Nic, init: QueueInit<'_, RxRings>) -> Result<()> {
        let path = nic.path(init.id()).ok_or(Status::INVALID_PARAMETER)?;
        init.create(path.interrupt.rx().clone(), |_| {
            Ok(Self::new(
                nic.health.clone(),
                nic.processors().clone(),
                path.clone(),
            ))
        })
    }

    fn new(
        health: Shared<Health>,
        processors: Shared<ProcessorTable>,
        path: Shared<ReceivePath>,
    ) -> Self {
        Self {
            health,
            processors,
            path,
        }
    }

    /// What follows after the path's lock was given up: the keeper hears of chunks that have left, and the device's
    /// keeper of a rule that it broke.
    fn follow_up(&self, let_go: bool, result: core::result::Result<(), Fault>) {
        if let_go {
            self.health.ask_for_upkeep();
        }
        self.health.report(result);
    }
}

impl PacketQueue for RxQueue {
    type Rings = RxRings;

    fn start(&mut self) {
        let mut state = self.path.state.lock();
        let State {
            virtqueue,
            connection,
            ..
        } = &mut *state;
        let result = connection.enable_again(virtqueue);
        state.refill(&self.path.pool);
        let let_go = state.buffers.has_let_go();
        drop(state);
        self.follow_up(let_go, result);
    }

    fn advance(&mut self, rings: &mut RxRings) {
        if !self.health.is_usable() {
            return;
        }
        let mut state = self.path.state.lock();
        let mut range = rings.fill();
        let result = if self.health.is_pausing() {
            Ok(())
        } else {
            state.deliver(&self.path, &mut range)
        };
        let delivered = range.commit();
        state.refill(&self.path.pool);
        if delivered > 0 {
            // The framework will ask for notification again before it stops polling.
            state.virtqueue.disable_interrupts();
            self.path.interrupt.rx().busy();
        }
        let let_go = state.buffers.has_let_go();
        drop(state);
        self.processors.current().count_packets(delivered);
        self.follow_up(let_go, result);
    }

    fn set_notification_enabled(&mut self, enabled: bool) {
        let mut state = self.path.state.lock();
        if !enabled {
            state.virtqueue.disable_interrupts();
            return;
        }
        let waiting = state.virtqueue.enable_interrupts() || !state.waiting.is_empty();
        drop(state);
        if self.health.scaling_is_enabled() {
            // Receive scaling has bound the queue's polling to this processor: the DPC follows.
            self.path.interrupt.retarget(processor::current().0);
        }
        if waiting && !self.health.is_pausing() {
            self.path.interrupt.rx().wake();
        }
    }

    fn cancel(&mut self, rings: &mut RxRings) {
        let mut state = self.path.state.lock();
        let reset = if self.health.has_queue_reset() {
            state.connection.reset()
        } else {
            Ok(())
        };
        let kept = if self.health.is_usable() {
            state.keep_frames(&self.path.pool)
        } else {
            Ok(())
        };
        rings.fill().cancel();
        state.recycle(&self.path.pool);
        let let_go = state.buffers.has_let_go();
        drop(state);
        self.follow_up(let_go, reset.and(kept));
    }

    fn stop(&mut self) {}
}

#[cfg(test)]
mod tests;
