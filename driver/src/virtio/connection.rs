//! Whether the device has a virtqueue.
//!
//! ```text
//!             EvtDeviceD0Entry          EvtPacketQueueCancel (with VIRTIO_F_RING_RESET)
//! Disconnected ───────────────► Enabled ───────────────► Reset
//!      ▲                         │  ▲   EvtPacketQueueStart │
//!      └── EvtDeviceD0Exit ──────┘  └───────────────────────┘
//! ```

use super::Fault;
use super::split_queue::SplitQueue;
use super::transport::Line;

/// What the device does with a virtqueue.
#[derive(Default)]
pub enum Connection {
    /// The device is reset or has no power.
    #[default]
    Disconnected,
    /// The device has the virtqueue.
    Enabled(Enabled),
    /// The device had the virtqueue, and does not use it any more.
    Reset(Enabled),
}

/// How a virtqueue is known to the device.
#[derive(Clone)]
pub struct Enabled {
    /// Its doorbell.
    pub line: Line,
    /// Its number.
    pub virtqueue: u16,
    /// The message at which the device tells of used buffers.
    pub message: Option<u16>,
}

impl Connection {
    /// The way to the device, while it has the virtqueue.
    pub fn line(&self) -> Option<&Line> {
        match self {
            Self::Enabled(Enabled { line, .. }) => Some(line),
            Self::Disconnected | Self::Reset(_) => None,
        }
    }

    /// Takes the virtqueue away from the device, if that has it. What the device has written by then can still be read.
    ///
    /// # Errors
    ///
    /// The device does not finish; it must not be trusted any more.
    pub fn reset(&mut self) -> Result<(), Fault> {
        if let Self::Enabled(enabled) = self {
            enabled.line.transport.reset_queue(enabled.virtqueue)?;
            *self = Self::Reset(enabled.clone());
        }
        Ok(())
    }

    /// Gives a virtqueue that was taken away to the device again. It is empty.
    ///
    /// # Errors
    ///
    /// [`Fault::QueueRefused`].
    pub fn enable_again(&mut self, queue: &SplitQueue) -> Result<(), Fault> {
        let Self::Reset(enabled) = self else {
            return Ok(());
        };
        let virtqueue = enabled.virtqueue;
        let doorbell = enabled
            .line
            .transport
            .enable_queue(virtqueue, queue, enabled.message)
            .map_err(|_| Fault::QueueRefused { virtqueue })?;
        enabled.line.doorbell = doorbell;
        *self = Self::Enabled(enabled.clone());
        Ok(())
    }
}
