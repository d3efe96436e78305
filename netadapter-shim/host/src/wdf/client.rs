//! The globals of bound client drivers, which they pass to every function.

use super::rules;
use crate::executive::violation;
use netadapter_abi::wdf::WDF_DRIVER_GLOBALS;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Clients that can be bound at a time in one process.
const CAPACITY: usize = 1024;

/// Addresses of the globals of bound clients; 0 in free places.
static BOUND: [AtomicUsize; CAPACITY] = [const { AtomicUsize::new(0) }; CAPACITY];

/// Places of [`BOUND`] that have ever been used: all others are free.
static EVER_BOUND: AtomicUsize = AtomicUsize::new(0);

/// Makes globals for a client, or none if too many are bound.
///
/// They stay valid until the process ends: a driver that has been unbound may still use them.
pub(super) fn bind(name: &str) -> Option<*mut WDF_DRIVER_GLOBALS> {
    let mut globals = Box::new(WDF_DRIVER_GLOBALS::zeroed());
    let longest = globals.DriverName.len() - 1;
    for (to, from) in globals.DriverName[..longest].iter_mut().zip(name.bytes()) {
        *to = from;
    }
    let globals = Box::into_raw(globals);
    let place = BOUND
        .iter()
        .position(|place| swap(place, 0, globals as usize))?;
    EVER_BOUND.fetch_max(place + 1, Ordering::AcqRel);
    Some(globals)
}

/// Takes a client's globals back; whether they were bound.
pub(super) fn unbind(globals: *mut WDF_DRIVER_GLOBALS) -> bool {
    BOUND.iter().any(|place| swap(place, globals as usize, 0))
}

fn swap(place: &AtomicUsize, from: usize, to: usize) -> bool {
    place
        .compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed)
        .is_ok()
}

/// Stops the machine if `globals` are not those of a bound client.
#[inline]
pub(super) fn check(globals: *mut WDF_DRIVER_GLOBALS, function: &str) {
    let places = &BOUND[..EVER_BOUND.load(Ordering::Acquire)];
    let bound = places
        .iter()
        .any(|place| place.load(Ordering::Relaxed) == globals as usize);
    if !bound || globals.is_null() {
        wrong(globals, function);
    }
}

#[cold]
fn wrong(globals: *mut WDF_DRIVER_GLOBALS, function: &str) -> ! {
    violation(
        &rules::WDF_WRONG_GLOBALS,
        format!("{function} called with {globals:p}, which are the globals of no bound driver"),
    )
}
