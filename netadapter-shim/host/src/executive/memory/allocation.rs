//! Memory that somebody has, or had: what it is, whose, and what an access beside it means.

use super::PAGE_SIZE;
use super::view::View;
use crate::executive::rules;
use crate::verifier::Rule;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::ops::Range;

/// Freed allocations whose addresses stay unused, and how many bytes of addresses they may take up.
const QUARANTINE_ALLOCATIONS: usize = 4096;
const QUARANTINE_BYTES: usize = 1 << 30;

/// What the bytes around an allocation, on its own pages, hold.
const CANARY: u8 = 0xC5;

/// What an allocation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Pool memory with a tag.
    Pool {
        /// The tag.
        tag: u32,
        /// Whether it may be paged out.
        paged: bool,
    },
    /// Memory that devices see, too; what it is called.
    Device(&'static str),
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pool { tag, .. } => write!(f, "pool block '{}'", tag_name(*tag)),
            Self::Device(name) => f.write_str(name),
        }
    }
}

/// A pool tag as text.
pub fn tag_name(tag: u32) -> String {
    String::from_utf8_lossy(&tag.to_le_bytes()).into_owned()
}

/// An allocation.
pub(super) struct Allocation {
    pub(super) view: View,
    /// The addresses that its user may touch.
    pub(super) used: Range<usize>,
    pub(super) physical: u64,
    pub(super) purpose: Purpose,
    /// The calls in the driver that made it, innermost first.
    pub(super) made_by: Vec<u32>,
    pub(super) freed: bool,
}

impl Allocation {
    /// The bytes of its pages in front of it and behind it.
    fn slack(&self) -> [Range<usize>; 2] {
        [
            self.view.start()..self.used.start,
            self.used.end..self.view.end(),
        ]
    }

    /// Fills what is around it on its own pages, so that a write is noticed later.
    pub(super) fn lay_canary(&self) {
        for slack in self.slack() {
            // SAFETY: the slack lies on pages of this allocation and outside of what its user has.
            unsafe { std::ptr::write_bytes(slack.start as *mut u8, CANARY, slack.len()) };
        }
    }

    /// The first address around it that was written.
    pub(super) fn written_slack(&self) -> Option<usize> {
        self.slack().into_iter().flatten().find(|&address| {
            // SAFETY: as above; the pages stay mapped until the allocation is freed.
            unsafe { (address as *const u8).read() != CANARY }
        })
    }

    pub(super) fn bytes(&self) -> usize {
        self.used.len()
    }

    /// What `address`, in or beside it, is to it.
    pub(super) fn place_of(&self, address: usize) -> String {
        let bytes = self.bytes();
        let what = if address < self.used.start {
            format!("{} bytes in front of", self.used.start - address)
        } else if address >= self.used.end {
            format!("{} bytes behind the end of", address - self.used.end)
        } else {
            format!("{} bytes into", address - self.used.start)
        };
        format!(
            "{what} the {} of {bytes} bytes at {:#x}",
            self.purpose, self.used.start
        )
    }

    /// The rule that an access beside it breaks, or to it if it was freed.
    pub(super) fn broken_rule(&self) -> &'static Rule {
        match (self.purpose, self.freed) {
            (Purpose::Pool { .. }, true) => &rules::POOL_USE_AFTER_FREE,
            (Purpose::Pool { .. }, false) => &rules::POOL_OVERRUN,
            (Purpose::Device(_), true) => &rules::COMMON_BUFFER_USE_AFTER_FREE,
            (Purpose::Device(_), false) => &rules::COMMON_BUFFER_OVERRUN,
        }
    }
}

/// All allocations by their addresses, those freed lately included.
#[derive(Default)]
pub(super) struct Allocations {
    /// By the first address of their pages.
    by_start: BTreeMap<usize, Allocation>,
    quarantine: VecDeque<usize>,
    quarantine_bytes: usize,
}

impl Allocations {
    pub(super) fn insert(&mut self, allocation: Allocation) {
        self.by_start.insert(allocation.view.start(), allocation);
    }

    /// The one whose pages or guards `address` lies in.
    pub(super) fn around(&self, address: usize) -> Option<&Allocation> {
        let behind_guard = address.checked_add(PAGE_SIZE)?;
        let candidates = self.by_start.range(..=behind_guard).rev().take(2);
        candidates
            .map(|(_, allocation)| allocation)
            .find(|allocation| allocation.view.reaches(address))
    }

    /// The one in use whose first byte is at `start`.
    pub(super) fn in_use_at(&self, start: usize) -> Option<&Allocation> {
        self.around(start)
            .filter(|allocation| !allocation.freed && allocation.used.start == start)
    }

    /// Every one in use.
    pub(super) fn in_use(&self) -> impl Iterator<Item = &Allocation> {
        self.by_start
            .values()
            .filter(|allocation| !allocation.freed)
    }

    /// Frees the one whose first byte is at `start`; its addresses stay out of use for a while.
    pub(super) fn free(&mut self, start: usize) {
        let key = self
            .in_use_at(start)
            .map(|allocation| allocation.view.start());
        let Some(allocation) = key.and_then(|key| self.by_start.get_mut(&key)) else {
            return;
        };
        allocation.freed = true;
        allocation.view.retire();
        self.quarantine_bytes += allocation.view.reserved_bytes();
        self.quarantine.push_back(allocation.view.start());
        while self.quarantine.len() > QUARANTINE_ALLOCATIONS
            || self.quarantine_bytes > QUARANTINE_BYTES
        {
            let oldest = self.quarantine.pop_front();
            let oldest = oldest.and_then(|key| self.by_start.remove(&key));
            self.quarantine_bytes -= oldest.map_or(0, |gone| gone.view.reserved_bytes());
        }
    }

    /// Forgets all of them; their addresses may be used for anything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
