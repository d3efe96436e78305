//! Receive side scaling from the processors' side.

use super::fake_driver::{nic, started, wait_until};
use crate::executive::{System, TestMachine};
use crate::pnp::AssignedResources;
use std::sync::atomic::Ordering;

fn add_processor(system: &'static System, index: u32) {
    let processor = system.announce_processor(index).unwrap();
    system.start_processor(processor).unwrap();
}

fn milestones(system: &System, name: &str) -> Vec<Option<u32>> {
    let all = system.timeline().snapshot();
    all.iter()
        .filter(|milestone| milestone.name == name)
        .map(|m| m.processor)
        .collect()
}

#[test]
fn a_new_processor_gets_its_share_of_the_table_and_of_the_queues() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let (_driver, device, adapter) = started(system);
        let edge = adapter.upper_edge();
        assert_eq!(edge.snapshot().indirection, [Some(0); 4]);
        add_processor(system, 1);
        edge.processors_changed();
        let after = edge.snapshot();
        assert_eq!(after.indirection_entries, 8);
        let share = after
            .indirection
            .iter()
            .filter(|&&entry| entry == Some(1))
            .count();
        assert_eq!(share, 4);
        assert_eq!(edge.entries_moved(), 4);
        assert_eq!(milestones(system, "rss_set").len(), 2);
        nic().deliver(1, &[0; 60]);
        wait_until("a frame on queue 1", || edge.snapshot().packets[1] == 1);
        let queues = nic().queues.lock();
        let queue = queues
            .values()
            .find(|queue| queue.receives && queue.id == 1)
            .unwrap();
        assert_eq!(queue.polled_on.load(Ordering::Relaxed), 2);
        drop(queues);
        assert_eq!(milestones(system, "first_packet"), [Some(1)]);
        device.stop();
    });
}

#[test]
fn more_queues_after_a_restart_are_used_by_more_processors() {
    let machine = TestMachine::new(2);
    machine.run(|system| {
        let (_driver, device, adapter) = started(system);
        add_processor(system, 2);
        add_processor(system, 3);
        adapter.upper_edge().processors_changed();
        assert_eq!(
            adapter.upper_edge().snapshot().indirection_entries,
            8,
            "two queues only"
        );
        let before = adapter.upper_edge().entries_moved();
        device.stop();
        nic().scaling_queues.store(4, Ordering::Relaxed);
        device.start(AssignedResources::default()).unwrap();
        let after = adapter.upper_edge().snapshot();
        assert_eq!(after.receive_queues, 4);
        for processor in 0..4 {
            let share = after
                .indirection
                .iter()
                .filter(|&&entry| entry == Some(processor))
                .count();
            assert_eq!(share, 4);
        }
        assert_eq!(
            after.entries_moved - before,
            8,
            "half of the sixteen entries"
        );
        device.stop();
    });
}
