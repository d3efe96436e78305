//! Much and little free memory, as the memory manager tells drivers of them.

use crate::executive::{Event, EventKind};
use parking_lot::Mutex;
use std::sync::Arc;

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

/// Two notification events that follow the machine's free memory.
pub struct MemoryConditions {
    high: Arc<Event>,
    low: Arc<Event>,
    /// Set: what is told, whatever the free memory.
    forced: Mutex<Option<Option<MemoryCondition>>>,
}

impl MemoryConditions {
    pub(super) fn new(bytes: u64) -> Self {
        let event = || Arc::new(Event::new(EventKind::Notification, false));
        let conditions = Self {
            high: event(),
            low: event(),
            forced: Mutex::new(None),
        };
        conditions.update(bytes, bytes);
        conditions
    }

    /// The event of a condition.
    pub fn event(&self, condition: MemoryCondition) -> &Arc<Event> {
        match condition {
            MemoryCondition::High => &self.high,
            MemoryCondition::Low => &self.low,
        }
    }

    /// Tells drivers this condition, or neither, from now on, whatever the free memory is.
    pub fn force(&self, condition: Option<MemoryCondition>) {
        *self.forced.lock() = Some(condition);
        self.tell(condition);
    }

    /// Follows the free memory.
    pub(super) fn update(&self, free: u64, total: u64) {
        let forced = *self.forced.lock();
        self.tell(forced.unwrap_or_else(|| condition_of(free, total)));
    }

    fn tell(&self, condition: Option<MemoryCondition>) {
        for known in [MemoryCondition::High, MemoryCondition::Low] {
            let event = self.event(known);
            match (condition == Some(known), event.is_set()) {
                (true, false) => {
                    event.set();
                }
                (false, true) => {
                    event.clear();
                }
                _ => {}
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
        let told = |condition| conditions.event(condition).is_set();
        assert!(told(MemoryCondition::High) && !told(MemoryCondition::Low));
        conditions.force(Some(MemoryCondition::Low));
        conditions.update(1 << 30, 1 << 30);
        assert!(!told(MemoryCondition::High) && told(MemoryCondition::Low));
    }
}
