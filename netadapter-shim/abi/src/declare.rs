//! Macros by which the modules of the contract declare their items.
//!
//! Each also leaves a table of what it declared, so that tests can compare every item with the recorded facts.

/// Declares C enumerations: an alias of the integer type, a constant an enumerator, and the table `ENUMS`.
///
/// They are plain integers because values come from code that Rust does not control.
macro_rules! c_enums {
    ($($name:ident: $integer:ident { $($enumerator:ident = $value:expr),* $(,)? })*) => {
        $(
            pub type $name = $integer;
            $(pub const $enumerator: $name = $value;)*
        )*
        /// Every enumeration of this module: name, size in bytes, enumerators.
        pub const ENUMS: &[(&str, usize, &[(&str, i64)])] = &[
            $((stringify!($name), size_of::<$name>(), &[$((stringify!($enumerator), $value as i64)),*])),*
        ];
    };
}
pub(crate) use c_enums;

/// Declares integer constants and the table `CONSTANTS`.
macro_rules! constants {
    ($($integer:ident { $($name:ident = $value:expr),* $(,)? })*) => {
        $($(pub const $name: $integer = $value;)*)*
        /// Every integer constant of this module: name and value.
        pub const CONSTANTS: &[(&str, i128)] = &[$($((stringify!($name), $name as i128),)*)*];
    };
}
pub(crate) use constants;

/// Gives structures and unions `zeroed` and `Default`: all bytes 0, as the initialisers of the C headers begin.
///
/// Only for types that consist of integers, raw pointers, nullable function pointers and such types.
macro_rules! zeroed {
    ($($name:ident),* $(,)?) => { $(
        impl $name {
            /// A value whose bytes are all 0.
            pub const fn zeroed() -> Self {
                // SAFETY: the type holds integers, raw pointers and nullable function pointers only; 0 is valid for all.
                unsafe { core::mem::zeroed() }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::zeroed()
            }
        }
    )* };
}
pub(crate) use zeroed;

/// Gives a structure accessors for its bit fields: `reader, writer: storage[first bit in the unit, width]`.
macro_rules! bit_fields {
    ($structure:ident { $($reader:ident, $writer:ident: $storage:ident . $unit:ident [$shift:literal, $width:literal];)* }) => {
        impl $structure { $(
            #[inline]
            pub const fn $reader(&self) -> $unit {
                self.$storage >> $shift & ($unit::MAX >> ($unit::BITS - $width))
            }

            /// Bits of `value` above the width of the field are dropped.
            #[inline]
            pub const fn $writer(&mut self, value: $unit) {
                const MASK: $unit = $unit::MAX >> ($unit::BITS - $width);
                self.$storage = self.$storage & !(MASK << $shift) | (value & MASK) << $shift;
            }
        )* }
    };
}
pub(crate) use bit_fields;

/// Declares handle types: pointers to types without content.
macro_rules! handles {
    ($($handle:ident = $target:ident;)*) => { $(
        #[repr(C)]
        pub struct $target {
            _opaque: [u8; 0],
        }
        pub type $handle = *mut $target;
    )* };
}
pub(crate) use handles;

/// Declares structures whose content is not part of the contract.
macro_rules! opaque {
    ($($name:ident;)*) => { $(
        #[repr(C)]
        pub struct $name {
            _opaque: [u8; 0],
        }
    )* };
}
pub(crate) use opaque;

/// Declares nullable callback types.
macro_rules! callbacks {
    ($($name:ident($($parameter:ident: $type:ty),* $(,)?) $(-> $result:ty)?;)*) => {
        $(pub type $name = Option<$crate::nt_fn!(fn($($type),*) $(-> $result)?)>;)*
        /// Every callback type of this module: name and names of its parameters.
        pub const CALLBACKS: &[(&str, &[&str])] = &[$((stringify!($name), &[$(stringify!($parameter)),*])),*];
    };
}
pub(crate) use callbacks;

/// Declares the order of a function table: `index` with a constant a function, and `FUNCTION_NAMES`.
macro_rules! function_table {
    ($count:literal: $($name:ident)*) => {
        /// The place of each function in the table.
        pub mod index {
            enum Slot { $($name),* }
            $(pub const $name: usize = Slot::$name as usize;)*
        }

        /// The names of the functions, in the order of the table.
        pub const FUNCTION_NAMES: [&str; $count] = [$(stringify!($name)),*];
    };
}
pub(crate) use function_table;

/// One function of a table.
pub struct Prototype {
    /// Name without prefix of the pointer type, as the C headers spell it.
    pub name: &'static str,
    /// Place in the table.
    pub table_index: usize,
    /// Name and size in bytes of each parameter, the globals pointer included.
    pub parameters: &'static [(&'static str, usize)],
    /// Size in bytes of the result.
    pub result_size: usize,
}

/// The size in bytes of a result; 0 when there is none.
macro_rules! result_size {
    () => {
        0
    };
    ($result:ty) => {
        size_of::<$result>()
    };
}
pub(crate) use result_size;

/// Declares table functions: the pointer type of each, a caller in `call`, and the table `PROTOTYPES`.
macro_rules! prototypes {
    ($globals:ty, $globals_of:path, $lookup:path;
     $($name:ident, $pointer:ident($($parameter:ident: $type:ty),* $(,)?) $(-> $result:ty)?;)*) => {
        $(pub type $pointer = $crate::nt_fn!(fn(*mut $globals, $($type),*) $(-> $result)?);)*

        /// Calls through the function table, under the names that the C headers give to their inline functions.
        #[allow(clippy::missing_safety_doc, reason = "the rules of each function are those of its documentation page")]
        pub mod call {
            use super::*;

            $(
                #[inline]
                #[allow(clippy::too_many_arguments, reason = "the parameters are those of the contract")]
                pub unsafe fn $name($($parameter: $type),*) $(-> $result)? {
                    // SAFETY: the driver is bound before its code runs, and the index is one of the table.
                    let entry = unsafe { $lookup(index::$name) };
                    // SAFETY: the table entry at this index has this type.
                    let function = unsafe { core::mem::transmute::<*const core::ffi::c_void, $pointer>(entry) };
                    // SAFETY: the caller keeps the rules of the function; the globals are those bound with the table.
                    unsafe { function($globals_of(), $($parameter),*) }
                }
            )*
        }

        /// Every table function that has a pointer type here.
        pub const PROTOTYPES: &[$crate::declare::Prototype] = &[$($crate::declare::Prototype {
            name: stringify!($name),
            table_index: index::$name,
            parameters: &[
                ("DriverGlobals", size_of::<*mut $globals>()),
                $((stringify!($parameter), size_of::<$type>())),*
            ],
            result_size: $crate::declare::result_size!($($result)?),
        }),*];
    };
}
pub(crate) use prototypes;

/// A function that another image exports.
pub struct Import {
    /// Name of that image's file.
    pub image: &'static str,
    /// Name of the export.
    pub name: &'static str,
    /// Name and size in bytes of each parameter.
    pub parameters: &'static [(&'static str, usize)],
}

/// Declares functions that other images export, and a table of them.
macro_rules! imports {
    ($table:ident; $($image:literal { $(fn $name:ident($($parameter:ident: $type:ty),* $(,)?) $(-> $result:ty)?;)* })*) => {
        $(
            #[cfg(target_os = "windows")]
            #[link(name = $image, kind = "raw-dylib", modifiers = "+verbatim")]
            unsafe extern "C" {
                $(pub fn $name($($parameter: $type),*) $(-> $result)?;)*
            }

            $(
                #[cfg(not(target_os = "windows"))]
                $crate::nt_export! {
                    #[allow(unused_variables, reason = "the stub only gives its name")]
                    #[allow(clippy::missing_safety_doc, reason = "it can be called in any state")]
                    pub unsafe fn $name($($parameter: $type),*) $(-> $result)? {
                        panic!(concat!(stringify!($name), " exists only in the kernel (", $image, ")"))
                    }
                }
            )*
        )*

        /// Every function declared here.
        pub const $table: &[$crate::declare::Import] = &[$($($crate::declare::Import {
            image: $image,
            name: stringify!($name),
            parameters: &[$((stringify!($parameter), size_of::<$type>())),*],
        },)*)*];
    };
}
pub(crate) use imports;
