//! WDFCMRESLIST: the resources that a device got.

use super::entry::enter;
use super::kind::ObjectKind;
use super::object;
use crate::pnp::AssignedResources;
use netadapter_abi::nt::{CM_PARTIAL_RESOURCE_DESCRIPTOR, NTSTATUS, ULONG};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{WDF_DRIVER_GLOBALS, WDFCMRESLIST, WDFOBJECT};
use std::cell::UnsafeCell;

/// One descriptor: the framework's, and the copy whose address drivers get.
pub(super) struct Descriptor {
    pub(super) original: CM_PARTIAL_RESOURCE_DESCRIPTOR,
    copy: UnsafeCell<CM_PARTIAL_RESOURCE_DESCRIPTOR>,
}

impl Descriptor {
    fn new(original: CM_PARTIAL_RESOURCE_DESCRIPTOR) -> Self {
        Self {
            original,
            copy: UnsafeCell::new(original),
        }
    }

    /// What the copy holds now.
    pub(super) fn copy(&self) -> CM_PARTIAL_RESOURCE_DESCRIPTOR {
        // SAFETY: the driver must not write descriptors, least of all during its own call.
        unsafe { self.copy.get().read() }
    }
}

/// The content of a list. It stays as it is, so the addresses of its copies do too.
pub(super) struct ResourceList {
    descriptors: Vec<Descriptor>,
}

// SAFETY: the host never writes the copies; they lie in cells only because drivers have pointers
// that are not const.
unsafe impl Sync for ResourceList {}
// SAFETY: plain data.
unsafe impl Send for ResourceList {}

impl ResourceList {
    fn new(descriptors: Vec<CM_PARTIAL_RESOURCE_DESCRIPTOR>) -> Self {
        Self {
            descriptors: descriptors.into_iter().map(Descriptor::new).collect(),
        }
    }

    pub(super) fn descriptors(&self) -> &[Descriptor] {
        &self.descriptors
    }

    /// The place of the descriptor whose copy lies at `address`.
    pub(super) fn position(&self, address: *const CM_PARTIAL_RESOURCE_DESCRIPTOR) -> Option<usize> {
        self.descriptors
            .iter()
            .position(|descriptor| std::ptr::eq(descriptor.copy.get(), address))
    }
}

/// The raw and the translated list of one device, as the driver sees them.
#[derive(Clone, Copy)]
pub(super) struct ResourceLists {
    raw: usize,
    translated: usize,
}

impl ResourceLists {
    pub(super) fn new(device: WDFOBJECT, resources: AssignedResources) -> Result<Self, NTSTATUS> {
        let make = |descriptors| {
            let payload = Box::new(ResourceList::new(descriptors));
            object::create_object(
                ObjectKind::ResourceList,
                Some(device),
                std::ptr::null(),
                payload,
            )
        };
        let raw = make(resources.raw)? as usize;
        let translated =
            make(resources.translated).inspect_err(|_| object::delete_object(raw as WDFOBJECT))?;
        Ok(Self {
            raw,
            translated: translated as usize,
        })
    }

    pub(super) fn raw(self) -> WDFCMRESLIST {
        self.raw as WDFCMRESLIST
    }

    pub(super) fn translated(self) -> WDFCMRESLIST {
        self.translated as WDFCMRESLIST
    }

    /// Ends the life of both handles.
    pub(super) fn delete(self) {
        object::delete_object(self.raw().cast());
        object::delete_object(self.translated().cast());
    }
}

pub(super) fn list(handle: WDFCMRESLIST) -> &'static ResourceList {
    object::payload(handle.cast(), ObjectKind::ResourceList)
}

nt_export! {
    pub(super) unsafe fn wdf_cm_resource_list_get_count(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFCMRESLIST,
    ) -> ULONG {
        enter(globals, "WdfCmResourceListGetCount");
        list(handle).descriptors.len() as ULONG
    }

    /// Null for an index past the end.
    pub(super) unsafe fn wdf_cm_resource_list_get_descriptor(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFCMRESLIST,
        index: ULONG,
    ) -> *mut CM_PARTIAL_RESOURCE_DESCRIPTOR {
        enter(globals, "WdfCmResourceListGetDescriptor");
        let descriptor = list(handle).descriptors.get(index as usize);
        descriptor.map_or(std::ptr::null_mut(), |descriptor| descriptor.copy.get())
    }
}
