//! What every function of NetAdapterCx does first: check the caller's globals, IRQL and arguments.

use super::rules;
use crate::executive::{processor, violation};
use netadapter_abi::net::{FUNCTION_NAMES, NET_DRIVER_GLOBALS};
use netadapter_abi::nt::{DISPATCH_LEVEL, PASSIVE_LEVEL};
use std::sync::atomic::{AtomicU64, Ordering};

/// In the globals of a bound driver.
const SIGNATURE: u64 = u64::from_le_bytes(*b"NetCxCli");

/// What the class extension keeps for a bound driver. The driver sees the first member only.
#[repr(C)]
pub(super) struct ClientGlobals {
    public: NET_DRIVER_GLOBALS,
    signature: AtomicU64,
    minor: u32,
}

impl ClientGlobals {
    /// Makes globals. They live as long as the process, so that a call after unbinding is
    /// recognised and not undefined.
    pub(super) fn new(minor: u32) -> *mut Self {
        Box::into_raw(Box::new(Self {
            public: NET_DRIVER_GLOBALS::zeroed(),
            signature: AtomicU64::new(SIGNATURE),
            minor,
        }))
    }

    /// Makes globals invalid.
    pub(super) fn retire(globals: *mut Self) {
        // SAFETY: null, or globals of this module, which live as long as the process.
        if let Some(globals) = unsafe { globals.as_ref() } {
            globals.signature.store(0, Ordering::Relaxed);
        }
    }

    /// The minor version that the driver was bound to.
    pub(super) fn minor(&self) -> u32 {
        self.minor
    }
}

/// A call of a table function.
pub(super) struct Call {
    name: &'static str,
    client: &'static ClientGlobals,
}

impl Call {
    /// A call that is allowed at any IRQL. `index` is the function's place in the table.
    #[inline]
    pub(super) fn at_any_irql(index: usize, globals: *mut NET_DRIVER_GLOBALS) -> Self {
        let name = FUNCTION_NAMES[index];
        let client = globals.cast::<ClientGlobals>();
        if client.is_null() || !client.is_aligned() {
            corrupted(name);
        }
        // SAFETY: what is not the bound globals is reported as a fault of the driver, at worst by
        // the processor: the class extension of Windows reads through the pointer as well.
        let client: &'static ClientGlobals = unsafe { &*client };
        if client.signature.load(Ordering::Relaxed) != SIGNATURE {
            corrupted(name);
        }
        Self { name, client }
    }

    /// A call that is allowed up to DISPATCH_LEVEL.
    pub(super) fn up_to_dispatch(index: usize, globals: *mut NET_DRIVER_GLOBALS) -> Self {
        let call = Self::at_any_irql(index, globals);
        let irql = processor().irql();
        if irql > DISPATCH_LEVEL {
            let detail = format!("{} called at IRQL {irql}", call.name);
            violation(&rules::IRQL_NOT_LESS_OR_EQUAL_DISPATCH, detail);
        }
        call
    }

    /// A call that is allowed at PASSIVE_LEVEL only.
    pub(super) fn at_passive(index: usize, globals: *mut NET_DRIVER_GLOBALS) -> Self {
        let call = Self::at_any_irql(index, globals);
        let irql = processor().irql();
        if irql != PASSIVE_LEVEL {
            let detail = format!("{} called at IRQL {irql}", call.name);
            violation(&rules::IRQL_IS_NOT_PASSIVE, detail);
        }
        call
    }

    pub(super) fn client(&self) -> &'static ClientGlobals {
        self.client
    }

    /// A pointer that must not be null.
    pub(super) fn required<T>(&self, parameter: &str, pointer: *const T) -> *const T {
        if pointer.is_null() {
            let detail = format!("{}: {parameter} is null", self.name);
            violation(&rules::PARAMETER_CANT_BE_NULL, detail);
        }
        pointer
    }

    /// A pointer to a result, which must not be null.
    pub(super) fn output<T>(&self, parameter: &str, pointer: *mut T) -> *mut T {
        self.required(parameter, pointer).cast_mut()
    }

    /// A copy of a structure without version.
    pub(super) fn copy<T: Copy>(&self, parameter: &str, pointer: *const T) -> T {
        // SAFETY: the driver passes a valid structure; its members are plain values.
        unsafe { self.required(parameter, pointer).read_unaligned() }
    }

    /// A copy of a structure that begins with its size.
    pub(super) fn copy_sized<T: Copy>(&self, parameter: &str, pointer: *const T) -> T {
        // SAFETY: versioned structures begin with their size, a ULONG.
        let size = unsafe {
            self.required(parameter, pointer)
                .cast::<u32>()
                .read_unaligned()
        };
        self.require_size(parameter, size, size_of::<T>());
        self.copy(parameter, pointer)
    }

    pub(super) fn require_size(&self, parameter: &str, size: u32, expected: usize) {
        if size as usize != expected {
            let detail = format!(
                "{}: {parameter} says Size {size}, expected {expected}",
                self.name
            );
            violation(&rules::INVALID_STRUCT_TYPE_SIZE, detail);
        }
    }

    /// Stops the machine with a rule of this function.
    pub(super) fn broken(&self, rule: &'static crate::executive::Rule, what: &str) -> ! {
        violation(rule, format!("{}: {what}", self.name))
    }

    /// Stops the machine unless a rule of this function holds.
    pub(super) fn require(&self, holds: bool, rule: &'static crate::executive::Rule, what: &str) {
        if !holds {
            self.broken(rule, what);
        }
    }
}

fn corrupted(name: &str) -> ! {
    let detail = format!("{name}: the globals are not those given at binding");
    violation(&rules::CORRUPTED_PRIVATE_GLOBALS, detail)
}
