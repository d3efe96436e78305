//! The traffic of a simulated run: it comes in bursts, so that queues run empty and fill up.

use fastrand::Rng;
use netadapter_nic::{Cable, FrameTag, Frames, Waker, Wire};
use std::sync::Arc;
use std::time::Duration;

/// Frames of a burst at most.
const BURST_MAX: u32 = 96;
/// Longest pause between two bursts.
const PAUSE_MAX_NS: u64 = 200_000;

/// A cable whose far end sends in bursts that a seed decides.
pub struct BurstyCable {
    cable: Cable,
    random: Rng,
    left: u32,
    pauses: bool,
}

impl BurstyCable {
    /// Sends what `cable` has.
    pub fn new(cable: Cable, seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        Self {
            cable,
            left: random.u32(1..=BURST_MAX),
            random,
            pauses: false,
        }
    }
}

impl Wire for BurstyCable {
    fn next_frame(&mut self, frame: &mut Vec<u8>) -> Option<FrameTag> {
        self.pauses = self.left == 0;
        if self.pauses {
            self.left = self.random.u32(1..=BURST_MAX);
            return None;
        }
        self.left -= 1;
        self.cable.next_frame(frame)
    }

    fn transmitted(&mut self, frame: &[u8]) {
        self.cable.transmitted(frame);
    }

    fn frames(&self) -> Arc<dyn Frames> {
        self.cable.frames()
    }

    fn connect(&mut self, waker: Waker) {
        self.cable.connect(waker);
    }

    fn retry_after(&self) -> Option<Duration> {
        if self.pauses {
            // The same for the same frames, however often it is asked for.
            let pause = u64::from(self.left) * PAUSE_MAX_NS / u64::from(BURST_MAX);
            return Some(Duration::from_nanos(pause));
        }
        self.cable.retry_after()
    }
}
