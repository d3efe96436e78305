//! IRQL and spin locks.

use super::exports;
use super::rules;
use crate::executive::{SpinLock, processor, require_irql, system, violation};
use netadapter_abi::nt::{DISPATCH_LEVEL, HIGH_LEVEL, KIRQL};
use netadapter_abi::nt_export;

fn lock_of(address: *mut usize) -> &'static SpinLock {
    // SAFETY: a KSPIN_LOCK is one aligned word that only the lock functions touch; SpinLock is
    // transparent over such a word, and 0 is free in both.
    unsafe { &*address.cast::<SpinLock>() }
}

fn acquire(address: *mut usize) {
    let index = processor().index();
    if lock_of(address).holder() == Some(index) {
        violation(
            &rules::SPIN_LOCK_ALREADY_OWNED,
            format!("lock at {address:p}"),
        );
    }
    lock_of(address).acquire(system(), index);
}

fn release(address: *mut usize) {
    if !lock_of(address).release(processor().index()) {
        violation(&rules::SPIN_LOCK_NOT_OWNED, format!("lock at {address:p}"));
    }
}

nt_export! {
    unsafe fn KeInitializeSpinLock(lock: *mut usize) {
        // SAFETY: the caller gives room for the lock.
        unsafe { lock.write(0) };
    }

    unsafe fn KeAcquireSpinLockRaiseToDpc(lock: *mut usize) -> KIRQL {
        require_irql("KeAcquireSpinLock", DISPATCH_LEVEL);
        let old = processor().raise_irql(DISPATCH_LEVEL);
        acquire(lock);
        old
    }

    unsafe fn KeReleaseSpinLock(lock: *mut usize, irql: KIRQL) {
        require_irql("KeReleaseSpinLock", DISPATCH_LEVEL);
        release(lock);
        processor().lower_irql(irql);
    }

    unsafe fn KeAcquireSpinLockAtDpcLevel(lock: *mut usize) {
        acquire(lock);
    }

    unsafe fn KeReleaseSpinLockFromDpcLevel(lock: *mut usize) {
        release(lock);
    }

    unsafe fn KeGetCurrentIrql() -> KIRQL {
        processor().irql()
    }

    unsafe fn KfRaiseIrql(new: KIRQL) -> KIRQL {
        let old = processor().irql();
        if new < old || new > HIGH_LEVEL as KIRQL {
            violation(&rules::IRQL_NOT_GREATER_OR_EQUAL, format!("raised from {old} to {new}"));
        }
        processor().raise_irql(new)
    }

    unsafe fn KeRaiseIrqlToDpcLevel() -> KIRQL {
        // SAFETY: raising the IRQL has no other precondition than those it checks.
        unsafe { KfRaiseIrql(DISPATCH_LEVEL) }
    }

    unsafe fn KeLowerIrql(new: KIRQL) {
        let old = processor().irql();
        if new > old {
            violation(&rules::IRQL_NOT_GREATER_OR_EQUAL, format!("lowered from {old} to {new}"));
        }
        processor().lower_irql(new);
    }
}

exports! {
    KeInitializeSpinLock, KeAcquireSpinLockRaiseToDpc, KeReleaseSpinLock,
    KeAcquireSpinLockAtDpcLevel, KeReleaseSpinLockFromDpcLevel, KeGetCurrentIrql, KfRaiseIrql,
    KeRaiseIrqlToDpcLevel, KeLowerIrql,
}
