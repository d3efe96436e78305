//! How often a processor has called each of the driver's callbacks.

use super::processor::ProcessorCounters;
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};

/// More than frameworks have kinds of callbacks.
const SLOTS: usize = 128;

/// One kind: its name, in parts, and the number of calls.
#[derive(Default)]
struct Slot {
    name: AtomicPtr<u8>,
    len: AtomicUsize,
    calls: AtomicU64,
}

/// Counters of one processor. Written on that processor only.
pub(super) struct CallbackCounts([Slot; SLOTS]);

impl Default for CallbackCounts {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Slot::default()))
    }
}

impl CallbackCounts {
    /// Counts a call. A name that finds no slot is not counted: there are more slots than names.
    #[inline]
    pub(super) fn count(&self, name: &'static str) {
        let address = name.as_ptr().cast_mut();
        let first = address as usize / 8 % SLOTS;
        for slot in self.0[first..].iter().chain(&self.0[..first]) {
            let holder = slot.name.load(Ordering::Relaxed);
            if holder.is_null() {
                slot.len.store(name.len(), Ordering::Relaxed);
                slot.name.store(address, Ordering::Release);
            } else if holder != address || slot.len.load(Ordering::Relaxed) != name.len() {
                continue;
            }
            let calls = slot.calls.load(Ordering::Relaxed);
            slot.calls.store(calls + 1, Ordering::Relaxed);
            return;
        }
    }

    /// The names and their counts. From any thread.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.0.iter().filter_map(|slot| {
            let name = slot.name.load(Ordering::Acquire);
            if name.is_null() {
                return None;
            }
            let len = slot.len.load(Ordering::Relaxed);
            // SAFETY: the parts of a static slice; the length was stored before the address.
            let bytes = unsafe { std::slice::from_raw_parts(name, len) };
            let name = std::str::from_utf8(bytes).ok()?;
            Some((name, slot.calls.load(Ordering::Relaxed)))
        })
    }
}

impl ProcessorCounters {
    /// The driver's callback `name` is about to be called. On the processor itself only.
    #[inline]
    pub(crate) fn count_callback(&self, name: &'static str) {
        self.callbacks.count(name);
    }

    /// How often each of the driver's callbacks has been called here, by name.
    pub fn callbacks(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.callbacks.all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_name() {
        let counts = CallbackCounts::default();
        for name in ["EvtA", "EvtB", "EvtA"] {
            counts.count(name);
        }
        let mut all: Vec<_> = counts.all().collect();
        all.sort_unstable();
        assert_eq!(all, [("EvtA", 2), ("EvtB", 1)]);
    }

    #[test]
    fn names_that_meet_at_one_slot_are_kept_apart() {
        const NAMES: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
        let counts = CallbackCounts::default();
        for end in 1..NAMES.len() {
            counts.count(&NAMES[..end]);
            counts.count(&NAMES[..end]);
        }
        assert_eq!(counts.all().count(), NAMES.len() - 1);
        assert!(counts.all().all(|(_, calls)| calls == 2));
    }
}
