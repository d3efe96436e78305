use super::super::device_double::Device;
use super::super::register_double::RegisterDouble;
use super::*;
use netadapter::memory::Shared;
use std::sync::{Arc, Mutex};

#[test]
fn a_multicast_table_has_an_empty_unicast_part() {
    let bytes = Command::MulticastTable(&[[1, 2, 3, 4, 5, 6]])
        .bytes()
        .unwrap();
    assert_eq!(&bytes[..], [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 2, 3, 4, 5, 6]);
}

#[test]
fn receive_scaling_is_laid_out_as_the_specification_says() {
    let command = Command::ReceiveScaling {
        hash_types: 0x3F,
        table: &[2, 1, 0, 1],
        pairs: 4,
        key: &[9; 40],
    };
    let bytes = command.bytes().unwrap();
    assert_eq!(
        &bytes[..20],
        [
            4, 1, 0x3F, 0, 0, 0, 3, 0, 2, 0, 2, 0, 1, 0, 0, 0, 1, 0, 4, 0
        ]
    );
    assert_eq!((bytes[20], bytes.len()), (40, 61));
}

#[test]
fn the_largest_commands_fit() {
    assert!(
        Command::MulticastTable(&[[0; 6]; MULTICAST_ADDRESSES_MAX])
            .bytes()
            .is_some()
    );
    let command = Command::ReceiveScaling {
        hash_types: 1,
        table: &[0; 128],
        pairs: 1,
        key: &[0; 40],
    };
    assert!(command.bytes().is_some());
    assert!(
        Command::MulticastTable(&[[0; 6]; 200]).bytes().is_none(),
        "too many are refused"
    );
}

/// A device that answers commands when its doorbell is rung, as the test wants it.
struct Bed {
    control: ControlQueue,
    answerer: Arc<Mutex<Answerer>>,
}

/// The device's side.
struct Answerer {
    device: Device,
    memory: DmaMemory,
    /// Classes and commands that came, in order.
    came: Vec<[u8; 2]>,
    /// The classes that are refused.
    refused: Vec<u8>,
    /// Nothing is answered at all.
    silent: bool,
    backwards: bool,
}

const MEMORY_AT: u64 = 0x20_0000;

impl Answerer {
    fn rung(&mut self) {
        let mut answers = vec![];
        while let Some(chain) = self.device.take() {
            let at = |part: usize| (chain[part].0 - MEMORY_AT) as usize;
            let header: [u8; 2] = [0, 1].map(|byte| self.memory.read(at(0) + byte));
            self.came.push(header);
            let answer = u8::from(self.refused.contains(&header[0]));
            self.memory.write(at(2), answer);
            answers.push(chain[0].2);
        }
        if self.backwards {
            answers.reverse();
        }
        if !self.silent {
            answers
                .into_iter()
                .for_each(|head| self.device.give_back(head.into(), 1));
        }
    }
}

fn bed(size: u16) -> Bed {
    let ring = DmaMemory::on_build_machine(SplitQueue::memory_bytes(size), 0x10_0000);
    let memory = DmaMemory::on_build_machine(ANSWERS_OFFSET + COMMANDS_MAX, MEMORY_AT);
    let answerer = Arc::new(Mutex::new(Answerer {
        device: Device::new(&ring, size),
        memory: memory.alias_for_device(),
        came: vec![],
        refused: vec![],
        silent: false,
        backwards: false,
    }));
    let queue = SplitQueue::new(ring, size).unwrap();
    let mut control = ControlQueue::new(queue, memory).unwrap();
    let (registers, transport) = RegisterDouble::new(0, 4, size);
    let bell = answerer.clone();
    registers.when_rung(move || bell.lock().unwrap().rung());
    let transport: Shared<_> = transport;
    let doorbell = transport.enable_queue(2, &control.queue, None).unwrap();
    control.connect(Line {
        transport,
        doorbell,
    });
    Bed { control, answerer }
}

impl Bed {
    fn came(&self) -> Vec<[u8; 2]> {
        core::mem::take(&mut self.answerer.lock().unwrap().came)
    }
}

const FILTER: [Command<'static>; 3] = [
    Command::Promiscuous(false),
    Command::AllMulticast(true),
    Command::MulticastTable(&[]),
];

#[test]
fn commands_go_together_and_their_answers_may_come_in_any_order() {
    for backwards in [false, true] {
        let mut bed = bed(16);
        bed.answerer.lock().unwrap().backwards = backwards;
        assert_eq!(bed.control.send(&FILTER), Ok(()));
        assert_eq!(bed.came(), [[0, 0], [0, 1], [1, 0]]);
    }
}

#[test]
fn a_short_queue_takes_one_command_after_the_other() {
    let mut bed = bed(4);
    assert_eq!(bed.control.send(&FILTER), Ok(()));
    assert_eq!(bed.came().len(), 3);
}

#[test]
fn what_the_device_knows_is_not_said_again() {
    let mut bed = bed(16);
    bed.control.send(&FILTER).unwrap();
    bed.came();
    bed.control.send(&FILTER).unwrap();
    assert!(bed.came().is_empty());
    bed.control.send(&[Command::Promiscuous(true)]).unwrap();
    bed.control.send(&FILTER).unwrap();
    assert_eq!(bed.came(), [[0, 0], [0, 0]], "there and back");
}

#[test]
fn one_queue_pair_and_receive_scaling_replace_each_other() {
    let mut bed = bed(16);
    let scaling = Command::ReceiveScaling {
        hash_types: 1,
        table: &[0, 1],
        pairs: 2,
        key: &[1; 40],
    };
    for command in [scaling, Command::QueuePairs(1), scaling, scaling] {
        bed.control.send(&[command]).unwrap();
    }
    assert_eq!(bed.came(), [[4, 1], [4, 0], [4, 1]]);
}

#[test]
fn a_refusal_keeps_nothing_else_from_being_carried_out_and_is_said_again_next_time() {
    let mut bed = bed(4);
    bed.answerer.lock().unwrap().refused = vec![0];
    assert_eq!(bed.control.send(&FILTER), Err(Failure::Refused));
    assert_eq!(bed.came().len(), 3);
    bed.answerer.lock().unwrap().refused.clear();
    assert_eq!(bed.control.send(&FILTER), Ok(()));
    assert_eq!(bed.came(), [[0, 0], [0, 1]]);
}

#[test]
fn a_device_that_does_not_answer_is_waited_for_a_bounded_time() {
    let mut bed = bed(16);
    bed.answerer.lock().unwrap().silent = true;
    let timeout = Err(Failure::Fault(Fault::ControlTimeout));
    assert_eq!(bed.control.send(&FILTER), timeout);
    assert_eq!(bed.control.send(&[Command::QueuePairs(1)]), timeout);
}

#[test]
fn an_answer_that_breaks_the_rules_is_a_fault() {
    for id in [5, 77, u32::MAX] {
        let mut bed = bed(16);
        bed.answerer.lock().unwrap().silent = true;
        bed.answerer.lock().unwrap().device.give_back(id, 1);
        let answered = bed.control.send(&[Command::QueuePairs(1)]);
        assert_eq!(answered, Err(Failure::Fault(Fault::UsedDescriptor { id })));
    }
}

#[test]
fn without_a_connection_nothing_is_sent_and_afterwards_everything_is_new() {
    let mut bed = bed(16);
    bed.control.send(&FILTER).unwrap();
    let line = bed.control.line.clone().unwrap();
    bed.control.disconnect();
    bed.control.send(&[Command::QueuePairs(1)]).unwrap();
    bed.came();
    bed.control.connect(line);
    bed.control.send(&FILTER).unwrap();
    assert_eq!(bed.came().len(), 3);
}
