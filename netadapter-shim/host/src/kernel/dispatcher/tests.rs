//! Waits, called as a driver calls them.

use super::functions::*;
use super::timer::*;
use crate::executive::{Finding, System, TestMachine, spawn, system, yield_now};
use core::ffi::c_void;
use netadapter_abi::nt::{KDPC, KEVENT, KTIMER, NTSTATUS, PVOID, STATUS_SUCCESS, STATUS_TIMEOUT};
use netadapter_abi::nt_export;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

const NOTIFICATION: i32 = 0;
const SYNCHRONIZATION: i32 = 1;
const WAIT_ALL: i32 = 0;
const WAIT_ANY: i32 = 1;

/// Memory of an object that lives on.
fn memory<T>(value: T) -> *mut T {
    Box::leak(Box::new(value))
}

fn event(kind: i32) -> *mut KEVENT {
    let event = memory(KEVENT::zeroed());
    // SAFETY: memory of an event.
    unsafe { KeInitializeEvent(event, kind, 0) };
    event
}

fn set(event: *mut KEVENT) -> i32 {
    // SAFETY: an initialised event, as everywhere here.
    unsafe { KeSetEvent(event, 0, 0) }
}

/// A semaphore or a mutex has less than 64 bytes.
fn room() -> *mut c_void {
    memory([0_u64; 8]).cast()
}

fn wait(object: *mut c_void, timeout: Option<i64>) -> NTSTATUS {
    let timeout = timeout.as_ref().map_or(null(), std::ptr::from_ref);
    // SAFETY: an initialised object and a timeout that outlives the call.
    unsafe { KeWaitForSingleObject(object, 0, 0, 0, timeout) }
}

fn wait_for(objects: &[PVOID], kind: i32, timeout: Option<i64>) -> NTSTATUS {
    let timeout = timeout.as_ref().map_or(null(), std::ptr::from_ref);
    let count = objects.len() as u32;
    // SAFETY: as above; without wait blocks, for at most three objects.
    unsafe { KeWaitForMultipleObjects(count, objects.as_ptr(), kind, 0, 0, 0, timeout, null_mut()) }
}

fn run<T: Send + 'static>(work: impl FnOnce(&'static System) -> T + Send + 'static) -> T {
    TestMachine::new(1).run(work)
}

fn finding_of(work: impl FnOnce() + Send + 'static) -> Finding {
    TestMachine::new(1).finding_of(move |_| work())
}

#[test]
fn a_synchronization_event_releases_one_waiter_and_a_notification_event_all() {
    for (kind, expected) in [(SYNCHRONIZATION, 1), (NOTIFICATION, 3)] {
        let released = run(move |system| {
            let event = event(kind) as usize;
            let released = Arc::new(AtomicU32::new(0));
            for _ in 0..3 {
                let released = released.clone();
                spawn(system, "waiter", 0, move || {
                    wait(event as PVOID, None);
                    released.fetch_add(1, Ordering::Relaxed);
                });
            }
            yield_now();
            set(event as *mut KEVENT);
            // A wait is satisfied by the event's being set, whatever happens to it afterwards.
            // SAFETY: an initialised event.
            unsafe { KeClearEvent(event as *mut KEVENT) };
            yield_now();
            yield_now();
            released.load(Ordering::Relaxed)
        });
        assert_eq!(released, expected);
    }
}

#[test]
fn a_wait_for_any_ends_with_the_place_of_the_first_that_is_signalled() {
    run(|_| {
        let events = [NOTIFICATION, SYNCHRONIZATION].map(event);
        let objects = events.map(|event| event.cast());
        assert_eq!(wait_for(&objects, WAIT_ANY, Some(0)), STATUS_TIMEOUT);
        set(events[1]);
        assert_eq!(wait_for(&objects, WAIT_ANY, None), 1);
        assert_eq!(wait_for(&objects, WAIT_ANY, Some(0)), STATUS_TIMEOUT);
        set(events[0]);
        set(events[1]);
        assert_eq!(wait_for(&objects, WAIT_ANY, None), 0);
    });
}

#[test]
fn a_wait_for_all_takes_nothing_before_it_can_take_everything() {
    run(|system| {
        let events = [SYNCHRONIZATION, SYNCHRONIZATION].map(event);
        let objects = events.map(|event| event as usize);
        let ended = Arc::new(AtomicU32::new(0));
        let note = ended.clone();
        let waiter = spawn(system, "waiter", 0, move || {
            wait_for(&objects.map(|object| object as PVOID), WAIT_ALL, None);
            note.store(1, Ordering::Relaxed);
        });
        yield_now();
        set(events[0]);
        yield_now();
        assert_eq!(ended.load(Ordering::Relaxed), 0);
        // The first event is still there for others.
        assert_eq!(wait(events[0].cast(), Some(0)), STATUS_SUCCESS);
        set(events[1]);
        set(events[0]);
        waiter.join();
        for event in events {
            assert_eq!(wait(event.cast(), Some(0)), STATUS_TIMEOUT);
        }
    });
}

#[test]
fn a_wait_with_a_timeout_ends_in_time_and_leaves_nothing_behind() {
    run(|_| {
        let event = event(SYNCHRONIZATION);
        assert_eq!(wait(event.cast(), Some(-10_000)), STATUS_TIMEOUT);
        set(event);
        assert_eq!(wait(event.cast(), Some(-10_000)), STATUS_SUCCESS);
    });
}

#[test]
fn a_semaphore_lets_as_many_through_as_it_has_counts() {
    run(|_| {
        let semaphore = room();
        // SAFETY: memory of a semaphore.
        unsafe { KeInitializeSemaphore(semaphore, 1, 3) };
        // SAFETY: an initialised semaphore.
        assert_eq!(unsafe { KeReleaseSemaphore(semaphore, 0, 2, 0) }, 1);
        for _ in 0..3 {
            assert_eq!(wait(semaphore, Some(0)), STATUS_SUCCESS);
        }
        assert_eq!(wait(semaphore, Some(0)), STATUS_TIMEOUT);
    });
    let finding = finding_of(|| {
        let semaphore = room();
        // SAFETY: memory of a semaphore.
        unsafe { KeInitializeSemaphore(semaphore, 1, 1) };
        // SAFETY: one count too many, which is what is tested.
        unsafe { KeReleaseSemaphore(semaphore, 0, 1, 0) };
    });
    assert_eq!(finding.rule, "SEMAPHORE_LIMIT_EXCEEDED");
}

#[test]
fn a_mutex_belongs_to_one_thread_that_may_take_it_again() {
    run(|system| {
        let mutex = room();
        // SAFETY: memory of a mutex.
        unsafe { KeInitializeMutex(mutex, 0) };
        for _ in 0..2 {
            assert_eq!(wait(mutex, Some(0)), STATUS_SUCCESS);
        }
        let address = mutex as usize;
        let other = spawn(system, "other", 0, move || {
            assert_eq!(wait(address as PVOID, Some(0)), STATUS_TIMEOUT);
            wait(address as PVOID, None);
            // SAFETY: the thread has the mutex.
            unsafe { KeReleaseMutex(address as *mut c_void, 0) };
        });
        yield_now();
        for state in [-1, 0] {
            // SAFETY: the thread has the mutex twice.
            assert_eq!(unsafe { KeReleaseMutex(mutex, 0) }, state);
        }
        other.join();
    });
    let finding = finding_of(|| {
        let mutex = room();
        // SAFETY: memory of a mutex.
        unsafe { KeInitializeMutex(mutex, 0) };
        // SAFETY: the thread does not have it, which is what is tested.
        unsafe { KeReleaseMutex(mutex, 0) };
    });
    assert_eq!(finding.rule, "MUTEX_NOT_OWNED");
}

#[test]
fn waits_name_initialised_objects_and_not_too_many() {
    let finding = finding_of(|| {
        wait(room(), None);
    });
    assert_eq!(finding.rule, "NOT_A_DISPATCHER_OBJECT");
    let finding = finding_of(|| {
        let objects = [event(NOTIFICATION).cast(); 4];
        wait_for(&objects, WAIT_ANY, Some(0));
    });
    assert_eq!(finding.rule, "MAXIMUM_WAIT_OBJECTS_EXCEEDED");
    let finding = TestMachine::new(1).finding_of(|system| {
        let event = event(NOTIFICATION) as usize;
        spawn(system, "waiter", 0, move || {
            wait(event as PVOID, None);
        });
        yield_now();
        // SAFETY: a thread waits for the event, which is what is tested.
        unsafe { KeInitializeEvent(event as *mut KEVENT, NOTIFICATION, 0) };
    });
    assert_eq!(finding.rule, "OBJECT_INITIALIZED_WHILE_WAITED_ON");
}

nt_export! {
    unsafe fn count(_dpc: *mut KDPC, context: PVOID, _first: PVOID, _second: PVOID) {
        // SAFETY: the tests give a counter that lives on.
        let counter = unsafe { &*context.cast::<AtomicU32>() };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

fn timer(kind: i32) -> *mut KTIMER {
    let timer = memory(KTIMER::zeroed());
    // SAFETY: memory of a timer.
    unsafe { KeInitializeTimerEx(timer, kind) };
    timer
}

/// A DPC that counts, and its counter.
fn counting_dpc() -> (*mut KDPC, &'static AtomicU32) {
    let counter: &'static AtomicU32 = Box::leak(Box::default());
    let dpc = memory(KDPC::zeroed());
    let context = std::ptr::from_ref(counter).cast_mut().cast();
    // SAFETY: memory of a DPC, and a counter that lives on.
    unsafe { crate::kernel::dpc::KeInitializeDpc(dpc, Some(count), context) };
    (dpc, counter)
}

#[test]
fn a_timer_is_signalled_and_queues_its_dpc_when_it_is_due() {
    run(|_| {
        let (dpc, runs) = counting_dpc();
        let timer = timer(NOTIFICATION);
        // SAFETY: an initialised timer and DPC.
        assert_eq!(unsafe { KeSetTimer(timer, -10_000, dpc) }, 0);
        wait(timer.cast(), None);
        crate::executive::flush_dpcs(system());
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        // SAFETY: an initialised timer.
        assert_eq!(unsafe { KeReadStateTimer(timer) }, 1);
        // SAFETY: as above.
        assert_eq!(unsafe { KeCancelTimer(timer) }, 0, "it is not set any more");
        // SAFETY: as above: due in an hour.
        unsafe { KeSetTimer(timer, -36_000_000_000, dpc) };
        // SAFETY: as above.
        assert_eq!(unsafe { KeReadStateTimer(timer) }, 0);
        // SAFETY: as above.
        assert_eq!(unsafe { KeCancelTimer(timer) }, 1);
    });
}

#[test]
fn a_periodic_timer_goes_on_until_it_is_cancelled() {
    run(|_| {
        let (dpc, runs) = counting_dpc();
        let timer = timer(SYNCHRONIZATION);
        // SAFETY: an initialised timer and DPC: at once, then each millisecond.
        unsafe { KeSetTimerEx(timer, 0, 1, dpc) };
        for _ in 0..3 {
            wait(timer.cast(), None);
        }
        // SAFETY: an initialised timer.
        assert_eq!(unsafe { KeCancelTimer(timer) }, 1);
        crate::executive::flush_dpcs(system());
        assert!(runs.load(Ordering::Relaxed) >= 3);
    });
}

#[test]
fn equal_waits_end_in_the_order_in_which_they_began() {
    let order = run(|system| {
        let event = event(SYNCHRONIZATION) as usize;
        let order = Arc::new(Mutex::new(Vec::new()));
        let threads: Vec<_> = (0..4)
            .map(|number| {
                let order = order.clone();
                spawn(system, "waiter", 0, move || {
                    wait(event as PVOID, None);
                    order.lock().unwrap().push(number);
                    set(event as *mut KEVENT);
                })
            })
            .collect();
        yield_now();
        set(event as *mut KEVENT);
        threads.iter().for_each(|thread| thread.join());
        order.lock().unwrap().clone()
    });
    assert_eq!(order, [0, 1, 2, 3]);
}
