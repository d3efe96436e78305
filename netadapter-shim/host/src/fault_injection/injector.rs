//! Decides at each occasion whether a fault strikes.

use super::plan::{Plan, Strike};
use super::{Fault, SiteBook};
use parking_lot::{Mutex, RwLock};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A fault that strikes, and the numbers that it draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Struck {
    /// Which it is.
    pub strike: Strike,
    draw: u64,
}

impl Struck {
    /// A number below `bound`, the same for the same seed and occasion; 0 where nothing is below.
    pub fn below(&self, bound: u64) -> u64 {
        self.draw.checked_rem(bound).unwrap_or(0)
    }
}

#[derive(Default)]
struct Orders {
    seed: u64,
    plan: Plan,
}

/// The faults of one machine. Without a plan nothing ever strikes.
#[derive(Default)]
pub struct Injector {
    armed: AtomicBool,
    orders: RwLock<Orders>,
    occasions: [AtomicU64; Fault::ALL.len()],
    struck: Mutex<Vec<Strike>>,
}

impl Injector {
    /// Faults strike by `plan` from now on.
    pub fn arm(&self, seed: u64, plan: Plan) {
        let armed = !matches!(plan, Plan::None);
        *self.orders.write() = Orders { seed, plan };
        self.armed.store(armed, Ordering::Release);
    }

    /// Nothing strikes any more: what follows must come to a good end.
    pub fn disarm(&self) {
        self.armed.store(false, Ordering::Release);
    }

    /// Whether `fault` strikes at this occasion.
    pub fn strikes(&self, fault: Fault) -> Option<Struck> {
        self.decide(fault, |plan, strike, draw| match plan {
            Plan::None | Plan::Systematic(_) => false,
            Plan::Chance(chances) => {
                let millionths = chances.get(&fault).copied().unwrap_or(0);
                draw % 1_000_000 < u64::from(millionths)
            }
            Plan::Exactly(strikes) => strikes.contains(&strike),
        })
    }

    /// Whether a call of the driver fails. `stack` names the calls that led to it, innermost
    /// first; it is asked for only where faults go by place.
    pub fn fails_call(&self, fault: Fault, stack: impl FnOnce() -> Vec<u32>) -> Option<Struck> {
        let book = self.book()?;
        let Some(book) = book else {
            return self.strikes(fault);
        };
        let first = self.struck.lock().is_empty();
        let fails = book.visit(fault, stack(), first);
        self.decide(fault, |_, _, _| fails)
    }

    /// The faults that have struck, in their order.
    pub fn struck(&self) -> Vec<Strike> {
        self.struck.lock().clone()
    }

    /// The book of a systematic plan; nothing at all while nothing may strike.
    fn book(&self) -> Option<Option<Arc<SiteBook>>> {
        if !self.armed.load(Ordering::Acquire) {
            return None;
        }
        Some(match &self.orders.read().plan {
            Plan::Systematic(book) => Some(book.clone()),
            _ => None,
        })
    }

    fn decide(
        &self,
        fault: Fault,
        strikes: impl FnOnce(&Plan, Strike, u64) -> bool,
    ) -> Option<Struck> {
        if !self.armed.load(Ordering::Acquire) {
            return None;
        }
        let ordinal = self.occasions[fault as usize].fetch_add(1, Ordering::Relaxed);
        let strike = Strike { fault, ordinal };
        let orders = self.orders.read();
        let draw = draw(orders.seed, strike);
        if !strikes(&orders.plan, strike, draw) {
            return None;
        }
        self.struck.lock().push(strike);
        // The high half decided nothing above.
        let draw = draw >> 32;
        Some(Struck { strike, draw })
    }
}

/// A number that depends on seed and occasion only: two rounds of SplitMix64 (Steele, Lea, Flood,
/// *Fast Splittable Pseudorandom Number Generators*).
fn draw(seed: u64, strike: Strike) -> u64 {
    let round = |state: u64| {
        let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let kind = strike
        .fault
        .name()
        .bytes()
        .fold(seed, |state, byte| round(state ^ u64::from(byte)));
    round(kind ^ strike.ordinal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(seed: u64, plan: Plan, occasions: u64) -> Vec<Strike> {
        let injector = Injector::default();
        injector.arm(seed, plan);
        for _ in 0..occasions {
            for &fault in Fault::ALL {
                injector.strikes(fault);
            }
        }
        injector.struck()
    }

    #[test]
    fn the_same_seed_gives_the_same_faults_and_another_one_others() {
        let plan = || "late-interrupt=0.1,link-flap=0.1".parse().unwrap();
        assert_eq!(run(7, plan(), 500), run(7, plan(), 500));
        assert_ne!(run(7, plan(), 500), run(8, plan(), 500));
    }

    #[test]
    fn a_fault_strikes_about_as_often_as_its_probability_says() {
        let strikes = run(1, "late-interrupt=0.1".parse().unwrap(), 10_000).len();
        assert!((900..1100).contains(&strikes), "{strikes}");
    }

    #[test]
    fn a_run_is_repeated_by_the_list_of_its_strikes_and_by_any_part_of_it() {
        let struck = run(3, Plan::all(), 200);
        assert!(struck.len() > 10);
        let again = run(3, Plan::exactly(struck.iter().copied()), 200);
        assert_eq!(again, struck);
        let half: Vec<_> = struck.iter().copied().step_by(2).collect();
        assert_eq!(run(3, Plan::exactly(half.iter().copied()), 200), half);
    }

    #[test]
    fn the_numbers_of_a_strike_are_the_same_in_a_shorter_list() {
        let numbers = |plan: Plan| {
            let injector = Injector::default();
            injector.arm(5, plan);
            (0..1000)
                .filter_map(|_| injector.strikes(Fault::FewerMessages))
                .map(|struck| (struck.strike, struck.below(17)))
                .collect::<Vec<_>>()
        };
        let all = numbers(Plan::all());
        let last = *all.last().unwrap();
        assert_eq!(numbers(Plan::exactly([last.0])), [last]);
    }

    #[test]
    fn nothing_strikes_before_and_after_the_faulty_phase() {
        let injector = Injector::default();
        assert_eq!(injector.strikes(Fault::LinkFlap), None);
        injector.arm(0, "link-flap=1".parse().unwrap());
        assert!(injector.strikes(Fault::LinkFlap).is_some());
        injector.disarm();
        assert_eq!(injector.strikes(Fault::LinkFlap), None);
    }

    #[test]
    fn a_number_below_nothing_is_zero() {
        let injector = Injector::default();
        injector.arm(0, "link-flap=1".parse().unwrap());
        assert_eq!(injector.strikes(Fault::LinkFlap).unwrap().below(0), 0);
    }
}
