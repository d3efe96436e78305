//! The cable: what is on its other end, and how fast it sends.

use crate::sync::lock;
use crate::wake::Waker;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Names a frame that came over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameTag {
    /// Position among all frames of the wire, from 0.
    pub id: u64,
    /// The flow that the frame belongs to, below [`Frames::flow_count`].
    pub flow: u32,
}

/// A sequence of frames in which each is known by its position alone, so that whoever gets one
/// can be checked byte for byte without keeping a copy.
pub trait Frames: Send + Sync {
    /// Number of flows.
    fn flow_count(&self) -> u32;
    /// Number of frames; `None` for an endless sequence.
    fn frame_count(&self) -> Option<u64>;
    /// The flow of frame `id`.
    fn flow(&self, id: u64) -> u32;
    /// Appends the bytes of frame `id`, from the destination MAC address, without checksum (FCS).
    fn append(&self, id: u64, frame: &mut Vec<u8>);
    /// Whether `frame` is frame `id`, byte for byte.
    fn matches(&self, id: u64, frame: &[u8]) -> bool;
}

/// What is on the other end of the cable.
pub trait Wire: Send {
    /// Appends the next frame to `frame`, or answers `None` while there is none.
    fn next_frame(&mut self, frame: &mut Vec<u8>) -> Option<FrameTag>;
    /// The device sends `frame`.
    fn transmitted(&mut self, frame: &[u8]);
    /// The frames that [`Wire::next_frame`] hands out.
    fn frames(&self) -> Arc<dyn Frames>;
    /// The wire is plugged in; it wakes the device when it has frames after it had none.
    fn connect(&mut self, waker: Waker);
    /// When to ask again, if not woken before, after there was no frame.
    fn retry_after(&self) -> Option<Duration>;
}

/// Longest time whose share of an offered rate is made up for in a burst.
const RATE_BURST: Duration = Duration::from_millis(10);
/// How often a wire with an offered rate looks at the clock.
const RATE_STEP: Duration = Duration::from_micros(100);

#[derive(Default)]
struct Control {
    paused: AtomicBool,
    limit: AtomicU64,
    /// Frames a second; 0 is as fast as the device takes them.
    rate: AtomicU64,
    offered: AtomicU64,
    transmitted_frames: AtomicU64,
    transmitted_bytes: AtomicU64,
    waker: Mutex<Option<Waker>>,
}

impl Control {
    fn wake(&self) {
        if let Some(waker) = &*lock(&self.waker) {
            waker.wake();
        }
    }
}

/// A wire that plays [`Frames`] and counts what it is sent.
pub struct Cable {
    frames: Arc<dyn Frames>,
    control: Arc<Control>,
    next_id: u64,
    pace: Option<Pace>,
}

/// How far a wire with an offered rate has come.
struct Pace {
    rate: u64,
    from: Instant,
    allowance: u64,
}

impl Pace {
    fn new(rate: u64) -> Self {
        Self {
            rate,
            from: Instant::now(),
            allowance: 0,
        }
    }

    /// Takes leave to send one frame.
    fn take(&mut self) -> bool {
        if self.allowance == 0 {
            let elapsed = self.from.elapsed();
            let earned = elapsed.min(RATE_BURST).as_nanos() * u128::from(self.rate) / 1_000_000_000;
            if earned == 0 {
                return false;
            }
            self.from += elapsed;
            self.allowance = u64::try_from(earned).unwrap_or(u64::MAX);
        }
        self.allowance -= 1;
        true
    }
}

impl Cable {
    /// A cable with `frames` at its far end, and the handle that governs it.
    pub fn new(frames: Arc<dyn Frames>) -> (Self, CableHandle) {
        let control = Arc::new(Control {
            limit: AtomicU64::new(u64::MAX),
            ..Control::default()
        });
        let handle = CableHandle {
            frames: frames.clone(),
            control: control.clone(),
        };
        let cable = Self {
            frames,
            control,
            next_id: 0,
            pace: None,
        };
        (cable, handle)
    }

    fn keeps_pace(&mut self) -> bool {
        let rate = self.control.rate.load(Ordering::Relaxed);
        if rate == 0 {
            self.pace = None;
            return true;
        }
        match &mut self.pace {
            Some(pace) if pace.rate == rate => pace.take(),
            _ => self.pace.insert(Pace::new(rate)).take(),
        }
    }
}

impl Wire for Cable {
    fn next_frame(&mut self, frame: &mut Vec<u8>) -> Option<FrameTag> {
        let id = self.next_id;
        let last = self.control.limit.load(Ordering::Relaxed);
        if self.control.paused.load(Ordering::Acquire)
            || id >= last.min(self.frames.frame_count().unwrap_or(u64::MAX))
            || !self.keeps_pace()
        {
            return None;
        }
        self.frames.append(id, frame);
        self.next_id += 1;
        self.control.offered.store(self.next_id, Ordering::Release);
        Some(FrameTag {
            id,
            flow: self.frames.flow(id),
        })
    }

    fn transmitted(&mut self, frame: &[u8]) {
        let control = &self.control;
        control.transmitted_frames.fetch_add(1, Ordering::Relaxed);
        control
            .transmitted_bytes
            .fetch_add(frame.len() as u64, Ordering::Relaxed);
    }

    fn frames(&self) -> Arc<dyn Frames> {
        self.frames.clone()
    }

    fn connect(&mut self, waker: Waker) {
        *lock(&self.control.waker) = Some(waker);
    }

    fn retry_after(&self) -> Option<Duration> {
        self.pace.as_ref().map(|_| RATE_STEP)
    }
}

/// Governs a [`Cable`] from outside, while the device runs.
#[derive(Clone)]
pub struct CableHandle {
    frames: Arc<dyn Frames>,
    control: Arc<Control>,
}

impl CableHandle {
    /// Holds frames back; none is dropped.
    pub fn pause(&self) {
        self.control.paused.store(true, Ordering::Release);
    }

    /// Lets frames come again.
    pub fn resume(&self) {
        self.control.paused.store(false, Ordering::Release);
        self.control.wake();
    }

    /// Ends the traffic after `limit` frames in all; `None` lets it run to its own end.
    pub fn set_limit(&self, limit: Option<u64>) {
        let limit = limit.unwrap_or(u64::MAX);
        self.control.limit.store(limit, Ordering::Release);
        self.control.wake();
    }

    /// Offers `rate` frames a second; `None` offers as many as the device takes.
    pub fn set_offered_rate(&self, rate: Option<u64>) {
        self.control
            .rate
            .store(rate.unwrap_or(0), Ordering::Release);
        self.control.wake();
    }

    /// Frames that left the far end so far, whatever the device did with them.
    pub fn offered(&self) -> u64 {
        self.control.offered.load(Ordering::Acquire)
    }

    /// Whether no further frame will come under the present limit.
    pub fn exhausted(&self) -> bool {
        let limit = self.control.limit.load(Ordering::Acquire);
        self.offered() >= limit.min(self.frames.frame_count().unwrap_or(u64::MAX))
    }

    /// Frames and bytes that the device sent.
    pub fn transmitted(&self) -> (u64, u64) {
        let control = &self.control;
        (
            control.transmitted_frames.load(Ordering::Relaxed),
            control.transmitted_bytes.load(Ordering::Relaxed),
        )
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Frames of `length` bytes that carry their id in the last eight; flows take turns.
    pub struct Numbered {
        pub length: usize,
        pub flows: u32,
    }

    impl Frames for Numbered {
        fn flow_count(&self) -> u32 {
            self.flows
        }

        fn frame_count(&self) -> Option<u64> {
            None
        }

        fn flow(&self, id: u64) -> u32 {
            (id % u64::from(self.flows)) as u32
        }

        fn append(&self, id: u64, frame: &mut Vec<u8>) {
            frame.resize(frame.len() + self.length - 8, 0);
            frame.extend(id.to_be_bytes());
        }

        fn matches(&self, id: u64, frame: &[u8]) -> bool {
            let mut expected = Vec::new();
            self.append(id, &mut expected);
            expected == frame
        }
    }

    fn cable() -> (Cable, CableHandle) {
        Cable::new(Arc::new(Numbered {
            length: 60,
            flows: 2,
        }))
    }

    #[test]
    fn frames_come_in_order_with_their_tags() {
        let (mut cable, handle) = cable();
        let mut frame = Vec::new();
        assert_eq!(
            cable.next_frame(&mut frame),
            Some(FrameTag { id: 0, flow: 0 })
        );
        frame.clear();
        assert_eq!(
            cable.next_frame(&mut frame),
            Some(FrameTag { id: 1, flow: 1 })
        );
        assert!(cable.frames().matches(1, &frame));
        assert_eq!(handle.offered(), 2);
    }

    #[test]
    fn pause_and_limit_hold_frames_back() {
        let (mut cable, handle) = cable();
        handle.pause();
        assert_eq!(cable.next_frame(&mut Vec::new()), None);
        handle.resume();
        handle.set_limit(Some(1));
        assert!(cable.next_frame(&mut Vec::new()).is_some());
        assert_eq!(cable.next_frame(&mut Vec::new()), None);
        assert!(handle.exhausted());
        handle.set_limit(None);
        assert!(cable.next_frame(&mut Vec::new()).is_some());
        assert!(!handle.exhausted());
    }

    #[test]
    fn an_offered_rate_is_earned_by_time() {
        let mut pace = Pace::new(1_000_000);
        pace.from = Instant::now() + Duration::from_secs(3600);
        assert!(!pace.take(), "no time has passed");
        pace.from = Instant::now() - RATE_BURST * 2;
        let burst = (0..)
            .take_while(|_| pace.allowance > 1 || pace.take())
            .take(3);
        assert_eq!(burst.count(), 3);
        assert!(
            pace.allowance <= 10_000,
            "no more than the burst is made up for"
        );
    }

    #[test]
    fn a_wire_with_a_rate_asks_to_be_asked_again() {
        let (mut cable, handle) = cable();
        assert_eq!(cable.retry_after(), None);
        handle.set_offered_rate(Some(1));
        assert_eq!(cable.next_frame(&mut Vec::new()), None);
        assert_eq!(cable.retry_after(), Some(RATE_STEP));
    }
}
