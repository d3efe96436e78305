//! The device side: virtio-net over PCI, by *Virtual I/O Device (VIRTIO) Version 1.2*.
//!
//! Nothing that the device writes is trusted. Every value is read once, checked, then used; a value that breaks the
//! specification becomes a [`Fault`] that names the rule.

pub mod connection;
pub mod control_queue;
#[cfg(test)]
pub(crate) mod device_double;
pub mod features;
pub mod net_config;
pub mod pci;
#[cfg(test)]
pub(crate) mod register_double;
pub mod registers;
pub mod split_queue;
pub mod transport;

use core::fmt;

/// A rule of the specification that the device has broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The used index moved further than there are buffers outstanding (2.7.8 *The Virtqueue Used Ring*).
    UsedIndex {
        /// Entries that the device claims to have used.
        claimed: u16,
        /// Buffers that it holds.
        outstanding: u16,
    },
    /// A used element names a descriptor that is not the head of an outstanding buffer.
    UsedDescriptor {
        /// The identifier in the used element.
        id: u32,
    },
    /// A used element claims more bytes than the buffer's writable part has.
    UsedLength {
        /// The length in the used element.
        claimed: u32,
        /// The writable bytes.
        writable: u32,
    },
    /// A received buffer holds less than the header and an Ethernet header (5.1.6.4 *Processing of Incoming Packets*).
    FrameTooShort {
        /// The length in the used element.
        bytes: u32,
    },
    /// The control queue's buffer did not come back in time.
    ControlTimeout,
    /// The device did not finish a reset in time (4.1.4.3 *Common configuration structure layout*, `device_status`).
    ResetTimeout,
    /// The device did not finish the reset of one queue in time (2.6.1 *Virtqueue Reset*).
    QueueResetTimeout {
        /// The virtqueue's number.
        virtqueue: u16,
    },
    /// The device does not take a queue back that it had before.
    QueueRefused {
        /// The virtqueue's number.
        virtqueue: u16,
    },
    /// The device does not give back packets that are to be sent (2.7 *Split Virtqueues*: every buffer that was made
    /// available is used some time).
    TransmitTimeout,
    /// The device refused a change of receive scaling, and then what it had before.
    ScalingLost,
    /// The device asks to be reset: DEVICE_NEEDS_RESET is set (2.1 *Device Status Field*).
    NeedsReset,
}

impl fmt::Display for Fault {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UsedIndex {
                claimed,
                outstanding,
            } => {
                write!(
                    text,
                    "the used index moved by {claimed} with {outstanding} buffers outstanding"
                )
            }
            Self::UsedDescriptor { id } => write!(
                text,
                "used element names descriptor {id}, which is not outstanding"
            ),
            Self::UsedLength { claimed, writable } => {
                write!(
                    text,
                    "used element claims {claimed} bytes of {writable} writable"
                )
            }
            Self::FrameTooShort { bytes } => {
                write!(text, "received buffer holds only {bytes} bytes")
            }
            Self::ControlTimeout => write!(text, "no answer on the control queue"),
            Self::ResetTimeout => write!(text, "the device does not finish its reset"),
            Self::QueueResetTimeout { virtqueue } => {
                write!(text, "virtqueue {virtqueue} does not finish its reset")
            }
            Self::QueueRefused { virtqueue } => {
                write!(text, "virtqueue {virtqueue} cannot be enabled again")
            }
            Self::TransmitTimeout => write!(text, "the device does not give sent packets back"),
            Self::ScalingLost => write!(text, "the device has lost its receive scaling"),
            Self::NeedsReset => write!(text, "the device asks for a reset"),
        }
    }
}
