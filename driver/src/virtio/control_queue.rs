//! Commands over the control queue (VIRTIO 1.2, 5.1.6.5 *Control Virtqueue*).
//!
//! A command is sent and its answer awaited in one go, by a bounded poll, so that commands can be sent at
//! DISPATCH_LEVEL: `EvtNetAdapterReceiveScalingSetIndirectionEntries` may come there.

use arrayvec::ArrayVec;
use netadapter::dma::{DmaEnabler, DmaMemory};
use netadapter::{Result, Status};

use super::Fault;
use super::net_config::MacAddress;
use super::split_queue::{Buffer, SplitQueue, Used};
use super::transport::{Line, poll};

/// The control queue's descriptors: a command needs three.
pub const QUEUE_SIZE: u16 = 4;

/// A command and its data are never longer.
const COMMAND_BYTES: usize = 1024;
const ANSWER_OFFSET: usize = COMMAND_BYTES;
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
    fn bytes(self) -> Option<ArrayVec<u8, COMMAND_BYTES>> {
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
}

impl ControlQueue {
    /// A control queue that is not connected. IRQL: PASSIVE_LEVEL.
    ///
    /// # Errors
    ///
    /// STATUS_INSUFFICIENT_RESOURCES when memory is short.
    pub fn allocate(enabler: &DmaEnabler) -> Result<Self> {
        let ring = enabler.common_buffer(SplitQueue::memory_bytes(QUEUE_SIZE))?;
        let memory = enabler.common_buffer(COMMAND_BYTES + 1)?;
        Ok(Self {
            queue: SplitQueue::new(ring, QUEUE_SIZE)?,
            memory,
            line: None,
        })
    }

    /// The device has the queue and lives.
    pub fn connect(&mut self, line: Line) {
        self.line = Some(line);
    }

    /// The device does not have the queue any more.
    pub fn disconnect(&mut self) {
        self.line = None;
    }

    /// Sends a command and waits for the answer. Without a connection nothing happens: what the command says is stored
    /// by whoever sends it, and sent again when the device lives.
    ///
    /// # Errors
    ///
    /// See [`Failure`].
    pub fn send(&mut self, command: Command<'_>) -> core::result::Result<(), Failure> {
        let Some(line) = &self.line else {
            return Ok(());
        };
        let bytes = command.bytes().ok_or(Failure::Refused)?;
        self.memory.copy_from(0, &bytes);
        self.memory.write(ANSWER_OFFSET, ANSWER_PENDING);
        let part = |offset, length: usize, device_writes| Buffer {
            logical_address: self.memory.logical_address(offset),
            length: length as u32,
            device_writes,
        };
        let chain = [
            part(0, HEADER_BYTES, false),
            part(HEADER_BYTES, bytes.len() - HEADER_BYTES, false),
            part(ANSWER_OFFSET, 1, true),
        ];
        // A command before this one may still be with the device, when it came too late.
        let head = self.queue.add(&chain).ok_or(Fault::ControlTimeout)?;
        if self.queue.publish() {
            line.ring();
        }
        poll(|| self.queue.has_used()).ok_or(Fault::ControlTimeout)?;
        match self.queue.pop_used()? {
            Some(Used { head: used, .. }) if used == head => {}
            _ => return Err(Fault::ControlTimeout.into()),
        }
        // The answer is one byte, read once.
        if self.memory.read::<u8>(ANSWER_OFFSET) == ANSWER_OK {
            Ok(())
        } else {
            Err(Failure::Refused)
        }
    }
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
mod tests {
    use super::*;

    #[test]
    fn a_multicast_table_has_an_empty_unicast_part() {
        let bytes = Command::MulticastTable(&[[1, 2, 3, 4, 5, 6]])
            .bytes()
            .unwrap();
        assert_eq!(&bytes[..], [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn receive_scaling_is_laid_out_as_the_specification_says() {
        let command = Command::ReceiveScaling {
            hash_types: 0x3F,
            table: &[2, 1, 0, 1],
            pairs: 4,
            key: &[9; 40],
        };
        let bytes = command.bytes().unwrap();
        assert_eq!(
            &bytes[..20],
            [
                4, 1, 0x3F, 0, 0, 0, 3, 0, 2, 0, 2, 0, 1, 0, 0, 0, 1, 0, 4, 0
            ]
        );
        assert_eq!((bytes[20], bytes.len()), (40, 61));
    }

    #[test]
    fn the_largest_commands_fit() {
        assert!(
            Command::MulticastTable(&[[0; 6]; MULTICAST_ADDRESSES_MAX])
                .bytes()
                .is_some()
        );
        let command = Command::ReceiveScaling {
            hash_types: 1,
            table: &[0; 128],
            pairs: 1,
            key: &[0; 40],
        };
        assert!(command.bytes().is_some());
        assert!(
            Command::MulticastTable(&[[0; 6]; 200]).bytes().is_none(),
            "too many are refused"
        );
    }
}
