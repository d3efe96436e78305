//! What the ledger says of single frames, and of all of them.

use thiserror::Error;

/// A frame that left the stack at its top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// Its flow.
    pub flow: u32,
    /// Its position on the wire.
    pub id: u64,
}

/// A frame that should not have come out as it did.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Mismatch {
    /// The queue is none of the device's.
    #[error("receive queue {queue} does not exist: the device has {queues}")]
    NoSuchQueue {
        /// The queue named.
        queue: u16,
        /// Queues of the device.
        queues: usize,
    },
    /// The device put no frame into this queue that has not come out already.
    #[error("receive queue {queue}: a frame of {length} bytes came out, but none is outstanding")]
    Unexpected {
        /// The queue.
        queue: u16,
        /// Bytes of the frame.
        length: usize,
    },
    /// No outstanding frame of the queue has these bytes.
    #[error(
        "receive queue {queue}: a frame of {length} bytes came out where frame {expected_id} \
         ({expected_length} bytes) was next; it first differs at byte {offset}"
    )]
    WrongBytes {
        /// The queue.
        queue: u16,
        /// Bytes of the frame.
        length: usize,
        /// The frame that was next.
        expected_id: u64,
        /// Bytes of the frame that was next.
        expected_length: usize,
        /// First byte that differs.
        offset: usize,
    },
    /// Frames were left out. The frame itself is counted as delivered or discarded.
    #[error("receive queue {queue}: frame {id} came out, but {lost} frames before it did not")]
    Skipped {
        /// The queue.
        queue: u16,
        /// The frame that came out.
        id: u64,
        /// Frames left out.
        lost: u64,
    },
    /// A frame was overtaken by a later one of its flow, with no change of steering between them.
    #[error("receive queue {queue}: frame {id} of flow {flow} came out after a later one")]
    Misordered {
        /// The queue.
        queue: u16,
        /// The frame that came out.
        id: u64,
        /// Its flow.
        flow: u32,
    },
    /// A flow used two queues without a change of steering between them.
    #[error(
        "flow {flow} came out of receive queue {queue} after queue {before}, \
         though RSS did not change"
    )]
    FlowChangedQueue {
        /// The flow.
        flow: u32,
        /// The queue it came out of.
        queue: u16,
        /// The queue it came out of before.
        before: u16,
    },
}

/// Numbers of the account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Frames that the device put into buffers of the driver.
    pub accepted: u64,
    /// Frames that came out as they went in.
    pub delivered: u64,
    /// Frames that Windows threw away while it paused.
    pub discarded: u64,
    /// Frames accepted that never came out.
    pub lost: u64,
    /// Frames accepted by a device that was then taken away, and that had not come out.
    pub gone: u64,
    /// Frames accepted that may still come out.
    pub outstanding: u64,
    /// Frames overtaken by a later one of their flow without a change of steering.
    pub misordered: u64,
    /// Frames overtaken by a later one of their flow that a change of steering sent elsewhere.
    pub overtaken_at_rss_change: u64,
    /// Flows found on a second queue without a change of steering, once for each time.
    pub flow_changed_queue: u64,
    /// Frames that came out and were not what went in.
    pub wrong_bytes: u64,
}

impl Totals {
    /// Whether every accepted frame came out or was discarded, once, intact and in order.
    pub fn is_clean(&self) -> bool {
        self.lost + self.outstanding + self.misordered + self.flow_changed_queue + self.wrong_bytes
            == 0
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.accepted += other.accepted;
        self.delivered += other.delivered;
        self.discarded += other.discarded;
        self.lost += other.lost;
        self.gone += other.gone;
        self.outstanding += other.outstanding;
        self.misordered += other.misordered;
        self.overtaken_at_rss_change += other.overtaken_at_rss_change;
        self.flow_changed_queue += other.flow_changed_queue;
        self.wrong_bytes += other.wrong_bytes;
    }
}
