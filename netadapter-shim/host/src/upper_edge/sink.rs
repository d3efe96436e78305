//! Where received frames go, and what else the upper edge is told to do.

use std::fmt;
use std::sync::Arc;

/// Takes received frames. Called on the processor that polls the queue; different queues call at
/// the same time.
///
/// IRQL: DISPATCH_LEVEL or below; must not wait.
pub trait FrameSink: Send + Sync {
    /// A frame was delivered by queue `queue`. The bytes are valid during the call.
    fn delivered(&self, queue: u32, frame: &[u8]);
    /// A frame came while reception was closed, because the adapter is being paused.
    fn discarded(&self, queue: u32, frame: &[u8]);
}

/// Takes frames and forgets them.
struct Nobody;

impl FrameSink for Nobody {
    fn delivered(&self, _queue: u32, _frame: &[u8]) {}
    fn discarded(&self, _queue: u32, _frame: &[u8]) {}
}

/// Of how many frames of a queue one is answered: with segments of full size, a receiver of TCP
/// acknowledges every second one, and large receive offloads and delayed acknowledgements make
/// that about every eighth in bulk transfer.
pub const REPLY_EVERY: u32 = 8;

/// Which received frames protocols keep after they were handed up, instead of returning them at
/// once. Kept frames come back out of order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Of how many frames of a queue one is kept.
    pub one_in: u32,
    /// How many frames of a queue are kept at a time.
    pub at_most: u32,
    /// Decides in which order they come back.
    pub seed: u32,
}

/// How the frames that protocols send lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendLayout {
    /// Bytes at the start of a frame that lie apart from the rest, as headers do; 0: none.
    pub header_bytes: usize,
    /// Into how many parts the rest is cut.
    pub parts: usize,
    /// How many bytes behind a multiple of the adapter's alignment each part begins.
    pub shift: usize,
    /// Bytes in front of a frame that a driver may have, if it asks for them.
    pub headroom: usize,
}

impl Default for SendLayout {
    /// One aligned piece, with as much room in front of it as the driver asks for.
    fn default() -> Self {
        Self {
            header_bytes: 0,
            parts: 1,
            shift: 0,
            headroom: usize::MAX,
        }
    }
}

/// What the upper edge of every adapter of a machine does.
#[derive(Clone)]
pub struct UpperEdgeOptions {
    /// Takes the frames.
    pub sink: Arc<dyn FrameSink>,
    /// Whether frames to other stations are wanted too.
    pub promiscuous: bool,
    /// Of how many received frames of a queue one is answered by a small frame; none if absent.
    pub reply_every: Option<u32>,
    /// Which frames are kept; none if absent.
    pub keep: Option<Keep>,
    /// How sent frames lie in memory.
    pub send_layout: SendLayout,
}

impl Default for UpperEdgeOptions {
    /// Frames are counted and forgotten; one of [`REPLY_EVERY`] is answered.
    fn default() -> Self {
        Self {
            sink: Arc::new(Nobody),
            promiscuous: false,
            reply_every: Some(REPLY_EVERY),
            keep: None,
            send_layout: SendLayout::default(),
        }
    }
}

impl fmt::Debug for UpperEdgeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpperEdgeOptions")
            .field("promiscuous", &self.promiscuous)
            .field("reply_every", &self.reply_every)
            .field("keep", &self.keep)
            .field("send_layout", &self.send_layout)
            .finish_non_exhaustive()
    }
}
