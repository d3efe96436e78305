//! Push locks and critical regions.

use super::exports;
use super::rules;
use crate::executive::{
    Event, EventKind, apcs_disabled, current_thread_object, disable_apcs, enable_apcs,
    require_irql, system, violation,
};
use netadapter_abi::nt::{APC_LEVEL, BOOLEAN};
use netadapter_abi::nt_export;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// Who has a lock, and who wants it.
#[derive(Default)]
struct Holders {
    /// The thread that has it alone.
    owner: Option<usize>,
    /// The threads that share it, each as often as it acquired it.
    sharers: Vec<usize>,
    /// Threads that wait to have it alone.
    exclusive_waiters: usize,
}

/// An initialised push lock.
struct PushLock {
    holders: Mutex<Holders>,
    /// Set when somebody has released the lock.
    released: Event,
}

/// Push locks by the address of the driver's structure.
#[derive(Default)]
struct PushLocks(Mutex<HashMap<usize, Arc<PushLock>>>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Exclusive,
    Shared,
}

impl PushLock {
    fn new() -> Self {
        Self {
            holders: Mutex::default(),
            released: Event::new(EventKind::Notification, false),
        }
    }

    fn try_acquire(&self, access: Access, thread: usize) -> bool {
        let mut holders = self.holders.lock();
        let holders = &mut *holders;
        let is_free = match access {
            Access::Exclusive => holders.owner.is_none() && holders.sharers.is_empty(),
            // A sharer gets it again even if somebody waits to have it alone.
            Access::Shared => {
                holders.owner.is_none()
                    && (holders.exclusive_waiters == 0 || holders.sharers.contains(&thread))
            }
        };
        match access {
            _ if !is_free => self.released.clear(),
            Access::Exclusive => {
                holders.owner = Some(thread);
                true
            }
            Access::Shared => {
                holders.sharers.push(thread);
                true
            }
        };
        is_free
    }

    fn acquire(&self, access: Access, thread: usize) {
        let is_exclusive = access == Access::Exclusive;
        if is_exclusive {
            self.holders.lock().exclusive_waiters += 1;
        }
        while !self.try_acquire(access, thread) {
            self.released.wait();
        }
        if is_exclusive {
            self.holders.lock().exclusive_waiters -= 1;
        }
    }

    /// Whether the thread had it.
    fn release(&self, access: Access, thread: usize) -> bool {
        let mut holders = self.holders.lock();
        let had = match access {
            Access::Exclusive => {
                let had = holders.owner == Some(thread);
                holders.owner = holders.owner.filter(|_| !had);
                had
            }
            Access::Shared => {
                let place = holders.sharers.iter().position(|&sharer| sharer == thread);
                place
                    .map(|place| holders.sharers.swap_remove(place))
                    .is_some()
            }
        };
        drop(holders);
        self.released.set();
        had
    }

    /// Whether the thread may not ask for it: it would wait for itself.
    fn would_hang(&self, access: Access, thread: usize) -> bool {
        let holders = self.holders.lock();
        holders.owner == Some(thread)
            || access == Access::Exclusive && holders.sharers.contains(&thread)
    }
}

fn lock(function: &str, address: usize) -> Arc<PushLock> {
    require_irql(function, APC_LEVEL);
    if apcs_disabled() == 0 {
        violation(
            &rules::PUSH_LOCK_WITH_APCS_ENABLED,
            format!("{function} outside of a critical region"),
        );
    }
    let locks = system().subsystem::<PushLocks>();
    let found = locks.0.lock().get(&address).cloned();
    found.unwrap_or_else(|| {
        violation(
            &rules::PUSH_LOCK_NOT_INITIALIZED,
            format!("{function}: {address:#x} was never initialised"),
        )
    })
}

fn acquire(function: &str, address: usize, access: Access) {
    let (lock, thread) = (lock(function, address), current_thread_object());
    if lock.would_hang(access, thread) {
        violation(
            &rules::PUSH_LOCK_ACQUIRED_AGAIN,
            format!("{function}: the thread has the lock at {address:#x}"),
        );
    }
    lock.acquire(access, thread);
}

fn try_acquire(function: &str, address: usize, access: Access) -> BOOLEAN {
    let lock = lock(function, address);
    BOOLEAN::from(lock.try_acquire(access, current_thread_object()))
}

fn release(function: &str, address: usize, access: Access) {
    if !lock(function, address).release(access, current_thread_object()) {
        violation(
            &rules::PUSH_LOCK_NOT_OWNED,
            format!("{function}: the thread does not have the lock at {address:#x}"),
        );
    }
}

/// The current thread's routine has returned.
pub(super) fn check_thread_end() {
    let regions = apcs_disabled();
    if regions != 0 {
        violation(
            &rules::APC_INDEX_MISMATCH,
            format!("a system thread ends in {regions} critical regions"),
        );
    }
}

nt_export! {
    unsafe fn ExInitializePushLock(lock: *mut usize) {
        // SAFETY: the caller gives room for the lock.
        unsafe { lock.write(0) };
        let locks = system().subsystem::<PushLocks>();
        locks.0.lock().insert(lock as usize, Arc::new(PushLock::new()));
    }

    unsafe fn ExAcquirePushLockExclusiveEx(lock: *mut usize, _flags: u32) {
        acquire("ExAcquirePushLockExclusive", lock as usize, Access::Exclusive);
    }

    unsafe fn ExAcquirePushLockSharedEx(lock: *mut usize, _flags: u32) {
        acquire("ExAcquirePushLockShared", lock as usize, Access::Shared);
    }

    unsafe fn ExTryAcquirePushLockExclusiveEx(lock: *mut usize, _flags: u32) -> BOOLEAN {
        try_acquire("ExTryAcquirePushLockExclusive", lock as usize, Access::Exclusive)
    }

    unsafe fn ExTryAcquirePushLockSharedEx(lock: *mut usize, _flags: u32) -> BOOLEAN {
        try_acquire("ExTryAcquirePushLockShared", lock as usize, Access::Shared)
    }

    unsafe fn ExReleasePushLockExclusiveEx(lock: *mut usize, _flags: u32) {
        release("ExReleasePushLockExclusive", lock as usize, Access::Exclusive);
    }

    unsafe fn ExReleasePushLockSharedEx(lock: *mut usize, _flags: u32) {
        release("ExReleasePushLockShared", lock as usize, Access::Shared);
    }

    unsafe fn KeEnterCriticalRegion() {
        require_irql("KeEnterCriticalRegion", APC_LEVEL);
        disable_apcs();
    }

    unsafe fn KeLeaveCriticalRegion() {
        require_irql("KeLeaveCriticalRegion", APC_LEVEL);
        if !enable_apcs() {
            violation(
                &rules::APC_INDEX_MISMATCH,
                "KeLeaveCriticalRegion without KeEnterCriticalRegion on this thread".into(),
            );
        }
    }

    unsafe fn KeAreApcsDisabled() -> BOOLEAN {
        BOOLEAN::from(apcs_disabled() != 0)
    }
}

exports! {
    ExInitializePushLock, ExAcquirePushLockExclusiveEx, ExAcquirePushLockSharedEx,
    ExTryAcquirePushLockExclusiveEx, ExTryAcquirePushLockSharedEx, ExReleasePushLockExclusiveEx,
    ExReleasePushLockSharedEx, KeEnterCriticalRegion, KeLeaveCriticalRegion, KeAreApcsDisabled,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executive::{Finding, System, TestMachine, processor, spawn, yield_now};
    use std::sync::atomic::{AtomicU32, Ordering};

    /// The address of a lock that lives on.
    fn new_lock() -> usize {
        let lock: &'static mut usize = Box::leak(Box::new(7));
        // SAFETY: the lock lives on.
        unsafe { ExInitializePushLock(lock) };
        std::ptr::from_mut(lock) as usize
    }

    fn enter() {
        // SAFETY: a kernel function without arguments.
        unsafe { KeEnterCriticalRegion() };
    }

    fn leave() {
        // SAFETY: a kernel function without arguments.
        unsafe { KeLeaveCriticalRegion() };
    }

    fn finding_of(work: impl FnOnce() + Send + 'static) -> Finding {
        TestMachine::new(1).finding_of(move |_: &'static System| work())
    }

    #[test]
    fn an_exclusive_holder_keeps_all_others_out() {
        let total = TestMachine::new(3).run(|system| {
            let address = new_lock();
            let total = Arc::new(AtomicU32::new(0));
            let threads: Vec<_> = (0..6)
                .map(|number| {
                    let total = total.clone();
                    spawn(system, "contender", number % 3, move || {
                        for _ in 0..100 {
                            enter();
                            acquire("test", address, Access::Exclusive);
                            let value = total.load(Ordering::Relaxed);
                            yield_now();
                            total.store(value + 1, Ordering::Relaxed);
                            release("test", address, Access::Exclusive);
                            leave();
                        }
                    })
                })
                .collect();
            threads.iter().for_each(|thread| thread.join());
            total.load(Ordering::Relaxed)
        });
        assert_eq!(total, 600);
    }

    #[test]
    fn sharers_come_together_until_somebody_waits_to_be_alone() {
        let order = TestMachine::new(1).run(|system| {
            let address = new_lock();
            enter();
            acquire("test", address, Access::Shared);
            acquire("test", address, Access::Shared);
            let writer = spawn(system, "writer", 0, move || {
                enter();
                acquire("test", address, Access::Exclusive);
                release("test", address, Access::Exclusive);
                leave();
            });
            yield_now();
            let late = Arc::new(AtomicU32::new(0));
            let note = late.clone();
            let reader = spawn(system, "reader", 0, move || {
                enter();
                note.store(
                    1 + u32::from(try_acquire("test", address, Access::Shared)),
                    Ordering::Relaxed,
                );
                leave();
            });
            reader.join();
            let again = try_acquire("test", address, Access::Shared);
            (0..3).for_each(|_| release("test", address, Access::Shared));
            writer.join();
            leave();
            (late.load(Ordering::Relaxed), again)
        });
        assert_eq!(
            order,
            (1, 1),
            "the late reader is refused, the early one is not"
        );
    }

    #[test]
    fn critical_regions_nest_and_belong_to_their_thread() {
        let seen = TestMachine::new(1).run(|system| {
            enter();
            enter();
            let other = Arc::new(AtomicU32::new(9));
            let note = other.clone();
            let other_thread = spawn(system, "other", 0, move || {
                // SAFETY: a kernel function without arguments.
                let disabled = unsafe { KeAreApcsDisabled() };
                note.store(disabled.into(), Ordering::Relaxed);
            });
            other_thread.join();
            leave();
            // SAFETY: as above.
            let inside = unsafe { KeAreApcsDisabled() };
            leave();
            // SAFETY: as above.
            let outside = unsafe { KeAreApcsDisabled() };
            (other.load(Ordering::Relaxed), inside, outside)
        });
        assert_eq!(seen, (0, 1, 0));
    }

    #[test]
    fn misuse_is_found_by_name() {
        let alone = finding_of(|| acquire("test", new_lock(), Access::Exclusive));
        assert_eq!(alone.rule, "PUSH_LOCK_WITH_APCS_ENABLED");
        let unknown = finding_of(|| {
            enter();
            acquire("test", 0x1000, Access::Shared);
        });
        assert_eq!(unknown.rule, "PUSH_LOCK_NOT_INITIALIZED");
        let again = finding_of(|| {
            enter();
            let address = new_lock();
            acquire("test", address, Access::Shared);
            acquire("test", address, Access::Exclusive);
        });
        assert_eq!(again.rule, "PUSH_LOCK_ACQUIRED_AGAIN");
        let foreign = finding_of(|| {
            enter();
            release("test", new_lock(), Access::Exclusive);
        });
        assert_eq!(foreign.rule, "PUSH_LOCK_NOT_OWNED");
        assert_eq!(finding_of(leave).rule, "APC_INDEX_MISMATCH");
        let high = finding_of(|| {
            processor().raise_irql(2);
            enter();
        });
        assert_eq!(high.rule, "IRQL_TOO_HIGH");
    }
}
