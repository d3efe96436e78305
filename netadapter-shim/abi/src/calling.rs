//! The Microsoft x64 calling convention, spelled in one place.
//!
//! On Windows targets the convention is the platform's C convention; on other x86-64 targets it is `win64`. Code that
//! crosses the contract uses these macros and never writes `extern` itself.

/// The type of a function with the Microsoft x64 calling convention: `nt_fn!(fn(A, B) -> C)`.
#[cfg(target_os = "windows")]
#[macro_export]
macro_rules! nt_fn {
    (fn($($parameter:ty),* $(,)?) $(-> $result:ty)?) => { unsafe extern "C" fn($($parameter),*) $(-> $result)? };
}

/// The type of a function with the Microsoft x64 calling convention: `nt_fn!(fn(A, B) -> C)`.
#[cfg(not(target_os = "windows"))]
#[macro_export]
macro_rules! nt_fn {
    (fn($($parameter:ty),* $(,)?) $(-> $result:ty)?) => { unsafe extern "win64" fn($($parameter),*) $(-> $result)? };
}

/// Calls another macro of this crate with the name of the convention in front of the given tokens.
#[cfg(target_os = "windows")]
#[doc(hidden)]
#[macro_export]
macro_rules! __with_convention {
    ($macro:ident $($tokens:tt)*) => { $crate::$macro! { "C" $($tokens)* } };
}

/// Calls another macro of this crate with the name of the convention in front of the given tokens.
#[cfg(not(target_os = "windows"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __with_convention {
    ($macro:ident $($tokens:tt)*) => { $crate::$macro! { "win64" $($tokens)* } };
}

/// Defines functions with the Microsoft x64 calling convention.
///
/// Attributes, visibility, `unsafe`, a generic parameter list (type parameters with simple bounds, lifetimes, const
/// parameters; no nested `<` `>`) and any return type are passed through. Several functions may stand in one
/// invocation.
///
/// ```
/// use netadapter_abi::{nt_export, nt_fn};
///
/// nt_export! {
///     /// Adds `STEP`.
///     pub fn add<const STEP: u32>(value: u32) -> u32 {
///         value + STEP
///     }
/// }
///
/// let add_two: nt_fn!(fn(u32) -> u32) = add::<2>;
/// # // SAFETY: `add` has no preconditions.
/// assert_eq!(unsafe { add_two(40) }, 42);
/// ```
#[macro_export]
macro_rules! nt_export {
    () => {};
    ($(#[$($attribute:tt)*])* $visibility:vis unsafe fn $name:ident $($rest:tt)*) => {
        $crate::__nt_signature! { { $(#[$($attribute)*])* $visibility unsafe } $name $($rest)* }
    };
    ($(#[$($attribute:tt)*])* $visibility:vis fn $name:ident $($rest:tt)*) => {
        $crate::__nt_signature! { { $(#[$($attribute)*])* $visibility } $name $($rest)* }
    };
}

/// Separates one function of [`nt_export!`] from those that follow it.
#[doc(hidden)]
#[macro_export]
macro_rules! __nt_signature {
    ({ $($front:tt)* } $name:ident < $($rest:tt)*) => {
        $crate::__nt_generics! { { $($front)* } $name [] $($rest)* }
    };
    ({ $($front:tt)* } $name:ident ($($parameters:tt)*) $(-> $result:ty)? $body:block $($rest:tt)*) => {
        $crate::__with_convention! { __nt_function { $($front)* } $name [] ($($parameters)*) [$(-> $result)?] $body }
        $crate::nt_export! { $($rest)* }
    };
}

/// Collects the generic parameters of one function of [`nt_export!`] up to the closing bracket.
#[doc(hidden)]
#[macro_export]
macro_rules! __nt_generics {
    ({ $($front:tt)* } $name:ident [$($generics:tt)*]
     > ($($parameters:tt)*) $(-> $result:ty)? $body:block $($rest:tt)*) => {
        $crate::__with_convention! {
            __nt_function { $($front)* } $name [<$($generics)*>] ($($parameters)*) [$(-> $result)?] $body
        }
        $crate::nt_export! { $($rest)* }
    };
    ({ $($front:tt)* } $name:ident [$($generics:tt)*] $next:tt $($rest:tt)*) => {
        $crate::__nt_generics! { { $($front)* } $name [$($generics)* $next] $($rest)* }
    };
}

/// Emits one function of [`nt_export!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __nt_function {
    ($convention:literal { $($front:tt)* } $name:ident [$($generics:tt)*] ($($parameters:tt)*) [$($result:tt)*]
     $body:block) => {
        $($front)* extern $convention fn $name $($generics)* ($($parameters)*) $($result)* $body
    };
}
