//! How a client driver is bound to WDFLDR.SYS, the framework library and a class extension.
#![allow(
    missing_docs,
    reason = "the items are those of the framework's loader interface"
)]

use crate::declare::{callbacks, imports, zeroed};
use crate::nt::*;
use crate::nt_fn;
use core::ffi::c_void;

pub type WDF_MAJOR_VERSION = ULONG;
pub type WDF_MINOR_VERSION = ULONG;
pub type WDF_BUILD_NUMBER = ULONG;
/// For a KMDF client, the address of its `WDF_DRIVER_GLOBALS`.
pub type PWDF_COMPONENT_GLOBALS = PVOID;
/// The sizes of the structures of the framework, by the number of the structure.
pub type WDF_STRUCT_INFO = *mut usize;
/// One entry of a function table; its real type depends on its place.
pub type WDFFUNC = *const c_void;
/// One entry of the function table of a class extension.
pub type PFN_WDF_CLASS_EXPORT = *const c_void;
pub type PWDF_BIND_INFO = *mut WDF_BIND_INFO;
pub type PWDF_CLASS_BIND_INFO = *mut WDF_CLASS_BIND_INFO;

callbacks! {
    PFN_WDF_VERSION_BIND_CLASS(BindInfo: PWDF_BIND_INFO, Globals: PWDF_COMPONENT_GLOBALS, ClassBindInfo: PWDF_CLASS_BIND_INFO) -> NTSTATUS;
    PFN_WDF_VERSION_UNBIND_CLASS(BindInfo: PWDF_BIND_INFO, Globals: PWDF_COMPONENT_GLOBALS, ClassBindInfo: PWDF_CLASS_BIND_INFO);
    PFN_WDF_CLIENT_BIND_CLASS(BindFunction: PFN_WDF_VERSION_BIND_CLASS, BindInfo: PWDF_BIND_INFO, Globals: PWDF_COMPONENT_GLOBALS, ClassBindInfo: PWDF_CLASS_BIND_INFO) -> NTSTATUS;
    PFN_WDF_CLIENT_UNBIND_CLASS(UnbindFunction: PFN_WDF_VERSION_UNBIND_CLASS, BindInfo: PWDF_BIND_INFO, Globals: PWDF_COMPONENT_GLOBALS, ClassBindInfo: PWDF_CLASS_BIND_INFO);
    PFN_WDF_CLASS_LIBRARY_INITIALIZE() -> NTSTATUS;
    PFN_WDF_CLASS_LIBRARY_DEINITIALIZE();
    PFN_WDF_CLASS_LIBRARY_BIND_CLIENT(ClassBindInfo: PWDF_CLASS_BIND_INFO, ClientGlobals: PWDF_COMPONENT_GLOBALS) -> NTSTATUS;
    PFN_WDF_CLASS_LIBRARY_UNBIND_CLIENT(ClassBindInfo: PWDF_CLASS_BIND_INFO, ClientGlobals: PWDF_COMPONENT_GLOBALS);
    PFNLIBRARYCOMMISSION() -> NTSTATUS;
    PFNLIBRARYDECOMMISSION() -> NTSTATUS;
    PFNLIBRARYREGISTERCLIENT(Info: PWDF_BIND_INFO, ComponentGlobals: *mut PWDF_COMPONENT_GLOBALS, Context: *mut PVOID) -> NTSTATUS;
    PFNLIBRARYUNREGISTERCLIENT(Info: PWDF_BIND_INFO, DriverGlobals: PWDF_COMPONENT_GLOBALS) -> NTSTATUS;
}

/// Tells the loader that `DriverEntry` failed after a class was bound.
pub type PFN_DRIVER_ENTRY_FAILURE = Option<nt_fn!(fn(PWDF_BIND_INFO, PWDF_COMPONENT_GLOBALS))>;

imports! {
    LOADER_IMPORTS;
    "WDFLDR.SYS" {
        fn WdfVersionBind(
            DriverObject: *mut DRIVER_OBJECT,
            RegistryPath: *mut UNICODE_STRING,
            BindInfo: PWDF_BIND_INFO,
            ComponentGlobals: *mut PWDF_COMPONENT_GLOBALS,
        ) -> NTSTATUS;
        fn WdfVersionUnbind(
            RegistryPath: *mut UNICODE_STRING,
            BindInfo: PWDF_BIND_INFO,
            ComponentGlobals: PWDF_COMPONENT_GLOBALS,
        ) -> NTSTATUS;
        fn WdfVersionBindClass(
            BindInfo: PWDF_BIND_INFO,
            Globals: PWDF_COMPONENT_GLOBALS,
            ClassBindInfo: PWDF_CLASS_BIND_INFO,
        ) -> NTSTATUS;
        fn WdfVersionUnbindClass(
            BindInfo: PWDF_BIND_INFO,
            Globals: PWDF_COMPONENT_GLOBALS,
            ClassBindInfo: PWDF_CLASS_BIND_INFO,
        );
        fn WdfLdrQueryInterface(LoaderInterface: *mut WDF_INTERFACE_HEADER) -> NTSTATUS;
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_VERSION {
    pub Major: WDF_MAJOR_VERSION,
    pub Minor: WDF_MINOR_VERSION,
    pub Build: WDF_BUILD_NUMBER,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_BIND_INFO {
    pub Size: ULONG,
    pub Component: *mut u16,
    pub Version: WDF_VERSION,
    pub FuncCount: ULONG,
    pub FuncTable: *mut WDFFUNC,
    pub Module: PVOID,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_BIND_INFO2 {
    pub V1: WDF_BIND_INFO,
    pub MinimumVersionRequired: *mut WDF_MINOR_VERSION,
    pub ClientVersionHigherThanFramework: *mut BOOLEAN,
    pub FuncCountPtr: *mut ULONG,
    pub StructCountPtr: *mut ULONG,
    pub StructTable: *mut WDF_STRUCT_INFO,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_CLASS_VERSION {
    pub Major: WDF_MAJOR_VERSION,
    pub Minor: WDF_MINOR_VERSION,
    pub Build: WDF_BUILD_NUMBER,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_CLASS_BIND_INFO {
    pub Size: ULONG,
    pub ClassName: *mut u16,
    pub Version: WDF_CLASS_VERSION,
    pub FunctionTable: *mut PFN_WDF_CLASS_EXPORT,
    pub FunctionTableCount: ULONG,
    pub ClassBindInfo: PVOID,
    pub ClientBindClass: PFN_WDF_CLIENT_BIND_CLASS,
    pub ClientUnbindClass: PFN_WDF_CLIENT_UNBIND_CLASS,
    pub ClassModule: PVOID,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_CLASS_BIND_INFO2 {
    pub V1: WDF_CLASS_BIND_INFO,
    pub MinimumVersionRequired: *mut WDF_MINOR_VERSION,
    pub ClientVersionHigherThanFramework: *mut BOOLEAN,
    pub FuncCountPtr: *mut ULONG,
    pub StructCountPtr: *mut ULONG,
    pub StructTable: *mut WDF_STRUCT_INFO,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_LIBRARY_INFO {
    pub Size: ULONG,
    pub LibraryCommission: PFNLIBRARYCOMMISSION,
    pub LibraryDecommission: PFNLIBRARYDECOMMISSION,
    pub LibraryRegisterClient: PFNLIBRARYREGISTERCLIENT,
    pub LibraryUnregisterClient: PFNLIBRARYUNREGISTERCLIENT,
    pub Version: WDF_VERSION,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_CLASS_LIBRARY_INFO {
    pub Size: ULONG,
    pub Version: WDF_CLASS_VERSION,
    pub ClassLibraryInitialize: PFN_WDF_CLASS_LIBRARY_INITIALIZE,
    pub ClassLibraryDeinitialize: PFN_WDF_CLASS_LIBRARY_DEINITIALIZE,
    pub ClassLibraryBindClient: PFN_WDF_CLASS_LIBRARY_BIND_CLIENT,
    pub ClassLibraryUnbindClient: PFN_WDF_CLASS_LIBRARY_UNBIND_CLIENT,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct CLIENT_INFO {
    pub Size: ULONG,
    pub RegistryPath: *mut UNICODE_STRING,
    pub DriverObject: *mut DRIVER_OBJECT,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_INTERFACE_HEADER {
    pub InterfaceType: *const GUID,
    pub InterfaceSize: ULONG,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_LOADER_INTERFACE_DRIVER_ENTRY_FAILURE {
    pub Header: WDF_INTERFACE_HEADER,
    pub DriverEntryFailure: PFN_DRIVER_ENTRY_FAILURE,
}

zeroed! {
    WDF_VERSION, WDF_BIND_INFO, WDF_BIND_INFO2, WDF_CLASS_VERSION, WDF_CLASS_BIND_INFO, WDF_CLASS_BIND_INFO2, WDF_LIBRARY_INFO, WDF_CLASS_LIBRARY_INFO, CLIENT_INFO, WDF_INTERFACE_HEADER, WDF_LOADER_INTERFACE_DRIVER_ENTRY_FAILURE,
}
