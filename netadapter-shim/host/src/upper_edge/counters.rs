//! Counters of received traffic. Each has one writer at a time, and no two processors share a
//! cache line.

use crossbeam_utils::CachePadded;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Adds to a counter that has one writer at a time.
fn add(counter: &AtomicU64, amount: u64) {
    counter.store(counter.load(Ordering::Relaxed) + amount, Ordering::Relaxed);
}

/// What one processor received. Written on that processor only.
#[derive(Default)]
struct ProcessorCounters {
    packets: AtomicU64,
    bytes: AtomicU64,
    /// When the last frame was delivered here, in nanoseconds of the machine's clock.
    last_delivery_ns: AtomicU64,
    /// Whether the next frame is the first since a start or a change of receive side scaling.
    awaited: AtomicBool,
}

/// What all processors received.
pub(super) struct ProcessorTable(Box<[CachePadded<ProcessorCounters>]>);

impl ProcessorTable {
    /// For a machine that can have `maximum` processors.
    pub(super) fn new(maximum: u32) -> Self {
        Self((0..maximum).map(|_| CachePadded::default()).collect())
    }

    fn of(&self, processor: u32) -> &ProcessorCounters {
        &self.0[processor as usize]
    }

    pub(super) fn count(&self, processor: u32, packets: u64, bytes: u64, now_ns: u64) {
        let counters = self.of(processor);
        add(&counters.packets, packets);
        add(&counters.bytes, bytes);
        counters.last_delivery_ns.store(now_ns, Ordering::Relaxed);
    }

    /// Packets and bytes of every processor, by index.
    pub(super) fn all_totals(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        self.0
            .iter()
            .map(move |counters| (read(&counters.packets), read(&counters.bytes)))
    }

    /// When the last frame was delivered on any processor; 0 if none was.
    pub(super) fn last_delivery_ns(&self) -> u64 {
        self.0
            .iter()
            .map(|c| c.last_delivery_ns.load(Ordering::Relaxed))
            .max()
            .unwrap_or(0)
    }

    /// The next frame on this processor is worth a milestone.
    pub(super) fn await_first(&self, processor: u32) {
        self.of(processor).awaited.store(true, Ordering::Relaxed);
    }

    /// The next frame on every processor is worth a milestone.
    pub(super) fn await_first_everywhere(&self) {
        self.0
            .iter()
            .for_each(|counters| counters.awaited.store(true, Ordering::Relaxed));
    }

    /// Whether this is the awaited frame.
    #[inline]
    pub(super) fn is_first(&self, processor: u32) -> bool {
        let awaited = &self.of(processor).awaited;
        awaited.load(Ordering::Relaxed) && awaited.swap(false, Ordering::Relaxed)
    }
}

/// What one receive queue received; it outlives the queue, because ids are used again. Written on
/// the queue's execution context only.
pub(crate) struct QueueTraffic(CachePadded<QueueCounters>);

struct QueueCounters {
    id: u32,
    packets: AtomicU64,
    bytes: AtomicU64,
    discarded: AtomicU64,
    refused: AtomicU64,
    since_reply: AtomicU64,
}

impl QueueTraffic {
    pub(super) fn new(id: u32) -> Self {
        Self(CachePadded::new(QueueCounters {
            id,
            packets: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            discarded: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            since_reply: AtomicU64::new(0),
        }))
    }

    pub(super) fn id(&self) -> u32 {
        self.0.id
    }

    pub(super) fn count(&self, packets: u64, bytes: u64) {
        add(&self.0.packets, packets);
        add(&self.0.bytes, bytes);
    }

    pub(super) fn count_discarded(&self, packets: u64) {
        add(&self.0.discarded, packets);
    }

    pub(super) fn count_refused(&self) {
        add(&self.0.refused, 1);
    }

    /// Whether the frame just received is to be answered, if one of `every` is.
    pub(super) fn wants_reply(&self, every: u32) -> bool {
        let seen = self.0.since_reply.load(Ordering::Relaxed) + 1;
        let due = seen >= u64::from(every.max(1));
        self.0
            .since_reply
            .store(if due { 0 } else { seen }, Ordering::Relaxed);
        due
    }

    /// Packets, bytes, packets discarded, packets refused.
    pub(super) fn totals(&self) -> (u64, u64, u64, u64) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.0;
        (
            read(&counters.packets),
            read(&counters.bytes),
            read(&counters.discarded),
            read(&counters.refused),
        )
    }
}
