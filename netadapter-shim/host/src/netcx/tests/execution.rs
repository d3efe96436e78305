//! Execution contexts of a driver, and what runs there.

use super::fake_driver::{kmdf, net, nic, started, wait_until};
use super::traffic::frame;
use crate::executive::{TestMachine, processor, system};
use crate::netcx::SendRequest;
use netadapter_abi::net::*;
use netadapter_abi::nt::{DISPATCH_LEVEL, PASSIVE_LEVEL, STATUS_SUCCESS};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::WDFDEVICE;
use parking_lot::Mutex;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering};

/// The fake driver's execution context.
#[derive(Default)]
pub struct FakeContext {
    /// Whether the driver makes one, for all its queues.
    wanted: AtomicBool,
    without_notification: AtomicBool,
    handle: AtomicUsize,
    armed: AtomicBool,
    /// How many more times the callback before queues says that it had something to do.
    work: AtomicUsize,
    /// How many more times a task queues itself.
    repeats: AtomicIsize,
    steps: Mutex<Vec<String>>,
}

/// That of the caller's machine.
pub fn fake() -> &'static FakeContext {
    system().subsystem()
}

impl FakeContext {
    /// Null if the queues have contexts of their own.
    pub fn handle(&self) -> NETEXECUTIONCONTEXT {
        self.handle.load(Ordering::Relaxed) as NETEXECUTIONCONTEXT
    }

    /// The context has called something.
    pub fn step(&self, step: &str) {
        if self.wanted.load(Ordering::Relaxed) {
            self.steps.lock().push(step.to_owned());
        }
    }

    fn take_steps(&self) -> Vec<String> {
        std::mem::take(&mut *self.steps.lock())
    }

    /// The device interrupts.
    pub fn notify(&self) {
        if self.armed.swap(false, Ordering::SeqCst) {
            net!(NetExecutionContextNotify: PFN_NETEXECUTIONCONTEXTNOTIFY(self.handle()));
        }
    }

    /// Makes the context if it is wanted.
    pub fn create(&self, device: WDFDEVICE) {
        if !self.wanted.load(Ordering::Relaxed) {
            return;
        }
        let mut config = NET_EXECUTION_CONTEXT_CONFIG {
            EvtPreAdvance: Some(before),
            EvtPostAdvance: Some(after),
            ..NET_EXECUTION_CONTEXT_CONFIG::init(Some(set_notification_enabled))
        };
        if self.without_notification.load(Ordering::Relaxed) {
            config.EvtSetNotificationEnabled = None;
        }
        let mut context: NETEXECUTIONCONTEXT = null_mut();
        let status = net!(NetExecutionContextCreate: PFN_NETEXECUTIONCONTEXTCREATE(
            device, &config, null_mut(), &mut context,
        ));
        assert_eq!(status, STATUS_SUCCESS);
        self.handle.store(context as usize, Ordering::Relaxed);
    }
}

nt_export! {
    unsafe fn before(_context: NETEXECUTIONCONTEXT) -> u8 {
        fake().step("before");
        u8::from(fake().work.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            left.checked_sub(1)
        }).is_ok())
    }

    unsafe fn after(_context: NETEXECUTIONCONTEXT) -> u8 {
        fake().step("after");
        0
    }

    unsafe fn set_notification_enabled(_context: NETEXECUTIONCONTEXT, enabled: u8) {
        fake().step(if enabled == 0 { "disarm" } else { "arm" });
        fake().armed.store(enabled != 0, Ordering::SeqCst);
    }

    unsafe fn run_task(_task: NETEXECUTIONCONTEXTTASK) {
        assert_eq!(processor().irql(), PASSIVE_LEVEL);
        fake().step("task");
    }

    unsafe fn run_again(task: NETEXECUTIONCONTEXTTASK) {
        fake().step("task");
        if fake().repeats.fetch_sub(1, Ordering::SeqCst) > 0 {
            enqueue(task);
        }
    }

    unsafe fn delete_itself(task: NETEXECUTIONCONTEXTTASK) {
        delete(task);
        fake().step("task");
    }

    unsafe fn wait_for_other(_task: NETEXECUTIONCONTEXTTASK) {
        let other = new_task(run_task);
        enqueue(other);
        wait(other);
    }
}

fn new_task(
    callback: netadapter_abi::nt_fn!(fn(NETEXECUTIONCONTEXTTASK)),
) -> NETEXECUTIONCONTEXTTASK {
    let mut config = NET_EXECUTION_CONTEXT_TASK_CONFIG::init(Some(callback));
    let mut task: NETEXECUTIONCONTEXTTASK = null_mut();
    let status = net!(NetExecutionContextTaskCreate: PFN_NETEXECUTIONCONTEXTTASKCREATE(
        fake().handle(), null_mut(), &mut config, &mut task,
    ));
    assert_eq!(status, STATUS_SUCCESS);
    task
}

fn delete(task: NETEXECUTIONCONTEXTTASK) {
    kmdf!(WdfObjectDelete: PFN_WDFOBJECTDELETE(task.cast()));
}

fn enqueue(task: NETEXECUTIONCONTEXTTASK) {
    net!(NetExecutionContextTaskEnqueue: PFN_NETEXECUTIONCONTEXTTASKENQUEUE(task));
}

fn wait(task: NETEXECUTIONCONTEXTTASK) {
    net!(NetExecutionContextTaskWaitCompletion: PFN_NETEXECUTIONCONTEXTTASKWAITCOMPLETION(task));
}

/// What the context called from one EvtPreAdvance to the next, without notifications.
fn rounds(steps: &[String]) -> Vec<Vec<&str>> {
    let calls: Vec<&str> = steps.iter().map(String::as_str).collect();
    calls
        .split(|step| *step == "before")
        .skip(1)
        .map(|round| {
            let calls = round.iter().filter(|step| !step.ends_with("arm"));
            calls.copied().collect()
        })
        .collect()
}

#[test]
fn queues_of_a_drivers_context_have_their_turn_between_its_callbacks() {
    let machine = TestMachine::new(2);
    machine.run(|system| {
        fake().wanted.store(true, Ordering::Relaxed);
        let (driver, device, adapter) = started(system);
        let edge = adapter.upper_edge().clone();
        edge.send(&SendRequest {
            frame: &frame(7),
            ..SendRequest::default()
        })
        .unwrap();
        for number in 0..50 {
            nic().deliver(u32::from(number % 2), &frame(number));
        }
        let received = || edge.snapshot().packets.iter().sum::<u64>() == 50;
        wait_until("all frames", || received() && !nic().sent.lock().is_empty());
        drop(edge);
        drop(adapter);
        device.remove();
        driver.unload();
        let steps = fake().take_steps();
        let all = ["Tx0", "Rx0", "Rx1", "after"];
        for round in rounds(&steps) {
            let expected: Vec<_> = all
                .into_iter()
                .filter(|step| round.contains(step))
                .collect();
            assert_eq!(round, expected);
            assert_eq!(round.last(), Some(&"after"));
        }
        assert!(rounds(&steps).contains(&all.to_vec()), "{steps:?}");
    });
}

#[test]
fn a_context_polls_as_long_as_the_driver_has_something_to_do_and_rests_after_arming() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        fake().wanted.store(true, Ordering::Relaxed);
        let _started = started(system);
        wait_until("rest", || fake().armed.load(Ordering::SeqCst));
        fake().take_steps();
        fake().work.store(5, Ordering::Relaxed);
        fake().notify();
        wait_until("rest", || fake().armed.load(Ordering::SeqCst));
        let steps = fake().take_steps();
        assert_eq!(steps[0], "disarm");
        // Five rounds with work and one without, arming, and another one.
        assert_eq!(rounds(&steps).len(), 7);
        let arms = steps.iter().filter(|step| *step == "arm").count();
        assert_eq!((arms, steps.last().unwrap().as_str()), (1, "after"));
    });
}

#[test]
fn tasks_run_on_the_worker_and_may_queue_themselves() {
    let machine = TestMachine::new(2);
    machine.run(|system| {
        fake().wanted.store(true, Ordering::Relaxed);
        let _started = started(system);
        let task = new_task(run_again);
        // Nothing to wait for yet.
        wait(task);
        fake().repeats.store(2, Ordering::SeqCst);
        enqueue(task);
        wait(task);
        let runs = || {
            fake()
                .steps
                .lock()
                .iter()
                .filter(|step| *step == "task")
                .count()
        };
        assert_eq!(runs(), 3);
        delete(task);
        let task = new_task(delete_itself);
        enqueue(task);
        wait_until("the task", || runs() == 4);
    });
}

/// The rule that a driver with its own context breaks.
fn rule_of(broken: fn()) -> &'static str {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(move |system| {
        fake().wanted.store(true, Ordering::Relaxed);
        let _started = started(system);
        broken();
    });
    finding.rule
}

#[test]
fn a_task_that_waits_to_run_is_not_queued_again() {
    let rule = rule_of(|| {
        let task = new_task(run_task);
        processor().raise_irql(DISPATCH_LEVEL);
        enqueue(task);
        enqueue(task);
    });
    assert_eq!(rule, "INVALID_EXECUTION_CONTEXT_TASK");
}

#[test]
fn a_task_does_not_wait_for_another_one_of_its_context() {
    let rule = rule_of(|| {
        let task = new_task(wait_for_other);
        enqueue(task);
        wait(task);
    });
    assert_eq!(rule, "WAIT_ON_OWN_EXECUTION_CONTEXT");
}

#[test]
fn a_context_can_be_notified() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|system| {
        fake().wanted.store(true, Ordering::Relaxed);
        fake().without_notification.store(true, Ordering::Relaxed);
        let _started = started(system);
    });
    assert_eq!(finding.rule, "INVALID_EXECUTION_CONTEXT_CONFIG");
}
