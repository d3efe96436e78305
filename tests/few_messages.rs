//! Claim: queues share messages when there are fewer than were asked for, and every processor still
//! gets its queue.

mod support;

use netadapter_nic::VirtioNetConfig;
use support::{dhpnic, let_packets_pass, settle, traffic};

const PACKETS: u64 = 3_000;

fn four_processors_on(msix_vectors: u16) {
    let (cable, handle) = traffic(7, 96, 200);
    let nic = VirtioNetConfig {
        msix_vectors,
        ..VirtioNetConfig::default()
    };
    let mut machine = dhpnic().nic(nic).wire(Box::new(cable)).boot().unwrap();
    let_packets_pass(&machine, PACKETS);
    for _ in 0..3 {
        machine.hot_add_processor().unwrap();
    }
    let start = let_packets_pass(&machine, PACKETS);
    let after = let_packets_pass(&machine, PACKETS);
    assert_eq!((after.receive_queues, after.indirection_entries), (4, 16));
    for (new, old) in after.processors.iter().zip(&start.processors) {
        assert!(new.packets > old.packets, "{new:?}");
        assert!(new.dpcs > old.dpcs, "{new:?}");
    }
    settle(machine, &handle);
}

#[test]
fn a_single_message_serves_the_configuration_and_four_queues() {
    four_processors_on(1);
}

#[test]
fn one_queue_message_serves_four_queues() {
    four_processors_on(2);
}

#[test]
fn three_queue_messages_serve_four_queues() {
    four_processors_on(4);
}
