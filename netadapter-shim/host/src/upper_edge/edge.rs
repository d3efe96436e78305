//! The upper edge of one adapter.

use super::batch::ReceiveBatch;
use super::counters::{ProcessorTable, QueueTraffic};
use super::sink::{Keep, SendLayout, UpperEdgeOptions};
use crate::executive::{System, processor};
use crate::netcx::{Adapter, Datapath, SendQueueFull, SendQueues, SendRequest, SendSignal};
use crossbeam_utils::CachePadded;
use netadapter_abi::net::{
    NET_PACKET_FILTER_FLAGS, NetPacketFilterFlagBroadcast, NetPacketFilterFlagDirected,
    NetPacketFilterFlagMulticast, NetPacketFilterFlagPromiscuous,
};
use parking_lot::{Mutex, RwLock};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

/// When reception was interrupted last, in nanoseconds of the machine's clock.
#[derive(Default)]
struct Blackout {
    /// The last frame before; 0 if there was none.
    last_before_ns: AtomicU64,
    /// The first frame after; 0 as long as there is none.
    first_after_ns: AtomicU64,
}

/// What NDIS and the protocols do with one adapter.
pub struct UpperEdge {
    system: &'static System,
    adapter: Weak<Adapter>,
    options: UpperEdgeOptions,
    pub(super) processors: ProcessorTable,
    queues: Mutex<Vec<Arc<QueueTraffic>>>,
    transmitter: CachePadded<RwLock<Option<SendSignal>>>,
    blackout: Blackout,
    pub(super) entries_moved: AtomicU64,
    pub(super) indirection_entries: AtomicU32,
}

impl UpperEdge {
    pub(crate) fn new(
        system: &'static System,
        adapter: Weak<Adapter>,
        options: UpperEdgeOptions,
    ) -> Self {
        Self {
            system,
            adapter,
            options,
            processors: ProcessorTable::new(system.topology().maximum()),
            queues: Mutex::default(),
            transmitter: CachePadded::default(),
            blackout: Blackout::default(),
            entries_moved: AtomicU64::new(0),
            indirection_entries: AtomicU32::new(0),
        }
    }

    pub(super) fn system(&self) -> &'static System {
        self.system
    }

    pub(super) fn options(&self) -> &UpperEdgeOptions {
        &self.options
    }

    /// Which received frames are kept.
    pub(crate) fn keep(&self) -> Option<Keep> {
        self.options.keep
    }

    /// How sent frames lie in memory.
    pub(crate) fn send_layout(&self) -> SendLayout {
        self.options.send_layout
    }

    /// Protocols return all frames that they keep.
    ///
    /// IRQL: DISPATCH_LEVEL or below, on a processor.
    pub fn return_kept(&self) {
        if let Some(datapath) = self.adapter().and_then(|adapter| adapter.datapath()) {
            datapath.return_kept();
        }
    }

    pub(super) fn adapter(&self) -> Option<Arc<Adapter>> {
        self.adapter.upgrade()
    }

    /// The counters of a receive queue, by id.
    pub(crate) fn queue_traffic(&self, id: u32) -> Arc<QueueTraffic> {
        let mut queues = self.queues.lock();
        while queues.len() <= id as usize {
            let next = queues.len() as u32;
            queues.push(Arc::new(QueueTraffic::new(next)));
        }
        queues[id as usize].clone()
    }

    pub(super) fn all_queue_traffic(&self) -> Vec<Arc<QueueTraffic>> {
        self.queues.lock().clone()
    }

    /// Protocols bind: they open the receive filter and set receive side scaling.
    ///
    /// IRQL: PASSIVE_LEVEL, with the adapter's lock.
    pub(crate) fn bind(&self, adapter: &Arc<Adapter>) {
        let mut wanted: NET_PACKET_FILTER_FLAGS = NetPacketFilterFlagDirected
            | NetPacketFilterFlagMulticast
            | NetPacketFilterFlagBroadcast;
        if self.options.promiscuous {
            wanted |= NetPacketFilterFlagPromiscuous;
        }
        // A protocol opens with what the adapter supports, so the request is never refused; an
        // adapter without filters passes everything.
        adapter.set_packet_filter(adapter.supported_filter(wanted));
        self.set_receive_scaling(adapter);
    }

    /// The queues are about to start.
    pub(crate) fn before_start(&self, datapath: &Datapath) {
        *self.transmitter.write() = datapath.transmitter();
        self.blackout.first_after_ns.store(0, Ordering::Relaxed);
        self.processors.await_first_everywhere();
    }

    /// The queues are about to stop: sends are held from now on.
    pub(crate) fn before_stop(&self) {
        *self.transmitter.write() = None;
    }

    /// The queues have stopped.
    pub(crate) fn after_stop(&self) {
        let last = self.processors.last_delivery_ns();
        self.blackout.last_before_ns.store(last, Ordering::Relaxed);
        self.blackout.first_after_ns.store(0, Ordering::Relaxed);
    }

    /// Stops the packet queues without destroying them, as NDIS does to change bindings.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub fn pause(&self) {
        if let Some(adapter) = self.adapter() {
            adapter.pause();
        }
    }

    /// Undoes [`UpperEdge::pause`].
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub fn restart(&self) {
        if let Some(adapter) = self.adapter() {
            adapter.restart();
        }
    }

    /// Sends a frame, after all that were given before; while the adapter is paused or stopped it
    /// waits.
    ///
    /// IRQL: DISPATCH_LEVEL or below, on a processor.
    ///
    /// # Errors
    /// If too many frames wait, or the adapter has never been started.
    pub fn transmit(&self, frame: &[u8]) -> Result<(), SendQueueFull> {
        self.sends().ok_or(SendQueueFull)?.submit_plain(frame)?;
        self.signal_sends();
        Ok(())
    }

    /// Sends a packet that wants checksums, segmentation or a tag; as [`UpperEdge::transmit`].
    /// Where the adapter cannot do it, or may not, software does.
    ///
    /// IRQL: DISPATCH_LEVEL or below, on a processor.
    ///
    /// # Errors
    /// If too many frames wait, or the adapter has never been started.
    pub fn send(&self, request: &SendRequest<'_>) -> Result<(), SendQueueFull> {
        self.adapter().ok_or(SendQueueFull)?.submit(request)?;
        self.signal_sends();
        Ok(())
    }

    /// How long no frame was delivered around the last stop and start, in nanoseconds: from the
    /// last frame before to the first one after. Nothing as long as one of them is missing.
    pub fn blackout_ns(&self) -> Option<u64> {
        let last = self.blackout.last_before_ns.load(Ordering::Relaxed);
        let first = self.blackout.first_after_ns.load(Ordering::Relaxed);
        (last != 0 && first != 0).then(|| first.saturating_sub(last))
    }

    /// Frames handed up so far, on all processors.
    pub fn packets(&self) -> u64 {
        self.processors
            .all_totals()
            .map(|(packets, _)| packets)
            .sum()
    }

    /// How many table entries have been moved between processors so far.
    pub fn entries_moved(&self) -> u64 {
        self.entries_moved.load(Ordering::Relaxed)
    }

    pub(super) fn indirection_entries(&self) -> u32 {
        self.indirection_entries.load(Ordering::Relaxed)
    }

    /// Begins to hand frames of a queue up, on the processor that polls it.
    pub(crate) fn receive_batch<'a>(
        &'a self,
        traffic: &'a QueueTraffic,
        accepting: bool,
    ) -> ReceiveBatch<'a> {
        ReceiveBatch::new(self, traffic, processor().index(), accepting)
    }

    /// A batch has its first frame: the first one on this processor is worth a milestone.
    #[inline]
    pub(super) fn note_first(&self, processor: u32) {
        if self.processors.is_first(processor) {
            self.first_frame(processor);
        }
    }

    #[cold]
    fn first_frame(&self, processor: u32) {
        let now = self.system.clock().now_ns();
        // Whoever comes first ends the blackout.
        let _ = self.blackout.first_after_ns.compare_exchange(
            0,
            now,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        self.system.milestone("first_packet", Some(processor));
    }

    pub(super) fn count(&self, processor: u32, packets: u64, bytes: u64) {
        self.processors
            .count(processor, packets, bytes, self.system.clock().now_ns());
    }

    /// The frames that wait to be sent.
    pub(super) fn sends(&self) -> Option<Arc<SendQueues>> {
        self.adapter()?.sends()
    }

    /// Tells the transmit queue that packets wait, unless it is stopped.
    pub(super) fn signal_sends(&self) {
        let transmitter = self.transmitter.read().clone();
        if let Some(transmitter) = transmitter {
            transmitter.notify();
        }
    }
}
