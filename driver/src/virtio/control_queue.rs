//! Commands over the control queue (VIRTIO 1.2, 5.1.6.5 *Control Virtqueue*).
//!
//! Commands are sent together and their answers awaited in one go, by a bounded poll, so that they can be sent at
//! DISPATCH_LEVEL: `EvtNetAdapterReceiveScalingSetIndirectionEntries` may come there. What the device was told already is
//! not said again: after a rebalance the system repeats everything that it had set, while packets wait.

use alloc::boxed::Box;

use arrayvec::ArrayVec;
use netadapter::dma::{DmaEnabler, DmaMemory};
use netadapter::memory::try_slice;
use netadapter::{Result, Status};

use super::Fault;
use super::net_config::MacAddress;
use super::split_queue::{Buffer, SplitQueue, Used};
use super::transport::{Line, poll};

/// The control queue's descriptors, if the device allows as many.
const DESCRIPTORS_MAX: u16 = 16;
/// Descriptors of a command: header, data, answer.
const DESCRIPTORS_PER_COMMAND: u16 = 3;
/// Commands that can be under way together.
const COMMANDS_MAX: usize = (DESCRIPTORS_MAX / DESCRIPTORS_PER_COMMAND) as usize;

/// A command and its data are never longer.
const COMMAND_BYTES: usize = 1024;
/// Where the answers to the commands lie, one byte each.
const ANSWERS_OFFSET: usize = COMMANDS_MAX * COMMAND_BYTES;
const HEADER_BYTES: usize = 2;
const ANSWER_OK: u8 = 0;
/// What the answer holds before the device has written it.
const ANSWER_PENDING: u8 = 0xFF;

/// Multicast addresses that fit into one command.
pub const MULTICAST_ADDRESSES_MAX: usize = 64;

/// A command to the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// VIRTIO_NET_CTRL_RX_PROMISC: every frame passes.
    Promiscuous(bool),
    /// VIRTIO_NET_CTRL_RX_ALLMULTI: every multicast frame passes.
    AllMulticast(bool),
    /// VIRTIO_NET_CTRL_MAC_TABLE_SET: these multicast addresses pass; no further unicast address does.
    MulticastTable(&'a [MacAddress]),
    /// VIRTIO_NET_CTRL_MAC_ADDR_SET: the device's own address.
    OwnAddress(MacAddress),
    /// VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET: so many queue pairs; 1 ends receive scaling.
    QueuePairs(u16),
    /// VIRTIO_NET_CTRL_MQ_RSS_CONFIG: receive scaling (5.1.6.5.7).
    ReceiveScaling {
        /// Hash types of [`hash_type`](super::net_config::hash_type).
        hash_types: u32,
        /// The indirection table; its length is a power of two.
        table: &'a [u16],
        /// Queue pairs in use.
        pairs: u16,
        /// The Toeplitz key.
        key: &'a [u8],
    },
}

impl Command<'_> {
    /// Commands with the same subject replace each other.
    fn subject(self) -> usize {
        match self {
            Self::Promiscuous(_) => 0,
            Self::AllMulticast(_) => 1,
            Self::MulticastTable(_) => 2,
            Self::OwnAddress(_) => 3,
            Self::QueuePairs(_) | Self::ReceiveScaling { .. } => 4,
        }
    }

    fn class_and_command(self) -> [u8; HEADER_BYTES] {
        match self {
            Self::Promiscuous(_) => [0, 0],
            Self::AllMulticast(_) => [0, 1],
            Self::MulticastTable(_) => [1, 0],
            Self::OwnAddress(_) => [1, 1],
            Self::QueuePairs(_) => [4, 0],
            Self::ReceiveScaling { .. } => [4, 1],
        }
    }

    /// The command's bytes, header first; `None` when they are too many.
    fn bytes(self) -> Option<Bytes> {
        let mut bytes = ArrayVec::from_iter(self.class_and_command());
        let mut put = |part: &[u8]| bytes.try_extend_from_slice(part).ok();
        match self {
            Self::Promiscuous(on) | Self::AllMulticast(on) => put(&[on.into()])?,
            Self::MulticastTable(addresses) => {
                put(&0_u32.to_le_bytes())?;
                put(&u32::try_from(addresses.len()).ok()?.to_le_bytes())?;
                addresses.iter().try_for_each(|address| put(address))?;
            }
            Self::OwnAddress(address) => put(&address)?,
            Self::QueuePairs(pairs) => put(&pairs.to_le_bytes())?,
            Self::ReceiveScaling {
                hash_types,
                table,
                pairs,
                key,
            } => {
                put(&hash_types.to_le_bytes())?;
                let mask = u16::try_from(table.len()).ok()?.checked_sub(1)?;
                put(&mask.to_le_bytes())?;
                // Frames without a hash go where entry 0 points, as NetAdapterCx is told.
                put(&table[0].to_le_bytes())?;
                table
                    .iter()
                    .try_for_each(|queue| put(&queue.to_le_bytes()))?;
                put(&pairs.to_le_bytes())?;
                put(&[u8::try_from(key.len()).ok()?])?;
                put(key)?;
            }
        }
        Some(bytes)
    }
}

/// Subjects of commands.
const SUBJECTS: usize = 5;

type Bytes = ArrayVec<u8, COMMAND_BYTES>;

/// Why a command was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The device refused it.
    Refused,
    /// The device broke a rule.
    Fault(Fault),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// The control queue.
pub struct ControlQueue {
    /// The virtqueue itself.
    pub queue: SplitQueue,
    memory: DmaMemory,
    line: Option<Line>,
    /// What the device was told last, by subject; empty when it was told nothing, or has not taken it.
    told: Box<[Bytes]>,
}

impl ControlQueue {
    /// A control queue that is not connected, for a device that allows so many descriptors.
    ///
    /// IRQL: PASSIVE_LEVEL.
    ///
    /// # Errors
    ///
    /// STATUS_DEVICE_CONFIGURATION_ERROR when not even one command fits; STATUS_INSUFFICIENT_RESOURCES when memory is
    /// short.
    pub fn allocate(enabler: &DmaEnabler, size_max: u16) -> Result<Self> {
        let size = size_max.min(DESCRIPTORS_MAX);
        if size < DESCRIPTORS_PER_COMMAND {
            return Err(Status::DEVICE_CONFIGURATION_ERROR);
        }
        let ring = enabler.common_buffer(SplitQueue::memory_bytes(size))?;
        let memory = enabler.common_buffer(ANSWERS_OFFSET + COMMANDS_MAX)?;
        Self::new(SplitQueue::new(ring, size)?, memory)
    }

    fn new(queue: SplitQueue, memory: DmaMemory) -> Result<Self> {
        Ok(Self {
            queue,
            memory,
            line: None,
            told: try_slice(SUBJECTS, |_| Bytes::new())?,
        })
    }

    /// The device has the queue and lives. It knows nothing yet.
    pub fn connect(&mut self, line: Line) {
        self.line = Some(line);
        self.told.iter_mut().for_each(Bytes::clear);
    }

    /// The device does not have the queue any more.
    pub fn disconnect(&mut self) {
        self.line = None;
    }

    /// Sends commands and waits for the answers; those that the device was told last are left out. Without a connection
    /// nothing happens: what the commands say is stored by whoever sends them, and sent when the device lives.
    ///
    /// # Errors
    ///
    /// See [`Failure`]. Commands that were not refused are carried out all the same.
    pub fn send(&mut self, commands: &[Command<'_>]) -> core::result::Result<(), Failure> {
        let together = COMMANDS_MAX.min(usize::from(self.queue.size() / DESCRIPTORS_PER_COMMAND));
        commands
            .chunks(together)
            .try_fold(Ok(()), |before, some| {
                let now = self.send_together(some);
                // A fault ends everything; a refusal does not keep the others from being sent.
                match now {
                    Err(Failure::Fault(_)) => Err(now),
                    _ => Ok(before.and(now)),
                }
            })
            .unwrap_or_else(|fault| fault)
    }

    /// Not more commands than fit into the queue.
    fn send_together(&mut self, commands: &[Command<'_>]) -> core::result::Result<(), Failure> {
        let Some(line) = &self.line else {
            return Ok(());
        };
        let mut under_way: ArrayVec<(u16, usize), COMMANDS_MAX> = ArrayVec::new();
        let mut result = Ok(());
        for command in commands {
            let Some(bytes) = command.bytes() else {
                result = Err(Failure::Refused);
                continue;
            };
            let subject = command.subject();
            if self.told[subject] == bytes {
                continue;
            }
            let chain = chain(&self.memory, under_way.len(), &bytes);
            // A command before these may still be with the device, when it came too late.
            let head = self.queue.add(&chain).ok_or(Fault::ControlTimeout)?;
            under_way.push((head, subject));
            self.told[subject] = bytes;
        }
        if under_way.is_empty() {
            return result;
        }
        if self.queue.publish() {
            line.ring();
        }
        for _ in &under_way {
            poll(|| self.queue.has_used()).ok_or(Fault::ControlTimeout)?;
            match self.queue.pop_used()? {
                Some(Used { head, .. }) if under_way.iter().any(|sent| sent.0 == head) => {}
                _ => return Err(Fault::ControlTimeout.into()),
            }
        }
        for (place, (_, subject)) in under_way.iter().enumerate() {
            // The answer is one byte, read once.
            if self.memory.read::<u8>(ANSWERS_OFFSET + place) != ANSWER_OK {
                self.told[*subject].clear();
                result = Err(Failure::Refused);
            }
        }
        result
    }
}

/// Writes a command where the device finds it.
fn chain(memory: &DmaMemory, place: usize, bytes: &Bytes) -> [Buffer; 3] {
    let (command, answer) = (place * COMMAND_BYTES, ANSWERS_OFFSET + place);
    memory.copy_from(command, bytes);
    memory.write(answer, ANSWER_PENDING);
    let part = |offset, length: usize, device_writes| Buffer {
        logical_address: memory.logical_address(offset),
        length: length as u32,
        device_writes,
    };
    [
        part(command, HEADER_BYTES, false),
        part(command + HEADER_BYTES, bytes.len() - HEADER_BYTES, false),
        part(answer, 1, true),
    ]
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused => Self::NOT_SUPPORTED,
            Failure::Fault(Fault::ControlTimeout) => Self::IO_TIMEOUT,
            Failure::Fault(_) => Self::DEVICE_PROTOCOL_ERROR,
        }
    }
}

#[cfg(test)]
mod tests;
