//! What the static libraries of the kits do for C drivers: binding before `DriverEntry`, unbinding after unload.
//!
//! The image's entry point is [`driver_entry`], under the exported name that [`driver_entry!`](crate::driver_entry)
//! gives it. It binds the driver to KMDF 1.33 and then to NetAdapterCx 2.3, runs the driver's own entry, and sees to it
//! that both bindings are undone in reverse, when that entry fails or when the driver is unloaded.
//!
//! Two things of the C libraries are left out. Context types with an external owner have no place here: types are
//! private to the driver. The loader's interface for a failed `DriverEntry` is not asked for: its identifier is not
//! published, and the loader need not have it.

use crate::binding::*;
use crate::net::{self, NET_DRIVER_GLOBALS};
use crate::nt::*;
use crate::wdf::{self, PFN_WDFDRIVERMINIPORTUNLOAD, WDF_DRIVER_GLOBALS, WDFDRIVER};
use crate::{nt_export, utf16};
use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicPtr, Ordering};
use loader::{Loader, Wdfldr};

mod entry;
mod loader;
#[cfg(test)]
mod tests;

/// A variable that the framework, the class extension or the loader writes through its address.
///
/// # Invariants
///
/// Rust code touches it only in the entry point and in the unload routine. The I/O manager runs each once, one after
/// the other, and the other writers write only inside calls that these two make. Reads in between find what the entry
/// point left.
#[repr(transparent)]
struct Shared<T>(UnsafeCell<T>);

// SAFETY: by the invariants of the type there is never a write beside another access.
unsafe impl<T> Sync for Shared<T> {}

impl<T> Shared<T> {
    const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }
}

static WdfDriverGlobals: AtomicPtr<WDF_DRIVER_GLOBALS> = AtomicPtr::new(null_mut());
static WdfFunctions_01033: AtomicPtr<*const c_void> = AtomicPtr::new(null_mut());
static WdfDriverMiniportUnloadOverride: AtomicPtr<c_void> = AtomicPtr::new(null_mut());
static WdfMinimumVersionRequired: Shared<WDF_MINOR_VERSION> = Shared::new(KMDF_MINOR_VERSION);
static WdfClientVersionHigherThanFramework: Shared<BOOLEAN> = Shared::new(0);
static WdfFunctionCount: Shared<ULONG> = Shared::new(wdf::FUNCTION_NAMES.len() as ULONG);
static WdfStructureCount: Shared<ULONG> = Shared::new(KMDF_STRUCTURES);
static WdfStructures: Shared<WDF_STRUCT_INFO> = Shared::new(null_mut());
static NetDriverGlobals: AtomicPtr<NET_DRIVER_GLOBALS> = AtomicPtr::new(null_mut());
static NetFunctions: Shared<[*const c_void; net::FUNCTION_NAMES.len()]> =
    Shared::new([null(); net::FUNCTION_NAMES.len()]);

const KMDF_MINOR_VERSION: WDF_MINOR_VERSION = 33;
const KMDF_STRUCTURES: ULONG = 81;

static WdfBindInfo: Shared<WDF_BIND_INFO2> = Shared::new(WDF_BIND_INFO2 {
    V1: WDF_BIND_INFO {
        Size: size_of::<WDF_BIND_INFO2>() as ULONG,
        Component: utf16!("KmdfLibrary").as_ptr().cast_mut(),
        Version: WDF_VERSION {
            Major: 1,
            Minor: KMDF_MINOR_VERSION,
            Build: 0,
        },
        FuncCount: wdf::FUNCTION_NAMES.len() as ULONG,
        // From KMDF 1.15 on the library takes this for the address of a pointer variable, not of a table.
        FuncTable: WdfFunctions_01033.as_ptr().cast(),
        Module: null_mut(),
    },
    MinimumVersionRequired: WdfMinimumVersionRequired.0.get(),
    ClientVersionHigherThanFramework: WdfClientVersionHigherThanFramework.0.get(),
    FuncCountPtr: WdfFunctionCount.0.get(),
    StructCountPtr: WdfStructureCount.0.get(),
    StructTable: WdfStructures.0.get(),
});

static NetAdapterCx_BIND_INFO: Shared<WDF_CLASS_BIND_INFO> = Shared::new(WDF_CLASS_BIND_INFO {
    Size: size_of::<WDF_CLASS_BIND_INFO>() as ULONG,
    ClassName: utf16!("NetAdapterCx").as_ptr().cast_mut(),
    Version: WDF_CLASS_VERSION {
        Major: 2,
        Minor: 3,
        Build: 0,
    },
    FunctionTable: NetFunctions.0.get().cast(),
    FunctionTableCount: net::FUNCTION_NAMES.len() as ULONG,
    ClassBindInfo: NetDriverGlobals.as_ptr().cast(),
    ClientBindClass: None,
    ClientUnbindClass: None,
    ClassModule: null_mut(),
});

/// A copy of the registry path: the I/O manager's own is gone when the driver is unloaded.
static RegistryPath: Shared<UNICODE_STRING> = Shared::new(UNICODE_STRING {
    Length: 0,
    MaximumLength: (REGISTRY_PATH_UNITS * 2) as USHORT,
    Buffer: RegistryPathUnits.0.get().cast(),
});
static RegistryPathUnits: Shared<[u16; REGISTRY_PATH_UNITS]> =
    Shared::new([0; REGISTRY_PATH_UNITS]);

/// The unload routine that the driver's own entry had set.
static DisplacedUnload: Shared<PDRIVER_UNLOAD> = Shared::new(None);
static ClassIsBound: Shared<bool> = Shared::new(false);

const REGISTRY_PATH_UNITS: usize = 260;

/// The globals that the framework gave this driver; null before it is bound.
#[inline]
pub fn wdf_globals() -> *mut WDF_DRIVER_GLOBALS {
    WdfDriverGlobals.load(Ordering::Relaxed)
}

/// The globals that NetAdapterCx gave this driver; null before it is bound.
#[inline]
pub fn net_globals() -> *mut NET_DRIVER_GLOBALS {
    NetDriverGlobals.load(Ordering::Relaxed)
}

/// An entry of the framework's function table.
///
/// # Safety
///
/// The driver is bound, and `index` is one of [`wdf::index`].
#[inline]
pub unsafe fn wdf_function(index: usize) -> *const c_void {
    let table = WdfFunctions_01033.load(Ordering::Relaxed);
    // SAFETY: the framework put the address of its table there, which has an entry for every index of this version.
    unsafe { table.wrapping_add(index).read() }
}

/// An entry of the function table of NetAdapterCx.
///
/// # Safety
///
/// The driver is bound, and `index` is one of [`net::index`].
#[inline]
pub unsafe fn net_function(index: usize) -> *const c_void {
    let table = NetFunctions.0.get().cast::<*const c_void>();
    // SAFETY: the index lies in the array, which nobody writes once the driver is bound.
    unsafe { table.wrapping_add(index).read() }
}

/// The entry point of a driver's image.
///
/// Binds the driver, runs its own entry, and unbinds it again when that fails.
///
/// # Errors
///
/// The status of the step that failed: of the binding, or of the driver's entry.
///
/// # Safety
///
/// Only the image's entry point calls this, once, with the arguments that it was given.
///
/// IRQL: `PASSIVE_LEVEL`.
pub unsafe fn driver_entry(
    driver_object: *mut DRIVER_OBJECT,
    registry_path: *mut UNICODE_STRING,
    client: unsafe fn(*mut DRIVER_OBJECT, *mut UNICODE_STRING) -> NTSTATUS,
) -> NTSTATUS {
    // SAFETY: passed through from the caller.
    unsafe { bind_and_enter::<Wdfldr>(driver_object, registry_path, client) }
}

/// # Safety
///
/// As [`driver_entry`].
unsafe fn bind_and_enter<L: Loader>(
    driver_object: *mut DRIVER_OBJECT,
    registry_path: *mut UNICODE_STRING,
    client: unsafe fn(*mut DRIVER_OBJECT, *mut UNICODE_STRING) -> NTSTATUS,
) -> NTSTATUS {
    if driver_object.is_null() {
        // The image was loaded as a library of exports: there is no driver to bind.
        // SAFETY: passed through from the caller.
        return unsafe { client(driver_object, registry_path) };
    }
    // SAFETY: the I/O manager gives a valid registry path.
    unsafe { remember_registry_path(&*registry_path) };
    // SAFETY: the arguments are those of the stub, in the form the loader asks for.
    let status = unsafe {
        L::version_bind(
            driver_object,
            RegistryPath.0.get(),
            bind_info(),
            WdfDriverGlobals.as_ptr().cast(),
        )
    };
    if !nt_success(status) {
        return status;
    }
    // SAFETY: the framework is bound.
    let unload = unsafe { wdf_function(wdf::index::WdfDriverMiniportUnload) };
    WdfDriverMiniportUnloadOverride.store(unload.cast_mut(), Ordering::Relaxed);
    // SAFETY: the framework is bound, and the class is not.
    let mut status = unsafe { bind_class::<L>() };
    if nt_success(status) {
        // SAFETY: passed through from the caller; framework and class are bound now.
        status = unsafe { client(driver_object, registry_path) };
        if !nt_success(status) {
            L::debug_print(c"DriverEntry failed, the driver is unbound\n");
        }
    }
    if !nt_success(status) {
        // SAFETY: the framework is bound; nothing of the driver runs any more.
        unsafe { unbind::<L>() };
        return status;
    }
    // SAFETY: the driver object is valid for as long as the driver is loaded.
    unsafe { arrange_unload::<L>(driver_object) };
    STATUS_SUCCESS
}

/// Copies the registry path, as far as it fits.
fn remember_registry_path(registry_path: &UNICODE_STRING) {
    let units = usize::from(registry_path.Length / 2).min(REGISTRY_PATH_UNITS);
    if units != 0 {
        // SAFETY: the path has at least `units` units, and so has the buffer, which is the stub's own.
        unsafe {
            registry_path
                .Buffer
                .copy_to_nonoverlapping(RegistryPathUnits.0.get().cast(), units)
        };
    }
    // SAFETY: only the entry point calls this; see the invariants of `Shared`.
    unsafe { (*RegistryPath.0.get()).Length = (units * 2) as USHORT };
}

/// # Safety
///
/// The framework is bound, and the class is not.
unsafe fn bind_class<L: Loader>() -> NTSTATUS {
    // SAFETY: the records are those of the stub, and the globals those the framework gave.
    let status = unsafe {
        L::version_bind_class(
            bind_info(),
            wdf_globals().cast(),
            NetAdapterCx_BIND_INFO.0.get(),
        )
    };
    // SAFETY: only the entry point calls this; see the invariants of `Shared`.
    unsafe { ClassIsBound.0.get().write(nt_success(status)) };
    status
}

/// Undoes what [`bind_and_enter`] bound, in reverse.
///
/// # Safety
///
/// The framework is bound, and no code of the driver runs any more.
unsafe fn unbind<L: Loader>() {
    // SAFETY: entry point and unload routine never run at once; see the invariants of `Shared`.
    let class_bound = unsafe { ClassIsBound.0.get().replace(false) };
    if class_bound {
        // SAFETY: the class is bound with exactly these records.
        unsafe {
            L::version_unbind_class(
                bind_info(),
                wdf_globals().cast(),
                NetAdapterCx_BIND_INFO.0.get(),
            )
        };
    }
    // SAFETY: the framework is bound with exactly these records. Its status tells of nothing that could be undone.
    unsafe { L::version_unbind(RegistryPath.0.get(), bind_info(), wdf_globals().cast()) };
}

/// Makes sure that [`unbind`] runs when the driver goes.
///
/// # Safety
///
/// The framework is bound, and `driver_object` is valid.
unsafe fn arrange_unload<L: Loader>(driver_object: *mut DRIVER_OBJECT) {
    // SAFETY: the framework keeps its globals for as long as the driver is bound.
    let globals = unsafe { &*wdf_globals() };
    if globals.DisplaceDriverUnload != 0 {
        // SAFETY: nobody but the driver's own entry, which is over, writes this member.
        let unload = unsafe { &mut (*driver_object).DriverUnload };
        // SAFETY: only the entry point calls this; see the invariants of `Shared`.
        unsafe { DisplacedUnload.0.get().write(unload.take()) };
        *unload = Some(driver_unload::<L>);
    } else if globals.DriverFlags & wdf::WdfDriverInitNoDispatchOverride as ULONG != 0 {
        let unload: PFN_WDFDRIVERMINIPORTUNLOAD = driver_miniport_unload::<L>;
        WdfDriverMiniportUnloadOverride.store(unload as *mut c_void, Ordering::Relaxed);
    }
}

nt_export! {
    /// Takes the place of the driver's unload routine, and calls it.
    unsafe fn driver_unload<L: Loader>(driver_object: *mut DRIVER_OBJECT) {
        // SAFETY: the unload routine runs alone; see the invariants of `Shared`.
        let displaced = unsafe { DisplacedUnload.0.get().read() };
        if let Some(unload) = displaced {
            // SAFETY: passed through from the I/O manager.
            unsafe { unload(driver_object) };
        }
        // SAFETY: the driver has been unloaded by its own routine.
        unsafe { unbind::<L>() };
    }

    /// Takes the place of `WdfDriverMiniportUnload` in a driver whose port driver owns the driver object.
    unsafe fn driver_miniport_unload<L: Loader>(globals: *mut WDF_DRIVER_GLOBALS, driver: WDFDRIVER) {
        // SAFETY: the framework is bound until the end of this function.
        let entry = unsafe { wdf_function(wdf::index::WdfDriverMiniportUnload) };
        // SAFETY: the table entry at this index has this type.
        let unload = unsafe { core::mem::transmute::<*const c_void, PFN_WDFDRIVERMINIPORTUNLOAD>(entry) };
        // SAFETY: passed through from the caller.
        unsafe { unload(globals, driver) };
        // SAFETY: a miniport driver calls this last.
        unsafe { unbind::<L>() };
    }
}

/// `WdfDriverMiniportUnload`, for drivers whose port driver owns the driver object.
///
/// # Safety
///
/// The driver is bound; this is the last call that its unload routine makes.
///
/// IRQL: `PASSIVE_LEVEL`.
pub unsafe fn miniport_unload(driver: WDFDRIVER) {
    let entry = WdfDriverMiniportUnloadOverride.load(Ordering::Relaxed);
    // SAFETY: since the binding the variable holds a function of this type.
    let unload = unsafe { core::mem::transmute::<*mut c_void, PFN_WDFDRIVERMINIPORTUNLOAD>(entry) };
    // SAFETY: passed through from the caller.
    unsafe { unload(wdf_globals(), driver) };
}

fn bind_info() -> PWDF_BIND_INFO {
    WdfBindInfo.0.get().cast()
}
