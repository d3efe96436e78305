//! Received frames in buffers of the driver and of the system, kept by the stack or not.

use super::fake_driver::{Fault, ReceiveMode, nic, started, wait_until};
use super::traffic::{Collector, frame};
use crate::executive::{System, TestMachine, yield_now};
use crate::netcx::set_upper_edge_options;
use crate::upper_edge::{Keep, UpperEdgeOptions};
use std::sync::Arc;
use std::sync::atomic::Ordering;

const MODES: [ReceiveMode; 4] = [
    ReceiveMode::Driver,
    ReceiveMode::System,
    ReceiveMode::SystemDma,
    ReceiveMode::Ring,
];

/// How many frames a run receives.
const FRAMES: u16 = 300;

fn options(sink: Arc<Collector>, keep: Option<Keep>) -> UpperEdgeOptions {
    UpperEdgeOptions {
        sink,
        reply_every: None,
        keep,
        ..UpperEdgeOptions::default()
    }
}

fn use_mode(system: &System, mode: ReceiveMode, keep: Option<Keep>) -> Arc<Collector> {
    let collector = Arc::new(Collector::default());
    set_upper_edge_options(system, options(collector.clone(), keep));
    *nic().receive_mode.lock() = mode;
    nic().scaling_queues.store(1, Ordering::Relaxed);
    collector
}

/// Receives frames with one queue; those that were delivered.
fn run(mode: ReceiveMode, fragment_bytes: usize, keep: Option<Keep>) -> Vec<Vec<u8>> {
    let machine = TestMachine::new(1);
    machine.run(move |system| {
        let before = system.memory().free_bytes();
        let collector = use_mode(system, mode, keep);
        nic()
            .fragment_bytes
            .store(fragment_bytes, Ordering::Relaxed);
        let (driver, device, adapter) = started(system);
        for number in 0..FRAMES {
            nic().deliver(0, &frame(number));
        }
        let edge = adapter.upper_edge().clone();
        wait_until("all frames", || {
            edge.return_kept();
            edge.snapshot().queues[0].packets == u64::from(FRAMES)
        });
        if mode == ReceiveMode::Driver {
            let fragments = frame(0).len().div_ceil(fragment_bytes);
            let all = u64::from(FRAMES) * fragments as u64;
            wait_until("all buffers", || {
                edge.return_kept();
                nic().returned.load(Ordering::Relaxed) == all
            });
        }
        drop((edge, adapter));
        device.remove();
        driver.unload();
        assert_eq!(system.memory().free_bytes(), before);
        let delivered = collector.delivered.lock();
        delivered.iter().map(|(_, frame)| frame.clone()).collect()
    })
}

fn expected() -> Vec<Vec<u8>> {
    (0..FRAMES).map(frame).collect()
}

#[test]
fn frames_arrive_in_every_mode_and_all_memory_comes_back() {
    for mode in MODES {
        assert_eq!(run(mode, usize::MAX, None), expected(), "{mode:?}");
    }
}

#[test]
fn a_frame_may_lie_in_several_fragments() {
    for mode in MODES {
        assert_eq!(run(mode, 33, None), expected(), "{mode:?}");
    }
}

#[test]
fn frames_that_the_stack_keeps_come_back_in_any_order_and_none_is_lost() {
    let keep = Keep {
        one_in: 2,
        at_most: 20,
        seed: 7,
    };
    for mode in MODES {
        assert_eq!(run(mode, 40, Some(keep)), expected(), "{mode:?}");
    }
}

#[test]
fn rings_run_dry_when_the_stack_keeps_everything_and_a_stop_gets_it_all_back() {
    let keep = Keep {
        one_in: 1,
        at_most: u32::MAX,
        seed: 1,
    };
    for mode in MODES {
        let machine = TestMachine::new(1);
        machine.run(move |system| {
            use_mode(system, mode, Some(keep));
            let (_driver, device, adapter) = started(system);
            for number in 0..FRAMES {
                nic().deliver(0, &frame(number));
            }
            let edge = adapter.upper_edge();
            // The ring has 64 elements, one of which stays free.
            wait_until("a dry ring", || edge.snapshot().queues[0].packets == 63);
            for _ in 0..100 {
                yield_now();
            }
            assert_eq!(edge.snapshot().queues[0].packets, 63, "{mode:?}");
            edge.return_kept();
            wait_until("more frames", || edge.snapshot().queues[0].packets == 126);
            // What the stack has comes back before the queue is cancelled; polling goes on, and
            // frames that still arrive are recycled unseen.
            device.stop();
            assert_eq!(edge.snapshot().queues[0].packets, 126);
            if mode == ReceiveMode::Driver {
                assert_eq!(nic().returned.load(Ordering::Relaxed), u64::from(FRAMES));
            }
        });
    }
}

/// The rule that a driver breaks that receives a frame with this fault and then another one.
fn rule_of(mode: ReceiveMode, fault: Fault) -> &'static str {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(move |system| {
        use_mode(system, mode, None);
        *nic().fault.lock() = Some(fault);
        let _started = started(system);
        loop {
            nic().deliver(0, &frame(0));
            yield_now();
        }
    });
    finding.rule
}

#[test]
fn bytes_behind_a_buffers_capacity_belong_to_the_system() {
    for mode in [
        ReceiveMode::System,
        ReceiveMode::SystemDma,
        ReceiveMode::Ring,
    ] {
        let rule = rule_of(mode, Fault::WritesBehindCapacity);
        assert_eq!(rule, "RECEIVE_BUFFER_OVERRUN", "{mode:?}");
    }
}

#[test]
fn a_data_buffer_that_the_system_never_gave_is_noticed() {
    let rule = rule_of(ReceiveMode::Ring, Fault::InventsDataBuffer);
    assert_eq!(rule, "DATA_BUFFER_NOT_OWNED");
}

#[test]
fn a_buffer_that_came_back_is_not_written_any_more() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|system| {
        use_mode(system, ReceiveMode::SystemDma, None);
        let (_driver, _device, adapter) = started(system);
        nic().deliver(0, &frame(0));
        let edge = adapter.upper_edge();
        wait_until("a frame", || edge.snapshot().queues[0].packets == 1);
        let buffer = nic().last_buffer.load(Ordering::Relaxed) as *mut u8;
        // SAFETY: the buffer is the machine's memory; only the rules forbid the write.
        unsafe { buffer.write(1) };
        loop {
            nic().deliver(0, &frame(0));
            yield_now();
        }
    });
    assert_eq!(finding.rule, "RECEIVE_BUFFER_WRITTEN_AFTER_RETURN");
}

#[test]
fn a_frame_that_the_stack_keeps_does_not_change() {
    for mode in MODES {
        let machine = TestMachine::new(1);
        let finding = machine.finding_of(move |system| {
            let keep = Keep {
                one_in: 1,
                at_most: 8,
                seed: 0,
            };
            use_mode(system, mode, Some(keep));
            let (_driver, _device, adapter) = started(system);
            nic().deliver(0, &frame(0));
            let edge = adapter.upper_edge();
            wait_until("a frame", || edge.snapshot().queues[0].packets == 1);
            let buffer = nic().last_buffer.load(Ordering::Relaxed) as *mut u8;
            // SAFETY: the buffer lives on; only the rules forbid the write.
            unsafe { buffer.write(1) };
            edge.return_kept();
            loop {
                yield_now();
            }
        });
        assert_eq!(
            finding.rule, "RECEIVE_BUFFER_WRITTEN_WHILE_KEPT",
            "{mode:?}"
        );
    }
}
