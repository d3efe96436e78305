//! Framework objects: creation, payloads, parents and references.

use super::attributes;
use super::context::{self, Context};
use super::deletion;
use super::handle::{self, NewObject, Object, Stage};
use super::kind::ObjectKind;
use super::rules;
use crate::executive::{system, violation};
use netadapter_abi::nt::{
    NTSTATUS, STATUS_DELETE_PENDING, STATUS_INSUFFICIENT_RESOURCES, STATUS_OBJECT_NAME_EXISTS,
    STATUS_OBJECT_NAME_INVALID,
};
use netadapter_abi::wdf::{
    STATUS_WDF_OBJECT_ATTRIBUTES_INVALID, WDF_OBJECT_ATTRIBUTES, WDF_OBJECT_CONTEXT_TYPE_INFO,
    WDFOBJECT,
};
use parking_lot::Mutex;
use std::any::Any;
use std::collections::BTreeSet;
use std::ffi::c_void;
use std::sync::atomic::Ordering;

/// What the part of the framework that made an object does in its deletion.
#[derive(Clone, Copy, Default)]
pub struct Hooks {
    /// Runs once, after the children's EvtCleanup and before the object's own.
    pub dispose: Option<fn(WDFOBJECT)>,
    /// Runs once, after EvtDestroy. The payload is still there.
    pub destroy: Option<fn(WDFOBJECT)>,
}

/// The objects of a machine that are not destroyed, by address.
#[derive(Default)]
struct LiveObjects(Mutex<BTreeSet<usize>>);

/// Makes an object.
///
/// `parent` is the parent unless the attributes name another one. `payload` is what the object is
/// to the host; it stays until the process ends, because [`payload`] hands out references that are
/// not counted. What takes much memory belongs behind a lock, to be let go in [`Hooks::destroy`].
///
/// `attributes` is null or points to the driver's attributes.
///
/// # Errors
/// Those of *WDF_OBJECT_ATTRIBUTES structure* and *WdfObjectCreate function*;
/// `STATUS_DELETE_PENDING` if the parent is being deleted.
#[expect(
    clippy::not_unsafe_ptr_arg_deref,
    reason = "what a driver passes is trusted to be valid, like the driver's code, by any kernel"
)]
pub fn create_object(
    kind: ObjectKind,
    parent: Option<WDFOBJECT>,
    attributes: *const WDF_OBJECT_ATTRIBUTES,
    payload: Box<dyn Any + Send + Sync>,
) -> Result<WDFOBJECT, NTSTATUS> {
    // SAFETY: a driver passes null or its attributes, which are valid during the call.
    let attributes = unsafe { attributes.as_ref() };
    let parent = attributes::validate(kind, parent, attributes)?.map(handle::resolve_any);
    let passive_dispose =
        kind.rules().passive_dispose || attributes.is_some_and(attributes::is_passive);
    let new = NewObject {
        kind,
        parent,
        passive_dispose,
        payload,
    };
    let object = handle::place(new).ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
    if let Some(attributes) = attributes {
        let context =
            Context::new(object.handle(), attributes).ok_or(STATUS_INSUFFICIENT_RESOURCES)?;
        // A new object has no other context, so there is none of the same type.
        let _ = context::append(object, context);
    }
    if let Some(parent) = parent {
        let mut family = parent.family.lock();
        if family.stage != Stage::Alive {
            drop(family);
            context::release_all(object);
            object.set_destroyed();
            return Err(STATUS_DELETE_PENDING);
        }
        family.children.push(object);
    }
    live_objects().lock().insert(object.handle() as usize);
    Ok(object.handle())
}

/// Says what happens in the deletion of an object beyond its callbacks. Once for each object.
pub fn set_hooks(handle: WDFOBJECT, hooks: Hooks) {
    // A second call would be a mistake of the host that its own tests show: the first one counts.
    let _ = handle::resolve_any(handle).hooks.set(hooks);
}

/// Keeps the driver from deleting an object, which the framework deletes itself.
pub fn forbid_driver_deletion(handle: WDFOBJECT) {
    handle::resolve_any(handle)
        .driver_deletes
        .store(false, Ordering::Relaxed);
}

/// Lets the driver delete an object of a kind that it otherwise must not delete.
pub(super) fn allow_driver_deletion(handle: WDFOBJECT) {
    handle::resolve_any(handle)
        .driver_deletes
        .store(true, Ordering::Relaxed);
}

/// What a handle of a given kind is to the host.
///
/// The machine stops with `WDF_INVALID_HANDLE` if the handle is null, of another kind or of a
/// destroyed object. Takes no lock.
///
/// # Panics
/// If objects of this kind have another payload.
#[inline]
pub fn payload<T: 'static>(handle: WDFOBJECT, kind: ObjectKind) -> &'static T {
    let object = handle::resolve(handle, kind);
    object
        .payload
        .downcast_ref()
        .expect("all objects of a kind have the same payload type")
}

/// Whether a handle is that of an object of this kind that is not destroyed.
pub fn is_alive(handle: WDFOBJECT, kind: ObjectKind) -> bool {
    handle::is_kind(handle, kind)
}

/// The parent of an object.
pub fn parent(handle: WDFOBJECT) -> Option<WDFOBJECT> {
    let family = handle::resolve_any(handle).family.lock();
    family.parent.map(Object::handle)
}

/// The closest object of a kind among an object and its ancestors.
pub fn ancestor(handle: WDFOBJECT, kind: ObjectKind) -> Option<WDFOBJECT> {
    std::iter::successors(Some(handle), |&handle| parent(handle))
        .find(|&handle| is_alive(handle, kind))
}

/// The context of a type, or null.
///
/// IRQL: any. Takes no lock.
pub fn context(handle: WDFOBJECT, type_info: *const WDF_OBJECT_CONTEXT_TYPE_INFO) -> *mut c_void {
    context::find(handle::resolve_any(handle), type_info)
        .map_or(std::ptr::null_mut(), Context::memory)
}

/// The object to which context memory belongs.
pub fn context_object(memory: *mut c_void) -> Option<WDFOBJECT> {
    context::object_of(memory)
}

/// Adds a context to an object; the memory and whether it is new.
///
/// # Errors
/// Those of *WdfObjectAllocateContext function*, except that a context of the same type that is
/// there already is given back as `STATUS_OBJECT_NAME_EXISTS` with its address.
pub fn allocate_context(
    handle: WDFOBJECT,
    attributes: &WDF_OBJECT_ATTRIBUTES,
) -> Result<*mut c_void, (NTSTATUS, *mut c_void)> {
    let object = handle::resolve_any(handle);
    let fail = |status| (status, std::ptr::null_mut());
    attributes::validate_context(attributes).map_err(fail)?;
    if attributes.ContextTypeInfo.is_null() {
        return Err(fail(STATUS_OBJECT_NAME_INVALID));
    }
    if !attributes.ParentObject.is_null() {
        return Err(fail(STATUS_WDF_OBJECT_ATTRIBUTES_INVALID));
    }
    let context = Context::new(handle, attributes).ok_or(fail(STATUS_INSUFFICIENT_RESOURCES))?;
    let family = object.family.lock();
    if family.stage != Stage::Alive {
        return Err(fail(STATUS_DELETE_PENDING));
    }
    context::append(object, context)
        .map(Context::memory)
        .map_err(|existing| (STATUS_OBJECT_NAME_EXISTS, existing.memory()))
}

/// Adds a reference: the object's memory and contexts stay until it is released.
///
/// IRQL: DISPATCH_LEVEL or below.
pub fn reference(handle: WDFOBJECT) {
    handle::resolve_any(handle)
        .references
        .fetch_add(1, Ordering::Relaxed);
}

/// Releases a reference. The last one of a deleted object destroys it.
///
/// IRQL: DISPATCH_LEVEL or below.
pub fn dereference(handle: WDFOBJECT) {
    let object = handle::resolve_any(handle);
    let before = object.references.load(Ordering::Relaxed);
    if before == 1 && !object.deleting.load(Ordering::Acquire) {
        violation(
            &rules::WDF_OBJECT_ERROR,
            format!(
                "the last reference of a {} is released, which is the framework's own",
                object.kind_name()
            ),
        );
    }
    deletion::release(object);
}

/// How many references an object has.
pub(super) fn reference_count(handle: WDFOBJECT) -> usize {
    handle::resolve_any(handle)
        .references
        .load(Ordering::Acquire)
}

/// Whether an object, or one below it, can only be disposed of at PASSIVE_LEVEL.
pub(super) fn disposal_is_passive(handle: WDFOBJECT) -> bool {
    deletion::needs_passive(handle::resolve_any(handle))
}

/// Keeps the contexts' callbacks from being called: the driver has never seen the object.
pub(super) fn silence(handle: WDFOBJECT) {
    context::silence_all(handle::resolve_any(handle));
}

/// Deletes an object with all its children: EvtCleanup of children before parents, then
/// EvtDestroy of those that nobody holds references on.
///
/// IRQL: DISPATCH_LEVEL or below. Above PASSIVE_LEVEL, if the object or one below it must be
/// disposed of at PASSIVE_LEVEL, a system thread does it later.
pub fn delete_object(handle: WDFOBJECT) {
    deletion::delete(handle::resolve_any(handle));
}

/// The kinds of the objects that have been made in this machine and are not destroyed.
pub fn live_objects_by_kind() -> Vec<&'static str> {
    let live = live_objects().lock();
    let handles = live.iter().map(|&address| address as WDFOBJECT);
    handles
        .filter_map(handle::probe)
        .map(Object::kind_name)
        .collect()
}

pub(super) fn forget_live(object: &'static Object) {
    live_objects().lock().remove(&(object.handle() as usize));
}

fn live_objects() -> &'static Mutex<BTreeSet<usize>> {
    &system().subsystem::<LiveObjects>().0
}
