//! Locks that own what they guard, values that are set once, and values that are handed over without a lock.

mod handover;

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicU8, Ordering};

use netadapter_abi::nt::{KIRQL, KSPIN_LOCK};

pub use handover::{Handover, Parcel, Parcels};

/// A kernel spin lock around a value.
///
/// IRQL: [`Self::lock`] at ≤ DISPATCH_LEVEL; the holder runs at DISPATCH_LEVEL, so it does not wait and does not touch
/// paged memory. One thread must not take one lock twice.
pub struct SpinLock<T> {
    lock: UnsafeCell<KSPIN_LOCK>,
    value: UnsafeCell<T>,
}

// SAFETY: the lock gives the value to one holder at a time; moving it there needs `T: Send`.
unsafe impl<T: Send> Send for SpinLock<T> {}
// SAFETY: as for `Send`: no two holders have the value at once.
unsafe impl<T: Send> Sync for SpinLock<T> {}

/// The holder of a [`SpinLock`]; releases it, and restores the IRQL, when dropped.
pub struct SpinLockGuard<'a, T> {
    owner: &'a SpinLock<T>,
    irql: KIRQL,
}

impl<T> SpinLock<T> {
    /// A free lock. 0 is what `KeInitializeSpinLock` writes.
    pub const fn new(value: T) -> Self {
        Self {
            lock: UnsafeCell::new(0),
            value: UnsafeCell::new(value),
        }
    }

    /// Waits for the lock.
    pub fn lock(&self) -> SpinLockGuard<'_, T> {
        SpinLockGuard {
            owner: self,
            irql: raw::acquire(&self.lock),
        }
    }

    /// The value, for somebody who has the lock to himself.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

impl<T: Default> Default for SpinLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Deref for SpinLockGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the guard exists, so the lock is held, and only through this guard is the value reached.
        unsafe { &*self.owner.value.get() }
    }
}

impl<T> DerefMut for SpinLockGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`; the guard is borrowed mutably.
        unsafe { &mut *self.owner.value.get() }
    }
}

impl<T> Drop for SpinLockGuard<'_, T> {
    fn drop(&mut self) {
        raw::release(&self.owner.lock, self.irql);
    }
}

#[cfg(target_os = "windows")]
mod raw {
    use super::*;
    use netadapter_abi::nt;

    pub fn acquire(lock: &UnsafeCell<KSPIN_LOCK>) -> KIRQL {
        // SAFETY: the lock is initialised and lives as long as the reference; `SpinLock::lock` states the IRQL.
        unsafe { nt::KeAcquireSpinLockRaiseToDpc(lock.get()) }
    }

    pub fn release(lock: &UnsafeCell<KSPIN_LOCK>, irql: KIRQL) {
        // SAFETY: the guard that calls this holds the lock, and `irql` is what taking it gave.
        unsafe { nt::KeReleaseSpinLock(lock.get(), irql) };
    }
}

/// The same without a kernel, so that code with locks can be tested where it is built.
#[cfg(not(target_os = "windows"))]
mod raw {
    use super::*;
    use core::sync::atomic::AtomicUsize;

    fn word(lock: &UnsafeCell<KSPIN_LOCK>) -> &AtomicUsize {
        // SAFETY: the word is aligned, lives as long as the reference and is reached only as an atomic.
        unsafe { AtomicUsize::from_ptr(lock.get()) }
    }

    pub fn acquire(lock: &UnsafeCell<KSPIN_LOCK>) -> KIRQL {
        while word(lock).swap(1, Ordering::Acquire) != 0 {
            core::hint::spin_loop();
        }
        0
    }

    pub fn release(lock: &UnsafeCell<KSPIN_LOCK>, _: KIRQL) {
        word(lock).store(0, Ordering::Release);
    }
}

/// A value that is set once and then read without a lock, at any IRQL.
pub struct Once<T> {
    state: AtomicU8,
    value: UnsafeCell<MaybeUninit<T>>,
}

const EMPTY: u8 = 0;
const BEING_SET: u8 = 1;
const SET: u8 = 2;

// SAFETY: the value may be moved in by one thread and dropped by another.
unsafe impl<T: Send> Send for Once<T> {}
// SAFETY: the state lets one thread write, before all readers; readers share the value.
unsafe impl<T: Send + Sync> Sync for Once<T> {}

impl<T> Once<T> {
    /// Without a value.
    pub const fn new() -> Self {
        Self {
            state: AtomicU8::new(EMPTY),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// The value, if it has been set.
    pub fn get(&self) -> Option<&T> {
        // SAFETY: after SET the value is initialised and never written again.
        (self.state.load(Ordering::Acquire) == SET)
            .then(|| unsafe { &*self.value.get().cast::<T>() })
    }

    /// Sets the value.
    ///
    /// # Errors
    ///
    /// `value` itself, when there is one already or another thread is setting it.
    pub fn set(&self, value: T) -> core::result::Result<&T, T> {
        if self
            .state
            .compare_exchange(EMPTY, BEING_SET, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            return Err(value);
        }
        // SAFETY: the exchange lets exactly one thread come here, and nobody reads before SET.
        let value = unsafe { (*self.value.get()).write(value) };
        self.state.store(SET, Ordering::Release);
        Ok(value)
    }
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Drop for Once<T> {
    fn drop(&mut self) {
        if *self.state.get_mut() == SET {
            // SAFETY: SET says that the value is initialised; it is dropped once, here.
            unsafe { self.value.get_mut().assume_init_drop() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_of_a_lock_exclude_each_other() {
        let total = SpinLock::new(0_u32);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1000).for_each(|_| *total.lock() += 1));
            }
        });
        assert_eq!(*total.lock(), 4000);
    }

    #[test]
    fn a_value_is_set_once() {
        let once = Once::new();
        assert_eq!(once.get(), None);
        assert_eq!(once.set(1), Ok(&1));
        assert_eq!(once.set(2), Err(2));
        assert_eq!(once.get(), Some(&1));
    }
}
