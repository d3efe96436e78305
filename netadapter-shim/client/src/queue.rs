//! Packet queues: their callbacks, and how the driver wakes their polling.

mod direction;
mod notifier;

use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::ptr::null_mut;

use netadapter_abi::net::{NET_PACKET_QUEUE_CONFIG, NETPACKETQUEUE};
use netadapter_abi::nt_export;

use crate::memory::Shared;
use crate::object::{self, Stored, TypeInfo};
use crate::ring::{RxRings, TxRings};
use crate::{Result, Status};

use direction::Direction;
pub use notifier::Notifier;
use notifier::Target;

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
pub trait Rings: Direction {}

impl Rings for RxRings {}
impl Rings for TxRings {}

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
            context.notifier.tie(Target { queue, notify: <Q::Rings as Direction>::notify });
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
            context.notifier.want(enabled != 0);
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
