//! Much and little free memory, as the memory manager tells drivers of them.

use parking_lot::Mutex;

/// What drivers can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryCondition {
    /// `\KernelObjects\HighMemoryCondition`.
    High,
    /// `\KernelObjects\LowMemoryCondition`.
    Low,
}

/// Bytes of free memory at which memory is low: 32 MiB for each 4 GiB that the machine has, at most
/// 64 MiB (*CreateMemoryResourceNotification function*, remarks).
const LOW_FOR_EACH: u64 = 32 << 20;
const LOW_EACH: u64 = 4 << 30;
const LOW_MAXIMUM: u64 = 64 << 20;

/// Memory is high at this many times that (as above).
const HIGH_FACTOR: u64 = 3;

/// Hears whether a condition holds, whenever that changes. It must not call the driver.
type Follower = Box<dyn Fn(bool) + Send + Sync>;

/// Which condition of memory holds, and who follows it.
pub struct MemoryConditions(Mutex<State>);

struct State {
    holds: Option<MemoryCondition>,
    /// Set: what is told, whatever the free memory.
    forced: Option<Option<MemoryCondition>>,
    followers: Vec<(MemoryCondition, Follower)>,
}

impl MemoryConditions {
    pub(super) fn new(bytes: u64) -> Self {
        Self(Mutex::new(State {
            holds: condition_of(bytes, bytes),
            forced: None,
            followers: Vec::new(),
        }))
    }

    /// The condition that holds.
    pub fn holds(&self) -> Option<MemoryCondition> {
        self.0.lock().holds
    }

    /// Calls `follower` with whether `condition` holds, now and whenever it changes.
    pub(crate) fn follow(
        &self,
        condition: MemoryCondition,
        follower: impl Fn(bool) + Send + Sync + 'static,
    ) {
        let mut state = self.0.lock();
        follower(state.holds == Some(condition));
        state.followers.push((condition, Box::new(follower)));
    }

    /// Tells drivers this condition, or neither, from now on, whatever the free memory is.
    pub fn force(&self, condition: Option<MemoryCondition>) {
        let mut state = self.0.lock();
        state.forced = Some(condition);
        state.tell(condition);
    }

    /// Follows the free memory.
    pub(super) fn update(&self, free: u64, total: u64) {
        let mut state = self.0.lock();
        let holds = state.forced.unwrap_or_else(|| condition_of(free, total));
        state.tell(holds);
    }
}

impl State {
    fn tell(&mut self, holds: Option<MemoryCondition>) {
        let before = std::mem::replace(&mut self.holds, holds);
        for (condition, follower) in &self.followers {
            let (was, is) = (before == Some(*condition), holds == Some(*condition));
            if was != is {
                follower(is);
            }
        }
    }
}

fn condition_of(free: u64, total: u64) -> Option<MemoryCondition> {
    let low = (total.div_ceil(LOW_EACH) * LOW_FOR_EACH).min(LOW_MAXIMUM);
    if free <= low {
        Some(MemoryCondition::Low)
    } else if free >= HIGH_FACTOR * low {
        Some(MemoryCondition::High)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_low_then_neither_then_high() {
        let total = 4 << 30;
        let expected = [
            (32, Some(MemoryCondition::Low)),
            (33, None),
            (95, None),
            (96, Some(MemoryCondition::High)),
        ];
        for (mib, condition) in expected {
            assert_eq!(condition_of(mib << 20, total), condition, "{mib} MiB");
        }
        assert_eq!(condition_of(64 << 20, 64 << 30), Some(MemoryCondition::Low));
    }

    #[test]
    fn a_forced_condition_stays_when_the_memory_changes() {
        let conditions = MemoryConditions::new(1 << 30);
        assert_eq!(conditions.holds(), Some(MemoryCondition::High));
        conditions.force(Some(MemoryCondition::Low));
        conditions.update(1 << 30, 1 << 30);
        assert_eq!(conditions.holds(), Some(MemoryCondition::Low));
    }
}
