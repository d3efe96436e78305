//! The order of binding and unbinding, with a loader that writes down what is asked of it.

extern crate std;

use super::*;
use core::ffi::CStr;
use std::string::{String, ToString};
use std::sync::{Mutex, MutexGuard};
use std::vec::Vec;
use std::{format, vec};

/// What the fake loader answers, and what happened to it.
struct Scene {
    bind_status: NTSTATUS,
    class_status: NTSTATUS,
    entry_status: NTSTATUS,
    events: Vec<String>,
}

static SCENE: Mutex<Scene> = Mutex::new(Scene {
    bind_status: 0,
    class_status: 0,
    entry_status: 0,
    events: Vec::new(),
});

/// The variables of the stub exist once, so one test runs at a time.
static TURN: Mutex<()> = Mutex::new(());

static TABLE: Shared<[*const c_void; wdf::FUNCTION_NAMES.len()]> =
    Shared::new([null(); wdf::FUNCTION_NAMES.len()]);
static GLOBALS: Shared<WDF_DRIVER_GLOBALS> = Shared::new(WDF_DRIVER_GLOBALS::zeroed());
static CLASS_GLOBALS: Shared<NET_DRIVER_GLOBALS> = Shared::new(NET_DRIVER_GLOBALS::zeroed());

fn scene() -> MutexGuard<'static, Scene> {
    SCENE.lock().unwrap()
}

/// Begins a test: the answers of the loader and of the driver's entry, and the globals of the framework.
fn begin(
    bind_status: NTSTATUS,
    class_status: NTSTATUS,
    entry_status: NTSTATUS,
    globals: WDF_DRIVER_GLOBALS,
) -> MutexGuard<'static, ()> {
    let turn = TURN.lock().unwrap_or_else(|failed| failed.into_inner());
    *scene() = Scene {
        bind_status,
        class_status,
        entry_status,
        events: Vec::new(),
    };
    // SAFETY: this test alone has the turn.
    unsafe { *GLOBALS.0.get() = globals };
    turn
}

fn note(event: impl ToString) {
    scene().events.push(event.to_string());
}

fn wide_text(mut at: *const u16) -> String {
    let mut units = Vec::new();
    loop {
        // SAFETY: the text ends with NUL, and `at` has not passed it.
        let unit = unsafe { at.read() };
        if unit == 0 {
            return String::from_utf16(&units).unwrap();
        }
        units.push(unit);
        at = at.wrapping_add(1);
    }
}

fn path_text(path: *const UNICODE_STRING) -> String {
    // SAFETY: tests pass valid strings, and so does the stub.
    let path = unsafe { &*path };
    // SAFETY: as above.
    let units = unsafe { core::slice::from_raw_parts(path.Buffer, usize::from(path.Length / 2)) };
    String::from_utf16(units).unwrap()
}

struct FakeLoader;

impl Loader for FakeLoader {
    unsafe fn version_bind(
        _: *mut DRIVER_OBJECT,
        registry_path: *mut UNICODE_STRING,
        bind_info: PWDF_BIND_INFO,
        globals: *mut PWDF_COMPONENT_GLOBALS,
    ) -> NTSTATUS {
        // SAFETY: the stub's record is a `WDF_BIND_INFO2`, as its size says.
        let record = unsafe { &*bind_info.cast::<WDF_BIND_INFO2>() };
        let info = &record.V1;
        note(format!(
            "bind {} {} {}.{} {} functions of {} bytes",
            path_text(registry_path),
            wide_text(info.Component),
            info.Version.Major,
            info.Version.Minor,
            info.FuncCount,
            info.Size
        ));
        // SAFETY: the framework writes the address of its table to the variable it is given the address of.
        unsafe { info.FuncTable.write(TABLE.0.get().cast()) };
        // SAFETY: the framework writes the address of its globals there.
        unsafe { globals.write(GLOBALS.0.get().cast()) };
        scene().bind_status
    }

    unsafe fn version_unbind(
        registry_path: *mut UNICODE_STRING,
        _: PWDF_BIND_INFO,
        _: PWDF_COMPONENT_GLOBALS,
    ) -> NTSTATUS {
        note(format!("unbind {}", path_text(registry_path)));
        STATUS_SUCCESS
    }

    unsafe fn version_bind_class(
        _: PWDF_BIND_INFO,
        globals: PWDF_COMPONENT_GLOBALS,
        class: PWDF_CLASS_BIND_INFO,
    ) -> NTSTATUS {
        assert_eq!(globals, GLOBALS.0.get().cast());
        // SAFETY: the stub's record is valid.
        let class = unsafe { &*class };
        note(format!(
            "bind class {} {}.{} {} functions of {} bytes",
            wide_text(class.ClassName),
            class.Version.Major,
            class.Version.Minor,
            class.FunctionTableCount,
            class.Size
        ));
        let status = scene().class_status;
        if nt_success(status) {
            for index in 0..class.FunctionTableCount as usize {
                // SAFETY: the table has as many entries as the record says.
                unsafe {
                    class
                        .FunctionTable
                        .wrapping_add(index)
                        .write((index + 1) as *const c_void)
                };
            }
            // SAFETY: the class writes the address of its globals to the variable it is given the address of.
            unsafe {
                class
                    .ClassBindInfo
                    .cast::<*mut c_void>()
                    .write(CLASS_GLOBALS.0.get().cast())
            };
        }
        status
    }

    unsafe fn version_unbind_class(
        _: PWDF_BIND_INFO,
        _: PWDF_COMPONENT_GLOBALS,
        _: PWDF_CLASS_BIND_INFO,
    ) {
        note("unbind class");
    }

    fn debug_print(_: &CStr) {
        note("print");
    }
}

unsafe fn entry(_: *mut DRIVER_OBJECT, registry_path: *mut UNICODE_STRING) -> NTSTATUS {
    note(format!("entry {}", path_text(registry_path)));
    scene().entry_status
}

nt_export! {
    unsafe fn own_unload(_driver_object: *mut DRIVER_OBJECT) {
        note("own unload");
    }

    unsafe fn framework_miniport_unload(_globals: *mut WDF_DRIVER_GLOBALS, _driver: WDFDRIVER) {
        note("framework miniport unload");
    }
}

/// Runs the stub on a driver object and a registry path.
fn run(driver_object: *mut DRIVER_OBJECT, path: &str) -> (NTSTATUS, Vec<String>) {
    let mut units: Vec<u16> = path.encode_utf16().collect();
    let bytes = (units.len() * 2) as u16;
    let mut path = UNICODE_STRING {
        Length: bytes,
        MaximumLength: bytes,
        Buffer: units.as_mut_ptr(),
    };
    // SAFETY: the arguments are valid, and this test alone has the turn.
    let status = unsafe { bind_and_enter::<FakeLoader>(driver_object, &mut path, entry) };
    (status, core::mem::take(&mut scene().events))
}

const BIND: &str = "bind reg KmdfLibrary 1.33 458 functions of 88 bytes";
const BIND_CLASS: &str = "bind class NetAdapterCx 2.3 125 functions of 80 bytes";

#[test]
fn framework_and_class_are_bound_before_the_drivers_entry_and_unbound_after_its_unload() {
    let displaced = WDF_DRIVER_GLOBALS {
        DisplaceDriverUnload: 1,
        ..WDF_DRIVER_GLOBALS::zeroed()
    };
    let _turn = begin(0, 0, 0, displaced);
    let mut driver_object = DRIVER_OBJECT {
        DriverUnload: Some(own_unload),
        ..DRIVER_OBJECT::zeroed()
    };
    let (status, events) = run(&mut driver_object, "reg");
    assert_eq!(
        (status, events),
        (0, vec![BIND.into(), BIND_CLASS.into(), "entry reg".into()])
    );
    assert_eq!(wdf_globals(), GLOBALS.0.get());
    assert_eq!(net_globals(), CLASS_GLOBALS.0.get());
    // SAFETY: the driver is bound.
    let create = unsafe { net_function(net::index::NetAdapterCreate) };
    assert_eq!(create as usize, net::index::NetAdapterCreate + 1);

    let unload = driver_object.DriverUnload.unwrap();
    // SAFETY: the driver is bound, and this is its only unload.
    unsafe { unload(&mut driver_object) };
    assert_eq!(scene().events, ["own unload", "unbind class", "unbind reg"]);
}

#[test]
fn a_failing_entry_is_unbound_in_reverse_and_its_status_given() {
    let _turn = begin(
        0,
        0,
        STATUS_INSUFFICIENT_RESOURCES,
        WDF_DRIVER_GLOBALS::zeroed(),
    );
    let (status, events) = run(&mut DRIVER_OBJECT::zeroed(), "reg");
    assert_eq!(status, STATUS_INSUFFICIENT_RESOURCES);
    assert_eq!(
        events,
        [
            BIND,
            BIND_CLASS,
            "entry reg",
            "print",
            "unbind class",
            "unbind reg"
        ]
    );
}

#[test]
fn without_its_class_the_driver_is_not_entered() {
    let _turn = begin(0, STATUS_NOT_SUPPORTED, 0, WDF_DRIVER_GLOBALS::zeroed());
    let (status, events) = run(&mut DRIVER_OBJECT::zeroed(), "reg");
    assert_eq!(status, STATUS_NOT_SUPPORTED);
    assert_eq!(events, [BIND, BIND_CLASS, "unbind reg"]);
}

#[test]
fn without_the_framework_there_is_nothing_to_undo() {
    let _turn = begin(STATUS_REVISION_MISMATCH, 0, 0, WDF_DRIVER_GLOBALS::zeroed());
    let (status, events) = run(&mut DRIVER_OBJECT::zeroed(), "reg");
    assert_eq!(
        (status, events),
        (STATUS_REVISION_MISMATCH, vec![BIND.into()])
    );
}

#[test]
fn an_image_loaded_without_a_driver_object_is_entered_unbound() {
    let _turn = begin(0, 0, 0, WDF_DRIVER_GLOBALS::zeroed());
    assert_eq!(run(null_mut(), "reg"), (0, vec!["entry reg".into()]));
}

#[test]
fn a_registry_path_is_kept_as_far_as_the_buffer_of_the_stub_goes() {
    let _turn = begin(STATUS_REVISION_MISMATCH, 0, 0, WDF_DRIVER_GLOBALS::zeroed());
    let (_, events) = run(&mut DRIVER_OBJECT::zeroed(), &"p".repeat(300));
    assert_eq!(events[0].split(' ').nth(1), Some("p".repeat(260).as_str()));
}

#[test]
fn the_unload_of_a_driver_is_left_alone_unless_the_framework_asks_for_it() {
    let _turn = begin(0, 0, 0, WDF_DRIVER_GLOBALS::zeroed());
    let mut driver_object = DRIVER_OBJECT::zeroed();
    run(&mut driver_object, "reg");
    assert!(driver_object.DriverUnload.is_none());
}

#[test]
fn a_miniport_driver_is_unbound_by_its_call_of_miniport_unload() {
    let miniport = WDF_DRIVER_GLOBALS {
        DriverFlags: wdf::WdfDriverInitNoDispatchOverride as ULONG,
        ..WDF_DRIVER_GLOBALS::zeroed()
    };
    let _turn = begin(0, 0, 0, miniport);
    let entry: PFN_WDFDRIVERMINIPORTUNLOAD = framework_miniport_unload;
    // SAFETY: this test alone has the turn.
    unsafe { (*TABLE.0.get())[wdf::index::WdfDriverMiniportUnload] = entry as *const c_void };
    run(&mut DRIVER_OBJECT::zeroed(), "reg");
    // SAFETY: the driver is bound, and this is its only unload.
    unsafe { miniport_unload(null_mut()) };
    assert_eq!(
        scene().events,
        ["framework miniport unload", "unbind class", "unbind reg"]
    );
}
