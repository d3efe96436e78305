//! Context memory that drivers attach to objects.

use super::callback;
use super::handle::Object;
use netadapter_abi::wdf::{
    PFN_WDF_OBJECT_CONTEXT_CLEANUP, PFN_WDF_OBJECT_CONTEXT_DESTROY, WDF_OBJECT_ATTRIBUTES,
    WDF_OBJECT_CONTEXT_TYPE_INFO, WDFOBJECT,
};
use parking_lot::Mutex;
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::collections::VecDeque;
use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

/// What freed context memory is filled with: as a pointer it is not canonical.
const POISON: u8 = 0xFE;

/// Bytes of freed context memory that are kept from reuse, so that late users meet the poison.
const QUARANTINE_BYTES: usize = 64 << 20;

/// Alignment of context memory, as of all pool memory (MEMORY_ALLOCATION_ALIGNMENT).
const ALIGNMENT: usize = 16;

/// Stands in front of every context, for `WdfObjectContextGetObject`.
#[repr(C, align(16))]
struct Prefix {
    object: WDFOBJECT,
    signature: usize,
}

const SIGNATURE: usize = usize::from_ne_bytes(*b"WDFCTX01");

/// The callbacks and the memory of one context; without memory if the attributes named no type.
pub(super) struct Context {
    type_info: *const WDF_OBJECT_CONTEXT_TYPE_INFO,
    memory: AtomicPtr<c_void>,
    bytes: usize,
    cleanup: PFN_WDF_OBJECT_CONTEXT_CLEANUP,
    destroy: PFN_WDF_OBJECT_CONTEXT_DESTROY,
    cleaned: AtomicBool,
    /// EvtDestroy is not wanted.
    silent: AtomicBool,
    next: AtomicPtr<Context>,
}

impl Context {
    /// Makes the context that `attributes` ask for; none if there is no memory for it.
    pub(super) fn new(object: WDFOBJECT, attributes: &WDF_OBJECT_ATTRIBUTES) -> Option<Box<Self>> {
        // SAFETY: validated attributes name no type or one that lives as long as the image.
        let type_info = unsafe { attributes.ContextTypeInfo.as_ref() };
        let declared = type_info.map_or(0, |info| info.ContextSize);
        let bytes = declared.max(attributes.ContextSizeOverride);
        let memory = match type_info {
            Some(_) => allocate(object, bytes)?,
            None => std::ptr::null_mut(),
        };
        Some(Box::new(Self {
            type_info: attributes.ContextTypeInfo,
            memory: AtomicPtr::new(memory),
            bytes,
            cleanup: attributes.EvtCleanupCallback,
            destroy: attributes.EvtDestroyCallback,
            cleaned: AtomicBool::new(false),
            silent: AtomicBool::new(false),
            next: AtomicPtr::new(std::ptr::null_mut()),
        }))
    }

    pub(super) fn memory(&self) -> *mut c_void {
        self.memory.load(Ordering::Acquire)
    }

    fn next(&self) -> Option<&'static Self> {
        // SAFETY: list entries live as long as the process.
        unsafe { self.next.load(Ordering::Acquire).as_ref() }
    }

    /// Calls EvtCleanup unless it has been called.
    fn clean_up(&self, object: WDFOBJECT) {
        if !self.cleaned.swap(true, Ordering::AcqRel)
            && let Some(cleanup) = self.cleanup
        {
            callback::guarded("EvtCleanupCallback", || {
                // SAFETY: the object exists until EvtDestroy has been called.
                unsafe { cleanup(object) }
            });
        }
    }

    fn call_destroy(&self, object: WDFOBJECT) {
        if let Some(destroy) = self.destroy
            && !self.silent.load(Ordering::Acquire)
        {
            callback::guarded("EvtDestroyCallback", || {
                // SAFETY: the object's memory is freed only after this call.
                unsafe { destroy(object) }
            });
        }
    }
}

/// Bytes and alignment of a context with its prefix.
fn layout(bytes: usize) -> Option<Layout> {
    Layout::from_size_align(bytes.checked_add(size_of::<Prefix>())?, ALIGNMENT).ok()
}

fn allocate(object: WDFOBJECT, bytes: usize) -> Option<*mut c_void> {
    // SAFETY: the layout's size is at least that of the prefix.
    let block = unsafe { alloc_zeroed(layout(bytes)?) }.cast::<Prefix>();
    if block.is_null() {
        return None;
    }
    // SAFETY: the block is large enough and aligned for the prefix.
    unsafe {
        block.write(Prefix {
            object,
            signature: SIGNATURE,
        })
    };
    Some(block.wrapping_add(1).cast())
}

/// Freed contexts, oldest first.
#[derive(Default)]
struct Quarantine {
    blocks: VecDeque<(usize, Layout)>,
    bytes: usize,
}

static QUARANTINE: Mutex<Quarantine> = Mutex::new(Quarantine {
    blocks: VecDeque::new(),
    bytes: 0,
});

/// Poisons a context's memory and keeps it from reuse for a while.
fn release(memory: *mut c_void, bytes: usize) {
    let Some(layout) = layout(bytes) else { return };
    let block = memory.wrapping_byte_sub(size_of::<Prefix>()).cast::<u8>();
    // SAFETY: the block was allocated with this layout, and its object has been destroyed.
    unsafe { block.write_bytes(POISON, layout.size()) };
    let mut quarantine = QUARANTINE.lock();
    quarantine.bytes += layout.size();
    quarantine.blocks.push_back((block as usize, layout));
    while quarantine.bytes > QUARANTINE_BYTES
        && let Some((oldest, layout)) = quarantine.blocks.pop_front()
    {
        quarantine.bytes -= layout.size();
        // SAFETY: the block was allocated with this layout and has just left the list.
        unsafe { dealloc(oldest as *mut u8, layout) };
    }
}

/// The contexts of an object, in order of creation.
fn contexts(object: &'static Object) -> impl Iterator<Item = &'static Context> {
    // SAFETY: list entries live as long as the process.
    let first = unsafe { object.contexts.load(Ordering::Acquire).as_ref() };
    std::iter::successors(first, |context| context.next())
}

/// The context of a type.
pub(super) fn find(
    object: &'static Object,
    type_info: *const WDF_OBJECT_CONTEXT_TYPE_INFO,
) -> Option<&'static Context> {
    contexts(object).find(|context| context.type_info == type_info)
}

/// Adds a context at the end of the object's list; gives back the one of that type that is there.
///
/// The caller holds the lock of the object's family.
pub(super) fn append(
    object: &'static Object,
    context: Box<Context>,
) -> Result<&'static Context, &'static Context> {
    if !context.type_info.is_null()
        && let Some(existing) = find(object, context.type_info)
    {
        release(context.memory(), context.bytes);
        return Err(existing);
    }
    let context: &'static Context = Box::leak(context);
    let link = contexts(object)
        .last()
        .map_or(&object.contexts, |last| &last.next);
    link.store(std::ptr::from_ref(context).cast_mut(), Ordering::Release);
    Ok(context)
}

/// Takes back what every context's callbacks would have been called for.
pub(super) fn silence_all(object: &'static Object) {
    for context in contexts(object) {
        context.cleaned.store(true, Ordering::Release);
        context.silent.store(true, Ordering::Release);
    }
}

/// Calls EvtCleanup of every context that has not had it.
pub(super) fn clean_up_all(object: &'static Object) {
    for context in contexts(object) {
        context.clean_up(object.handle());
    }
}

/// Calls EvtDestroy of every context, each preceded by an EvtCleanup that it has not had.
pub(super) fn destroy_all(object: &'static Object) {
    for context in contexts(object) {
        context.clean_up(object.handle());
        context.call_destroy(object.handle());
    }
}

/// Frees the memory of all contexts.
pub(super) fn release_all(object: &'static Object) {
    for context in contexts(object) {
        let memory = context.memory.swap(std::ptr::null_mut(), Ordering::AcqRel);
        if !memory.is_null() {
            release(memory, context.bytes);
        }
    }
}

/// The object whose context lies at `memory`.
pub(super) fn object_of(memory: *mut c_void) -> Option<WDFOBJECT> {
    let prefix = memory
        .wrapping_byte_sub(size_of::<Prefix>())
        .cast::<Prefix>();
    if !prefix.is_aligned() || prefix.is_null() {
        return None;
    }
    // SAFETY: *WdfObjectContextGetObject macro* requires the address of a context, in front of
    // which the prefix lies.
    let prefix = unsafe { prefix.read() };
    (prefix.signature == SIGNATURE).then_some(prefix.object)
}
