//! Makes a scenario from a seed.

use super::check::Possible;
use super::{Policy, Scenario, Step};
use fastrand::Rng;

/// Steps between the first traffic and the last.
const STEPS_MAX: usize = 8;

impl Scenario {
    /// The scenario of a seed. Each leaves out some kinds of steps, so that the others come in
    /// longer rows (*swarm testing*: Groce and others, ISSTA 2012).
    pub fn random(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let processors = rng.u32(1..=4);
        let mut scenario = Self {
            processors,
            maximum_processors: rng.u32(processors..=16),
            memory_mib: 512 << rng.u32(0..3),
            flows: rng.u32(1..=48),
            frame_size: rng.usize(60..=400),
            policy: policy(&mut rng),
            ..Self::default()
        };
        let Ok(mut possible) = Possible::new(&scenario) else {
            return scenario;
        };
        let allowed: u32 = rng.u32(..);
        let mut take = |step: Step, scenario: &mut Self| {
            if possible.take(step).is_ok() {
                scenario.steps.push(step);
            }
            possible.processors()
        };
        let mut present = take(traffic(&mut rng), &mut scenario);
        for _ in 0..rng.usize(1..=STEPS_MAX) {
            let (kind, step) = any_step(&mut rng, present);
            if allowed & 1 << kind != 0 {
                present = take(step, &mut scenario);
            }
        }
        // Whatever is possible of these brings the machine to where traffic can flow.
        for step in [Step::Resume, Step::LinkUp, traffic(&mut rng)] {
            take(step, &mut scenario);
        }
        scenario
    }
}

fn policy(rng: &mut Rng) -> Policy {
    match rng.u32(0..8) {
        0 => Policy::StayOut,
        1 => Policy::ClassDefault,
        _ => Policy::Participate,
    }
}

fn traffic(rng: &mut Rng) -> Step {
    Step::Traffic {
        packets: rng.u64(20..=200),
    }
}

/// A step, and the number of its kind.
fn any_step(rng: &mut Rng, processors: u32) -> (u32, Step) {
    let kind = rng.u32(0..12);
    let step = match kind {
        0..=2 => Step::AddProcessor,
        3 => Step::AddMemory {
            mib: 64 << rng.u32(0..4),
        },
        4 => Step::CancelStop,
        5 => Step::LinkDown,
        6 => Step::LinkUp,
        7 => Step::Sleep,
        8 => Step::Resume,
        9 => Step::HotReplace {
            processor: rng.u32(0..processors),
        },
        10 if rng.u32(0..4) == 0 => Step::SurpriseRemove,
        _ => traffic(rng),
    };
    (kind, step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::mem::discriminant;

    #[test]
    fn equal_seeds_give_equal_scenarios_and_others_give_others() {
        let distinct: HashSet<_> = (0..100)
            .map(|seed| Scenario::random(seed).to_toml())
            .collect();
        assert_eq!(distinct.len(), 100);
        assert_eq!(Scenario::random(7), Scenario::random(7));
    }

    #[test]
    fn every_kind_of_step_comes_up() {
        let kinds: HashSet<_> = (0..500)
            .flat_map(|seed| Scenario::random(seed).steps)
            .map(|step| discriminant(&step))
            .collect();
        assert_eq!(kinds.len(), 10);
    }

    #[test]
    fn a_device_that_stays_has_traffic_at_the_end() {
        for seed in 0..300 {
            let scenario = Scenario::random(seed);
            if !scenario.steps.contains(&Step::SurpriseRemove) {
                assert!(matches!(scenario.steps.last(), Some(Step::Traffic { .. })));
            }
        }
    }
}
