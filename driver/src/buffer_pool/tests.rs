use super::*;
use netadapter::dma::DmaMemory;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::atomic::AtomicU64;

fn memory() -> DmaMemory {
    static AT: AtomicU64 = AtomicU64::new(0x10_0000);
    DmaMemory::on_build_machine(CHUNK_BYTES, AT.fetch_add(0x10_0000, Ordering::Relaxed))
}

fn chunk() -> Chunk {
    Parcel::try_new(memory()).unwrap()
}

/// A pool with so many chunks, which can have twice as many.
fn pool(chunks: u16) -> (BufferPool, Buffers) {
    let (pool, mut buffers) = BufferPool::try_new(2 * chunks).unwrap();
    pool.want(chunks);
    (0..chunks).for_each(|_| pool.add(chunk()));
    buffers.settle(&pool);
    (pool, buffers)
}

fn take_all(buffers: &mut Buffers) -> Vec<u16> {
    core::iter::from_fn(|| buffers.take()).collect()
}

#[test]
fn buffers_do_not_overlap() {
    let (_pool, mut buffers) = pool(4);
    let taken = take_all(&mut buffers);
    assert_eq!(taken.len(), 128);
    let addresses: BTreeSet<u64> = taken
        .iter()
        .map(|buffer| buffers.logical_address(*buffer))
        .collect();
    assert_eq!(addresses.len(), 128);
    assert!(
        addresses
            .iter()
            .zip(addresses.iter().skip(1))
            .all(|(low, high)| high - low >= 2048)
    );
}

#[test]
fn a_buffer_comes_back_once_for_each_time_it_is_lent() {
    let (pool, mut buffers) = pool(2);
    let taken = take_all(&mut buffers);
    assert!(!pool.give_back(3), "never lent");
    let (_, context) = buffers.lend(&pool, 5, 3);
    assert_eq!(queue_and_buffer(context), Some((5, 3)));
    assert!(pool.give_back(3));
    assert!(!pool.give_back(3), "back already");
    assert!(!pool.give_back(128), "no such buffer");
    buffers.settle(&pool);
    assert_eq!(take_all(&mut buffers), [3]);
    assert_eq!(taken.len(), 64);
}

#[test]
fn buffers_returned_by_many_threads_all_arrive() {
    let (pool, mut buffers) = pool(128);
    let taken = take_all(&mut buffers);
    taken
        .iter()
        .for_each(|buffer| _ = buffers.lend(&pool, 0, *buffer));
    let mut back = BTreeSet::new();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4_u16)
            .map(|thread| {
                let pool = &pool;
                scope.spawn(move || {
                    (0..1024).for_each(|place| assert!(pool.give_back(thread * 1024 + place)));
                })
            })
            .collect();
        while !threads.iter().all(|thread| thread.is_finished()) {
            buffers.settle(&pool);
            take_all(&mut buffers)
                .into_iter()
                .for_each(|buffer| assert!(back.insert(buffer)));
        }
    });
    buffers.settle(&pool);
    back.extend(take_all(&mut buffers));
    assert_eq!(back.len(), 4096);
}

#[test]
fn new_chunks_are_used_at_the_next_look() {
    let (pool, mut buffers) = pool(1);
    assert_eq!(take_all(&mut buffers).len(), 32);
    pool.want(2);
    assert_eq!(pool.missing(), 1);
    pool.add(chunk());
    assert_eq!(pool.missing(), 0);
    buffers.settle(&pool);
    assert_eq!(take_all(&mut buffers), (32..64).rev().collect::<Vec<_>>());
}

#[test]
fn a_pool_wants_no_more_than_it_has_room_for() {
    let (pool, _) = pool(2);
    pool.want(u16::MAX);
    assert_eq!((pool.wanted(), pool.missing()), (4, 2));
}

#[test]
fn a_free_chunk_that_is_not_wanted_leaves_at_once() {
    let (pool, mut buffers) = pool(3);
    pool.want(1);
    buffers.settle(&pool);
    assert!(buffers.has_let_go());
    assert!(!buffers.has_let_go(), "told once");
    assert_eq!(pool.take_leaving().count(), 2);
    assert_eq!(pool.present(), 1);
    assert_eq!(take_all(&mut buffers).len(), 32);
}

#[test]
fn a_chunk_in_use_leaves_with_its_last_buffer() {
    let (pool, mut buffers) = pool(2);
    let mut taken = take_all(&mut buffers);
    let (device, stack) = taken.split_at_mut(40);
    stack
        .iter()
        .for_each(|buffer| _ = buffers.lend(&pool, 0, *buffer));
    pool.want(0);
    buffers.settle(&pool);
    assert!(!buffers.has_let_go(), "all buffers are in use");
    device
        .iter()
        .for_each(|buffer| buffers.come_home(&pool, *buffer));
    assert_eq!(buffers.take(), None, "a retiring chunk is not used again");
    let first = pool.take_leaving().count();
    stack
        .iter()
        .for_each(|buffer| assert!(pool.give_back(*buffer)));
    buffers.settle(&pool);
    assert!(buffers.has_let_go());
    assert_eq!(first + pool.take_leaving().count(), 2);
    assert_eq!(pool.present(), 0);
}

#[test]
fn the_chunks_with_most_free_buffers_go_first() {
    let (pool, mut buffers) = pool(3);
    // The buffers of the chunk that came last are taken first.
    let taken: Vec<_> = (0..40).filter_map(|_| buffers.take()).collect();
    pool.want(2);
    buffers.settle(&pool);
    assert_eq!(pool.take_leaving().count(), 1, "the untouched one");
    assert_eq!(buffers.free(), 96 - 32 - 40);
    assert!(!taken.contains(&buffers.take().unwrap()));
}

#[test]
fn a_retiring_chunk_that_is_wanted_again_stays() {
    let (pool, mut buffers) = pool(2);
    let taken = take_all(&mut buffers);
    pool.want(1);
    buffers.settle(&pool);
    let (home, away): (Vec<u16>, _) = taken.iter().partition(|buffer| *buffer % 2 == 0);
    home.iter()
        .for_each(|buffer| buffers.come_home(&pool, *buffer));
    assert_eq!(
        buffers.free(),
        16,
        "the others are home in the chunk that retires"
    );
    pool.want(2);
    assert_eq!(pool.missing(), 0);
    buffers.settle(&pool);
    assert_eq!(buffers.free(), 32);
    away.iter()
        .for_each(|buffer| buffers.come_home(&pool, *buffer));
    assert_eq!(
        take_all(&mut buffers).into_iter().collect::<BTreeSet<_>>(),
        (0..64).collect()
    );
}

#[test]
fn a_reset_device_holds_nothing_and_the_stack_keeps_what_it_has() {
    let (pool, mut buffers) = pool(2);
    let taken = take_all(&mut buffers);
    taken[..10]
        .iter()
        .for_each(|buffer| _ = buffers.lend(&pool, 0, *buffer));
    // Returned before the reset, and not yet seen.
    assert!(pool.give_back(taken[0]));
    buffers.take_all_from_device(&pool);
    assert_eq!(buffers.free(), 64 - 9);
    assert!(pool.give_back(taken[1]));
    buffers.settle(&pool);
    assert_eq!(buffers.free(), 64 - 8);
}

#[test]
fn a_chunk_that_retires_over_a_reset_leaves() {
    let (pool, mut buffers) = pool(2);
    let _with_device = take_all(&mut buffers);
    pool.want(1);
    buffers.settle(&pool);
    assert!(!buffers.has_let_go());
    buffers.take_all_from_device(&pool);
    assert!(buffers.has_let_go());
    assert_eq!(pool.take_leaving().count(), 1);
    assert_eq!(buffers.free(), 32);
}

/// What may happen to a pool.
#[derive(Clone, Debug)]
enum Step {
    Take(usize),
    Lend(usize),
    GiveBack(usize),
    ComeHome(usize),
    Settle,
    Want(u16),
    Keep,
    Reset,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1_usize..80).prop_map(Step::Take),
        (1_usize..80).prop_map(Step::Lend),
        (1_usize..80).prop_map(Step::GiveBack),
        (1_usize..80).prop_map(Step::ComeHome),
        Just(Step::Settle),
        (0_u16..8).prop_map(Step::Want),
        Just(Step::Keep),
        Just(Step::Reset),
    ]
}

/// A pool, and where its buffers are.
struct Play {
    pool: BufferPool,
    buffers: Buffers,
    device: Vec<u16>,
    stack: Vec<u16>,
}

impl Play {
    fn step(&mut self, step: &Step) {
        let Self {
            pool,
            buffers,
            device,
            stack,
        } = self;
        match step {
            Step::Take(count) => device.extend((0..*count).filter_map(|_| buffers.take())),
            Step::Lend(count) => {
                for buffer in device.drain(..(*count).min(device.len())) {
                    let _ = buffers.lend(pool, 0, buffer);
                    stack.push(buffer);
                }
            }
            Step::GiveBack(count) => stack
                .drain(..(*count).min(stack.len()))
                .for_each(|buffer| assert!(pool.give_back(buffer))),
            Step::ComeHome(count) => device
                .drain(..(*count).min(device.len()))
                .for_each(|buffer| buffers.come_home(pool, buffer)),
            Step::Settle => buffers.settle(pool),
            Step::Want(chunks) => pool.want(*chunks),
            Step::Keep => {
                pool.take_leaving().for_each(DmaMemory::free);
                (0..pool.missing()).for_each(|_| pool.add(chunk()));
            }
            Step::Reset => {
                device.clear();
                buffers.take_all_from_device(pool);
            }
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_every_buffer_is_in_one_place_and_the_pool_becomes_what_is_wanted(
        steps in prop::collection::vec(step(), 0..120),
        last in 0_u16..8,
    ) {
        let (pool, buffers) = BufferPool::try_new(6).unwrap();
        let mut play = Play { pool, buffers, device: vec![], stack: vec![] };
        for step in &steps {
            play.step(step);
            let held: BTreeSet<_> = play.device.iter().chain(&play.stack).collect();
            prop_assert_eq!(held.len(), play.device.len() + play.stack.len(), "no buffer is given out twice");
            prop_assert!(play.pool.present() <= play.pool.capacity());
        }
        play.step(&Step::Want(last));
        play.step(&Step::GiveBack(usize::MAX));
        play.step(&Step::Reset);
        play.step(&Step::Keep);
        play.step(&Step::Settle);
        prop_assert_eq!(play.pool.present(), last.min(6));
        prop_assert_eq!(play.buffers.free(), usize::from(last.min(6)) * 32);
    }
}

proptest! {
    #[test]
    fn only_contexts_that_were_made_are_understood(value in 1_usize..) {
        let context = ReturnContext(NonZeroUsize::new(value).unwrap());
        if let Some((queue, buffer)) = queue_and_buffer(context) {
            prop_assert_eq!(context_of(queue, buffer), context);
        }
    }
}
