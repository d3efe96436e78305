//! Frames through the host, both ways.

use super::fake_driver::{nic, started, wait_until};
use crate::executive::TestMachine;
use crate::netcx::set_upper_edge_options;
use crate::pnp::AssignedResources;
use crate::upper_edge::{FrameSink, UpperEdgeOptions};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::Ordering;

#[derive(Default)]
pub struct Collector {
    pub delivered: Mutex<Vec<(u32, Vec<u8>)>>,
    pub discarded: Mutex<Vec<(u32, Vec<u8>)>>,
}

impl FrameSink for Collector {
    fn delivered(&self, queue: u32, frame: &[u8]) {
        self.delivered.lock().push((queue, frame.to_vec()));
    }

    fn discarded(&self, queue: u32, frame: &[u8]) {
        self.discarded.lock().push((queue, frame.to_vec()));
    }
}

pub fn frame(number: u16) -> Vec<u8> {
    let mut frame = vec![0_u8; 100];
    frame[20..22].copy_from_slice(&number.to_be_bytes());
    frame
}

#[test]
fn every_frame_is_delivered_in_order_and_every_buffer_comes_back() {
    let machine = TestMachine::new(2);
    let collector = Arc::new(Collector::default());
    let sink = collector.clone();
    machine.run(move |system| {
        set_upper_edge_options(
            system,
            UpperEdgeOptions {
                sink,
                ..Default::default()
            },
        );
        let (_driver, device, adapter) = started(system);
        for number in 0..1000 {
            nic().deliver(u32::from(number % 2), &frame(number));
        }
        wait_until("all frames", || {
            adapter.upper_edge().snapshot().packets.iter().sum::<u64>() == 1000
        });
        wait_until("all answers", || nic().sent.lock().len() == 124);
        assert_eq!(nic().returned.load(Ordering::Relaxed), 1000);
        let snapshot = adapter.upper_edge().snapshot();
        assert_eq!(
            (snapshot.queues[0].packets, snapshot.queues[1].packets),
            (500, 500)
        );
        assert_eq!(snapshot.sends.submitted, 124, "one of eight in each queue");
        device.stop();
    });
    let delivered = collector.delivered.lock();
    for queue in 0..2 {
        let numbers: Vec<u16> = delivered
            .iter()
            .filter(|(on, _)| *on == queue)
            .map(|(_, frame)| u16::from_be_bytes([frame[20], frame[21]]))
            .collect();
        assert_eq!(numbers, (queue as u16..1000).step_by(2).collect::<Vec<_>>());
    }
    assert!(collector.discarded.lock().is_empty());
}

#[test]
fn frames_that_arrive_during_a_stop_are_received_after_the_start() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let (_driver, device, adapter) = started(system);
        nic().deliver(0, &frame(0));
        wait_until("a frame", || {
            adapter.upper_edge().snapshot().packets[0] == 1
        });
        device.stop();
        assert_eq!(adapter.upper_edge().blackout_ns(), None);
        nic().deliver(0, &frame(1));
        device.start(AssignedResources::default()).unwrap();
        wait_until("the frame", || {
            adapter.upper_edge().snapshot().packets[0] == 2
        });
        assert!(adapter.upper_edge().blackout_ns().is_some());
        device.stop();
    });
}

#[test]
fn sends_wait_while_the_adapter_is_stopped_and_leave_in_order() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let (_driver, device, adapter) = started(system);
        let edge = adapter.upper_edge();
        edge.transmit(&frame(0)).unwrap();
        wait_until("the first frame", || nic().sent.lock().len() == 1);
        device.stop();
        for number in 1..20 {
            edge.transmit(&frame(number)).unwrap();
        }
        assert_eq!(nic().sent.lock().len(), 1);
        device.start(AssignedResources::default()).unwrap();
        wait_until("all frames", || nic().sent.lock().len() == 20);
        let sent: Vec<_> = nic().sent.lock().clone();
        assert_eq!(sent, (0..20).map(frame).collect::<Vec<_>>());
        wait_until("completion", || edge.snapshot().sends.completed == 20);
        device.stop();
    });
}

#[test]
fn a_frame_that_is_too_long_is_passed_as_ignored_and_completes() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let (_driver, device, adapter) = started(system);
        adapter.upper_edge().transmit(&[0; 1515]).unwrap();
        adapter.upper_edge().transmit(&[0; 1514]).unwrap();
        wait_until("both", || {
            adapter.upper_edge().snapshot().sends.completed == 2
        });
        assert_eq!(nic().sent.lock().len(), 1);
        device.stop();
    });
}

#[test]
fn a_transmit_queue_gives_held_packets_back_when_it_is_cancelled() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        nic().transmit_held.store(true, Ordering::Relaxed);
        let (_driver, device, adapter) = started(system);
        for number in 0..100 {
            adapter.upper_edge().transmit(&frame(number)).unwrap();
        }
        wait_until("a poll", || {
            adapter.upper_edge().snapshot().sends.submitted == 100
        });
        device.stop();
        let sends = adapter.upper_edge().snapshot().sends;
        assert!(sends.completed <= sends.submitted);
        nic().transmit_held.store(false, Ordering::Relaxed);
        device.start(AssignedResources::default()).unwrap();
        wait_until("all", || {
            adapter.upper_edge().snapshot().sends.completed == 100
        });
        device.stop();
    });
}
