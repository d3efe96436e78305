use super::*;
use crate::buffer_pool::{CHUNK_BYTES, queue_and_buffer};
use crate::virtio::device_double::Device;
use crate::virtio::register_double::{Manner, RegisterDouble};
use crate::virtio::transport::Transport;
use netadapter::dma::DmaMemory;
use netadapter::queue::Notifier;
use netadapter::ring::{ReturnContext, RxStandIn};
use netadapter::sync::Parcel;
use proptest::prelude::*;

const SIZE: u16 = 16;
const FRAME: u32 = HEADER_BYTES as u32 + 60;

/// A queue between a device and a framework that the test plays.
struct Bed {
    queue: RxQueue,
    rings: RxRings,
    os: RxStandIn,
    device: Device,
    registers: RegisterDouble,
    transport: Shared<Transport>,
    /// What the protocol stack has.
    stack: Vec<ReturnContext>,
}

fn chunk() -> crate::buffer_pool::Chunk {
    Parcel::try_new(DmaMemory::on_build_machine(CHUNK_BYTES, 0x100_0000)).unwrap()
}

/// A started queue with 32 buffers, of which the device can have 16.
fn bed(queue_reset: bool) -> Bed {
    let memory = DmaMemory::on_build_machine(SplitQueue::memory_bytes(SIZE), 0x10_0000);
    let device = Device::new(&memory, SIZE);
    let (pool, buffers) = BufferPool::try_new(4).unwrap();
    pool.want(1);
    pool.add(chunk());
    let processors = Shared::try_new(ProcessorTable::with_places(1).unwrap()).unwrap();
    let interrupt = QueueInterrupt::try_new(
        Shared::try_new(Notifier::new()).unwrap(),
        None,
        processors.clone(),
    );
    let virtqueue = SplitQueue::new(memory, SIZE).unwrap();
    let path = ReceivePath::try_new(1, (pool, buffers), virtqueue, interrupt.unwrap()).unwrap();
    let (registers, transport) = RegisterDouble::new(0, 4, SIZE);
    path.connect(true, 2, |virtqueue, queue, message| {
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
    let queue = RxQueue::new(health, processors, Shared::try_new(path).unwrap());
    let (os, rings) = RxStandIn::new(8, 16);
    let mut bed = Bed {
        queue,
        rings,
        os,
        device,
        registers,
        transport,
        stack: vec![],
    };
    bed.queue.start();
    bed
}

impl Bed {
    fn advance(&mut self) -> usize {
        self.queue.advance(&mut self.rings);
        self.look()
    }

    fn cancel(&mut self) -> usize {
        self.queue.cancel(&mut self.rings);
        self.look()
    }

    /// The device loses its power and gets it back.
    fn power_cycle(&mut self) {
        let path = self.queue.path.clone();
        path.disconnect().unwrap();
        self.os.restart();
        self.device = Device::new(&self.device.memory, SIZE);
        let transport = self.transport.clone();
        path.connect(true, 2, |virtqueue, queue, message| {
            let doorbell = transport.enable_queue(virtqueue, queue, Some(message))?;
            Ok(Line {
                transport,
                doorbell,
            })
        })
        .unwrap();
        self.queue.start();
    }

    /// The protocol stack takes what was delivered.
    fn look(&mut self) -> usize {
        let frames = self.os.take();
        self.stack
            .extend(frames.iter().map(|frame| frame.return_context));
        frames.len()
    }

    fn return_all(&mut self) {
        for context in self.stack.drain(..) {
            let (queue, buffer) = queue_and_buffer(context).unwrap();
            assert_eq!(queue, 1);
            assert!(self.queue.path.pool.give_back(buffer));
        }
    }

    /// The device writes a frame into the next buffer; `false` when it has none.
    fn receive(&mut self, bytes: u32) -> bool {
        let Some(chain) = self.device.take() else {
            return false;
        };
        self.device.give_back(chain[0].2.into(), bytes);
        true
    }

    fn fault(&self) -> Option<Fault> {
        self.queue.health.fault()
    }
}

#[test]
fn frames_go_up_in_order_and_their_buffers_come_back_to_the_device() {
    let mut bed = bed(true);
    assert_eq!(bed.registers.state().rung, [2], "told of its first buffers");
    bed.os.post(7, 15);
    let chain = bed.device.take().unwrap();
    assert_eq!((chain.len(), chain[0].1), (1, BUFFER_BYTES));
    bed.device.give_back(chain[0].2.into(), FRAME);
    assert!((0..4).all(|_| bed.receive(FRAME)));
    assert_eq!(bed.advance(), 5);
    assert_eq!(bed.queue.processors.current().read().0, 5);
    bed.return_all();
    bed.advance();
    assert_eq!(bed.device.available(), SIZE + 5);
    assert_eq!(bed.fault(), None);
}

#[test]
fn no_more_frames_go_up_than_the_framework_has_room_for() {
    let mut bed = bed(true);
    bed.os.post(3, 2);
    assert!((0..5).all(|_| bed.receive(FRAME)));
    assert_eq!(bed.advance(), 2);
    assert_eq!(bed.advance(), 0);
    bed.os.post(4, 9);
    assert_eq!(bed.advance(), 3);
}

#[test]
fn when_the_stack_holds_all_buffers_the_device_waits_and_goes_on_afterwards() {
    let mut bed = bed(true);
    for _ in 0..16 {
        bed.os.post(2, 2);
        assert!((0..2).all(|_| bed.receive(FRAME)));
        assert_eq!(bed.advance(), 2);
    }
    assert!(!bed.receive(FRAME), "32 buffers are with the stack");
    bed.os.post(2, 2);
    assert_eq!(bed.advance(), 0);
    bed.return_all();
    assert_eq!(bed.advance(), 0);
    assert!(bed.receive(FRAME));
    assert_eq!(bed.advance(), 1);
}

#[test]
fn chunks_that_arrive_are_used_without_a_stop_and_leave_without_one() {
    let mut bed = bed(true);
    let path = bed.queue.path.clone();
    path.pool.want(2);
    path.pool.add(chunk());
    // All buffers of the first chunk end up with the stack; the second one feeds the device.
    for _ in 0..16 {
        bed.os.post(2, 2);
        assert!((0..2).all(|_| bed.receive(FRAME)));
        assert_eq!(bed.advance(), 2);
    }
    assert!(bed.receive(FRAME));
    path.pool.want(1);
    bed.os.post(2, 2);
    bed.advance();
    bed.return_all();
    bed.advance();
    let left: usize = path.pool.take_leaving().map(|_| 1).sum();
    assert_eq!((left, path.pool.present()), (1, 1));
    assert_eq!(bed.fault(), None);
}

#[test]
fn an_element_that_breaks_the_rules_is_the_last_one_that_is_looked_at() {
    type Deed = fn(&mut Device);
    let deeds: [(&str, Deed); 6] = [
        ("a foreign descriptor", |device| device.give_back(77, 100)),
        ("no descriptor at all", |device| {
            device.give_back(u32::MAX, 100)
        }),
        ("more than the buffer has", |device| {
            device.give_back(0, 4096)
        }),
        ("less than a header", |device| device.give_back(0, 11)),
        ("an index beyond", |device| device.set_used_index(200)),
        ("an index that goes back", |device| {
            device.set_used_index(u16::MAX)
        }),
    ];
    for (name, deed) in deeds {
        for queue_reset in [false, true] {
            let mut bed = bed(queue_reset);
            bed.os.post(7, 15);
            deed(&mut bed.device);
            assert_eq!(bed.advance(), 0, "{name}");
            assert!(bed.fault().is_some(), "{name}");
            assert!(!bed.queue.health.is_usable());
            // A proper element after it changes nothing.
            bed.receive(FRAME);
            assert_eq!(bed.advance(), 0, "{name}");
            assert_eq!(bed.cancel(), 0, "{name}");
            assert!(
                bed.os.is_drained(),
                "{name}: everything is the framework's again"
            );
        }
    }
}

#[test]
fn the_same_buffer_given_back_twice_is_delivered_once() {
    let mut bed = bed(true);
    bed.os.post(7, 15);
    let head = bed.device.take().unwrap()[0].2;
    bed.device.give_back(head.into(), FRAME);
    bed.device.give_back(head.into(), FRAME);
    // The buffer is filled in for the device again with the same descriptor only after the look.
    assert_eq!(bed.advance(), 1);
    assert_eq!(bed.fault(), Some(Fault::UsedDescriptor { id: head.into() }));
}

#[test]
fn a_cancelled_queue_owns_nothing_even_if_the_device_never_answers() {
    for (queue_reset, manner, fault) in [
        (false, Manner::Proper, None),
        (true, Manner::Proper, None),
        (true, Manner::Gone, None),
        (
            true,
            Manner::KeepsQueues,
            Some(Fault::QueueResetTimeout { virtqueue: 2 }),
        ),
    ] {
        let mut bed = bed(queue_reset);
        bed.os.post(5, 9);
        bed.registers.behave(manner);
        bed.cancel();
        assert!(bed.os.is_drained());
        assert_eq!(bed.fault(), fault);
    }
}

#[test]
fn what_the_device_had_written_before_the_cancel_goes_up_after_the_start() {
    for queue_reset in [false, true] {
        let mut bed = bed(queue_reset);
        bed.os.post(7, 15);
        assert!((0..3).all(|_| bed.receive(FRAME)));
        assert_eq!(bed.cancel(), 0, "it would be dropped");
        assert!(bed.os.is_drained());
        // Without a reset of the queue the device may go on until its own reset.
        let late = usize::from(!queue_reset && bed.receive(FRAME));
        bed.power_cycle();
        bed.os.post(7, 15);
        assert_eq!(bed.advance(), 3 + late);
        assert!(bed.receive(FRAME));
        assert_eq!(bed.advance(), 1);
        assert_eq!(bed.fault(), None);
    }
}

#[test]
fn no_frame_goes_up_while_the_system_pauses_the_adapter() {
    let mut bed = bed(true);
    bed.queue.health.set_pausing(true);
    bed.os.post(7, 15);
    assert!((0..3).all(|_| bed.receive(FRAME)));
    assert_eq!(bed.advance(), 0);
    bed.queue.set_notification_enabled(true);
    bed.cancel();
    bed.queue.health.set_pausing(false);
    bed.power_cycle();
    bed.os.post(7, 15);
    assert_eq!(bed.advance(), 3);
}

#[test]
fn frames_that_wait_for_ever_are_bounded_and_their_buffers_come_back() {
    let mut bed = bed(true);
    let path = bed.queue.path.clone();
    path.pool.want(4);
    (0..3).for_each(|_| path.pool.add(chunk()));
    for _ in 0..10 {
        while bed.receive(FRAME) {}
        bed.cancel();
        bed.power_cycle();
    }
    let state = path.state.lock();
    let (waiting, capacity) = (state.waiting.len(), state.waiting.capacity());
    assert_eq!(waiting, capacity);
    assert_eq!(state.buffers.free(), 4 * 32 - usize::from(SIZE) - waiting);
}

#[test]
fn a_cancelled_queue_starts_again_with_all_its_buffers() {
    let mut bed = bed(true);
    bed.os.post(7, 15);
    assert!((0..3).all(|_| bed.receive(FRAME)));
    bed.advance();
    bed.cancel();
    assert_eq!(bed.registers.state().queues[2].resets, 1);
    bed.return_all();
    bed.os.restart();
    bed.queue.start();
    assert_eq!(bed.registers.state().queues[2].enable, 1);
    assert_eq!(
        bed.device.available(),
        SIZE,
        "the ring starts anew, and full"
    );
    let path = bed.queue.path.clone();
    assert_eq!(path.state.lock().buffers.free(), 32 - usize::from(SIZE));
}

#[test]
fn a_queue_that_the_device_does_not_take_back_is_a_fault() {
    let mut bed = bed(true);
    bed.cancel();
    bed.os.restart();
    bed.registers.behave(Manner::RefusesQueues);
    bed.queue.start();
    assert_eq!(bed.fault(), Some(Fault::QueueRefused { virtqueue: 2 }));
    bed.os.post(3, 3);
    assert_eq!(bed.advance(), 0);
    bed.cancel();
    assert!(bed.os.is_drained());
}

#[test]
fn notification_wakes_at_once_when_a_frame_is_there_already() {
    let mut bed = bed(true);
    bed.queue.set_notification_enabled(true);
    bed.receive(FRAME);
    // The second wish finds the frame. Nobody is tied to the notifier here: it must not be waited for.
    bed.queue.set_notification_enabled(true);
    bed.queue.set_notification_enabled(false);
    bed.os.post(1, 1);
    assert_eq!(bed.advance(), 1);
}

/// What a device, a framework and a keeper may do.
#[derive(Clone, Debug)]
enum Step {
    Post(u32, u32),
    Receive(u32),
    Scribble(Vec<(usize, u8)>),
    Advance,
    ReturnAll,
    Want(u16),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (0_u32..4, 0_u32..6).prop_map(|(packets, fragments)| Step::Post(packets, fragments)),
        1 => (0_u32..2100).prop_map(Step::Receive),
        4 => Just(Step::Receive(FRAME)),
        4 => Just(Step::Advance),
        1 => Just(Step::ReturnAll),
        1 => (0_u16..5).prop_map(Step::Want),
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
        let (mut packets, mut fragments) = (0, 0);
        for step in steps {
            match step {
                Step::Post(more, parts) if packets + more < 8 && fragments + parts < 16 => {
                    bed.os.post(more, parts);
                    (packets, fragments) = (packets + more, fragments + parts);
                }
                Step::Post(..) => {}
                Step::Receive(bytes) => _ = bed.receive(bytes),
                Step::Scribble(bytes) => {
                    let memory = &bed.device.memory;
                    bytes.iter().for_each(|(at, byte)| memory.write(at % memory.len(), *byte));
                }
                Step::Advance => {
                    let taken = bed.advance() as u32;
                    (packets, fragments) = (packets - taken, fragments - taken);
                }
                Step::ReturnAll => bed.return_all(),
                Step::Want(chunks) => {
                    let pool = &bed.queue.path.pool;
                    pool.take_leaving().for_each(DmaMemory::free);
                    pool.want(chunks);
                    (0..pool.missing()).for_each(|_| pool.add(chunk()));
                }
                Step::Restart => {
                    bed.cancel();
                    prop_assert!(bed.os.is_drained());
                    bed.return_all();
                    bed.os.restart();
                    bed.queue.start();
                    (packets, fragments) = (0, 0);
                }
            }
        }
        bed.cancel();
        prop_assert!(bed.os.is_drained());
        bed.return_all();
    }
}
