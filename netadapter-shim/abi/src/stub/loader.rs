//! The loader, WDFLDR.SYS, as the stub uses it.

use crate::binding::*;
use crate::nt::*;
use core::ffi::CStr;

/// What the stub asks of the loader. Their safety rules are those of the exports of WDFLDR.SYS.
pub(super) trait Loader {
    /// `WdfVersionBind`
    unsafe fn version_bind(
        driver_object: *mut DRIVER_OBJECT,
        registry_path: *mut UNICODE_STRING,
        bind_info: PWDF_BIND_INFO,
        globals: *mut PWDF_COMPONENT_GLOBALS,
    ) -> NTSTATUS;

    /// `WdfVersionUnbind`
    unsafe fn version_unbind(
        registry_path: *mut UNICODE_STRING,
        bind_info: PWDF_BIND_INFO,
        globals: PWDF_COMPONENT_GLOBALS,
    ) -> NTSTATUS;

    /// `WdfVersionBindClass`
    unsafe fn version_bind_class(
        bind_info: PWDF_BIND_INFO,
        globals: PWDF_COMPONENT_GLOBALS,
        class: PWDF_CLASS_BIND_INFO,
    ) -> NTSTATUS;

    /// `WdfVersionUnbindClass`
    unsafe fn version_unbind_class(
        bind_info: PWDF_BIND_INFO,
        globals: PWDF_COMPONENT_GLOBALS,
        class: PWDF_CLASS_BIND_INFO,
    );

    /// Writes a text without format directives to the kernel debugger.
    fn debug_print(text: &CStr);
}

/// The loader itself.
pub(super) struct Wdfldr;

impl Loader for Wdfldr {
    unsafe fn version_bind(
        driver_object: *mut DRIVER_OBJECT,
        registry_path: *mut UNICODE_STRING,
        bind_info: PWDF_BIND_INFO,
        globals: *mut PWDF_COMPONENT_GLOBALS,
    ) -> NTSTATUS {
        // SAFETY: passed through from the caller.
        unsafe { WdfVersionBind(driver_object, registry_path, bind_info, globals) }
    }

    unsafe fn version_unbind(
        registry_path: *mut UNICODE_STRING,
        bind_info: PWDF_BIND_INFO,
        globals: PWDF_COMPONENT_GLOBALS,
    ) -> NTSTATUS {
        // SAFETY: passed through from the caller.
        unsafe { WdfVersionUnbind(registry_path, bind_info, globals) }
    }

    unsafe fn version_bind_class(
        bind_info: PWDF_BIND_INFO,
        globals: PWDF_COMPONENT_GLOBALS,
        class: PWDF_CLASS_BIND_INFO,
    ) -> NTSTATUS {
        // SAFETY: passed through from the caller.
        unsafe { WdfVersionBindClass(bind_info, globals, class) }
    }

    unsafe fn version_unbind_class(
        bind_info: PWDF_BIND_INFO,
        globals: PWDF_COMPONENT_GLOBALS,
        class: PWDF_CLASS_BIND_INFO,
    ) {
        // SAFETY: passed through from the caller.
        unsafe { WdfVersionUnbindClass(bind_info, globals, class) }
    }

    fn debug_print(text: &CStr) {
        // SAFETY: the text ends with NUL, and has no directive that would ask for another argument.
        unsafe {
            DbgPrintEx(
                DPFLTR_IHVNETWORK_ID,
                DPFLTR_ERROR_LEVEL,
                text.as_ptr().cast(),
            )
        };
    }
}
