//! Objects: contexts, attributes, deletion, references, handles.

use super::fake_driver::{add_device, call, driver, load};
use super::fake_node::messages;
use crate::executive::{Event, EventKind, TestMachine, processor, system};
use netadapter_abi::nt::{
    DISPATCH_LEVEL, NTSTATUS, PASSIVE_LEVEL, PVOID, STATUS_DELETE_PENDING,
    STATUS_INFO_LENGTH_MISMATCH, STATUS_OBJECT_NAME_EXISTS, STATUS_SUCCESS, ULONG,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::*;
use std::ptr::null_mut;

/// A context type of a driver.
struct ContextType(WDF_OBJECT_CONTEXT_TYPE_INFO);

// SAFETY: constant data.
unsafe impl Sync for ContextType {}

impl ContextType {
    const fn new(name: &'static std::ffi::CStr, bytes: usize) -> Self {
        Self(WDF_OBJECT_CONTEXT_TYPE_INFO {
            Size: size_of::<WDF_OBJECT_CONTEXT_TYPE_INFO>() as ULONG,
            ContextName: name.as_ptr().cast(),
            ContextSize: bytes,
            ..WDF_OBJECT_CONTEXT_TYPE_INFO::zeroed()
        })
    }
}

static FIRST: ContextType = ContextType::new(c"First", 24);
static SECOND: ContextType = ContextType::new(c"Second", 8);

nt_export! {
    unsafe fn cleanup(object: WDFOBJECT) {
        driver().note(format!("cleanup {} at {}", name_of(object), processor().irql()));
    }

    unsafe fn destroy(object: WDFOBJECT) {
        driver().note(format!("destroy {} at {}", name_of(object), processor().irql()));
        system().subsystem::<Signals>().destroyed.set();
    }

    unsafe fn raised_cleanup(_object: WDFOBJECT) {
        processor().raise_irql(DISPATCH_LEVEL);
    }
}

/// What tests wait for.
struct Signals {
    destroyed: Event,
}

impl Default for Signals {
    fn default() -> Self {
        Self {
            destroyed: Event::new(EventKind::Notification, false),
        }
    }
}

/// Each test object keeps its name in its first context.
fn name_of(object: WDFOBJECT) -> char {
    let context = context_of(object, &FIRST);
    // SAFETY: the object exists, and its context has room for a byte.
    char::from(unsafe { context.cast::<u8>().read() })
}

fn context_of(object: WDFOBJECT, kind: &'static ContextType) -> PVOID {
    call!(WdfObjectGetTypedContextWorker: PFN_WDFOBJECTGETTYPEDCONTEXTWORKER(object, &kind.0))
}

fn attributes(parent: WDFOBJECT) -> WDF_OBJECT_ATTRIBUTES {
    WDF_OBJECT_ATTRIBUTES {
        EvtCleanupCallback: Some(cleanup),
        EvtDestroyCallback: Some(destroy),
        ParentObject: parent,
        ContextTypeInfo: &FIRST.0,
        ..WDF_OBJECT_ATTRIBUTES::init()
    }
}

fn try_create(mut attributes: WDF_OBJECT_ATTRIBUTES) -> Result<WDFOBJECT, NTSTATUS> {
    let mut object = null_mut();
    match call!(WdfObjectCreate: PFN_WDFOBJECTCREATE(&mut attributes, &mut object)) {
        STATUS_SUCCESS => Ok(object),
        status => Err(status),
    }
}

fn create(name: char, parent: WDFOBJECT) -> WDFOBJECT {
    let object = try_create(attributes(parent)).expect("the attributes are valid");
    // SAFETY: the object exists, and its context has room for a byte.
    unsafe { context_of(object, &FIRST).cast::<u8>().write(name as u8) };
    object
}

fn delete(object: WDFOBJECT) {
    call!(WdfObjectDelete: PFN_WDFOBJECTDELETE(object));
}

#[test]
fn children_are_cleaned_up_and_destroyed_before_their_parent_in_order_of_creation() {
    let machine = TestMachine::new(1);
    let log = machine.run(|system| {
        let _driver = load(system).unwrap();
        let root = create('r', null_mut());
        let first = create('a', root);
        create('b', first);
        create('c', root);
        driver().take_log();
        delete(root);
        driver().take_log()
    });
    let expected = [
        "cleanup b",
        "cleanup a",
        "cleanup c",
        "cleanup r",
        "destroy b",
        "destroy a",
    ]
    .into_iter()
    .chain(["destroy c", "destroy r"])
    .map(|step| format!("{step} at 0"))
    .collect::<Vec<_>>();
    assert_eq!(log, expected);
}

#[test]
fn a_reference_keeps_the_contexts_of_a_deleted_object() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _driver = load(system).unwrap();
        let object = create('x', null_mut());
        let file = null_mut();
        call!(WdfObjectReferenceActual: PFN_WDFOBJECTREFERENCEACTUAL(object, null_mut(), 0, file));
        driver().take_log();
        delete(object);
        assert_eq!(driver().take_log(), ["cleanup x at 0"]);
        assert_eq!(name_of(object), 'x');
        call!(WdfObjectDereferenceActual: PFN_WDFOBJECTDEREFERENCEACTUAL(
            object, null_mut(), 0, file,
        ));
        assert_eq!(driver().take_log(), ["destroy x at 0"]);
    });
}

#[test]
fn a_second_context_of_a_type_is_the_first_one() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _driver = load(system).unwrap();
        let object = create('x', null_mut());
        let mut more = WDF_OBJECT_ATTRIBUTES::init();
        more.ContextTypeInfo = &SECOND.0;
        let mut allocate = || {
            let mut memory = null_mut();
            let status = call!(WdfObjectAllocateContext: PFN_WDFOBJECTALLOCATECONTEXT(
                object, &mut more, &mut memory,
            ));
            (status, memory)
        };
        assert!(context_of(object, &SECOND).is_null());
        let (status, memory) = allocate();
        assert_eq!(status, STATUS_SUCCESS);
        // SAFETY: the context has 8 bytes.
        let content = unsafe { memory.cast::<u64>().read() };
        assert_eq!(content, 0, "context memory is zeroed");
        assert_eq!(allocate(), (STATUS_OBJECT_NAME_EXISTS, memory));
        assert_eq!(context_of(object, &SECOND), memory);
        let owner = call!(WdfObjectContextGetObject: PFN_WDFOBJECTCONTEXTGETOBJECT(memory));
        assert_eq!(owner, object);
    });
}

#[test]
fn attributes_that_break_a_rule_give_the_documented_status() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _driver = load(system).unwrap();
        let valid = WDF_OBJECT_ATTRIBUTES::init();
        let invalid = STATUS_WDF_OBJECT_ATTRIBUTES_INVALID;
        let status = |attributes| try_create(attributes).err();
        assert_eq!(status(valid), None);
        let short = WDF_OBJECT_ATTRIBUTES { Size: 8, ..valid };
        assert_eq!(status(short), Some(STATUS_INFO_LENGTH_MISMATCH));
        let zeroed = WDF_OBJECT_ATTRIBUTES {
            Size: valid.Size,
            ..WDF_OBJECT_ATTRIBUTES::zeroed()
        };
        assert_eq!(status(zeroed), Some(invalid));
        let untyped = WDF_OBJECT_ATTRIBUTES {
            ContextSizeOverride: 64,
            ..valid
        };
        assert_eq!(status(untyped), Some(invalid));
        let typed = WDF_OBJECT_ATTRIBUTES {
            ContextTypeInfo: &FIRST.0,
            ..valid
        };
        assert_eq!(
            status(WDF_OBJECT_ATTRIBUTES {
                ContextSizeOverride: 4,
                ..typed
            }),
            Some(invalid)
        );
        assert_eq!(
            status(WDF_OBJECT_ATTRIBUTES {
                ContextSizeOverride: 64,
                ..typed
            }),
            None
        );
    });
}

#[test]
fn kinds_allow_what_their_pages_say() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _driver = load(system).unwrap();
        let parent = create('p', null_mut());
        let spin_lock = |mut attributes: WDF_OBJECT_ATTRIBUTES| {
            let mut lock = null_mut();
            call!(WdfSpinLockCreate: PFN_WDFSPINLOCKCREATE(&mut attributes, &mut lock))
        };
        let valid = WDF_OBJECT_ATTRIBUTES::init();
        let level = WdfExecutionLevelPassive;
        let levelled = WDF_OBJECT_ATTRIBUTES {
            ExecutionLevel: level,
            ..valid
        };
        assert_eq!(spin_lock(levelled), STATUS_WDF_EXECUTION_LEVEL_INVALID);
        let scope = WdfSynchronizationScopeDevice;
        let scoped = WDF_OBJECT_ATTRIBUTES {
            SynchronizationScope: scope,
            ..valid
        };
        assert_eq!(spin_lock(scoped), STATUS_WDF_SYNCHRONIZATION_SCOPE_INVALID);
        let owned = WDF_OBJECT_ATTRIBUTES {
            ParentObject: parent,
            ..valid
        };
        assert_eq!(spin_lock(owned), STATUS_SUCCESS);
        let work_item = |mut attributes: WDF_OBJECT_ATTRIBUTES| {
            let mut config = WDF_WORKITEM_CONFIG::init(Some(no_work));
            let mut item = null_mut();
            call!(WdfWorkItemCreate: PFN_WDFWORKITEMCREATE(&mut config, &mut attributes, &mut item))
        };
        assert_eq!(work_item(valid), STATUS_WDF_PARENT_NOT_SPECIFIED);
        assert_eq!(work_item(owned), STATUS_SUCCESS);
    });
}

nt_export! {
    unsafe fn no_work(_item: WDFWORKITEM) {}

    unsafe fn child_of_a_dying_parent(parent: WDFOBJECT) {
        let status = try_create(attributes(parent)).err();
        driver().note(format!("pending {}", status == Some(STATUS_DELETE_PENDING)));
    }
}

#[test]
fn a_parent_that_is_being_deleted_takes_no_more_children() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _driver = load(system).unwrap();
        let mut attributes = WDF_OBJECT_ATTRIBUTES::init();
        attributes.EvtCleanupCallback = Some(child_of_a_dying_parent);
        let parent = try_create(attributes).unwrap();
        driver().take_log();
        delete(parent);
        assert_eq!(driver().take_log(), ["pending true"]);
    });
}

#[test]
fn an_object_for_passive_level_is_disposed_of_there_when_deleted_at_dispatch_level() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _driver = load(system).unwrap();
        let mut passive = attributes(null_mut());
        passive.ExecutionLevel = WdfExecutionLevelPassive;
        let parent = create('p', null_mut());
        passive.ParentObject = parent;
        let child = try_create(passive).unwrap();
        // SAFETY: the object exists, and its context has room for a byte.
        unsafe { context_of(child, &FIRST).cast::<u8>().write(b'c') };
        driver().take_log();
        let old = processor().raise_irql(DISPATCH_LEVEL);
        delete(parent);
        assert!(driver().take_log().is_empty());
        processor().lower_irql(old);
        assert_eq!(old, PASSIVE_LEVEL);
        let signals = system.subsystem::<Signals>();
        while !driver_log_ends_with(&mut Vec::new(), "destroy p at 0") {
            signals.destroyed.wait();
            signals.destroyed.clear();
        }
    });
}

/// Whether the driver has written `last` down by now.
fn driver_log_ends_with(log: &mut Vec<String>, last: &str) -> bool {
    log.extend(driver().take_log());
    log.last().is_some_and(|entry| entry == last)
}

#[test]
fn objects_that_no_passive_level_needs_go_at_once_at_dispatch_level() {
    let machine = TestMachine::new(1);
    machine.run(|system| {
        let _driver = load(system).unwrap();
        let object = create('x', null_mut());
        driver().take_log();
        let old = processor().raise_irql(DISPATCH_LEVEL);
        delete(object);
        processor().lower_irql(old);
        assert_eq!(driver().take_log(), ["cleanup x at 2", "destroy x at 2"]);
    });
}

/// The finding of a handle's use.
fn finding_of(wrong_use: impl FnOnce() + Send + 'static) -> (&'static str, String) {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(move |system| {
        let _driver = load(system).unwrap();
        wrong_use();
    });
    (finding.rule, finding.detail)
}

#[test]
fn a_stale_handle_is_found() {
    let (rule, detail) = finding_of(|| {
        let object = create('x', null_mut());
        delete(object);
        name_of(object);
    });
    assert_eq!(rule, "WDF_INVALID_HANDLE");
    assert!(detail.contains("was destroyed"), "{detail}");
}

#[test]
fn null_is_no_handle() {
    let (rule, detail) = finding_of(|| delete(null_mut()));
    assert_eq!(rule, "WDF_INVALID_HANDLE");
    assert!(detail.contains("null"), "{detail}");
}

#[test]
fn a_handle_of_another_kind_is_found() {
    let (rule, detail) = finding_of(|| {
        let object = create('x', null_mut());
        call!(WdfSpinLockAcquire: PFN_WDFSPINLOCKACQUIRE(object.cast()));
    });
    assert_eq!(rule, "WDF_INVALID_HANDLE");
    assert!(
        detail.contains("a WDFSPINLOCK handle is expected"),
        "{detail}"
    );
}

#[test]
fn any_pointer_can_be_judged_as_a_handle() {
    let (rule, _) = finding_of(|| {
        let object = create('x', null_mut());
        delete(object.wrapping_byte_add(8));
    });
    assert_eq!(rule, "WDF_INVALID_HANDLE");
}

#[test]
fn releasing_the_frameworks_own_reference_is_found() {
    let (rule, _) = finding_of(|| {
        let object = create('x', null_mut());
        let file = null_mut();
        call!(WdfObjectDereferenceActual: PFN_WDFOBJECTDEREFERENCEACTUAL(
            object, null_mut(), 0, file,
        ));
    });
    assert_eq!(rule, "WDF_OBJECT_ERROR");
}

#[test]
fn a_cleanup_that_returns_at_another_irql_is_found() {
    let (rule, _) = finding_of(|| {
        let mut attributes = WDF_OBJECT_ATTRIBUTES::init();
        attributes.EvtCleanupCallback = Some(raised_cleanup);
        delete(try_create(attributes).unwrap());
    });
    assert_eq!(rule, "WDF_VERIFIER_IRQL_MISMATCH");
}

#[test]
fn a_driver_may_not_delete_its_device() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|system| {
        let (_driver, device, _node) = add_device(system);
        device.start(messages(&[])).unwrap();
        delete(device.handle().cast());
    });
    assert_eq!(finding.rule, "WDF_DELETE_NOT_ALLOWED");
}

#[test]
fn objects_that_outlive_their_driver_are_found() {
    let machine = TestMachine::new(1);
    let finding = machine.finding_of(|system| {
        let host = load(system).unwrap();
        let object = create('x', null_mut());
        let file = null_mut();
        call!(WdfObjectReferenceActual: PFN_WDFOBJECTREFERENCEACTUAL(object, null_mut(), 0, file));
        host.unload();
    });
    assert_eq!(finding.rule, "LEAKED_OBJECTS");
    assert!(finding.detail.contains("WDFOBJECT"), "{}", finding.detail);
}
