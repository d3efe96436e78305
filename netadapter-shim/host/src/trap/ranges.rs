//! A table of address ranges that a signal handler can look into.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// More than any number of machines that one process runs.
const CAPACITY: usize = 4096;

/// Ranges and what they stand for.
///
/// # Invariants
///
/// A slot whose end is not zero belongs to one range in `entries`. Slots change only under the
/// write lock of `entries`.
pub(super) struct RangeTable<T: ?Sized> {
    slots: [Slot; CAPACITY],
    /// Slots at and behind this one have never been used.
    used: AtomicUsize,
    entries: RwLock<Vec<Entry<T>>>,
}

struct Slot {
    start: AtomicU64,
    end: AtomicU64,
}

struct Entry<T: ?Sized> {
    start: u64,
    end: u64,
    slot: usize,
    owner: Arc<T>,
}

impl<T: ?Sized> RangeTable<T> {
    pub(super) const fn new() -> Self {
        Self {
            slots: [const {
                Slot {
                    start: AtomicU64::new(0),
                    end: AtomicU64::new(0),
                }
            }; CAPACITY],
            used: AtomicUsize::new(0),
            entries: RwLock::new(Vec::new()),
        }
    }

    /// Whether an address lies in a range. Async-signal-safe: it reads atomics only. While another
    /// thread replaces a range it may say yes for an address between the two; it never says no for
    /// a range that stays. So a yes is only a reason to look with [`RangeTable::find`].
    pub(super) fn contains(&self, address: u64) -> bool {
        let used = self.used.load(Ordering::Acquire);
        self.slots[..used].iter().any(|slot| {
            let end = slot.end.load(Ordering::Acquire);
            (slot.start.load(Ordering::Relaxed)..end).contains(&address)
        })
    }

    /// The start and the owner of the range that holds `address`. Not for signal handlers.
    pub(super) fn find(&self, address: u64) -> Option<(u64, Arc<T>)> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let entry = entries
            .iter()
            .find(|entry| (entry.start..entry.end).contains(&address))?;
        Some((entry.start, Arc::clone(&entry.owner)))
    }

    /// Adds a range; false when the table is full.
    pub(super) fn insert(&self, start: u64, len: u64, owner: Arc<T>) -> bool {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let Some(number) = self
            .slots
            .iter()
            .position(|slot| slot.end.load(Ordering::Relaxed) == 0)
        else {
            return false;
        };
        let end = start.saturating_add(len);
        entries.push(Entry {
            start,
            end,
            slot: number,
            owner,
        });
        self.slots[number].start.store(start, Ordering::Relaxed);
        self.slots[number].end.store(end, Ordering::Release);
        self.used.fetch_max(number + 1, Ordering::Release);
        true
    }

    /// Removes the range that begins at `start`, if there is one.
    pub(super) fn remove(&self, start: u64) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let Some(position) = entries.iter().position(|entry| entry.start == start) else {
            return;
        };
        let entry = entries.swap_remove(position);
        self.slots[entry.slot].end.store(0, Ordering::Release);
        drop(entries);
    }
}
