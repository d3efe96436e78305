//! What a packet queue is made from, and what its handle means.

use super::PacketQueue;
use crate::executive::{System, current_thread_id, processor};
use crate::netcx::adapter::Adapter;
use crate::netcx::execution::{DriverContext, ExecutionContext, PollClient};
use crate::netcx::receive::{KeptFrames, Receiver};
use crate::netcx::transmit::Transmitter;
use crate::wdf;
use netadapter_abi::net::{
    NETEXECUTIONCONTEXT, NETPACKETQUEUE, PFN_PACKET_QUEUE_CANCEL,
    PFN_PACKET_QUEUE_SET_NOTIFICATION_ENABLED, PFN_PACKET_QUEUE_START, PFN_PACKET_QUEUE_STOP,
};
use netadapter_abi::nt::{NTSTATUS, STATUS_DELETE_PENDING};
use netadapter_abi::nt_fn;
use netadapter_abi::wdf::WDFOBJECT;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

/// Which way packets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::netcx) enum Direction {
    Transmit,
    Receive,
}

impl Direction {
    pub(in crate::netcx) fn name(self) -> &'static str {
        match self {
            Self::Transmit => "transmit",
            Self::Receive => "receive",
        }
    }
}

/// What a queue creation callback may make: a `NETTXQUEUE_INIT` or `NETRXQUEUE_INIT`.
pub(in crate::netcx) struct QueueInit {
    pub(in crate::netcx) adapter: Arc<Adapter>,
    pub(in crate::netcx) direction: Direction,
    pub(in crate::netcx) id: u32,
    thread: usize,
    taken: AtomicBool,
    pub(in crate::netcx) created: Mutex<Option<ActiveQueue>>,
}

impl QueueInit {
    pub(in crate::netcx) fn new(adapter: Arc<Adapter>, direction: Direction, id: u32) -> Arc<Self> {
        Arc::new(Self {
            adapter,
            direction,
            id,
            thread: current_thread_id(),
            taken: AtomicBool::new(false),
            created: Mutex::default(),
        })
    }

    pub(in crate::netcx) fn is_on_its_thread(&self) -> bool {
        self.thread == current_thread_id()
    }

    /// Whether no queue was made from it yet; the caller makes one now.
    pub(in crate::netcx) fn take(&self) -> bool {
        !self.taken.swap(true, Ordering::AcqRel)
    }
}

/// The callbacks of a queue.
#[derive(Clone, Copy)]
pub(in crate::netcx) struct QueueCallbacks {
    pub(in crate::netcx) start: PFN_PACKET_QUEUE_START,
    pub(in crate::netcx) stop: PFN_PACKET_QUEUE_STOP,
    pub(in crate::netcx) advance: nt_fn!(fn(NETPACKETQUEUE)),
    /// A queue of a driver's execution context has none.
    pub(in crate::netcx) set_notification_enabled: PFN_PACKET_QUEUE_SET_NOTIFICATION_ENABLED,
    /// A transmit queue of a driver's execution context may have none.
    pub(in crate::netcx) cancel: PFN_PACKET_QUEUE_CANCEL,
    /// Handle of the driver's execution context; 0: the queue has its own.
    pub(in crate::netcx) context: usize,
}

/// The system's side of the rings.
pub(in crate::netcx) enum Translation {
    Transmit(Transmitter),
    Receive(Receiver),
}

impl Translation {
    pub(super) fn kept(&self) -> Option<Arc<KeptFrames>> {
        match self {
            Self::Transmit(_) => None,
            Self::Receive(receiver) => Some(receiver.kept().clone()),
        }
    }
}

/// Whose an execution context is.
#[derive(Clone, Copy)]
enum Owner {
    /// The queue's: it ends with it.
    Queue,
    /// The driver's, with the handle that the queue references.
    Driver(usize),
}

/// A queue with its execution context.
#[derive(Clone)]
pub(in crate::netcx) struct ActiveQueue {
    pub(in crate::netcx) queue: Arc<PacketQueue>,
    pub(in crate::netcx) context: Arc<ExecutionContext>,
    owner: Owner,
}

impl ActiveQueue {
    /// Lets the driver's execution context poll the queue, or one of its own.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    ///
    /// # Errors
    /// `STATUS_DELETE_PENDING` if the driver is deleting the context.
    pub(in crate::netcx) fn new(
        system: &'static System,
        queue: Arc<PacketQueue>,
    ) -> Result<Self, NTSTATUS> {
        let handle = queue.callbacks.context;
        if handle == 0 {
            let clients: Vec<Arc<dyn PollClient>> = vec![queue.clone()];
            return Ok(Self {
                queue,
                context: ExecutionContext::new(system, processor().index(), clients),
                owner: Owner::Queue,
            });
        }
        let context =
            DriverContext::of(handle as NETEXECUTIONCONTEXT).ok_or(STATUS_DELETE_PENDING)?;
        wdf::reference(handle as WDFOBJECT);
        context.register(queue.clone());
        Ok(Self {
            queue,
            context,
            owner: Owner::Driver(handle),
        })
    }

    /// Nobody polls the queue, which is stopped, once this returns.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub(in crate::netcx) fn leave(&self) {
        match self.owner {
            Owner::Queue => self.context.end(),
            Owner::Driver(handle) => {
                let client: Arc<dyn PollClient> = self.queue.clone();
                self.context.unregister(&client);
                wdf::dereference(handle as WDFOBJECT);
            }
        }
    }

    /// The stack returns all frames that it keeps.
    pub(in crate::netcx) fn return_kept(&self) {
        if self.queue.return_kept() {
            self.context.notify();
        }
    }
}

/// What a NETPACKETQUEUE is to the host. It outlives the queue, so it holds nothing of it.
pub(in crate::netcx) struct QueueObject {
    pub(in crate::netcx) direction: Direction,
    pub(in crate::netcx) queue: Weak<PacketQueue>,
    pub(in crate::netcx) context: Weak<ExecutionContext>,
}
