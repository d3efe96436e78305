//! Objects that threads wait for: events, semaphores, mutexes, timers, threads.
//!
//! As on Windows, one lock protects the state of all of them, and whoever signals an object
//! satisfies the waits that it can satisfy, oldest first, before it lets the lock go.

mod functions;
mod timer;

#[cfg(test)]
mod tests;

pub(in crate::kernel) use functions::exports;
pub(in crate::kernel) use timer::{Timers, exports as timer_exports};

use super::rules;
use crate::executive::{
    Event, EventKind, WaitOutcome, current_thread_object, disable_apcs, enable_apcs, system,
    violation,
};
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Stays signalled: a notification event or timer, or a thread.
    Notification,
    /// Releases one waiter and is not signalled any more: a synchronization event or timer.
    Synchronization,
    /// Releases one waiter for each of its counts, of which it never has more than its limit.
    Semaphore {
        /// The limit.
        limit: i32,
    },
    /// Belongs to one thread, which may take it again.
    Mutex,
}

struct Object {
    kind: Kind,
    /// Signalled if greater than 0. A mutex has 1, less the number of times that it was taken.
    state: i32,
    /// The thread that has the mutex.
    owner: Option<usize>,
    waiters: VecDeque<Arc<Waiter>>,
}

/// One wait of a thread.
struct Waiter {
    thread: usize,
    objects: Vec<usize>,
    /// Whether it is for all the objects, not for any.
    all: bool,
    /// The place of the object that ended it. Changed under the lock of the objects only.
    satisfied: Mutex<Option<usize>>,
    event: Event,
}

/// The objects by address.
type Objects = HashMap<usize, Object>;

/// All objects.
#[derive(Default)]
pub(super) struct Dispatcher(Mutex<Objects>);

impl Object {
    fn is_free_for(&self, thread: usize) -> bool {
        self.state > 0 || self.kind == Kind::Mutex && self.owner == Some(thread)
    }

    /// What a satisfied wait of `thread` does to it; whether the thread has a mutex now that it had
    /// not before.
    fn take(&mut self, thread: usize) -> bool {
        match self.kind {
            Kind::Notification => false,
            Kind::Synchronization => {
                self.state = 0;
                false
            }
            Kind::Semaphore { .. } => {
                self.state -= 1;
                false
            }
            Kind::Mutex => {
                self.state -= 1;
                self.owner.replace(thread).is_none()
            }
        }
    }
}

/// The place of the object that ends a wait, if the wait can end.
fn satisfying(objects: &Objects, wanted: &[usize], all: bool, thread: usize) -> Option<usize> {
    let is_free = |address: &usize| {
        let object = objects.get(address);
        object.is_some_and(|object| object.is_free_for(thread))
    };
    if all {
        wanted.iter().all(is_free).then_some(0)
    } else {
        wanted.iter().position(is_free)
    }
}

/// Takes what a wait gets that `place` ends.
fn take(objects: &mut Objects, wanted: &[usize], all: bool, place: usize, thread: usize) {
    let taken = if all { wanted } else { &wanted[place..=place] };
    for address in taken {
        if let Some(object) = objects.get_mut(address) {
            object.take(thread);
        }
    }
}

/// Ends the waits that `address` satisfies now.
fn satisfy_waiters(objects: &mut Objects, address: usize) {
    let mut next = 0;
    while let Some(waiter) = objects
        .get(&address)
        .filter(|object| object.state > 0)
        .and_then(|object| object.waiters.get(next).cloned())
    {
        let (wanted, all) = (&waiter.objects, waiter.all);
        let Some(place) = satisfying(objects, wanted, all, waiter.thread) else {
            next += 1;
            continue;
        };
        take(objects, wanted, all, place, waiter.thread);
        forget(objects, &waiter);
        *waiter.satisfied.lock() = Some(place);
        waiter.event.set();
    }
}

fn forget(objects: &mut Objects, waiter: &Arc<Waiter>) {
    for address in &waiter.objects {
        if let Some(object) = objects.get_mut(address) {
            object.waiters.retain(|other| !Arc::ptr_eq(other, waiter));
        }
    }
}

impl Dispatcher {
    /// Makes the object at `address` anew.
    pub(super) fn insert(&self, address: usize, kind: Kind, state: i32) {
        let object = Object {
            kind,
            state,
            owner: None,
            waiters: VecDeque::new(),
        };
        let before = self.0.lock().insert(address, object);
        if before.is_some_and(|before| !before.waiters.is_empty()) {
            violation(
                &rules::OBJECT_INITIALIZED_WHILE_WAITED_ON,
                format!("threads wait for {address:#x}"),
            );
        }
    }

    /// Forgets the objects in a range of addresses; one of them that threads wait for, if there is
    /// one: then none is forgotten.
    pub(super) fn forget_range(&self, range: &Range<usize>) -> Option<usize> {
        let mut objects = self.0.lock();
        let is_waited_for = |(address, object): &(&usize, &Object)| {
            range.contains(address) && !object.waiters.is_empty()
        };
        if let Some((&address, _)) = objects.iter().find(is_waited_for) {
            return Some(address);
        }
        objects.retain(|address, _| !range.contains(address));
        None
    }

    /// The state of an object; greater than 0 if it is signalled.
    pub(super) fn state(&self, address: usize) -> i32 {
        self.change(address, |_| ()).0
    }

    /// Makes an event, timer or thread signalled, or not; the state before.
    pub(super) fn set(&self, address: usize, signalled: bool) -> i32 {
        let change = |object: &mut Object| object.state = signalled.into();
        self.change(address, change).0
    }

    /// Adds to a semaphore; the state before, or the limit if it would be exceeded.
    fn add(&self, address: usize, count: i32) -> Result<i32, i32> {
        let (before, result) = self.change(address, |object| {
            let Kind::Semaphore { limit } = object.kind else {
                return Err(0);
            };
            match object.state.checked_add(count) {
                Some(state) if count > 0 && state <= limit => {
                    object.state = state;
                    Ok(())
                }
                _ => Err(limit),
            }
        });
        result.map(|()| before)
    }

    /// Gives a mutex back; the state before, or nothing if the thread does not have it.
    fn release(&self, address: usize, thread: usize) -> Option<i32> {
        let (before, last) = self.change(address, |object| {
            if object.kind != Kind::Mutex || object.owner != Some(thread) {
                return None;
            }
            object.state += 1;
            let last = object.state == 1;
            if last {
                object.owner = None;
            }
            Some(last)
        });
        if last? {
            // The acquisition had disabled them.
            enable_apcs();
        }
        Some(before)
    }

    /// Changes an object and ends the waits that it satisfies; its state before.
    fn change<T>(&self, address: usize, change: impl FnOnce(&mut Object) -> T) -> (i32, T) {
        let mut objects = self.0.lock();
        let Some(object) = objects.get_mut(&address) else {
            drop(objects);
            not_an_object(address);
        };
        let before = object.state;
        let result = change(object);
        satisfy_waiters(&mut objects, address);
        (before, result)
    }

    /// A mutex that the thread has.
    pub(super) fn held_mutex(&self, thread: usize) -> Option<usize> {
        let objects = self.0.lock();
        let mut held = objects
            .iter()
            .filter(|(_, object)| object.owner == Some(thread))
            .map(|(address, _)| *address);
        held.next()
    }

    /// Waits for one of the objects, or for all of them; the place of the one that ended the wait,
    /// or nothing if the time ran out.
    ///
    /// IRQL: below DISPATCH_LEVEL; any if the time is 0.
    pub(super) fn wait(
        &self,
        wanted: &[usize],
        all: bool,
        timeout_ns: Option<u64>,
    ) -> Option<usize> {
        let thread = current_thread_object();
        let had = self.mutexes_of(wanted, thread);
        let place = self.wait_as(thread, wanted, all, timeout_ns)?;
        for _ in had..self.mutexes_of(wanted, thread) {
            // As on Windows, a thread that has a mutex gets no normal kernel APCs.
            disable_apcs();
        }
        Some(place)
    }

    fn wait_as(
        &self,
        thread: usize,
        wanted: &[usize],
        all: bool,
        timeout_ns: Option<u64>,
    ) -> Option<usize> {
        let mut objects = self.0.lock();
        if let Some(&unknown) = wanted.iter().find(|address| !objects.contains_key(address)) {
            drop(objects);
            not_an_object(unknown);
        }
        if let Some(place) = satisfying(&objects, wanted, all, thread) {
            take(&mut objects, wanted, all, place, thread);
            return Some(place);
        }
        if timeout_ns == Some(0) {
            return None;
        }
        let waiter = Arc::new(Waiter {
            thread,
            objects: wanted.to_vec(),
            all,
            satisfied: Mutex::new(None),
            event: Event::new(EventKind::Notification, false),
        });
        for address in wanted {
            if let Some(object) = objects.get_mut(address) {
                object.waiters.push_back(waiter.clone());
            }
        }
        drop(objects);
        if waiter.event.wait_for(timeout_ns) == WaitOutcome::TimedOut {
            forget(&mut self.0.lock(), &waiter);
        }
        waiter.satisfied.lock().take()
    }

    fn mutexes_of(&self, wanted: &[usize], thread: usize) -> usize {
        let objects = self.0.lock();
        let is_held = |address: &&usize| {
            let object = objects.get(address);
            object.is_some_and(|object| object.owner == Some(thread))
        };
        wanted.iter().filter(is_held).count()
    }
}

fn not_an_object(address: usize) -> ! {
    violation(
        &rules::NOT_A_DISPATCHER_OBJECT,
        format!("{address:#x} was never initialised"),
    )
}

/// The objects of the caller's machine.
pub(super) fn dispatcher() -> &'static Dispatcher {
    system().subsystem()
}

/// Nanoseconds of a relative or absolute NT time: 100 ns units, relative when negative.
pub(super) fn interval_ns(interval: i64) -> u64 {
    match interval {
        relative @ ..0 => relative.unsigned_abs().saturating_mul(100),
        absolute => {
            let due_ns = absolute.unsigned_abs().saturating_mul(100);
            due_ns.saturating_sub(super::time::system_time_ns())
        }
    }
}
