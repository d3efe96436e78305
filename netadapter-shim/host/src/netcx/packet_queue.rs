//! Packet queues: rings, callbacks, and one iteration of polling.

use super::adapter::Adapter;
use super::poll::{ExecutionContext, PollClient};
use super::receive::{KeptFrames, Receiver};
use super::ring::Rings;
use super::rules;
use super::transmit::Transmitter;
use super::verifier::{Broken, Verifier};
use crate::executive::{Event, EventKind, WaitOutcome, current_thread_id, violation, violation_by};
use crate::wdf;
use netadapter_abi::net::{NETPACKETQUEUE, PFN_PACKET_QUEUE_START, PFN_PACKET_QUEUE_STOP};
use netadapter_abi::nt_fn;
use parking_lot::Mutex;
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock, Weak};

/// How long a cancelled queue may keep elements before the machine is stopped. Windows waits
/// without limit; a driver that needs so long never gives them back.
const DRAIN_LIMIT_NS: u64 = 60_000_000_000;

/// Which way packets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Transmit,
    Receive,
}

impl Direction {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Transmit => "transmit",
            Self::Receive => "receive",
        }
    }
}

/// What a queue creation callback may make: a `NETTXQUEUE_INIT` or `NETRXQUEUE_INIT`.
pub(super) struct QueueInit {
    pub(super) adapter: Arc<Adapter>,
    pub(super) direction: Direction,
    pub(super) id: u32,
    thread: usize,
    taken: AtomicBool,
    pub(super) created: Mutex<Option<ActiveQueue>>,
}

impl QueueInit {
    pub(super) fn new(adapter: Arc<Adapter>, direction: Direction, id: u32) -> Arc<Self> {
        Arc::new(Self {
            adapter,
            direction,
            id,
            thread: current_thread_id(),
            taken: AtomicBool::new(false),
            created: Mutex::default(),
        })
    }

    pub(super) fn is_on_its_thread(&self) -> bool {
        self.thread == current_thread_id()
    }

    /// Whether no queue was made from it yet; the caller makes one now.
    pub(super) fn take(&self) -> bool {
        !self.taken.swap(true, Ordering::AcqRel)
    }
}

/// The callbacks of a queue.
#[derive(Clone, Copy)]
pub(super) struct QueueCallbacks {
    pub(super) start: PFN_PACKET_QUEUE_START,
    pub(super) stop: PFN_PACKET_QUEUE_STOP,
    pub(super) advance: nt_fn!(fn(NETPACKETQUEUE)),
    pub(super) set_notification_enabled: nt_fn!(fn(NETPACKETQUEUE, u8)),
    pub(super) cancel: nt_fn!(fn(NETPACKETQUEUE)),
}

/// The system's side of the rings.
pub(super) enum Translation {
    Transmit(Transmitter),
    Receive(Receiver),
}

impl Translation {
    fn kept(&self) -> Option<Arc<KeptFrames>> {
        match self {
            Self::Transmit(_) => None,
            Self::Receive(receiver) => Some(receiver.kept().clone()),
        }
    }
}

/// EvtStart has not been called, or EvtStop has.
const STOPPED: u32 = 0;
/// Packets flow.
const RUNNING: u32 = 1;
/// EvtCancel has been called; the queue is being drained.
const CANCELING: u32 = 2;

/// What only the holder of the execution context touches.
struct Inner {
    verifier: Verifier,
    translation: Translation,
}

/// A packet queue.
///
/// # Invariants
/// `inner` and the content of `rings` are touched only on the queue's execution context, or before
/// the queue has one.
pub(super) struct PacketQueue {
    id: u32,
    direction: Direction,
    handle: OnceLock<usize>,
    callbacks: QueueCallbacks,
    rings: Rings,
    phase: AtomicU32,
    drained: Event,
    receiving: AtomicBool,
    /// Frames of a receive queue that the stack keeps.
    kept: Option<Arc<KeptFrames>>,
    inner: UnsafeCell<Inner>,
}

// SAFETY: see the type's invariants; an execution context has one user at a time.
unsafe impl Sync for PacketQueue {}

/// A queue with its execution context.
#[derive(Clone)]
pub(super) struct ActiveQueue {
    pub(super) queue: Arc<PacketQueue>,
    pub(super) context: Arc<ExecutionContext>,
}

impl ActiveQueue {
    /// The stack returns all frames that it keeps.
    pub(super) fn return_kept(&self) {
        if self.queue.return_kept() {
            self.context.notify();
        }
    }
}

/// What a NETPACKETQUEUE is to the host. It outlives the queue, so it holds nothing of it.
pub(super) struct QueueObject {
    pub(super) direction: Direction,
    pub(super) queue: Weak<PacketQueue>,
    pub(super) context: Weak<ExecutionContext>,
}

impl PacketQueue {
    pub(super) fn new(
        init: &QueueInit,
        callbacks: QueueCallbacks,
        rings: Rings,
        verifier: Verifier,
        translation: Translation,
    ) -> Arc<Self> {
        Arc::new(Self {
            id: init.id,
            direction: init.direction,
            handle: OnceLock::new(),
            callbacks,
            rings,
            phase: AtomicU32::new(STOPPED),
            drained: Event::new(EventKind::Notification, false),
            receiving: AtomicBool::new(false),
            kept: translation.kept(),
            inner: UnsafeCell::new(Inner {
                verifier,
                translation,
            }),
        })
    }

    pub(super) fn rings(&self) -> &Rings {
        &self.rings
    }

    pub(super) fn set_handle(&self, handle: NETPACKETQUEUE) {
        self.handle
            .set(handle as usize)
            .expect("a queue has one handle");
    }

    pub(super) fn handle(&self) -> NETPACKETQUEUE {
        *self
            .handle
            .get()
            .expect("the object is made before the queue is used") as NETPACKETQUEUE
    }

    /// Frames that come back from now on are recycled unseen, as the stack does before it stops a
    /// queue (*Canceling network data with net rings*).
    pub(super) fn close_reception(&self) {
        self.receiving.store(false, Ordering::SeqCst);
    }

    /// The stack returns every frame that it keeps; whether the queue must look at them.
    pub(super) fn return_kept(&self) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept.return_all())
    }

    /// Waits until the queue has taken back all frames that the stack kept.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub(super) fn wait_kept(&self) {
        if let Some(kept) = &self.kept {
            kept.wait();
        }
    }

    /// On the worker: the queue begins.
    pub(super) fn start(&self) {
        self.rings.reset();
        self.drained.clear();
        if let Some(start) = self.callbacks.start {
            // SAFETY: the driver's callback for this queue, at PASSIVE_LEVEL between two polls.
            wdf::guarded("EvtPacketQueueStart", || unsafe { start(self.handle()) });
        }
        self.receiving.store(true, Ordering::SeqCst);
        self.phase.store(RUNNING, Ordering::SeqCst);
    }

    /// On the worker: nothing more is posted, and the driver gives back what it has.
    pub(super) fn cancel(&self) {
        self.phase.store(CANCELING, Ordering::SeqCst);
        let cancel = self.callbacks.cancel;
        self.with_inner(|inner| {
            inner.verifier.before_cancel(&self.rings);
            // SAFETY: the driver's callback for this queue, between two polls.
            wdf::guarded("EvtPacketQueueCancel", || unsafe { cancel(self.handle()) });
            self.checked(inner.verifier.after(&self.rings), "Cancel", cancel as usize);
            if let Translation::Receive(receiver) = &mut inner.translation {
                let result = receiver.after_advance(&self.rings);
                self.checked(result, "Cancel", cancel as usize);
            }
        });
    }

    /// Waits until the driver has given everything back.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub(super) fn wait_drained(&self) {
        if self.drained.wait_for(Some(DRAIN_LIMIT_NS)) == WaitOutcome::TimedOut {
            let detail = format!(
                "{} queue {} still owns elements a minute after EvtPacketQueueCancel",
                self.direction.name(),
                self.id
            );
            violation(&rules::QUEUE_NEVER_DRAINED, detail);
        }
    }

    /// On the worker: polling has ended; no callback follows.
    pub(super) fn stop(&self) {
        self.phase.store(STOPPED, Ordering::SeqCst);
        if let Some(stop) = self.callbacks.stop {
            // SAFETY: the driver's callback for this queue, at PASSIVE_LEVEL between two polls.
            wdf::guarded("EvtPacketQueueStop", || unsafe { stop(self.handle()) });
        }
        self.with_inner(|inner| {
            if let Translation::Receive(receiver) = &mut inner.translation {
                let result = receiver.after_stop(&self.rings);
                self.checked(result, "Stop", self.advance_address());
            }
        });
    }

    /// Runs `work` with what belongs to the execution context.
    fn with_inner<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        // SAFETY: by the type's invariants nobody else touches it now; callbacks of the driver
        // that run meanwhile have no way to it.
        work(unsafe { &mut *self.inner.get() })
    }

    /// Stops the machine if the callback `name` at `callback` broke a rule.
    #[inline]
    fn checked<T>(&self, result: Result<T, Broken>, name: &str, callback: usize) -> T {
        match result {
            Ok(value) => value,
            Err(broken) => self.broken(broken, name, callback),
        }
    }

    #[cold]
    fn broken(&self, Broken { rule, detail }: Broken, name: &str, callback: usize) -> ! {
        let direction = self.direction.name();
        let detail = format!("{direction} queue {}, {name}: {detail}", self.id);
        violation_by(rule, detail, callback)
    }

    fn advance_address(&self) -> usize {
        self.callbacks.advance as usize
    }

    fn advance(&self, inner: &mut Inner) {
        inner.verifier.before_advance(&self.rings);
        // SAFETY: the driver's callback for this queue, on its execution context.
        wdf::guarded("EvtPacketQueueAdvance", || unsafe {
            (self.callbacks.advance)(self.handle())
        });
        let result = inner.verifier.after(&self.rings);
        self.checked(result, "Advance", self.advance_address());
    }

    /// The transmit queue is drained when its packets are back, the receive queue when fragments
    /// are too, and in both when the system has reclaimed them.
    fn is_drained(&self) -> bool {
        let packets = self.rings.packets.is_idle();
        match self.direction {
            Direction::Transmit => packets,
            Direction::Receive => packets && self.rings.are_drained(),
        }
    }

    fn iterate_transmit(&self, inner: &mut Inner, phase: u32) -> bool {
        let Translation::Transmit(transmitter) = &mut inner.translation else {
            return false;
        };
        let callback = self.advance_address();
        let posted = if phase == RUNNING {
            self.checked(transmitter.post(&self.rings), "Advance", callback)
        } else {
            0
        };
        if !self.rings.packets.is_drained() {
            self.advance(inner);
        }
        let Translation::Transmit(transmitter) = &mut inner.translation else {
            return false;
        };
        let completed = transmitter.complete(&self.rings);
        posted + self.checked(completed, "Advance", callback) > 0
    }

    fn iterate_receive(&self, inner: &mut Inner, phase: u32) -> bool {
        let callback = self.advance_address();
        let Translation::Receive(receiver) = &mut inner.translation else {
            return false;
        };
        let taken = self.checked(receiver.take_back(), "Advance", callback);
        if phase == RUNNING {
            self.checked(receiver.post(&self.rings), "Advance", callback);
        }
        self.advance(inner);
        let Translation::Receive(receiver) = &mut inner.translation else {
            return false;
        };
        self.checked(receiver.after_advance(&self.rings), "Advance", callback);
        let accepting = self.receiving.load(Ordering::Relaxed);
        let indicated = receiver.indicate(&self.rings, accepting);
        taken + self.checked(indicated, "Advance", callback) > 0
    }
}

impl PollClient for PacketQueue {
    fn iterate(&self) -> bool {
        let phase = self.phase.load(Ordering::SeqCst);
        if phase == STOPPED {
            return false;
        }
        let worked = self.with_inner(|inner| match self.direction {
            Direction::Transmit => self.iterate_transmit(inner, phase),
            Direction::Receive => self.iterate_receive(inner, phase),
        });
        if phase == CANCELING && self.is_drained() {
            self.drained.set();
        }
        worked
    }

    fn arm(&self) -> bool {
        let wanted = self.phase.load(Ordering::SeqCst) == RUNNING
            && (self.direction == Direction::Receive || !self.rings.packets.is_drained());
        if wanted {
            // SAFETY: the driver's callback for this queue, on its execution context.
            wdf::guarded("EvtPacketQueueSetNotificationEnabled", || unsafe {
                (self.callbacks.set_notification_enabled)(self.handle(), 1)
            });
        }
        wanted
    }

    /// A cancelled queue is polled until it is drained.
    fn must_poll(&self) -> bool {
        self.phase.load(Ordering::SeqCst) == CANCELING && !self.is_drained()
    }
}
