//! How many receive buffers there may be, and who makes it so.
//!
//! The rule, for each receive queue:
//!
//! ```text
//! physical memory × ReceiveBufferShare ÷ 10,000 ÷ queues ÷ 2,048 bytes,
//! at least ReceiveBuffers, at most MaxReceiveBuffers, in whole chunks of 32 buffers
//! ```
//!
//! A queue that waits for a processor to come counts for nothing there, and has 64 buffers. [`Sizing`] is that rule and nothing else. What it allows is made so in the background, chunk by chunk, while packets
//! go on ([`grow`]); what is too much goes as it falls free ([`shrink`]).

use arrayvec::ArrayVec;
use netadapter::Result;
use netadapter::dma::DmaMemory;
use netadapter::sync::{Handover, Parcel};

use crate::buffer_pool::{BUFFERS_PER_CHUNK, BufferPool, CHUNK_BYTES, Chunk};
use crate::spread::MAXIMUM_QUEUES;

/// [`Sizing::share`] counts these parts of physical memory.
pub const SHARES: u64 = 10_000;

/// Chunks of a queue that waits for a processor.
const SPARE_CHUNKS: u16 = 2;

/// The keywords that bound the receive buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizing {
    /// `ReceiveBuffers`: buffers that each queue has at least.
    pub floor: u16,
    /// `MaxReceiveBuffers`: buffers that each queue has at most; not below the floor.
    pub ceiling: u16,
    /// `ReceiveBufferShare`: the part of physical memory that the buffers of all queues may have, in [`SHARES`].
    pub share: u16,
}

impl Sizing {
    /// Chunks that a queue has from the start.
    pub fn floor_chunks(&self) -> u16 {
        self.floor.div_ceil(BUFFERS_PER_CHUNK)
    }

    /// Chunks of a queue that waits for a processor.
    pub fn spare_chunks(&self) -> u16 {
        SPARE_CHUNKS.min(self.floor_chunks())
    }

    /// Chunks that a queue can ever have.
    pub fn ceiling_chunks(&self) -> u16 {
        (self.ceiling / BUFFERS_PER_CHUNK).max(self.floor_chunks())
    }

    /// Chunks that each of so many queues may have with so much physical memory.
    pub fn chunks(&self, physical_bytes: u64, queues: usize) -> u16 {
        let all = physical_bytes / SHARES * u64::from(self.share);
        let each = all / (queues.max(1) as u64 * CHUNK_BYTES as u64);
        u16::try_from(each)
            .unwrap_or(u16::MAX)
            .clamp(self.floor_chunks(), self.ceiling_chunks())
    }
}

/// Adds the chunks that pools lack, to each the same number at a time. Gives the number of chunks added.
///
/// IRQL: PASSIVE_LEVEL, by the keeper.
///
/// # Errors
///
/// The chunks added, and the failure of `allocate`, which is given the number of the pool. What a step has allocated
/// before its failure is freed again, so that no pool is ahead of the others.
pub fn grow<'a>(
    pools: impl Iterator<Item = &'a BufferPool> + Clone,
    mut allocate: impl FnMut(usize) -> Result<DmaMemory>,
) -> core::result::Result<usize, (usize, netadapter::Status)> {
    let mut added = 0;
    loop {
        let needy = pools
            .clone()
            .enumerate()
            .take(MAXIMUM_QUEUES)
            .filter(|(_, pool)| pool.missing() > 0);
        let mut step: ArrayVec<(&BufferPool, Chunk), MAXIMUM_QUEUES> = ArrayVec::new();
        for (number, pool) in needy {
            match allocate(number).and_then(chunk) {
                Ok(chunk) => step.push((pool, chunk)),
                Err(status) => {
                    step.into_iter().for_each(|(_, chunk)| chunk.value.free());
                    return Err((added, status));
                }
            }
        }
        if step.is_empty() {
            return Ok(added);
        }
        added += step.len();
        step.into_iter().for_each(|(pool, chunk)| pool.add(chunk));
    }
}

/// Frees the chunks that have fallen free in a pool; gives their number.
///
/// IRQL: PASSIVE_LEVEL, by the keeper.
pub fn shrink(pool: &BufferPool) -> usize {
    pool.take_leaving().map(DmaMemory::free).count()
}

/// So many chunks for a new pool, all or none.
///
/// IRQL: PASSIVE_LEVEL.
///
/// # Errors
///
/// The first failure of `allocate`; what was allocated before is freed.
pub fn chunks(
    count: u16,
    mut allocate: impl FnMut() -> Result<DmaMemory>,
) -> Result<Handover<DmaMemory>> {
    let chunks = Handover::new();
    for _ in 0..count {
        match allocate().and_then(chunk) {
            Ok(chunk) => chunks.put(chunk),
            Err(status) => {
                chunks.take().for_each(|chunk| chunk.value.free());
                return Err(status);
            }
        }
    }
    Ok(chunks)
}

/// Memory that is ready to travel.
fn chunk(memory: DmaMemory) -> Result<Chunk> {
    Parcel::try_new(memory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use netadapter::Status;
    use proptest::prelude::*;

    const GIB: u64 = 1 << 30;
    const SIZING: Sizing = Sizing {
        floor: 256,
        ceiling: 4096,
        share: 10,
    };

    fn memory() -> DmaMemory {
        DmaMemory::on_build_machine(CHUNK_BYTES, 0x10_0000)
    }

    fn pools(wanted: &[u16]) -> Vec<BufferPool> {
        wanted
            .iter()
            .map(|wanted| {
                let (pool, _) = BufferPool::try_new(64).unwrap();
                pool.want(*wanted);
                pool
            })
            .collect()
    }

    fn present(pools: &[BufferPool]) -> Vec<u16> {
        pools.iter().map(BufferPool::present).collect()
    }

    #[test]
    fn a_tenth_of_a_percent_of_memory_is_shared_by_the_queues() {
        let buffers = |bytes, queues| SIZING.chunks(bytes, queues) * BUFFERS_PER_CHUNK;
        assert_eq!(buffers(4 * GIB, 1), 2080, "4.09 MiB in chunks of 64 KiB");
        assert_eq!(buffers(4 * GIB, 4), 512);
        assert_eq!(buffers(GIB, 8), 256, "the floor");
        assert_eq!(buffers(1 << 46, 1), 4096, "the ceiling");
        assert_eq!(buffers(4 * GIB, 0), 2080, "no queue yet");
    }

    #[test]
    fn a_share_of_nothing_leaves_the_floor() {
        let sizing = Sizing { share: 0, ..SIZING };
        assert_eq!(sizing.chunks(u64::MAX, 1), sizing.floor_chunks());
    }

    proptest! {
        #[test]
        fn more_memory_never_means_fewer_buffers_and_the_bounds_hold(
            (floor, ceiling) in (32_u16..=4096).prop_flat_map(|floor| (Just(floor), floor..=16_384)),
            share in 0_u16..=1000,
            bytes in any::<u64>(),
            more in any::<u64>(),
            queues in 0_usize..=32,
        ) {
            let sizing = Sizing { floor, ceiling, share };
            let chunks = sizing.chunks(bytes, queues);
            prop_assert!(sizing.chunks(bytes.saturating_add(more), queues) >= chunks);
            prop_assert!(chunks * BUFFERS_PER_CHUNK >= floor);
            prop_assert!(chunks <= sizing.ceiling_chunks());
            let total = u128::from(chunks) * CHUNK_BYTES as u128 * queues.max(1) as u128;
            prop_assert!(
                chunks == sizing.floor_chunks()
                    || total <= u128::from(bytes) * u128::from(share) / u128::from(SHARES)
            );
        }
    }

    #[test]
    fn pools_grow_together_to_what_each_wants() {
        let pools = pools(&[3, 1, 0, 5]);
        let mut asked = vec![];
        let added = grow(pools.iter(), |pool| {
            asked.push(pool);
            Ok(memory())
        });
        assert_eq!(added, Ok(9));
        assert_eq!(present(&pools), [3, 1, 0, 5]);
        assert_eq!(asked, [0, 1, 3, 0, 3, 0, 3, 3, 3]);
        assert_eq!(grow(pools.iter(), |_| panic!("nothing is missing")), Ok(0));
    }

    #[test]
    fn a_step_that_fails_leaves_no_pool_ahead() {
        let pools = pools(&[4, 4, 4]);
        let mut left = 5;
        let result = grow(pools.iter(), |_| {
            left -= 1;
            if left < 0 {
                Err(Status::INSUFFICIENT_RESOURCES)
            } else {
                Ok(memory())
            }
        });
        assert_eq!(result, Err((3, Status::INSUFFICIENT_RESOURCES)));
        assert_eq!(present(&pools), [1, 1, 1]);
        assert_eq!(grow(pools.iter(), |_| Ok(memory())), Ok(9), "tried again");
        assert_eq!(present(&pools), [4, 4, 4]);
    }

    #[test]
    fn the_chunks_of_a_new_pool_are_all_there_or_none() {
        assert_eq!(chunks(3, || Ok(memory())).unwrap().take().count(), 3);
        let mut left = 2;
        let result = chunks(3, || {
            left -= 1;
            (left >= 0)
                .then(memory)
                .ok_or(Status::INSUFFICIENT_RESOURCES)
        });
        assert_eq!(result.err(), Some(Status::INSUFFICIENT_RESOURCES));
    }
}
