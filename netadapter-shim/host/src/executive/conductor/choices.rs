//! What a seed decides about the order of things.
//!
//! The manner in which it decides changes from time to time, so that there are stretches in which
//! one processor is far behind, interrupts are late, or everybody changes place at every step:
//! other faults show in each of them.

use fastrand::Rng;

/// Distinct weights; who may be next is told apart by a number modulo this.
const WEIGHTS: usize = 32;

/// The manner of a stretch.
struct Manner {
    weights: [u32; WEIGHTS],
    /// Points that a processor runs for at most.
    points_most: u32,
    interrupt_latency_most_ns: u64,
    dpc_latency_most_ns: u64,
    /// Of how many times a thread that could be preempted one is.
    preempted_one_in: u32,
    /// Choices after which another manner follows.
    left: u32,
}

impl Manner {
    fn draw(random: &mut Rng) -> Self {
        let mut weights = [1; WEIGHTS];
        for weight in &mut weights {
            *weight = pick(random, &[1, 4, 4, 4, 16, 64]);
        }
        Self {
            weights,
            points_most: pick(random, &[0, 2, 8, 32, 128, 512]),
            interrupt_latency_most_ns: pick(random, &[0, 500, 5_000, 50_000]),
            dpc_latency_most_ns: pick(random, &[0, 500, 5_000, 50_000]),
            preempted_one_in: pick(random, &[1, 4, 32]),
            left: random.u32(100..3_000),
        }
    }
}

fn pick<T: Copy>(random: &mut Rng, from: &[T]) -> T {
    from[random.usize(..from.len())]
}

/// A seed, and how far its decisions have come.
pub(super) struct Choices {
    random: Rng,
    manner: Manner,
}

impl Choices {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let manner = Manner::draw(&mut random);
        Self { random, manner }
    }

    /// Who of some is next: a position in the list of what tells them apart.
    pub(super) fn next(&mut self, names: impl Iterator<Item = usize> + Clone) -> usize {
        if self.manner.left == 0 {
            self.manner = Manner::draw(&mut self.random);
        }
        self.manner.left -= 1;
        let weights = names.map(|name| self.manner.weights[name % WEIGHTS]);
        let mut chosen = self.random.u32(..weights.clone().sum::<u32>().max(1));
        for (position, weight) in weights.enumerate() {
            match chosen.checked_sub(weight) {
                Some(rest) => chosen = rest,
                None => return position,
            }
        }
        0
    }

    /// Points for which a processor goes on now.
    pub(super) fn points(&mut self) -> u32 {
        self.random.u32(..=self.manner.points_most)
    }

    /// Whether a thread that can be preempted is.
    pub(super) fn preempts(&mut self) -> bool {
        self.random.u32(..self.manner.preempted_one_in) == 0
    }

    pub(super) fn interrupt_latency_ns(&mut self) -> u64 {
        self.random.u64(..=self.manner.interrupt_latency_most_ns)
    }

    pub(super) fn dpc_latency_ns(&mut self) -> u64 {
        self.random.u64(..=self.manner.dpc_latency_most_ns)
    }
}
