//! The queues at work: control, transmit, receive.

use crate::common_config::QueueRegisters;
use crate::config::{VirtioNetConfig, feature};
use crate::control::{self, Accepted, Target};
use crate::counters::{Counters, QueueCounters};
use crate::filter::Filter;
use crate::ledger::Ledger;
use crate::queue::{Chain, DeviceQueue, DriverFault, total_length};
use crate::receive::{BATCH, Next, Receiver, Surroundings};
use crate::steering::{Steering, SteeringLimits};
use crate::transmit::Transmitter;
use crate::wire::Wire;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use virtio_bindings::virtio_net::{
    VIRTIO_NET_ERR, VIRTIO_NET_F_CTRL_RX, VIRTIO_NET_F_MQ, VIRTIO_NET_F_RSS, VIRTIO_NET_OK,
};
use virtio_bindings::virtio_ring::VIRTIO_RING_F_EVENT_IDX;
use vm_memory::GuestMemoryMmap;

/// Longest command: an RSS configuration or MAC table with more than any sensible contents.
const COMMAND_LENGTH_MAX: u64 = 64 * 1024;

/// What the device may do in a round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct May {
    /// Use the driver's memory.
    pub run: bool,
    /// Take frames off the wire: the cable is plugged in.
    pub receive: bool,
}

/// What one round left to do for others.
#[derive(Debug)]
pub(crate) struct Round {
    pub next: Next,
    /// The driver set another MAC address.
    pub mac: Option<[u8; 6]>,
    pub fault: Option<DriverFault>,
}

/// Everything that touches the driver's memory.
pub(crate) struct DataPath {
    memory: GuestMemoryMmap,
    wire: Box<dyn Wire>,
    ledger: Arc<Ledger>,
    limits: SteeringLimits,
    permanent_mac: [u8; 6],
    mac: [u8; 6],
    negotiated: u64,
    queues: Vec<Option<DeviceQueue>>,
    filter: Filter,
    steering: Steering,
    receiver: Receiver,
    transmitter: Transmitter,
    /// Transmit queues, and the control queue, that may have buffers; each at most once.
    ready: VecDeque<u16>,
    is_ready: Vec<bool>,
    command: Chain,
    pub counters: Counters,
}

impl DataPath {
    pub fn new(config: &VirtioNetConfig, memory: GuestMemoryMmap, wire: Box<dyn Wire>) -> Self {
        let ledger = Arc::new(Ledger::new(config.queue_pairs, wire.frames()));
        let pairs = usize::from(config.queue_pairs);
        let queues = usize::from(config.queue_count());
        Self {
            memory,
            wire,
            limits: SteeringLimits {
                queue_pairs: config.queue_pairs,
                table_length: config.rss_table_length,
            },
            permanent_mac: config.mac,
            mac: config.mac,
            negotiated: 0,
            queues: (0..queues).map(|_| None).collect(),
            filter: Filter::new(config.mac, false),
            steering: Steering::default(),
            receiver: Receiver::new(config.queue_pairs, ledger.clone()),
            ledger,
            transmitter: Transmitter::new(),
            ready: VecDeque::with_capacity(queues),
            is_ready: vec![false; queues],
            command: Chain::default(),
            counters: Counters {
                receive: vec![QueueCounters::default(); pairs],
                transmit: vec![QueueCounters::default(); pairs],
                ..Counters::default()
            },
        }
    }

    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    pub fn wire(&mut self) -> &mut dyn Wire {
        &mut *self.wire
    }

    /// Forgets all queues and what the driver configured; its memory is not touched again.
    pub fn reset(&mut self) {
        self.negotiated = 0;
        self.mac = self.permanent_mac;
        self.queues.fill_with(|| None);
        self.ready.clear();
        self.is_ready.fill(false);
        self.set_steering(Steering::default());
        self.counters.device_resets += 1;
    }

    /// DRIVER_OK: buffers made available before are found without a doorbell.
    pub fn driver_ready(&mut self, negotiated: u64) {
        self.negotiated = negotiated;
        let settable = negotiated & feature(VIRTIO_NET_F_CTRL_RX) != 0;
        self.filter = Filter::new(self.mac, settable);
        for index in 0..self.queues.len() as u16 {
            self.doorbell(index);
        }
    }

    /// Takes a queue into use.
    pub fn enable(
        &mut self,
        index: u16,
        registers: &QueueRegisters,
        negotiated: u64,
    ) -> Result<(), DriverFault> {
        // Known from FEATURES_OK on; which queue is the control queue depends on it.
        self.negotiated = negotiated;
        let event_index = negotiated & feature(VIRTIO_RING_F_EVENT_IDX) != 0;
        let queue = DeviceQueue::new(index, registers, event_index, &self.memory)?;
        self.queues[usize::from(index)] = Some(queue);
        self.doorbell(index);
        Ok(())
    }

    /// Puts a queue out of use; its buffers are the driver's again.
    pub fn disable(&mut self, index: u16) {
        self.queues[usize::from(index)] = None;
        self.counters.queue_resets += 1;
    }

    /// The most buffers that each receive queue in use had at once, added up.
    pub fn receive_buffers(&self) -> u64 {
        let control = usize::from(self.control_index());
        let receive = self.queues.iter().take(control).step_by(2).flatten();
        receive.map(|queue| u64::from(queue.available_most())).sum()
    }

    /// Frames that left the wire and did not come out of the driver yet.
    pub fn frames_under_way(&self) -> u64 {
        self.ledger.totals().outstanding + u64::from(self.receiver.has_waiting_frame())
    }

    /// The driver says that a queue has buffers. Receive queues are looked at anyway.
    pub fn doorbell(&mut self, index: u16) {
        let position = usize::from(index);
        let receives = index.is_multiple_of(2) && index != self.control_index();
        if !receives && self.queues[position].is_some() && !self.is_ready[position] {
            self.is_ready[position] = true;
            self.ready.push_back(index);
        }
    }

    /// Works for up to a batch a queue. `interrupts` gets the virtqueues that want one.
    pub fn round(&mut self, now: Duration, may: May, interrupts: &mut Vec<u16>) -> Round {
        let mut round = Round {
            next: Next::WhenWoken,
            mac: None,
            fault: None,
        };
        let result = self.serve(now, may, interrupts, &mut round);
        match result {
            Ok(next) => round.next = next,
            Err(fault) => round.fault = Some(fault),
        }
        for &index in &*interrupts {
            self.count_interrupt(index);
        }
        round
    }

    fn serve(
        &mut self,
        now: Duration,
        may: May,
        interrupts: &mut Vec<u16>,
        round: &mut Round,
    ) -> Result<Next, DriverFault> {
        let mut next = Next::WhenWoken;
        if may.run {
            next = self.serve_ready_queues(interrupts, round)?;
        }
        let received = self.receiver.run(&mut Surroundings {
            memory: &self.memory,
            queues: &mut self.queues,
            wire: &mut *self.wire,
            filter: &self.filter,
            steering: &self.steering,
            counters: &mut self.counters,
            interrupts,
            now,
            running: may.run,
            link_up: may.receive,
        })?;
        Ok(next.or(received))
    }

    /// Each queue that may have buffers gets its turn once.
    fn serve_ready_queues(
        &mut self,
        interrupts: &mut Vec<u16>,
        round: &mut Round,
    ) -> Result<Next, DriverFault> {
        for _ in 0..self.ready.len() {
            let Some(index) = self.ready.pop_front() else {
                break;
            };
            self.is_ready[usize::from(index)] = false;
            // Out of its place while it works, so that a command may change everything else.
            let Some(mut queue) = self.queues[usize::from(index)].take() else {
                continue;
            };
            let served = self.serve_queue(index, &mut queue, round);
            let wanted = queue.interrupt_wanted(&self.memory);
            self.queues[usize::from(index)] = Some(queue);
            if served? {
                self.doorbell(index);
            }
            if wanted? {
                interrupts.push(index);
            }
        }
        Ok(if self.ready.is_empty() {
            Next::WhenWoken
        } else {
            Next::Now
        })
    }

    fn serve_queue(
        &mut self,
        index: u16,
        queue: &mut DeviceQueue,
        round: &mut Round,
    ) -> Result<bool, DriverFault> {
        if index == self.control_index() {
            return self.serve_control(index, queue, round);
        }
        self.transmitter.run(
            index,
            queue,
            &self.memory,
            &mut *self.wire,
            &mut self.counters,
        )
    }

    fn serve_control(
        &mut self,
        index: u16,
        queue: &mut DeviceQueue,
        round: &mut Round,
    ) -> Result<bool, DriverFault> {
        for _ in 0..BATCH {
            let mut chain = std::mem::take(&mut self.command);
            let taken = queue.next_chain(&self.memory, &mut chain)?;
            if !taken {
                self.command = chain;
                return queue.ask_for_doorbell(&self.memory);
            }
            let head = chain.head;
            let length = total_length(chain.readable());
            // VIRTIO 1.2 section 5.1.6.5: the device answers with one byte.
            let answered = total_length(chain.writable()) >= 1;
            if length > COMMAND_LENGTH_MAX || !answered {
                return Err(DriverFault::ChainLength {
                    queue: index,
                    head,
                    length,
                    least: 3,
                    most: COMMAND_LENGTH_MAX,
                });
            }
            let mut command = vec![0; length as usize];
            queue.read_buffers(&self.memory, chain.readable(), &mut command)?;
            let ack = if self.run_command(&command, round) {
                self.counters.commands_accepted += 1;
                VIRTIO_NET_OK
            } else {
                self.counters.commands_refused += 1;
                VIRTIO_NET_ERR
            };
            queue.write_buffers(&self.memory, chain.writable(), &[ack as u8])?;
            queue.complete(&self.memory, head, 1)?;
            self.command = chain;
        }
        Ok(true)
    }

    fn run_command(&mut self, command: &[u8], round: &mut Round) -> bool {
        let accepted = control::run(
            command,
            Target {
                negotiated: self.negotiated,
                filter: &mut self.filter,
                steering: &mut self.steering,
                limits: self.limits,
            },
        );
        match accepted {
            Some(Accepted::Steering) => self.ledger.rss_changed(),
            Some(Accepted::Mac(mac)) => {
                self.mac = mac;
                round.mac = Some(mac);
            }
            Some(Accepted::Filter) => {}
            None => return false,
        }
        true
    }

    fn set_steering(&mut self, steering: Steering) {
        self.steering = steering;
        self.ledger.rss_changed();
    }

    fn count_interrupt(&mut self, index: u16) {
        let pair = usize::from(index / 2);
        let counters = if index == self.control_index() {
            None
        } else if index.is_multiple_of(2) {
            self.counters.receive.get_mut(pair)
        } else {
            self.counters.transmit.get_mut(pair)
        };
        if let Some(counters) = counters {
            counters.interrupts += 1;
        }
    }

    /// VIRTIO 1.2 section 5.1.2 "Virtqueues": behind all pairs, or behind the first one when only
    /// one is in use.
    fn control_index(&self) -> u16 {
        let many = feature(VIRTIO_NET_F_MQ) | feature(VIRTIO_NET_F_RSS);
        if self.negotiated & many != 0 {
            2 * self.limits.queue_pairs
        } else {
            2
        }
    }
}
