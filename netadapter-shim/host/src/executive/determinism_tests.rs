//! Claims about deterministic machines: equal seeds run equally, and order that only some seeds
//! bring is found.

use super::test_machine::TestMachine;
use super::*;
use netadapter_abi::nt::DISPATCH_LEVEL;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Three threads on three processors that count, with or without a lock; the count.
fn count(machine: &TestMachine, rounds: u64, locked: bool) -> u64 {
    machine.run(move |system| {
        let lock = Arc::new(SpinLock::default());
        let counter = Arc::new(AtomicU64::new(0));
        let threads: Vec<_> = (0..3)
            .map(|index| {
                let (lock, counter) = (lock.clone(), counter.clone());
                spawn(system, "counter", index, move || {
                    for _ in 0..rounds {
                        let old = processor().raise_irql(DISPATCH_LEVEL);
                        if locked {
                            lock.acquire(system, index);
                        }
                        let value = counter.load(Ordering::Relaxed);
                        processor().preemption_point();
                        counter.store(value + 1, Ordering::Relaxed);
                        if locked {
                            assert!(lock.release(index));
                        }
                        processor().lower_irql(old);
                    }
                })
            })
            .collect();
        threads.iter().for_each(|thread| thread.join());
        counter.load(Ordering::Relaxed)
    })
}

fn trace(machine: &TestMachine) -> Trace {
    let conductor = machine.system().conductor();
    conductor.expect("the machine is deterministic").trace()
}

#[test]
fn equal_seeds_give_equal_traces_and_other_seeds_other_ones() {
    let run = |seed| {
        let machine = TestMachine::deterministic(3, seed);
        count(&machine, 20, true);
        trace(&machine)
    };
    let mut digests = BTreeSet::new();
    for seed in 0..100 {
        let (one, two) = (run(seed), run(seed));
        assert_eq!(one.bytes(), two.bytes(), "seed {seed}");
        digests.insert(one.digest());
    }
    assert!(digests.len() > 50, "{} distinct traces", digests.len());
}

#[test]
fn a_counter_without_lock_loses_counts_in_some_orders_and_the_seed_shows_it_again() {
    let counts = |seed| count(&TestMachine::deterministic(3, seed), 4, false);
    let wrong = (0..100).find(|&seed| counts(seed) != 12);
    let wrong = wrong.expect("one of 100 seeds shows it");
    assert_eq!(counts(wrong), counts(wrong));
    assert!((0..100).all(|seed| count(&TestMachine::deterministic(3, seed), 4, true) == 12));
}

/// Two threads that take two locks, in opposite order.
fn cross(first: impl Fn() + Send + 'static, second: impl Fn() + Send + 'static) {
    let one = spawn(system(), "first then second", 0, first);
    let two = spawn(system(), "second then first", 1, second);
    one.join();
    two.join();
}

#[test]
fn threads_that_wait_for_each_other_are_a_finding_that_names_them() {
    let run = |seed| {
        let machine = TestMachine::deterministic(2, seed);
        let system = machine.system();
        run_passive(system, "test", || {
            let locks: Arc<[Event; 2]> =
                Arc::new([0, 1].map(|_| Event::new(EventKind::Synchronization, true)));
            let take = |order: [usize; 2]| {
                let locks = locks.clone();
                move || {
                    order.iter().for_each(|&lock| locks[lock].wait());
                    order.iter().for_each(|&lock| {
                        locks[lock].set();
                    });
                }
            };
            cross(take([0, 1]), take([1, 0]));
        });
        system.finding()
    };
    let (seed, finding) = (0..100)
        .find_map(|seed| run(seed).map(|finding| (seed, finding)))
        .expect("one of 100 seeds brings the locks across each other");
    assert_eq!(finding.rule, "DEADLOCK");
    for part in [
        "test has not ended",
        "\"first then second\" on processor 0 waits for an event",
        "\"second then first\" on processor 1 waits for an event",
    ] {
        assert!(finding.detail.contains(part), "{finding}");
    }
    let again = run(seed).expect("the same seed finds it again");
    assert_eq!(finding.detail, again.detail);
}

#[test]
fn processors_that_spin_for_each_other_are_a_finding_that_names_the_locks_holders() {
    let run = |seed| {
        let machine = TestMachine::deterministic(2, seed);
        let system = machine.system();
        run_passive(system, "test", move || {
            let locks: Arc<[SpinLock; 2]> = Arc::default();
            let take = |order: [usize; 2]| {
                let locks = locks.clone();
                move || {
                    let index = processor().index();
                    let old = processor().raise_irql(DISPATCH_LEVEL);
                    for lock in order {
                        locks[lock].acquire(system, index);
                    }
                    for lock in order {
                        locks[lock].release(index);
                    }
                    processor().lower_irql(old);
                }
            };
            cross(take([0, 1]), take([1, 0]));
        });
        system.finding()
    };
    let finding = (0..100)
        .find_map(run)
        .expect("one of 100 seeds brings the locks across each other");
    assert_eq!(finding.rule, "LIVELOCK");
    for part in [
        "processor 0 spins for a spin lock that processor 1 holds",
        "processor 1 spins for a spin lock that processor 0 holds",
    ] {
        assert!(finding.detail.contains(part), "{finding}");
    }
}

#[test]
fn virtual_time_passes_without_waiting_for_it() {
    let machine = TestMachine::deterministic(1, 0);
    let day_ns = 86_400_000_000_000;
    let passed = machine.run(move |system| {
        let start = system.clock().now_ns();
        Event::new(EventKind::Notification, false).wait_for(Some(day_ns));
        stall(day_ns);
        system.clock().now_ns() - start
    });
    assert!(passed >= 2 * day_ns);
}

#[test]
fn a_stall_at_dispatch_level_ends_although_a_dpc_waits() {
    let machine = TestMachine::deterministic(1, 0);
    let runs = machine.run(|system| {
        let runs = Arc::new(AtomicU64::new(0));
        let count = runs.clone();
        let dpc = HostDpc::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        let old = processor().raise_irql(DISPATCH_LEVEL);
        dpc.queue(system);
        stall(100_000);
        let before = runs.load(Ordering::Relaxed);
        processor().lower_irql(old);
        (before, runs.load(Ordering::Relaxed))
    });
    assert_eq!(runs, (0, 1));
}

#[test]
fn a_wait_from_outside_that_nothing_can_end_is_a_finding() {
    let machine = TestMachine::deterministic(1, 0);
    let never = Event::new(EventKind::Notification, false);
    machine.system().wait_outside(&never);
    let finding = machine.system().finding().expect("the machine stopped");
    assert_eq!(finding.rule, "DEADLOCK");
}
