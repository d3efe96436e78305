//! The macro by which an image gets its entry point.

/// Defines the entry point of a driver's image, `FxDriverEntry`, which binds the driver and then runs `$client`.
///
/// `$client` is an `unsafe fn(*mut DRIVER_OBJECT, *mut UNICODE_STRING) -> NTSTATUS`: what `DriverEntry` is in C. One
/// image has one entry point, and must be linked with `/ENTRY:FxDriverEntry`.
///
/// On Windows targets it also defines the two symbols that the precompiled `core` refers to and that only the C
/// runtime has.
#[macro_export]
macro_rules! driver_entry {
    ($client:path) => {
        $crate::nt_export! {
            /// The entry point of the image.
            #[unsafe(no_mangle)]
            pub unsafe fn FxDriverEntry(
                driver_object: *mut $crate::nt::DRIVER_OBJECT,
                registry_path: *mut $crate::nt::UNICODE_STRING,
            ) -> $crate::nt::NTSTATUS {
                // SAFETY: this is the entry point, and these are its arguments.
                unsafe { $crate::stub::driver_entry(driver_object, registry_path, $client) }
            }
        }

        /// Tells the C runtime, of which there is none, that the image uses floating point.
        #[cfg(target_os = "windows")]
        #[allow(
            non_upper_case_globals,
            reason = "the compiler refers to it by this name"
        )]
        #[unsafe(no_mangle)]
        static _fltused: i32 = 0;

        #[cfg(target_os = "windows")]
        $crate::nt_export! {
            /// The handler for unwinding through `core`. An image with `panic=abort` never unwinds.
            #[unsafe(no_mangle)]
            fn __CxxFrameHandler3() -> i32 {
                const EXCEPTION_CONTINUE_SEARCH: i32 = 1;
                EXCEPTION_CONTINUE_SEARCH
            }
        }
    };
}

/// Calls a function of the KMDF table by its name: `wdf_call!(WdfObjectDelete, object)`.
///
/// Expands to a call of an unsafe function; the caller keeps the rules of that function's documentation page.
#[macro_export]
macro_rules! wdf_call {
    ($function:ident $(, $argument:expr)* $(,)?) => { $crate::wdf::call::$function($($argument),*) };
}

/// Calls a function of the NetAdapterCx table by its name: `net_call!(NetAdapterStart, adapter)`.
///
/// Expands to a call of an unsafe function; the caller keeps the rules of that function's documentation page.
#[macro_export]
macro_rules! net_call {
    ($function:ident $(, $argument:expr)* $(,)?) => { $crate::net::call::$function($($argument),*) };
}
