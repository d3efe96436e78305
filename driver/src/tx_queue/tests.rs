use super::*;
use crate::virtio::device_double::Device;
use crate::virtio::register_double::{Manner, RegisterDouble};
use netadapter::ring::TxStandIn;
use proptest::prelude::*;

const SIZE: u16 = 16;

/// A queue between a device and a framework that the test plays.
struct Bed {
    queue: TxQueue,
    rings: TxRings,
    os: TxStandIn,
    device: Device,
    registers: RegisterDouble,
}

fn bed(queue_reset: bool) -> Bed {
    let memory = DmaMemory::on_build_machine(SplitQueue::memory_bytes(SIZE), 0x10_0000);
    let device = Device::new(&memory, SIZE);
    let path = TransmitPath {
        notifier: Shared::try_new(Notifier::new()).unwrap(),
        header: DmaMemory::on_build_machine(usize::from(HEADER_BYTES), 0x20_0000),
        state: SpinLock::new(State {
            virtqueue: SplitQueue::new(memory, SIZE).unwrap(),
            connection: Connection::default(),
        }),
    };
    let (registers, transport) = RegisterDouble::new(0, 4, SIZE);
    path.connect(true, 1, |virtqueue, queue, message| {
        let doorbell = transport.enable_queue(virtqueue, queue, Some(message))?;
        let transport = transport.clone();
        Ok(Line {
            transport,
            doorbell,
        })
    })
    .unwrap();
    let health = Shared::try_new(Health::default()).unwrap();
    health.set_queue_reset(queue_reset);
    let processors = Shared::try_new(ProcessorTable::with_places(1).unwrap()).unwrap();
    let (os, rings) = TxStandIn::new(8, 32);
    let path = Shared::try_new(path).unwrap();
    let mut bed = Bed {
        queue: TxQueue::try_new(health, processors, path, &rings).unwrap(),
        rings,
        os,
        device,
        registers,
    };
    bed.queue.start();
    bed
}

impl Bed {
    fn advance(&mut self) {
        self.queue.advance(&mut self.rings);
    }

    fn cancel(&mut self) {
        self.queue.cancel(&mut self.rings);
    }

    /// The chains that the device finds: head, and the addresses and lengths of the parts.
    fn chains(&mut self) -> Vec<(u32, Vec<(u64, u32)>)> {
        core::iter::from_fn(|| self.device.take())
            .map(|chain| {
                let parts = chain
                    .iter()
                    .map(|(address, length, _)| (*address, *length))
                    .collect();
                (chain[0].2.into(), parts)
            })
            .collect()
    }

    fn fault(&self) -> Option<Fault> {
        self.queue.health.fault()
    }
}

#[test]
fn a_packet_is_one_chain_of_header_and_fragments() {
    let mut bed = bed(true);
    bed.os.send(&[100, 200]);
    bed.advance();
    let chains = bed.chains();
    assert_eq!(chains.len(), 1);
    assert_eq!(
        chains[0].1,
        [(0x20_0000, 12), (4, 100), (0x1004, 200)],
        "fragment i lies at i pages and 4 bytes"
    );
    assert_eq!(bed.registers.state().rung, [1]);
}

#[test]
fn packets_go_back_in_ring_order_whatever_the_order_of_the_device() {
    let mut bed = bed(true);
    (0..3).for_each(|_| bed.os.send(&[60]));
    bed.advance();
    let heads: Vec<u32> = bed.chains().iter().map(|chain| chain.0).collect();
    bed.device.give_back(heads[2], 0);
    bed.advance();
    assert_eq!(bed.os.begins(), (0, 0));
    bed.device.give_back(heads[0], 0);
    bed.advance();
    assert_eq!(bed.os.begins(), (1, 1));
    bed.device.give_back(heads[1], 0);
    bed.advance();
    assert!(bed.os.is_drained());
    assert_eq!(bed.queue.processors.current().read().0, 3);
}

#[test]
fn ignored_packets_and_those_without_bytes_go_back_in_their_turn() {
    let mut bed = bed(true);
    bed.os.send(&[60]);
    bed.os.send(&[]);
    bed.os.send(&[60]);
    bed.advance();
    let heads: Vec<u32> = bed.chains().iter().map(|chain| chain.0).collect();
    assert_eq!(heads.len(), 2);
    heads.iter().for_each(|head| bed.device.give_back(*head, 0));
    bed.advance();
    assert!(bed.os.is_drained());
}

#[test]
fn packets_wait_for_descriptors() {
    let mut bed = bed(true);
    (0..6).for_each(|_| bed.os.send(&[60, 60, 60]));
    bed.advance();
    let chains = bed.chains();
    assert_eq!(chains.len(), 4, "four chains of four descriptors");
    chains
        .iter()
        .for_each(|chain| bed.device.give_back(chain.0, 0));
    bed.advance();
    assert_eq!(bed.chains().len(), 2);
}

#[test]
fn an_element_that_breaks_the_rules_stops_the_queue_and_a_cancel_gives_everything_back() {
    type Deed = fn(&mut Device);
    let deeds: [(&str, Deed); 5] = [
        ("a foreign descriptor", |device| device.give_back(9, 0)),
        ("no descriptor at all", |device| {
            device.give_back(u32::MAX, 0)
        }),
        ("bytes written into what is read", |device| {
            device.give_back(0, 1)
        }),
        ("an index beyond", |device| device.set_used_index(3)),
        ("an index that goes back", |device| {
            device.set_used_index(u16::MAX)
        }),
    ];
    for (name, deed) in deeds {
        for queue_reset in [false, true] {
            let mut bed = bed(queue_reset);
            (0..2).for_each(|_| bed.os.send(&[60]));
            bed.advance();
            deed(&mut bed.device);
            bed.advance();
            assert!(bed.fault().is_some(), "{name}");
            assert_eq!(bed.os.begins(), (0, 0), "{name}: the device may still read");
            let resets = bed.registers.state().resets;
            bed.cancel();
            assert!(bed.os.is_drained(), "{name}");
            assert_eq!(bed.registers.state().resets, resets + 1, "{name}");
        }
    }
}

#[test]
fn a_cancelled_queue_waits_for_what_the_device_still_gives_back() {
    let mut bed = bed(false);
    (0..2).for_each(|_| bed.os.send(&[60]));
    bed.advance();
    bed.os.send(&[60]);
    let heads: Vec<u32> = bed.chains().iter().map(|chain| chain.0).collect();
    heads.iter().for_each(|head| bed.device.give_back(*head, 0));
    bed.cancel();
    assert!(bed.os.is_drained());
    assert_eq!(
        (bed.chains().len(), bed.fault()),
        (0, None),
        "the third was never sent"
    );
}

#[test]
fn a_device_that_never_gives_packets_back_loses_the_queue_or_is_reset() {
    for (queue_reset, manner, fault) in [
        (true, Manner::Proper, None),
        (true, Manner::Gone, None),
        (
            true,
            Manner::KeepsQueues,
            Some(Fault::QueueResetTimeout { virtqueue: 1 }),
        ),
        (false, Manner::Proper, Some(Fault::TransmitTimeout)),
        (false, Manner::NeverResets, Some(Fault::ResetTimeout)),
    ] {
        let mut bed = bed(queue_reset);
        (0..2).for_each(|_| bed.os.send(&[60]));
        bed.advance();
        bed.os.send(&[60]);
        bed.registers.behave(manner);
        let resets = bed.registers.state().resets;
        bed.cancel();
        assert!(bed.os.is_drained(), "{manner:?}");
        assert_eq!(bed.fault(), fault);
        let reset = bed.registers.state().resets > resets;
        assert_eq!(reset, fault.is_some(), "{manner:?}");
    }
}

#[test]
fn a_queue_that_was_taken_away_is_given_back_at_the_start_and_sends() {
    let mut bed = bed(true);
    bed.os.send(&[60]);
    bed.advance();
    bed.cancel();
    assert_eq!(bed.registers.state().queues[1].enable, 0);
    bed.queue.start();
    assert_eq!(bed.registers.state().queues[1].enable, 1);
    bed.device = Device::new(&bed.device.memory, SIZE);
    bed.os.send(&[70]);
    bed.advance();
    let chains = bed.chains();
    assert_eq!(chains.len(), 1);
    bed.device.give_back(chains[0].0, 0);
    bed.advance();
    assert!(bed.os.is_drained());
}

/// What a device and a framework may do.
#[derive(Clone, Debug)]
enum Step {
    Send(Vec<u32>),
    Complete(prop::sample::Index, u32),
    Scribble(Vec<(usize, u8)>),
    Advance,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop::collection::vec(0_u32..1500, 0..4).prop_map(Step::Send),
        4 => any::<prop::sample::Index>().prop_map(|pick| Step::Complete(pick, 0)),
        1 => (any::<prop::sample::Index>(), 0_u32..3).prop_map(|(pick, written)| Step::Complete(pick, written)),
        4 => Just(Step::Advance),
        1 => Just(Step::Restart),
        1 => prop::collection::vec((0_usize..600, any::<u8>()), 0..8).prop_map(Step::Scribble),
    ]
}

proptest! {
    #[test]
    fn whatever_a_hostile_device_does_every_step_ends_and_a_cancel_gives_everything_back(
        steps in prop::collection::vec(step(), 0..60),
        queue_reset in any::<bool>(),
    ) {
        let mut bed = bed(queue_reset);
        let mut held = vec![];
        for step in steps {
            match step {
                Step::Send(lengths) if bed.os.has_room(lengths.len() as u32) => bed.os.send(&lengths),
                Step::Send(_) => {}
                Step::Complete(pick, written) => {
                    held.extend(bed.chains().iter().map(|chain| chain.0));
                    if !held.is_empty() {
                        let head = held.swap_remove(pick.index(held.len()));
                        bed.device.give_back(head, written);
                    }
                }
                Step::Scribble(bytes) => {
                    let memory = &bed.device.memory;
                    bytes.iter().for_each(|(at, byte)| memory.write(at % memory.len(), *byte));
                }
                Step::Advance => bed.advance(),
                Step::Restart => {
                    bed.cancel();
                    prop_assert!(bed.os.is_drained());
                    bed.queue.start();
                    held.clear();
                    bed.device = Device::new(&bed.device.memory, SIZE);
                }
            }
        }
        bed.cancel();
        prop_assert!(bed.os.is_drained());
    }
}
