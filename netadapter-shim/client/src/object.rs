//! The driver's own data in framework objects: typed contexts.
//!
//! The framework allocates a context with its object and finds it again by the address of a type record. The data is
//! built in place right after the object was created and dropped in the object's `EvtDestroyCallback`, when no
//! callback of the object can come any more.

use core::any::TypeId;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, Ordering};

use netadapter_abi::wdf::{WDF_OBJECT_ATTRIBUTES, WDF_OBJECT_CONTEXT_TYPE_INFO, WDFOBJECT};
use netadapter_abi::{nt_export, wdf_call};

/// Contexts are aligned like pool memory.
const CONTEXT_ALIGNMENT: usize = 16;

/// The record by whose address the framework knows a context type.
#[repr(C)]
pub struct TypeInfo {
    record: WDF_OBJECT_CONTEXT_TYPE_INFO,
    stored: fn() -> TypeId,
}

// SAFETY: the record and what it points to are never written.
unsafe impl Sync for TypeInfo {}

impl TypeInfo {
    /// The record of a type; see [`context_type!`](crate::context_type), which is the way to make one.
    ///
    /// `name` ends with a NUL; `itself` is the address of the static that this becomes.
    pub const fn of<S: 'static>(name: &'static str, itself: *const TypeInfo) -> Self {
        assert!(
            align_of::<Slot<S>>() <= CONTEXT_ALIGNMENT,
            "context memory has the alignment of pool memory"
        );
        assert!(
            matches!(name.as_bytes(), [.., 0]),
            "the name of a context type ends with a NUL"
        );
        Self {
            record: WDF_OBJECT_CONTEXT_TYPE_INFO {
                Size: size_of::<WDF_OBJECT_CONTEXT_TYPE_INFO>() as u32,
                ContextName: name.as_ptr(),
                ContextSize: size_of::<Slot<S>>(),
                UniqueType: itself.cast(),
                EvtDriverGetUniqueContextType: None,
            },
            stored: TypeId::of::<S>,
        }
    }
}

/// A type whose values are the driver's data in framework objects.
///
/// Implemented by [`context_type!`](crate::context_type).
pub trait ContextType: Sized + 'static {
    /// The type's record; always the same.
    fn type_info() -> &'static TypeInfo;
}

/// Makes a type usable as the driver's data in the driver object, devices, adapters, interrupts and work items.
#[macro_export]
macro_rules! context_type {
    ($type:ty) => {
        impl $crate::object::ContextType for $type {
            fn type_info() -> &'static $crate::object::TypeInfo {
                static INFO: $crate::object::TypeInfo = $crate::object::TypeInfo::of::<$type>(
                    concat!(stringify!($type), "\0"),
                    &raw const INFO,
                );
                &INFO
            }
        }
    };
}

/// What lies in a context: a driver's value, or a wrapper of this crate around one.
pub(crate) trait Stored: Sized + 'static {
    /// The record of the context type.
    fn info() -> &'static TypeInfo;
}

impl<T: ContextType> Stored for T {
    fn info() -> &'static TypeInfo {
        T::type_info()
    }
}

/// The context memory. The framework zeroes it first, which is the state without a value.
#[repr(C)]
struct Slot<S> {
    present: AtomicBool,
    value: UnsafeCell<MaybeUninit<S>>,
}

/// Attributes for an object with a context of this type.
pub(crate) fn attributes<S: Stored>() -> WDF_OBJECT_ATTRIBUTES {
    WDF_OBJECT_ATTRIBUTES {
        EvtDestroyCallback: Some(destroy::<S>),
        ContextTypeInfo: &record::<S>().record,
        ..WDF_OBJECT_ATTRIBUTES::init()
    }
}

/// Builds the context's value in place.
///
/// # Safety
///
/// `object` is alive, was created with [`attributes`] of the same type, has no value yet, and no callback of it can
/// run before this returns.
pub(crate) unsafe fn emplace<S: Stored>(object: WDFOBJECT, value: S) {
    // SAFETY: as the caller promises.
    let slot = unsafe { slot::<S>(object) }.expect("the object was created with this context type");
    // SAFETY: the value is not present yet, so nothing is overwritten, and nobody else reaches it now.
    unsafe { slot.value.get().cast::<S>().write(value) };
    slot.present.store(true, Ordering::Release);
}

/// The value in an object's context; `None` when the object has no context of this type, or no value yet.
///
/// # Safety
///
/// `object` is alive, and is not destroyed as long as the reference is used.
pub(crate) unsafe fn find<'a, S: Stored>(object: WDFOBJECT) -> Option<&'a S> {
    // SAFETY: as the caller promises.
    let slot = unsafe { slot::<S>(object) }?;
    // SAFETY: the value is present, and only `discard` changes it after that, when nobody uses it any more.
    slot.present
        .load(Ordering::Acquire)
        .then(|| unsafe { &*slot.value.get().cast::<S>() })
}

/// Drops the value in an object's context, if there is one.
///
/// # Safety
///
/// `object` is alive or in its destroy callback, and nobody uses the value any more.
pub(crate) unsafe fn discard<S: Stored>(object: WDFOBJECT) {
    // SAFETY: as the caller promises.
    let Some(slot) = (unsafe { slot::<S>(object) }) else {
        return;
    };
    if slot.present.swap(false, Ordering::AcqRel) {
        // SAFETY: the value was present, and the exchange lets one caller drop it.
        unsafe { slot.value.get().cast::<S>().drop_in_place() };
    }
}

fn record<S: Stored>() -> &'static TypeInfo {
    let info = S::info();
    assert!(
        (info.stored)() == TypeId::of::<S>(),
        "the type record belongs to the stored type"
    );
    info
}

/// # Safety
///
/// `object` is alive or in its destroy callback, and stays so as long as the reference is used.
unsafe fn slot<'a, S: Stored>(object: WDFOBJECT) -> Option<&'a Slot<S>> {
    // SAFETY: the handle is alive.
    let memory = unsafe {
        wdf_call!(
            WdfObjectGetTypedContextWorker,
            object,
            &record::<S>().record
        )
    };
    // SAFETY: memory found by this record was allocated with the size and zeroed, and is reached only as this type.
    unsafe { memory.cast::<Slot<S>>().as_ref() }
}

nt_export! {
    /// `EvtDestroyCallback` of every object with a context.
    unsafe fn destroy<S: Stored>(object: WDFOBJECT) {
        // SAFETY: WDF calls this once an object has no references left; its context memory is still there.
        unsafe { discard::<S>(object) };
    }
}
