//! What an execution context polls.

use std::cell::UnsafeCell;
use std::sync::Arc;

/// When a client has its turn in an iteration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::netcx) enum Turn {
    /// The driver's EvtPreAdvance.
    Before,
    /// Packet queues.
    Advance,
    /// The driver's EvtPostAdvance.
    After,
}

/// One that is polled. All calls come from one context at a time.
pub(in crate::netcx) trait PollClient: Send + Sync {
    /// When it has its turn.
    fn turn(&self) -> Turn {
        Turn::Advance
    }
    /// One full iteration; whether there was anything to do.
    ///
    /// IRQL: DISPATCH_LEVEL or below.
    fn iterate(&self) -> bool;
    /// Asks the driver for a notification; whether there is one to wait for.
    ///
    /// IRQL: DISPATCH_LEVEL or below.
    fn arm(&self) -> bool;
    /// Tells the driver that polling goes on, if it wants to know.
    ///
    /// IRQL: DISPATCH_LEVEL or below.
    fn disarm(&self) {}
}

/// The clients of one context, in the order of their turns.
///
/// # Invariants
/// Only whoever holds the context's right to poll touches the list.
pub(super) struct Clients(UnsafeCell<Vec<Arc<dyn PollClient>>>);

// SAFETY: see the type's invariants; the right to poll has one holder at a time and orders them.
unsafe impl Sync for Clients {}

impl Clients {
    pub(super) fn new(clients: Vec<Arc<dyn PollClient>>) -> Self {
        Self(UnsafeCell::new(clients))
    }

    fn all(&self) -> &[Arc<dyn PollClient>] {
        // SAFETY: by the type's invariants nobody changes the list meanwhile: clients have no way
        // to it, and the driver's callbacks only wait for tasks that run later.
        unsafe { &*self.0.get() }
    }

    /// Adds a client behind those that have their turn with it. In a task.
    pub(super) fn add(&self, client: Arc<dyn PollClient>) {
        // SAFETY: as in `all`.
        let clients = unsafe { &mut *self.0.get() };
        let position = clients.partition_point(|other| other.turn() <= client.turn());
        clients.insert(position, client);
    }

    /// Takes a client out. In a task.
    pub(super) fn remove(&self, client: &Arc<dyn PollClient>) {
        // SAFETY: as in `all`.
        let clients = unsafe { &mut *self.0.get() };
        clients.retain(|other| !Arc::ptr_eq(other, client));
    }

    /// One iteration of all; whether any of them had something to do.
    pub(super) fn iterate(&self) -> bool {
        self.all()
            .iter()
            .fold(false, |worked, client| client.iterate() | worked)
    }

    /// Asks all for notifications; whether there is any to wait for.
    pub(super) fn arm(&self) -> bool {
        self.all()
            .iter()
            .fold(false, |armed, client| client.arm() | armed)
    }

    pub(super) fn disarm(&self) {
        self.all().iter().for_each(|client| client.disarm());
    }
}
