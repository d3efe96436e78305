//! Handles: the places at which framework objects lie, and the check that a handle is one.
//!
//! All objects of the process lie in one reserved range of addresses and no place is used twice,
//! so any value that a driver passes as a handle can be judged without touching foreign memory,
//! and the handle of a destroyed object is known as such for ever.

use super::context::Context;
use super::kind::ObjectKind;
use super::object::Hooks;
use super::rules;
use crate::executive::violation;
use netadapter_abi::wdf::WDFOBJECT;
use parking_lot::Mutex;
use std::any::Any;
use std::ptr::NonNull;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering};

/// Objects that a process can make. Places are never used again.
const CAPACITY: usize = 1 << 24;

/// Set in [`Object::mark`] when the object is destroyed.
const DESTROYED: u32 = 1 << 31;

/// How far the deletion of an object has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub(super) enum Stage {
    Alive,
    Disposing,
    Disposed,
}

/// Where an object stands in the tree, and how far its deletion has come.
pub(super) struct Family {
    pub(super) stage: Stage,
    pub(super) parent: Option<&'static Object>,
    /// In order of creation.
    pub(super) children: Vec<&'static Object>,
}

/// A framework object.
#[repr(align(64))]
pub(super) struct Object {
    /// The kind, alone until the object is destroyed.
    mark: AtomicU32,
    /// Deletion has been asked for, by the driver or because the parent goes.
    pub(super) deleting: AtomicBool,
    pub(super) driver_deletes: AtomicBool,
    pub(super) passive_dispose: bool,
    /// References; one is the framework's own.
    pub(super) references: AtomicUsize,
    /// Lives as long as the process: a caller may still use it while the object goes.
    pub(super) payload: &'static (dyn Any + Send + Sync),
    pub(super) hooks: OnceLock<Hooks>,
    /// The first of a list that only grows while the object lives.
    pub(super) contexts: AtomicPtr<Context>,
    pub(super) family: Mutex<Family>,
}

impl Object {
    pub(super) fn handle(&'static self) -> WDFOBJECT {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    pub(super) fn kind_name(&self) -> &'static str {
        name_of(self.mark.load(Ordering::Relaxed))
    }

    pub(super) fn set_destroyed(&self) {
        self.mark.fetch_or(DESTROYED, Ordering::Release);
    }
}

/// The address range in which objects lie.
///
/// # Invariants
/// The places below `used` hold objects. `used` grows under `growing`, after a place was written.
struct Arena {
    base: NonNull<Object>,
    used: AtomicUsize,
    growing: Mutex<()>,
}

// SAFETY: the range lives as long as the process, and objects may be shared between threads.
unsafe impl Send for Arena {}
// SAFETY: as above.
unsafe impl Sync for Arena {}

fn arena() -> &'static Arena {
    static ARENA: OnceLock<Arena> = OnceLock::new();
    ARENA.get_or_init(|| {
        let bytes = CAPACITY * size_of::<Object>();
        // SAFETY: a new private mapping; it does not touch existing ones.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        assert_ne!(
            base,
            libc::MAP_FAILED,
            "address space for {bytes} bytes of framework objects"
        );
        let base = NonNull::new(base.cast()).expect("a mapping is never at address 0");
        Arena {
            base,
            used: AtomicUsize::new(0),
            growing: Mutex::new(()),
        }
    })
}

/// What a new object starts with.
pub(super) struct NewObject {
    pub(super) kind: ObjectKind,
    pub(super) parent: Option<&'static Object>,
    pub(super) passive_dispose: bool,
    pub(super) payload: Box<dyn Any + Send + Sync>,
}

/// Puts an object into the next free place; none if all are used.
pub(super) fn place(new: NewObject) -> Option<&'static Object> {
    let arena = arena();
    let growing = arena.growing.lock();
    let index = arena.used.load(Ordering::Relaxed);
    if index == CAPACITY {
        return None;
    }
    // SAFETY: the index is below the number of places.
    let place = unsafe { arena.base.add(index) };
    let family = Family {
        stage: Stage::Alive,
        parent: new.parent,
        children: Vec::new(),
    };
    let object = Object {
        mark: AtomicU32::new(new.kind as u32),
        deleting: AtomicBool::new(false),
        driver_deletes: AtomicBool::new(new.kind.rules().driver_deletes),
        passive_dispose: new.passive_dispose,
        references: AtomicUsize::new(1),
        payload: Box::leak(new.payload),
        hooks: OnceLock::new(),
        contexts: AtomicPtr::new(std::ptr::null_mut()),
        family: Mutex::new(family),
    };
    // SAFETY: by the invariant of `Arena` nobody else looks at this place before `used` passes it.
    unsafe { place.write(object) };
    arena.used.store(index + 1, Ordering::Release);
    drop(growing);
    // SAFETY: the place was just written, and its object is never dropped.
    Some(unsafe { place.as_ref() })
}

/// The object at `handle`, alive or destroyed; none if there never was one.
fn find(handle: WDFOBJECT) -> Option<(&'static Object, u32)> {
    let arena = arena();
    let offset = (handle as usize).checked_sub(arena.base.as_ptr() as usize)?;
    let index = offset / size_of::<Object>();
    if offset % size_of::<Object>() != 0 || index >= arena.used.load(Ordering::Acquire) {
        return None;
    }
    // SAFETY: by the invariant of `Arena` this place holds an object.
    let object: &'static Object = unsafe { &*handle.cast() };
    Some((object, object.mark.load(Ordering::Acquire)))
}

/// The object of a handle of a given kind.
#[inline]
pub(super) fn resolve(handle: WDFOBJECT, kind: ObjectKind) -> &'static Object {
    match find(handle) {
        Some((object, mark)) if mark == kind as u32 => object,
        found => invalid(handle, kind.name(), found.map(|(_, mark)| mark)),
    }
}

/// The object of a handle of any kind.
pub(super) fn resolve_any(handle: WDFOBJECT) -> &'static Object {
    match find(handle) {
        Some((object, mark)) if mark & DESTROYED == 0 => object,
        found => invalid(handle, "WDFOBJECT", found.map(|(_, mark)| mark)),
    }
}

/// The object of a handle if it is one, of whatever kind.
pub(super) fn probe(handle: WDFOBJECT) -> Option<&'static Object> {
    find(handle)
        .filter(|(_, mark)| mark & DESTROYED == 0)
        .map(|(object, _)| object)
}

/// Whether `handle` is one of a live object of this kind.
pub(super) fn is_kind(handle: WDFOBJECT, kind: ObjectKind) -> bool {
    find(handle).is_some_and(|(_, mark)| mark == kind as u32)
}

/// Whether `handle` is that of a destroyed object of this kind.
pub(super) fn was_kind(handle: WDFOBJECT, kind: ObjectKind) -> bool {
    find(handle).is_some_and(|(_, mark)| mark == kind as u32 | DESTROYED)
}

#[cold]
fn invalid(handle: WDFOBJECT, wanted: &str, mark: Option<u32>) -> ! {
    let found = match mark {
        None if handle.is_null() => "null".to_owned(),
        None => format!("{handle:p}, which is no handle"),
        Some(mark) if mark & DESTROYED != 0 => {
            format!("{handle:p}, a {} that was destroyed", name_of(mark))
        }
        Some(mark) => format!("{handle:p}, a {}", name_of(mark)),
    };
    violation(
        &rules::WDF_INVALID_HANDLE,
        format!("a {wanted} handle is expected, found {found}"),
    )
}

fn name_of(mark: u32) -> &'static str {
    ObjectKind::ALL
        .iter()
        .find(|kind| **kind as u32 == mark & !DESTROYED)
        .map_or("WDFOBJECT", |kind| kind.name())
}
