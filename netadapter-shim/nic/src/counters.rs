//! What the device counted.

/// Frames and bytes of one queue, in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueCounters {
    /// Frames put into buffers of the driver, or taken out of them.
    pub frames: u64,
    /// Their bytes, without the virtio header.
    pub bytes: u64,
    /// Times that the queue asked for an interrupt.
    pub interrupts: u64,
}

impl QueueCounters {
    pub(crate) fn add_frame(&mut self, length: usize) {
        self.frames += 1;
        self.bytes += length as u64;
    }
}

/// Everything the device counted since it was made; a reset does not clear it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Each receive queue.
    pub receive: Vec<QueueCounters>,
    /// Each transmit queue.
    pub transmit: Vec<QueueCounters>,
    /// Received frames that the MAC filter refused.
    pub filtered: u64,
    /// Frames that the wire sent while the device, or the queue they were for, was not live.
    pub dropped_while_paused: u64,
    /// Received frames longer than the buffer the driver supplied.
    pub dropped_too_long: u64,
    /// Frames to send that were no Ethernet frame or asked for an offload not negotiated.
    pub transmit_malformed: u64,
    /// Commands of the control queue that were carried out.
    pub commands_accepted: u64,
    /// Commands of the control queue that were answered with VIRTIO_NET_ERR.
    pub commands_refused: u64,
    /// Times that a driver reset the device.
    pub device_resets: u64,
    /// Times that a driver reset a single queue.
    pub queue_resets: u64,
    /// MSI-X messages sent from the device thread.
    pub messages: u64,
    /// Doorbells that rang.
    pub doorbells: u64,
    /// Register accesses that the specification does not allow, or outside any register.
    pub bad_accesses: u64,
}

impl Counters {
    /// Frames of all receive queues.
    pub fn received(&self) -> u64 {
        self.receive.iter().map(|queue| queue.frames).sum()
    }

    /// Frames of all transmit queues.
    pub fn transmitted(&self) -> u64 {
        self.transmit.iter().map(|queue| queue.frames).sum()
    }
}
