//! Deletion of objects in two phases: dispose of children before parents, then let them go.

use super::context;
use super::handle::{Object, Stage};
use super::object;
use super::rules;
use crate::executive::{processor, spawn, system, violation};
use netadapter_abi::nt::PASSIVE_LEVEL;
use std::sync::atomic::Ordering;

/// Deletes an object and those below it, now or, where a passive-dispose object is among them and
/// the IRQL is higher, on a system thread.
pub(super) fn delete(object: &'static Object) {
    if object.deleting.swap(true, Ordering::AcqRel) {
        return;
    }
    if processor().irql() > PASSIVE_LEVEL && needs_passive(object) {
        spawn(
            system(),
            "object disposal",
            processor().index(),
            move || delete_now(object),
        );
    } else {
        delete_now(object);
    }
}

fn delete_now(object: &'static Object) {
    dispose(object);
    let parent = object.family.lock().parent;
    if let Some(parent) = parent {
        parent
            .family
            .lock()
            .children
            .retain(|child| !std::ptr::eq(*child, object));
    }
    let_go(object);
}

pub(super) fn needs_passive(object: &'static Object) -> bool {
    object.passive_dispose || children(object).into_iter().any(needs_passive)
}

fn children(object: &'static Object) -> Vec<&'static Object> {
    object.family.lock().children.clone()
}

/// Phase 1: EvtCleanup, depth first, children in order of creation.
fn dispose(object: &'static Object) {
    {
        let mut family = object.family.lock();
        if family.stage != Stage::Alive {
            return;
        }
        family.stage = Stage::Disposing;
    }
    for child in children(object) {
        dispose(child);
    }
    if let Some(dispose) = object.hooks.get().and_then(|hooks| hooks.dispose) {
        dispose(object.handle());
    }
    context::clean_up_all(object);
    object.family.lock().stage = Stage::Disposed;
}

/// Phase 2: the framework's references, those of children first.
fn let_go(object: &'static Object) {
    let children = std::mem::take(&mut object.family.lock().children);
    for child in children {
        if !child.deleting.swap(true, Ordering::AcqRel) {
            let_go(child);
        }
    }
    release(object);
}

/// Drops a reference; the last one destroys the object.
pub(super) fn release(object: &'static Object) {
    match object.references.fetch_sub(1, Ordering::AcqRel) {
        0 => violation(
            &rules::WDF_OBJECT_ERROR,
            format!(
                "a reference of a {} is released that nobody holds",
                object.kind_name()
            ),
        ),
        1 if object.passive_dispose && processor().irql() > PASSIVE_LEVEL => {
            spawn(
                system(),
                "object destruction",
                processor().index(),
                move || destroy(object),
            );
        }
        1 => destroy(object),
        _ => {}
    }
}

fn destroy(object: &'static Object) {
    context::destroy_all(object);
    if let Some(destroy) = object.hooks.get().and_then(|hooks| hooks.destroy) {
        destroy(object.handle());
    }
    object::forget_live(object);
    object.set_destroyed();
    context::release_all(object);
}
