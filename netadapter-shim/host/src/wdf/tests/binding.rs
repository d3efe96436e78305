//! Binding to the framework, and the function table.

use super::super::loader;
use super::fake_driver::{call, driver, load};
use crate::executive::TestMachine;
use core::ffi::c_void;
use netadapter_abi::binding::{PWDF_BIND_INFO, WDF_BIND_INFO, WDF_BIND_INFO2, WDF_VERSION};
use netadapter_abi::nt::{
    BOOLEAN, DRIVER_OBJECT, NTSTATUS, STATUS_INVALID_PARAMETER, STATUS_OBJECT_NAME_NOT_FOUND,
    STATUS_SUCCESS, ULONG, UNICODE_STRING,
};
use netadapter_abi::wdf::{FUNCTION_NAMES, WDF_DRIVER_GLOBALS, WDFDRIVER, index};
use netadapter_abi::{nt_fn, utf16};
use std::ptr::null_mut;

const FUNCTIONS: ULONG = FUNCTION_NAMES.len() as ULONG;

/// What a client says about itself.
#[derive(Clone, Copy)]
struct Client {
    minor: ULONG,
    functions: ULONG,
    structures: ULONG,
    minimum: ULONG,
}

const OURS: Client = Client {
    minor: 33,
    functions: FUNCTIONS,
    structures: 81,
    minimum: 33,
};

fn bind(
    driver_object: *mut DRIVER_OBJECT,
    info: PWDF_BIND_INFO,
) -> (NTSTATUS, *mut WDF_DRIVER_GLOBALS) {
    type Bind = nt_fn!(
        fn(
            *mut DRIVER_OBJECT,
            *mut UNICODE_STRING,
            PWDF_BIND_INFO,
            *mut *mut WDF_DRIVER_GLOBALS,
        ) -> NTSTATUS
    );
    let address = loader::resolve("WdfVersionBind").expect("the loader has this export");
    // SAFETY: the export has this type.
    let bind: Bind = unsafe { std::mem::transmute(address) };
    let mut globals = null_mut();
    // SAFETY: all arguments are valid during the call.
    let status = unsafe { bind(driver_object, null_mut(), info, &mut globals) };
    (status, globals)
}

/// The driver object of the machine's driver.
fn driver_object() -> *mut DRIVER_OBJECT {
    // SAFETY: the globals of a bound driver are valid.
    let wdf_driver: WDFDRIVER = unsafe { (*driver().globals()).Driver };
    call!(WdfDriverWdmGetDriverObject: PFN_WDFDRIVERWDMGETDRIVEROBJECT(wdf_driver))
}

/// Binds with the long record: the status, the function count afterwards, and whether the client
/// is told that it is newer.
fn bind_long(client: Client) -> (NTSTATUS, ULONG, BOOLEAN) {
    let mut table: *const *const c_void = std::ptr::null();
    let mut minimum = client.minimum;
    let mut newer = 7;
    let mut functions = client.functions;
    let mut structures = client.structures;
    let mut sizes = null_mut();
    let mut info = WDF_BIND_INFO2 {
        V1: short_record(client, (&raw mut table).cast()),
        MinimumVersionRequired: &mut minimum,
        ClientVersionHigherThanFramework: &mut newer,
        FuncCountPtr: &mut functions,
        StructCountPtr: &mut structures,
        StructTable: &mut sizes,
    };
    info.V1.Size = size_of::<WDF_BIND_INFO2>() as ULONG;
    let (status, _) = bind(driver_object(), (&raw mut info).cast());
    (status, functions, newer)
}

fn short_record(client: Client, table: *mut *const c_void) -> WDF_BIND_INFO {
    WDF_BIND_INFO {
        Size: size_of::<WDF_BIND_INFO>() as ULONG,
        Component: utf16!("KmdfLibrary").as_ptr().cast_mut(),
        Version: WDF_VERSION {
            Major: 1,
            Minor: client.minor,
            Build: 0,
        },
        FuncCount: client.functions,
        FuncTable: table,
        Module: null_mut(),
    }
}

#[test]
fn versions_bind_by_the_rules_of_the_loader() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _driver = load(system).unwrap();
        assert_eq!(bind_long(OURS), (STATUS_SUCCESS, FUNCTIONS, 0));
        let older = Client {
            minor: 31,
            functions: 454,
            ..OURS
        };
        assert_eq!(
            bind_long(Client {
                minimum: 25,
                ..older
            }),
            (STATUS_SUCCESS, 454, 0)
        );
        assert_eq!(
            bind_long(older).0,
            STATUS_INVALID_PARAMETER,
            "minimum above the client's own"
        );
        let newer = Client {
            minor: 35,
            functions: FUNCTIONS + 10,
            structures: 90,
            minimum: 25,
        };
        assert_eq!(bind_long(newer), (STATUS_SUCCESS, FUNCTIONS, 1));
        let needs_newer = Client {
            minimum: 34,
            ..newer
        };
        assert_eq!(bind_long(needs_newer).0, STATUS_INVALID_PARAMETER);
        let odd = Client {
            minor: 31,
            functions: 447,
            minimum: 25,
            ..OURS
        };
        assert_eq!(
            bind_long(odd).0,
            STATUS_INVALID_PARAMETER,
            "no table had so many entries"
        );
    });
}

#[test]
fn the_short_record_binds_clients_that_are_not_newer() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _driver = load(system).unwrap();
        let mut table: *const *const c_void = std::ptr::null();
        let address = (&raw mut table).cast();
        let mut info = short_record(Client { minor: 35, ..OURS }, address);
        assert_eq!(bind(driver_object(), &mut info).0, STATUS_INVALID_PARAMETER);
        let mut info = short_record(OURS, address);
        info.Version.Major = 2;
        assert_eq!(bind(driver_object(), &mut info).0, STATUS_INVALID_PARAMETER);
        let mut info = short_record(OURS, address);
        info.Component = utf16!("UmdfLibrary").as_ptr().cast_mut();
        assert_eq!(
            bind(driver_object(), &mut info).0,
            STATUS_OBJECT_NAME_NOT_FOUND
        );
    });
}

#[test]
fn old_clients_get_a_copy_of_the_table() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _driver = load(system).unwrap();
        let mut table = vec![std::ptr::null(); 396];
        let client = Client {
            minor: 9,
            functions: 396,
            ..OURS
        };
        let mut info = short_record(client, table.as_mut_ptr());
        assert_eq!(bind(driver_object(), &mut info).0, STATUS_SUCCESS);
        assert!(table.iter().all(|entry| !entry.is_null()));
        assert_eq!(
            table[index::WdfDriverCreate],
            driver().function(index::WdfDriverCreate)
        );
    });
}

#[test]
fn a_function_that_the_host_does_not_have_names_itself() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|system| {
        let _driver = load(system).unwrap();
        let entry = driver().function(index::WdfUsbTargetDeviceGetNumInterfaces);
        // SAFETY: entries that are not implemented take no notice of their arguments.
        let function: nt_fn!(fn()) = unsafe { std::mem::transmute(entry) };
        // SAFETY: as above.
        unsafe { function() };
    });
    assert_eq!(finding.rule, "NOT_IMPLEMENTED_BY_HOST");
    assert_eq!(finding.detail, "WdfUsbTargetDeviceGetNumInterfaces");
}

#[test]
fn wrong_globals_are_found() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|system| {
        let _driver = load(system).unwrap();
        let mut others = WDF_DRIVER_GLOBALS::zeroed();
        let object = driver_object();
        driver().globals.store(
            &raw mut others as usize,
            std::sync::atomic::Ordering::Relaxed,
        );
        assert!(!object.is_null());
        driver_object();
    });
    assert_eq!(finding.rule, "WDF_WRONG_GLOBALS");
}
