//! The receive path: from the wire into buffers of the driver.

use crate::counters::Counters;
use crate::filter::Filter;
use crate::headers::ETHERNET_HEADER_LENGTH;
use crate::ledger::Ledger;
use crate::paused_traffic::PausedTraffic;
use crate::queue::{Chain, DeviceQueue, DriverFault, total_length};
use crate::steering::Steering;
use crate::wire::{FrameTag, Wire};
use std::mem::offset_of;
use std::sync::Arc;
use std::time::Duration;
use virtio_bindings::virtio_net::virtio_net_hdr_v1;
use vm_memory::GuestMemoryMmap;

/// Bytes of `struct virtio_net_hdr_v1` before each frame.
pub(crate) const HEADER_LENGTH: usize = size_of::<virtio_net_hdr_v1>();
/// Most frames handled in one go.
pub(crate) const BATCH: usize = 64;
/// How often lost traffic is charged while the device is not live.
const CHARGE_STEP: Duration = Duration::from_micros(200);

/// When there may be more to do for the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// At once.
    Now,
    /// After this time, or when woken.
    After(Duration),
    /// When woken.
    WhenWoken,
}

impl Next {
    /// The earlier of two.
    pub(crate) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Now, _) | (_, Self::Now) => Self::Now,
            (Self::After(one), Self::After(two)) => Self::After(one.min(two)),
            (Self::After(time), _) | (_, Self::After(time)) => Self::After(time),
            (Self::WhenWoken, Self::WhenWoken) => Self::WhenWoken,
        }
    }
}

/// A frame written to memory whose buffer the driver does not own yet.
struct Filled {
    head: u16,
    /// Bytes written, with the header.
    length: u32,
    tag: FrameTag,
}

/// What the receive path works on, and what it reports to.
pub(crate) struct Surroundings<'a> {
    pub memory: &'a GuestMemoryMmap,
    /// All virtqueues by index; `None` is disabled.
    pub queues: &'a mut [Option<DeviceQueue>],
    pub wire: &'a mut dyn Wire,
    pub filter: &'a Filter,
    pub steering: &'a Steering,
    pub counters: &'a mut Counters,
    /// Virtqueues that want an interrupt.
    pub interrupts: &'a mut Vec<u16>,
    pub now: Duration,
    /// Whether the device as a whole may use the driver's memory.
    pub running: bool,
    /// Whether the cable is plugged in.
    pub link_up: bool,
}

/// What became of one frame.
enum Placed {
    Gone,
    /// It waits at the wire for a buffer of this receive queue.
    NoBuffer(u16),
    /// It waits to be lost.
    QueueDisabled,
}

/// The receive path's own state.
pub(crate) struct Receiver {
    ledger: Arc<Ledger>,
    paused: PausedTraffic,
    /// The frame at the head of the wire, behind a virtio header.
    packet: Vec<u8>,
    waiting: Option<FrameTag>,
    chain: Chain,
    filled: Vec<Vec<Filled>>,
    /// The queues with something in `filled`.
    touched: Vec<u16>,
}

impl Receiver {
    pub fn new(queues: u16, ledger: Arc<Ledger>) -> Self {
        Self {
            ledger,
            paused: PausedTraffic::new(),
            packet: Vec::new(),
            waiting: None,
            chain: Chain::default(),
            filled: (0..queues).map(|_| Vec::with_capacity(BATCH)).collect(),
            touched: Vec::new(),
        }
    }

    /// Whether a frame waits at the wire for a buffer.
    pub fn has_waiting_frame(&self) -> bool {
        self.waiting.is_some()
    }

    /// Handles up to a batch of frames.
    pub fn run(&mut self, around: &mut Surroundings<'_>) -> Result<Next, DriverFault> {
        if !around.link_up {
            return Ok(Next::WhenWoken);
        }
        let enabled = |queue: &u16| around.queues[usize::from(receive_index(*queue))].is_some();
        let complete = around.steering.targets().iter().all(enabled);
        // Traffic starts with the first driver that is ready, whatever it steers to.
        if around.running && (complete || !self.paused.started()) {
            self.paused.live(around.now);
        } else {
            self.paused.paused(around.now);
            self.paused.charge(around.now);
        }
        if !around.running {
            return Ok(self.lose_traffic(around));
        }
        let placed = self.fill_batch(around);
        // Also before a fault is reported: what is in order belongs to the driver.
        let published = self.publish(around);
        let placed = placed?;
        published?;
        self.next(placed, around)
    }

    /// Takes frames while they find buffers.
    fn fill_batch(&mut self, around: &mut Surroundings<'_>) -> Result<Fill, DriverFault> {
        for _ in 0..BATCH {
            let Some(tag) = self.head_of_wire(around) else {
                return Ok(Fill::WireEmpty);
            };
            match self.place(tag, around)? {
                Placed::Gone => self.waiting = None,
                Placed::NoBuffer(queue) => return Ok(Fill::NoBuffer(queue)),
                Placed::QueueDisabled if self.paused.lose_one() => {
                    around.counters.dropped_while_paused += 1;
                    self.waiting = None;
                }
                Placed::QueueDisabled => return Ok(Fill::QueueDisabled),
            }
        }
        Ok(Fill::BatchFull)
    }

    fn next(&self, fill: Fill, around: &mut Surroundings<'_>) -> Result<Next, DriverFault> {
        Ok(match fill {
            Fill::BatchFull => Next::Now,
            Fill::WireEmpty => around
                .wire
                .retry_after()
                .map_or(Next::WhenWoken, Next::After),
            Fill::QueueDisabled if self.paused.loses() => Next::After(CHARGE_STEP),
            Fill::QueueDisabled => Next::WhenWoken,
            Fill::NoBuffer(queue) => {
                let queue = &mut around.queues[usize::from(receive_index(queue))];
                let refilled = match queue {
                    Some(queue) => queue.ask_for_doorbell(around.memory)?,
                    None => false,
                };
                if refilled { Next::Now } else { Next::WhenWoken }
            }
        })
    }

    fn head_of_wire(&mut self, around: &mut Surroundings<'_>) -> Option<FrameTag> {
        if self.waiting.is_none() {
            self.packet.clear();
            self.packet.extend(RECEIVE_HEADER);
            self.waiting = around.wire.next_frame(&mut self.packet);
        }
        self.waiting
    }

    fn place(
        &mut self,
        tag: FrameTag,
        around: &mut Surroundings<'_>,
    ) -> Result<Placed, DriverFault> {
        let frame = &self.packet[HEADER_LENGTH..];
        if frame.len() < ETHERNET_HEADER_LENGTH || !around.filter.accepts(frame) {
            around.counters.filtered += 1;
            return Ok(Placed::Gone);
        }
        let receive_queue = around.steering.receive_queue(frame);
        let index = receive_index(receive_queue);
        let Some(queue) = &mut around.queues[usize::from(index)] else {
            return Ok(Placed::QueueDisabled);
        };
        if !queue.next_chain(around.memory, &mut self.chain)? {
            return Ok(Placed::NoBuffer(receive_queue));
        }
        let head = self.chain.head;
        let buffers = self.chain.writable();
        if !self.chain.readable().is_empty() {
            return Err(DriverFault::Direction { queue: index, head });
        }
        let space = total_length(buffers);
        if space < HEADER_LENGTH as u64 {
            return Err(DriverFault::ChainLength {
                queue: index,
                head,
                length: space,
                least: HEADER_LENGTH as u64,
                most: u64::from(u32::MAX),
            });
        }
        if space < self.packet.len() as u64 {
            queue.put_back();
            around.counters.dropped_too_long += 1;
            return Ok(Placed::Gone);
        }
        queue.write_buffers(around.memory, buffers, &self.packet)?;
        around.counters.receive[usize::from(receive_queue)].add_frame(frame.len());
        let filled = &mut self.filled[usize::from(receive_queue)];
        if filled.is_empty() {
            self.touched.push(receive_queue);
        }
        filled.push(Filled {
            head,
            length: self.packet.len() as u32,
            tag,
        });
        Ok(Placed::Gone)
    }

    /// Hands the filled buffers to the driver.
    fn publish(&mut self, around: &mut Surroundings<'_>) -> Result<(), DriverFault> {
        let mut result = Ok(());
        while let Some(receive_queue) = self.touched.pop() {
            let published = self.publish_queue(receive_queue, around);
            result = result.and(published);
        }
        result
    }

    fn publish_queue(
        &mut self,
        receive_queue: u16,
        around: &mut Surroundings<'_>,
    ) -> Result<(), DriverFault> {
        let filled = self.filled[usize::from(receive_queue)].drain(..);
        let index = receive_index(receive_queue);
        let Some(queue) = &mut around.queues[usize::from(index)] else {
            return Ok(());
        };
        // First the account: the driver may be fast.
        self.paused.accepted(filled.len() as u64);
        let tags = filled.as_slice().iter().map(|buffer| buffer.tag);
        self.ledger.accepted(receive_queue, tags);
        for buffer in filled {
            queue.complete(around.memory, buffer.head, buffer.length)?;
        }
        if queue.interrupt_wanted(around.memory)? {
            around.interrupts.push(index);
        }
        Ok(())
    }

    /// Nobody takes frames: as many are lost as would have come.
    fn lose_traffic(&mut self, around: &mut Surroundings<'_>) -> Next {
        if !self.paused.loses() {
            return Next::WhenWoken;
        }
        while self.paused.lose_one() {
            if self.head_of_wire(around).is_none() {
                break;
            }
            self.waiting = None;
            around.counters.dropped_while_paused += 1;
        }
        Next::After(CHARGE_STEP)
    }
}

/// Why a batch ended.
enum Fill {
    BatchFull,
    WireEmpty,
    NoBuffer(u16),
    QueueDisabled,
}

/// The virtqueue of a receive queue, VIRTIO 1.2 section 5.1.2 "Virtqueues".
pub(crate) fn receive_index(receive_queue: u16) -> u16 {
    2 * receive_queue
}

/// No offload, and one buffer: VIRTIO 1.2 section 5.1.6.4 "Processing of Incoming Packets".
const RECEIVE_HEADER: [u8; HEADER_LENGTH] = {
    let mut header = [0; HEADER_LENGTH];
    header[offset_of!(virtio_net_hdr_v1, num_buffers)] = 1;
    header
};
