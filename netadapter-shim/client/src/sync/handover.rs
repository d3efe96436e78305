//! Handing boxed values from one thread to another without a lock and without an allocation.

use alloc::boxed::Box;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

use crate::Result;
use crate::memory::try_box;

/// A value that can wait in a [`Handover`]. It is allocated once, and then travels as it is.
pub struct Parcel<T> {
    next: *mut Parcel<T>,
    /// What is handed over.
    pub value: T,
}

// SAFETY: the link is used by a `Handover` only, which passes on whole parcels.
unsafe impl<T: Send> Send for Parcel<T> {}
// SAFETY: a shared reference gives nothing but a shared reference to the value.
unsafe impl<T: Sync> Sync for Parcel<T> {}

impl<T> Parcel<T> {
    /// A parcel on its own.
    ///
    /// IRQL: ≤ DISPATCH_LEVEL.
    ///
    /// # Errors
    ///
    /// STATUS_INSUFFICIENT_RESOURCES when there is no memory.
    pub fn try_new(value: T) -> Result<Box<Self>> {
        try_box(Self {
            next: null_mut(),
            value,
        })
    }
}

/// A place where parcels wait. Any thread may put some there; whoever takes, takes all, so that no head can be mistaken
/// for an older one.
///
/// # Invariants
///
/// `head` starts a list, linked by `next`, of parcels from boxes which nobody else has.
pub struct Handover<T> {
    head: AtomicPtr<Parcel<T>>,
}

impl<T> Handover<T> {
    /// Nothing waits.
    pub const fn new() -> Self {
        Self {
            head: AtomicPtr::new(null_mut()),
        }
    }

    /// Puts a parcel there. IRQL: any.
    pub fn put(&self, parcel: Box<Parcel<T>>) {
        let parcel = Box::into_raw(parcel);
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            // SAFETY: the parcel came from the box above, and is not in the list yet.
            unsafe { (*parcel).next = head };
            // Release: whoever takes the parcel sees its contents.
            match self.head.compare_exchange_weak(
                head,
                parcel,
                Ordering::Release,
                Ordering::Relaxed,
            ) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    /// Whether nothing seems to wait: a cheap look before [`Self::take`]. IRQL: any.
    pub fn is_empty(&self) -> bool {
        self.head.load(Ordering::Relaxed).is_null()
    }

    /// Takes all parcels, the last one first. IRQL: any; where the rest is dropped, that of its values.
    pub fn take(&self) -> Parcels<T> {
        Parcels {
            next: self.head.swap(null_mut(), Ordering::Acquire),
        }
    }
}

impl<T> Default for Handover<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Drop for Handover<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

/// Parcels that were taken; those that are not asked for are dropped.
///
/// # Invariants
///
/// As for [`Handover`].
pub struct Parcels<T> {
    next: *mut Parcel<T>,
}

// SAFETY: the parcels belong to this value alone.
unsafe impl<T: Send> Send for Parcels<T> {}

impl<T> Iterator for Parcels<T> {
    type Item = Box<Parcel<T>>;

    fn next(&mut self) -> Option<Box<Parcel<T>>> {
        if self.next.is_null() {
            return None;
        }
        // SAFETY: by the invariant the pointer came from a box, and nobody else has it.
        let mut parcel = unsafe { Box::from_raw(self.next) };
        self.next = core::mem::replace(&mut parcel.next, null_mut());
        Some(parcel)
    }
}

impl<T> Drop for Parcels<T> {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;
    use std::vec::Vec;

    #[test]
    fn the_last_parcel_comes_first_and_each_comes_once() {
        let handover = Handover::new();
        assert!(handover.is_empty());
        (0..3).for_each(|value| handover.put(Parcel::try_new(value).unwrap()));
        assert!(!handover.is_empty());
        let taken: Vec<i32> = handover.take().map(|parcel| parcel.value).collect();
        assert_eq!(taken, [2, 1, 0]);
        assert!(handover.take().next().is_none());
    }

    #[test]
    fn parcels_that_nobody_takes_are_dropped() {
        struct Bell<'a>(&'a AtomicUsize);
        impl Drop for Bell<'_> {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let rung = AtomicUsize::new(0);
        let handover = Handover::new();
        (0..3).for_each(|_| handover.put(Parcel::try_new(Bell(&rung)).unwrap()));
        let mut parcels = handover.take();
        drop(parcels.next());
        assert_eq!(rung.load(Ordering::Relaxed), 1);
        drop(parcels);
        assert_eq!(rung.load(Ordering::Relaxed), 3);
        handover.put(Parcel::try_new(Bell(&rung)).unwrap());
        drop(handover);
        assert_eq!(rung.load(Ordering::Relaxed), 4);
    }

    #[test]
    fn parcels_of_many_threads_all_arrive_and_may_travel_again() {
        let (there, back) = (Handover::new(), Handover::new());
        let mut seen = Vec::new();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let there = &there;
                scope.spawn(move || {
                    (0..250).for_each(|place| {
                        there.put(Parcel::try_new(thread * 250 + place).unwrap());
                    });
                });
            }
            let mut arrived = 0;
            while arrived < 1000 {
                for parcel in there.take() {
                    arrived += 1;
                    back.put(parcel);
                }
                std::thread::yield_now();
            }
        });
        seen.extend(back.take().map(|parcel| parcel.value));
        seen.sort_unstable();
        assert_eq!(seen, (0..1000).collect::<Vec<_>>());
    }
}
