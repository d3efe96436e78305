//! The rules of processors, seen from driver code.

use super::test_machine::TestMachine;
use super::*;
use netadapter_abi::nt::{DISPATCH_LEVEL, PASSIVE_LEVEL};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Runs a test on a free-running machine, and on machines of some seeds.
fn on_every_machine(processors: u32, test: impl Fn(&TestMachine)) {
    test(&TestMachine::new(processors));
    for seed in 0..40 {
        test(&TestMachine::deterministic(processors, seed));
    }
}

/// Gives interrupts that are under way the time to arrive.
fn await_interrupts() {
    stall(100_000);
    processor().serve();
}

/// An IRQL of devices.
const DEVICE_IRQL: u8 = 8;

#[test]
fn a_dpc_runs_on_its_target_processor_at_dispatch_level() {
    on_every_machine(3, |machine| {
        let seen = machine.run(|system| {
            let done = Arc::new(Event::new(EventKind::Notification, false));
            let seen = Arc::new(AtomicU64::new(0));
            let (note, finished) = (seen.clone(), done.clone());
            let dpc = HostDpc::new(move || {
                let place = u64::from(processor().index()) << 8 | u64::from(processor().irql());
                note.store(place, Ordering::Relaxed);
                finished.set();
            });
            dpc.set_target(Some(2));
            assert!(dpc.queue(system));
            done.wait();
            seen.load(Ordering::Relaxed)
        });
        assert_eq!(seen, 2 << 8 | u64::from(DISPATCH_LEVEL));
        assert_eq!(
            machine
                .system()
                .topology()
                .processor(2)
                .unwrap()
                .counters()
                .dpcs
                .load(Ordering::Relaxed),
            1
        );
    });
}

#[test]
fn a_dpc_waits_until_the_irql_falls_below_dispatch_level() {
    on_every_machine(1, |machine| {
        let order = machine.run(|system| {
            let runs = Arc::new(AtomicU64::new(0));
            let count = runs.clone();
            let dpc = HostDpc::new(move || {
                count.fetch_add(1, Ordering::Relaxed);
            });
            let old = processor().raise_irql(DISPATCH_LEVEL);
            dpc.queue(system);
            processor().serve();
            let held_back = runs.load(Ordering::Relaxed);
            processor().lower_irql(old);
            (held_back, runs.load(Ordering::Relaxed), processor().irql())
        });
        assert_eq!(order, (0, 1, PASSIVE_LEVEL));
    });
}

#[test]
fn an_interrupt_preempts_a_dpc_but_not_its_own_irql() {
    on_every_machine(1, |machine| {
        let counts = machine.run(|system| {
            let runs = Arc::new(AtomicU64::new(0));
            let count = runs.clone();
            let interrupt = Interrupt::new(DEVICE_IRQL, 0, move || {
                assert_eq!(processor().irql(), DEVICE_IRQL);
                count.fetch_add(1, Ordering::Relaxed);
            });
            interrupt.raise(system);
            processor().serve();
            let disconnected = runs.load(Ordering::Relaxed);
            interrupt.connect();
            let masked = interrupt.synchronize(|| {
                interrupt.raise(system);
                interrupt.raise(system);
                processor().serve();
                runs.load(Ordering::Relaxed)
            });
            await_interrupts();
            let old = processor().raise_irql(DISPATCH_LEVEL);
            interrupt.raise(system);
            await_interrupts();
            let at_dispatch = runs.load(Ordering::Relaxed);
            processor().lower_irql(old);
            (disconnected, masked, at_dispatch)
        });
        assert_eq!(counts, (0, 0, 2));
    });
}

#[test]
fn a_thread_sleeps_until_another_processor_signals_it() {
    on_every_machine(2, |machine| {
        let outcome = machine.run(|system| {
            let event = Arc::new(Event::new(EventKind::Synchronization, false));
            let late = event.wait_for(Some(1_000_000));
            let setter = event.clone();
            let other = spawn(system, "setter", 1, move || {
                assert_eq!(processor().index(), 1);
                setter.set();
            });
            event.wait();
            other.join();
            (late, event.is_set(), processor().index())
        });
        assert_eq!(outcome, (WaitOutcome::TimedOut, false, 0));
    });
}

#[test]
fn a_synchronization_event_releases_one_waiter_for_each_signal() {
    on_every_machine(2, |machine| {
        machine.run(|system| {
            let event = Arc::new(Event::new(EventKind::Synchronization, false));
            let threads: Vec<_> = (0..4)
                .map(|index| {
                    let event = event.clone();
                    spawn(system, "waiter", index % 2, move || event.wait())
                })
                .collect();
            for _ in 0..4 {
                while event.is_set() {
                    yield_now();
                }
                event.set();
            }
            threads.iter().for_each(|thread| thread.join());
        });
    });
}

#[test]
fn a_thread_that_migrates_runs_on_the_other_processor() {
    on_every_machine(2, |machine| {
        let places = machine.run(|_| {
            let before = processor().index();
            thread::migrate(1);
            (before, processor().index())
        });
        assert_eq!(places, (0, 1));
    });
}

#[test]
fn spin_locks_keep_processors_apart() {
    on_every_machine(3, |machine| {
        let total = machine.run(|system| {
            let lock = Arc::new(SpinLock::default());
            let counter = Arc::new(AtomicU64::new(0));
            let threads: Vec<_> = (0..3)
                .map(|index| {
                    let (lock, counter) = (lock.clone(), counter.clone());
                    spawn(system, "counter", index, move || {
                        for _ in 0..500 {
                            let old = processor().raise_irql(DISPATCH_LEVEL);
                            lock.acquire(system, index);
                            let value = counter.load(Ordering::Relaxed);
                            counter.store(value + 1, Ordering::Relaxed);
                            assert!(lock.release(index));
                            processor().lower_irql(old);
                        }
                    })
                })
                .collect();
            threads.iter().for_each(|thread| thread.join());
            counter.load(Ordering::Relaxed)
        });
        assert_eq!(total, 1500);
    });
}

#[test]
fn flushing_waits_for_dpcs_of_all_processors() {
    on_every_machine(3, |machine| {
        let runs = machine.run(|system| {
            let runs = Arc::new(AtomicU64::new(0));
            for index in 0..3 {
                let count = runs.clone();
                let dpc = HostDpc::new(move || {
                    count.fetch_add(1, Ordering::Relaxed);
                });
                dpc.set_target(Some(index));
                dpc.queue(system);
            }
            flush_dpcs(system);
            runs.load(Ordering::Relaxed)
        });
        assert_eq!(runs, 3);
    });
}

#[test]
fn a_wait_at_dispatch_level_stops_the_machine_and_names_the_rule() {
    let finding = TestMachine::new(2).finding_of(|_| {
        processor().raise_irql(DISPATCH_LEVEL);
        Event::new(EventKind::Notification, false).wait();
    });
    assert_eq!(
        (finding.rule, finding.processor, finding.irql),
        ("WAIT_AT_DISPATCH", 0, 2)
    );
    assert!(finding.to_string().contains("KeWaitForSingleObject"));
}
