//! How frames that protocols send reach the driver: as they lie, or bounced.

use super::fake_driver::{SentShape, TransmitShape, nic, started, wait_until};
use super::traffic::frame;
use crate::executive::{PAGE_SIZE, TestMachine};
use crate::netcx::set_upper_edge_options;
use crate::pnp::AssignedResources;
use crate::upper_edge::{SendLayout, UpperEdgeOptions};
use std::sync::atomic::Ordering;

/// How many frames a run sends.
const FRAMES: u16 = 200;

/// Headers apart, as TCP/IP does, and a payload in two parts.
const CUT: SendLayout = SendLayout {
    header_bytes: 54,
    parts: 2,
    shift: 0,
    headroom: usize::MAX,
};

/// Sends frames of 100 bytes; how the driver found them.
fn run(shape: TransmitShape, layout: SendLayout) -> Vec<SentShape> {
    let machine = TestMachine::new(1);
    machine.run(move |system| {
        let options = UpperEdgeOptions {
            send_layout: layout,
            ..UpperEdgeOptions::default()
        };
        set_upper_edge_options(system, options);
        *nic().transmit.lock() = shape;
        let before = system.memory().free_bytes();
        let (driver, device, adapter) = started(system);
        let edge = adapter.upper_edge().clone();
        for number in 0..FRAMES {
            edge.transmit(&frame(number)).unwrap();
        }
        let all = u64::from(FRAMES);
        wait_until("all frames", || edge.snapshot().sends.completed == all);
        drop((edge, adapter));
        device.remove();
        driver.unload();
        assert_eq!(system.memory().free_bytes(), before);
        let sent = std::mem::take(&mut *nic().sent.lock());
        assert_eq!(sent, (0..FRAMES).map(frame).collect::<Vec<_>>());
        std::mem::take(&mut *nic().sent_shapes.lock())
    })
}

/// How all frames of a run were found.
fn all(shape: TransmitShape, layout: SendLayout) -> SentShape {
    let shapes = run(shape, layout);
    assert_eq!(shapes.len(), usize::from(FRAMES));
    assert!(shapes.iter().all(|other| *other == shapes[0]), "{shapes:?}");
    shapes[0]
}

const fn found(fragments: u16, bounced: bool) -> SentShape {
    SentShape { fragments, bounced }
}

#[test]
fn each_memory_descriptor_is_a_fragment() {
    let shape = TransmitShape::default();
    assert_eq!(all(shape, SendLayout::default()), found(1, false));
    assert_eq!(all(shape, CUT), found(3, false));
}

#[test]
fn with_dma_a_fragment_lies_in_one_page_and_no_frame_is_lost() {
    let shape = TransmitShape {
        dma: true,
        ..TransmitShape::default()
    };
    let shapes = run(shape, SendLayout { shift: 40, ..CUT });
    assert!(shapes.iter().all(|shape| shape.fragments >= 3));
    assert!(
        shapes.iter().any(|shape| shape.fragments > 3),
        "a page ends in some part"
    );
}

#[test]
fn a_frame_of_more_fragments_than_the_driver_takes_is_bounced() {
    for dma in [false, true] {
        let shape = TransmitShape {
            dma,
            maximum_fragments: 2,
            ..TransmitShape::default()
        };
        assert_eq!(all(shape, CUT), found(1, true));
    }
}

#[test]
fn a_fragment_that_is_not_aligned_is_bounced() {
    let shape = TransmitShape {
        alignment: 16,
        ..TransmitShape::default()
    };
    let shifted = SendLayout { shift: 8, ..CUT };
    assert_eq!(all(shape, shifted), found(1, true));
    assert_eq!(all(shape, CUT), found(3, false));
}

#[test]
fn memory_that_the_device_does_not_reach_is_bounced() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let low = system.memory().allocate(1 << 20, PAGE_SIZE).unwrap();
        let limit = low.logical_address + (1 << 20) - 1;
        let shape = TransmitShape {
            dma: true,
            ..TransmitShape::default()
        };
        *nic().transmit.lock() = shape;
        let (_driver, device, adapter) = started(system);
        let edge = adapter.upper_edge();
        edge.transmit(&frame(0)).unwrap();
        wait_until("a frame", || edge.snapshot().sends.completed == 1);
        device.stop();
        system.memory().release(low);
        *nic().transmit.lock() = TransmitShape {
            maximum_address: limit,
            ..shape
        };
        device.start(AssignedResources::default()).unwrap();
        edge.transmit(&frame(1)).unwrap();
        wait_until("a frame", || edge.snapshot().sends.completed == 2);
        device.stop();
        assert_eq!(*nic().sent.lock(), [frame(0), frame(1)]);
        assert_eq!(*nic().sent_shapes.lock(), [found(1, false), found(1, true)]);
    });
}

#[test]
fn a_queue_is_not_made_if_no_bounce_buffer_is_in_reach() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        *nic().transmit.lock() = TransmitShape {
            dma: true,
            maximum_address: 1 << 20,
            ..TransmitShape::default()
        };
        let (_driver, device, adapter) = started(system);
        assert!(adapter.datapath().is_none());
        assert!(nic().take_log().contains(&"device failed".to_owned()));
        device.stop();
    });
}

#[test]
fn the_room_in_front_of_a_frame_belongs_to_its_first_fragment() {
    for dma in [false, true] {
        let shape = TransmitShape {
            dma,
            backfill: 20,
            ..TransmitShape::default()
        };
        let shapes = run(shape, CUT);
        assert!(shapes.iter().all(|shape| !shape.bounced));
        let none = SendLayout {
            headroom: 19,
            ..CUT
        };
        assert_eq!(all(shape, none), found(1, true));
    }
}

#[test]
fn translation_waits_for_fragments_and_for_bounce_buffers() {
    let small = TransmitShape {
        ring_hint: 32,
        ..TransmitShape::default()
    };
    let many = SendLayout { parts: 20, ..CUT };
    assert_eq!(all(small, many), found(17, false));
    // More frames wait than there are bounce buffers, and the driver holds them all for a while.
    let machine = TestMachine::new(1);
    machine.run(move |system| {
        let options = UpperEdgeOptions {
            send_layout: CUT,
            ..UpperEdgeOptions::default()
        };
        set_upper_edge_options(system, options);
        *nic().transmit.lock() = TransmitShape {
            maximum_fragments: 1,
            ..TransmitShape::default()
        };
        nic().transmit_held.store(true, Ordering::Relaxed);
        let (_driver, device, adapter) = started(system);
        let edge = adapter.upper_edge();
        for number in 0..FRAMES {
            edge.transmit(&frame(number)).unwrap();
        }
        device.stop();
        nic().transmit_held.store(false, Ordering::Relaxed);
        device.start(AssignedResources::default()).unwrap();
        wait_until("all frames", || {
            edge.snapshot().sends.completed == u64::from(FRAMES)
        });
        let sent = nic().sent.lock().clone();
        let first = sent.len() as u16;
        assert_eq!(
            sent,
            (FRAMES - first..FRAMES).map(frame).collect::<Vec<_>>()
        );
        assert!(first < FRAMES, "what the driver held came back unsent");
        device.stop();
    });
}
