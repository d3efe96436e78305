//! Packet queues: their callbacks, and how the driver wakes their polling.

use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicBool, Ordering};

use netadapter_abi::net::{
    self, NET_EXTENSION, NET_EXTENSION_QUERY, NET_PACKET_QUEUE_CONFIG, NET_RING_COLLECTION,
    NETPACKETQUEUE, NETRXQUEUE_INIT, NETTXQUEUE_INIT, NetExtensionTypeFragment,
    NetRingTypeFragment, NetRingTypePacket,
};
use netadapter_abi::nt::NTSTATUS;
use netadapter_abi::wdf::WDF_OBJECT_ATTRIBUTES;
use netadapter_abi::{net_call, nt_export};

use crate::memory::Shared;
use crate::object::{self, Stored, TypeInfo};
use crate::ring::{Extension, RawRing, RxRings, TxRings};
use crate::sync::SpinLock;
use crate::{Result, Status};

/// The driver's data of a packet queue; the methods are the queue's callbacks.
///
/// The framework runs the callbacks of one queue one at a time, for they share an execution context; those of
/// different queues run at once.
pub trait PacketQueue: QueueType + Send {
    /// [`RxRings`] or [`TxRings`]: which kind of queue it is.
    type Rings: Rings;

    /// `EvtPacketQueueStart`: the rings are empty, whatever was in them before. IRQL: PASSIVE_LEVEL.
    fn start(&mut self);

    /// `EvtPacketQueueAdvance`: moves packets. IRQL: ≤ DISPATCH_LEVEL, from call to call a different one.
    fn advance(&mut self, rings: &mut Self::Rings);

    /// `EvtPacketQueueSetNotificationEnabled`: with `true` the framework is about to stop polling and wants to be woken
    /// through the queue's [`Notifier`]; it polls once more after this. IRQL: ≤ DISPATCH_LEVEL.
    fn set_notification_enabled(&mut self, enabled: bool);

    /// `EvtPacketQueueCancel`: everything is to come back to the framework, now or in later calls of
    /// [`Self::advance`]. IRQL: ≤ DISPATCH_LEVEL.
    fn cancel(&mut self, rings: &mut Self::Rings);

    /// `EvtPacketQueueStop`: the rings are empty. IRQL: PASSIVE_LEVEL.
    fn stop(&mut self);
}

/// A type whose values are the driver's data of packet queues; see [`packet_queue_type!`](crate::packet_queue_type).
pub trait QueueType: Sized + 'static {
    /// The record of the context type; always the same.
    fn type_info() -> &'static TypeInfo;
}

/// Makes a type usable as the driver's data of packet queues.
#[macro_export]
macro_rules! packet_queue_type {
    ($type:ty) => {
        impl $crate::queue::QueueType for $type {
            fn type_info() -> &'static $crate::object::TypeInfo {
                static INFO: $crate::object::TypeInfo =
                    $crate::object::TypeInfo::of::<$crate::queue::QueueContext<$type>>(
                        concat!(stringify!($type), "\0"),
                        &raw const INFO,
                    );
                &INFO
            }
        }
    };
}

/// What lies in the context of a packet queue.
pub struct QueueContext<Q: PacketQueue> {
    id: u32,
    notifier: Shared<Notifier>,
    /// Reached only in the queue's callbacks, of which one runs at a time.
    exclusive: UnsafeCell<Exclusive<Q>>,
}

/// What only the queue's callbacks reach.
struct Exclusive<Q: PacketQueue> {
    data: Q,
    rings: Q::Rings,
}

// SAFETY: `exclusive` is reached by one callback at a time, on whatever thread; the rest is `Sync`.
unsafe impl<Q: PacketQueue> Sync for QueueContext<Q> {}

impl<Q: PacketQueue> Stored for QueueContext<Q> {
    fn info() -> &'static TypeInfo {
        Q::type_info()
    }
}

/// Wakes the polling of a queue.
///
/// The driver keeps it beside its interrupt, longer than the queue lives. Between `EvtPacketQueueStart` and
/// `EvtPacketQueueStop` it is tied to the queue; otherwise, and while the framework polls anyway, it does nothing.
pub struct Notifier {
    queue: SpinLock<Option<Target>>,
    wanted: AtomicBool,
}

/// A queue that is started, and the function that wakes it.
struct Target {
    queue: NETPACKETQUEUE,
    notify: unsafe fn(NETPACKETQUEUE),
}

// SAFETY: WDF handles may be used on any thread.
unsafe impl Send for Target {}

impl Notifier {
    /// Tied to no queue.
    pub const fn new() -> Self {
        Self {
            queue: SpinLock::new(None),
            wanted: AtomicBool::new(false),
        }
    }

    /// Wakes the queue's polling if the framework wants that; tells whether it did.
    ///
    /// IRQL: ≤ DISPATCH_LEVEL.
    pub fn wake(&self) -> bool {
        if !self.wanted.swap(false, Ordering::AcqRel) {
            return false;
        }
        // The lock is held over the call, so that EvtPacketQueueStop cannot return in between.
        let queue = self.queue.lock();
        if let Some(target) = &*queue {
            // SAFETY: the target is there between EvtPacketQueueStart and EvtPacketQueueStop, when waking is allowed.
            unsafe { (target.notify)(target.queue) };
        }
        queue.is_some()
    }

    fn tie(&self, target: Target) {
        *self.queue.lock() = Some(target);
        self.wanted.store(true, Ordering::Release);
    }

    fn untie(&self) {
        self.wanted.store(false, Ordering::Release);
        *self.queue.lock() = None;
    }
}

impl Default for Notifier {
    fn default() -> Self {
        Self::new()
    }
}

/// A queue that is being created.
pub struct QueueInit<'a, R: Rings> {
    raw: *mut R::Init,
    during: PhantomData<&'a ()>,
}

impl<R: Rings> QueueInit<'_, R> {
    /// # Safety
    ///
    /// `raw` is that of the running create callback.
    pub(crate) unsafe fn new(raw: *mut R::Init) -> Self {
        Self {
            raw,
            during: PhantomData,
        }
    }

    /// The queue's number among those of its direction.
    pub fn id(&self) -> u32 {
        // SAFETY: `raw` is that of the running create callback.
        unsafe { R::queue_id(self.raw) }
    }

    /// Creates the queue; `build` makes the driver's data of it.
    ///
    /// IRQL: PASSIVE_LEVEL.
    ///
    /// # Errors
    ///
    /// That of the framework or of `build`; STATUS_NOT_SUPPORTED when the queue lacks an extension that its direction
    /// needs.
    pub fn create<Q>(
        self,
        notifier: Shared<Notifier>,
        build: impl FnOnce(&R) -> Result<Q>,
    ) -> Result<()>
    where
        Q: PacketQueue<Rings = R>,
    {
        let id = self.id();
        let mut config = NET_PACKET_QUEUE_CONFIG {
            EvtStart: Some(start::<Q>),
            EvtStop: Some(stop::<Q>),
            ..NET_PACKET_QUEUE_CONFIG::init(
                Some(advance::<Q>),
                Some(set_notification_enabled::<Q>),
                Some(cancel::<Q>),
            )
        };
        let mut attributes = object::attributes::<QueueContext<Q>>();
        let mut queue = null_mut();
        // SAFETY: `raw` is that of the running create callback; the structures and the result outlive the call.
        Status::check(unsafe { R::create(self.raw, &mut attributes, &mut config, &mut queue) })?;
        // SAFETY: the queue was created above, in this direction.
        let rings = unsafe { R::of(queue) }?;
        let context = QueueContext {
            id,
            notifier,
            exclusive: UnsafeCell::new(Exclusive {
                data: build(&rings)?,
                rings,
            }),
        };
        // SAFETY: the queue was created with these attributes; its callbacks come after the create callback.
        unsafe { object::emplace(queue.cast(), context) };
        Ok(())
    }
}

/// The number of the queue with this handle, if it is one of `Q`.
///
/// # Safety
///
/// `queue` is alive.
pub(crate) unsafe fn id_of<Q: PacketQueue>(queue: NETPACKETQUEUE) -> Option<u32> {
    // SAFETY: as the caller promises.
    unsafe { object::find::<QueueContext<Q>>(queue.cast()) }.map(|context| context.id)
}

/// The rings of one direction, and the functions that belong to it.
pub trait Rings: direction::Direction {}

impl Rings for RxRings {}
impl Rings for TxRings {}

mod direction {
    use super::*;

    /// # Safety
    ///
    /// Implementations call the functions of one direction.
    #[allow(
        clippy::missing_safety_doc,
        reason = "the rules are those of the functions' documentation pages"
    )]
    pub unsafe trait Direction: Sized + Send + 'static {
        type Init;
        unsafe fn queue_id(init: *mut Self::Init) -> u32;
        unsafe fn create(
            init: *mut Self::Init,
            attributes: *mut WDF_OBJECT_ATTRIBUTES,
            config: *mut NET_PACKET_QUEUE_CONFIG,
            queue: *mut NETPACKETQUEUE,
        ) -> NTSTATUS;
        unsafe fn of(queue: NETPACKETQUEUE) -> Result<Self>;
        unsafe fn notify(queue: NETPACKETQUEUE);
    }
}

/// One ring of a collection.
///
/// # Safety
///
/// `collection` is that of a queue which lives longer than the result.
unsafe fn ring(collection: *const NET_RING_COLLECTION, kind: i32) -> Result<RawRing> {
    // SAFETY: the collection is valid as long as its queue.
    let ring = unsafe { &*collection }.Rings[kind as usize];
    let ring = NonNull::new(ring).ok_or(Status::NOT_SUPPORTED)?;
    // SAFETY: the ring belongs to the queue, and is used in the queue's callbacks only.
    Ok(unsafe { RawRing::new(ring) })
}

fn fragment_extension(name: &'static [u16], version: u32) -> NET_EXTENSION_QUERY {
    NET_EXTENSION_QUERY::init(name.as_ptr(), version, NetExtensionTypeFragment)
}

// SAFETY: these are the functions of receive queues.
unsafe impl direction::Direction for RxRings {
    type Init = NETRXQUEUE_INIT;

    unsafe fn queue_id(init: *mut NETRXQUEUE_INIT) -> u32 {
        // SAFETY: as the caller promises.
        unsafe { net_call!(NetRxQueueInitGetQueueId, init) }
    }

    unsafe fn create(
        init: *mut NETRXQUEUE_INIT,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        config: *mut NET_PACKET_QUEUE_CONFIG,
        queue: *mut NETPACKETQUEUE,
    ) -> NTSTATUS {
        // SAFETY: as the caller promises.
        unsafe { net_call!(NetRxQueueCreate, init, attributes, config, queue) }
    }

    unsafe fn of(queue: NETPACKETQUEUE) -> Result<Self> {
        // SAFETY: the queue is alive.
        let collection = unsafe { net_call!(NetRxQueueGetRingCollection, queue) };
        // SAFETY: the collection is that of the queue.
        let packets = unsafe { ring(collection, NetRingTypePacket) }?;
        // SAFETY: as before.
        let fragments = unsafe { ring(collection, NetRingTypeFragment) }?;
        let extension = |name, version| {
            let mut answer = NET_EXTENSION::zeroed();
            let query = fragment_extension(name, version);
            // SAFETY: the queue is alive; query and answer outlive the call.
            unsafe { net_call!(NetRxQueueGetExtension, queue, &query, &mut answer) };
            answer
        };
        let addresses = extension(
            net::NET_FRAGMENT_EXTENSION_VIRTUAL_ADDRESS_NAME,
            net::NET_FRAGMENT_EXTENSION_VIRTUAL_ADDRESS_VERSION_1,
        );
        let contexts = extension(
            net::NET_FRAGMENT_EXTENSION_RETURN_CONTEXT_NAME,
            net::NET_FRAGMENT_EXTENSION_RETURN_CONTEXT_VERSION_1,
        );
        // SAFETY: the queue answered this to the query for virtual addresses.
        let addresses =
            unsafe { Extension::new(&addresses, &fragments) }.ok_or(Status::NOT_SUPPORTED)?;
        // SAFETY: the queue answered this to the query for return contexts.
        let contexts =
            unsafe { Extension::new(&contexts, &fragments) }.ok_or(Status::NOT_SUPPORTED)?;
        Ok(Self::new(packets, fragments, addresses, contexts))
    }

    unsafe fn notify(queue: NETPACKETQUEUE) {
        // SAFETY: as the caller promises.
        unsafe { net_call!(NetRxQueueNotifyMoreReceivedPacketsAvailable, queue) };
    }
}

// SAFETY: these are the functions of transmit queues.
unsafe impl direction::Direction for TxRings {
    type Init = NETTXQUEUE_INIT;

    unsafe fn queue_id(init: *mut NETTXQUEUE_INIT) -> u32 {
        // SAFETY: as the caller promises.
        unsafe { net_call!(NetTxQueueInitGetQueueId, init) }
    }

    unsafe fn create(
        init: *mut NETTXQUEUE_INIT,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        config: *mut NET_PACKET_QUEUE_CONFIG,
        queue: *mut NETPACKETQUEUE,
    ) -> NTSTATUS {
        // SAFETY: as the caller promises.
        unsafe { net_call!(NetTxQueueCreate, init, attributes, config, queue) }
    }

    unsafe fn of(queue: NETPACKETQUEUE) -> Result<Self> {
        // SAFETY: the queue is alive.
        let collection = unsafe { net_call!(NetTxQueueGetRingCollection, queue) };
        // SAFETY: the collection is that of the queue.
        let packets = unsafe { ring(collection, NetRingTypePacket) }?;
        // SAFETY: as before.
        let fragments = unsafe { ring(collection, NetRingTypeFragment) }?;
        let mut answer = NET_EXTENSION::zeroed();
        let query = fragment_extension(
            net::NET_FRAGMENT_EXTENSION_LOGICAL_ADDRESS_NAME,
            net::NET_FRAGMENT_EXTENSION_LOGICAL_ADDRESS_VERSION_1,
        );
        // SAFETY: the queue is alive; query and answer outlive the call.
        unsafe { net_call!(NetTxQueueGetExtension, queue, &query, &mut answer) };
        // SAFETY: the queue answered this to the query for logical addresses.
        let addresses =
            unsafe { Extension::new(&answer, &fragments) }.ok_or(Status::NOT_SUPPORTED)?;
        Ok(Self::new(packets, fragments, addresses))
    }

    unsafe fn notify(queue: NETPACKETQUEUE) {
        // SAFETY: as the caller promises.
        unsafe { net_call!(NetTxQueueNotifyMoreCompletedPacketsAvailable, queue) };
    }
}

/// The context of a queue in one of its callbacks, and what only they reach.
///
/// # Safety
///
/// A callback of the queue is running, and the result is used in it only: the framework runs no other one meanwhile.
unsafe fn context<'a, Q: PacketQueue>(
    queue: NETPACKETQUEUE,
) -> Option<(&'a QueueContext<Q>, &'a mut Exclusive<Q>)> {
    // SAFETY: the queue is alive during its callbacks.
    let context = unsafe { object::find::<QueueContext<Q>>(queue.cast()) }?;
    // SAFETY: the callbacks of a queue share an execution context, so this is the only one that runs.
    Some((context, unsafe { &mut *context.exclusive.get() }))
}

nt_export! {
    unsafe fn start<Q: PacketQueue>(queue: NETPACKETQUEUE) {
        // SAFETY: this is a callback of the queue.
        if let Some((context, Exclusive { data, .. })) = unsafe { context::<Q>(queue) } {
            context.notifier.tie(Target { queue, notify: <Q::Rings as direction::Direction>::notify });
            data.start();
        }
    }

    unsafe fn advance<Q: PacketQueue>(queue: NETPACKETQUEUE) {
        // SAFETY: this is a callback of the queue.
        if let Some((_, Exclusive { data, rings })) = unsafe { context::<Q>(queue) } {
            data.advance(rings);
        }
    }

    unsafe fn set_notification_enabled<Q: PacketQueue>(queue: NETPACKETQUEUE, enabled: u8) {
        // SAFETY: this is a callback of the queue.
        if let Some((context, Exclusive { data, .. })) = unsafe { context::<Q>(queue) } {
            // Before the driver enables its interrupt, or that interrupt could come too early to wake.
            context.notifier.wanted.store(enabled != 0, Ordering::Release);
            data.set_notification_enabled(enabled != 0);
        }
    }

    unsafe fn cancel<Q: PacketQueue>(queue: NETPACKETQUEUE) {
        // SAFETY: this is a callback of the queue.
        if let Some((_, Exclusive { data, rings })) = unsafe { context::<Q>(queue) } {
            data.cancel(rings);
        }
    }

    unsafe fn stop<Q: PacketQueue>(queue: NETPACKETQUEUE) {
        // SAFETY: this is a callback of the queue.
        if let Some((context, Exclusive { data, .. })) = unsafe { context::<Q>(queue) } {
            context.notifier.untie();
            data.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::AtomicU32;

    static WOKEN: AtomicU32 = AtomicU32::new(0);

    unsafe fn count(_: NETPACKETQUEUE) {
        WOKEN.fetch_add(1, Ordering::Relaxed);
    }

    #[test]
    fn a_queue_is_woken_once_for_each_time_it_wants_it() {
        let notifier = Notifier::new();
        assert!(!notifier.wake(), "tied to no queue");
        notifier.tie(Target {
            queue: null_mut(),
            notify: count,
        });
        assert!(notifier.wake());
        assert!(!notifier.wake(), "polling already");
        notifier.wanted.store(true, Ordering::Release);
        assert!(notifier.wake());
        notifier.untie();
        assert!(!notifier.wake(), "stopped");
        assert_eq!(WOKEN.load(Ordering::Relaxed), 2);
    }
}
