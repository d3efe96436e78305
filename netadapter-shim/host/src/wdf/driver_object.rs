//! The `DRIVER_OBJECT` that the I/O manager makes for a driver.

use super::text::UnicodeText;
use core::ffi::c_void;
use netadapter_abi::nt::{DRIVER_EXTENSION, DRIVER_OBJECT, NTSTATUS, PDRIVER_INITIALIZE};
use netadapter_abi::nt_fn;
use std::cell::UnsafeCell;

/// `Type` of a driver object.
const IO_TYPE_DRIVER: i16 = 4;

struct Parts {
    object: UnsafeCell<DRIVER_OBJECT>,
    extension: UnsafeCell<DRIVER_EXTENSION>,
    registry_path: UnicodeText,
    _names: [UnicodeText; 2],
}

/// A driver object with what it points to. It stays until the process ends, because a driver that
/// was unloaded may still refer to it.
pub(super) struct DriverObject {
    name: String,
    parts: &'static Parts,
}

// SAFETY: the host writes the object only while it is made and while the driver's entry runs;
// later it only reads `DriverUnload`, as the I/O manager does.
unsafe impl Send for DriverObject {}
// SAFETY: as above.
unsafe impl Sync for DriverObject {}

impl DriverObject {
    /// Makes the object of a driver whose entry point is at `entry`.
    pub(super) fn new(entry: *const c_void, service: &str, registry_path: &str) -> Self {
        let name = UnicodeText::new(&format!("\\Driver\\{service}"));
        let service_text = UnicodeText::new(service);
        let path = UnicodeText::new(registry_path);
        // SAFETY: the caller of `DriverHost::load` gives the address of such a routine.
        let entry = unsafe { std::mem::transmute::<*const c_void, PDRIVER_INITIALIZE>(entry) };
        let object = DRIVER_OBJECT {
            Type: IO_TYPE_DRIVER,
            Size: size_of::<DRIVER_OBJECT>() as i16,
            DriverName: name.as_string(),
            DriverInit: entry,
            ..DRIVER_OBJECT::zeroed()
        };
        let extension = DRIVER_EXTENSION {
            ServiceKeyName: service_text.as_string(),
            ..DRIVER_EXTENSION::zeroed()
        };
        let parts: &'static Parts = Box::leak(Box::new(Parts {
            object: UnsafeCell::new(object),
            extension: UnsafeCell::new(extension),
            registry_path: path,
            _names: [name, service_text],
        }));
        // SAFETY: nobody else knows the object yet.
        let object = unsafe { &mut *parts.object.get() };
        object.DriverExtension = parts.extension.get();
        // SAFETY: as above.
        unsafe { (*parts.extension.get()).DriverObject = parts.object.get() };
        Self {
            name: service.to_owned(),
            parts,
        }
    }

    /// The name of the service.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn address(&self) -> *mut DRIVER_OBJECT {
        self.parts.object.get()
    }

    /// Calls the image's entry point.
    pub(super) fn call_entry(&self) -> NTSTATUS {
        // SAFETY: the object is valid for ever.
        let entry = unsafe { (*self.address()).DriverInit }.expect("an image has an entry point");
        // SAFETY: *DRIVER_INITIALIZE callback function*: called once, with the driver's object
        // and path, at PASSIVE_LEVEL.
        unsafe { entry(self.address(), self.parts.registry_path.string()) }
    }

    pub(super) fn set_unload(&self, unload: nt_fn!(fn(*mut DRIVER_OBJECT))) {
        // SAFETY: only the driver's own entry runs now.
        unsafe { (*self.address()).DriverUnload = Some(unload) };
    }

    /// Calls the unload routine, if there is one.
    pub(super) fn call_unload(&self) {
        // SAFETY: the object is valid for ever.
        if let Some(unload) = unsafe { (*self.address()).DriverUnload } {
            // SAFETY: *DRIVER_UNLOAD callback function*: called once, after all devices are gone.
            unsafe { unload(self.address()) };
        }
    }
}
