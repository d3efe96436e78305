//! WDFIORESREQLIST and WDFIORESLIST: what a device asks for, while the driver filters it.

use super::entry::{enter, required};
use super::kind::ObjectKind;
use super::object;
use super::rules;
use crate::executive::violation;
use crate::pnp::ResourceRequirements;
use netadapter_abi::nt::{
    IO_RESOURCE_DESCRIPTOR, NTSTATUS, STATUS_INVALID_PARAMETER, STATUS_SUCCESS, ULONG,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{
    WDF_DRIVER_GLOBALS, WDF_INSERT_AT_END, WDFIORESLIST, WDFIORESREQLIST, WDFOBJECT,
};
use parking_lot::Mutex;
use std::cell::UnsafeCell;

/// One descriptor. Drivers get the address of a copy, which the framework does not read back.
struct Entry {
    original: IO_RESOURCE_DESCRIPTOR,
    copy: Box<UnsafeCell<IO_RESOURCE_DESCRIPTOR>>,
}

// SAFETY: the host writes the copy only under the lock of the list that holds the entry.
unsafe impl Send for Entry {}

impl Entry {
    fn new(original: IO_RESOURCE_DESCRIPTOR) -> Self {
        Self {
            original,
            copy: Box::new(UnsafeCell::new(original)),
        }
    }

    /// Changes the descriptor; the address of the copy stays.
    fn update(&mut self, descriptor: IO_RESOURCE_DESCRIPTOR) {
        self.original = descriptor;
        *self.copy.get_mut() = descriptor;
    }
}

/// One logical configuration.
struct RequirementList {
    entries: Mutex<Vec<Entry>>,
}

/// All logical configurations: their handles, by address.
struct RequirementsList {
    lists: Vec<usize>,
}

/// The list that a filter callback gets. Its handles are valid until
/// [`RequirementsObject::finish`].
pub(super) struct RequirementsObject {
    handle: usize,
}

impl RequirementsObject {
    pub(super) fn new(
        device: WDFOBJECT,
        requirements: ResourceRequirements,
    ) -> Result<Self, NTSTATUS> {
        let lists = requirements.configurations.into_iter().map(|descriptors| {
            let entries = Mutex::new(descriptors.into_iter().map(Entry::new).collect());
            let payload = Box::new(RequirementList { entries });
            let kind = ObjectKind::RequirementList;
            object::create_object(kind, Some(device), std::ptr::null(), payload)
                .map(|handle| handle as usize)
        });
        let lists = lists.collect::<Result<Vec<usize>, NTSTATUS>>()?;
        let payload = Box::new(RequirementsList { lists });
        let kind = ObjectKind::RequirementsList;
        let handle = object::create_object(kind, Some(device), std::ptr::null(), payload)?;
        Ok(Self {
            handle: handle as usize,
        })
    }

    pub(super) fn handle(&self) -> WDFIORESREQLIST {
        self.handle as WDFIORESREQLIST
    }

    fn lists(&self) -> impl Iterator<Item = WDFIORESLIST> {
        let list: &RequirementsList =
            object::payload(self.handle().cast(), ObjectKind::RequirementsList);
        list.lists.iter().map(|&handle| handle as WDFIORESLIST)
    }

    /// Lets the framework change the descriptors of each logical configuration.
    pub(super) fn for_each_list(&self, mut change: impl FnMut(&mut [IO_RESOURCE_DESCRIPTOR])) {
        for handle in self.lists() {
            let mut entries = requirement_list(handle).entries.lock();
            let mut descriptors: Vec<_> = entries.iter().map(|entry| entry.original).collect();
            change(&mut descriptors);
            for (entry, descriptor) in entries.iter_mut().zip(descriptors) {
                entry.update(descriptor);
            }
        }
    }

    /// Ends the life of the handles: what the driver made of the requirements.
    pub(super) fn finish(self) -> ResourceRequirements {
        let mut configurations = Vec::new();
        for handle in self.lists() {
            let entries = std::mem::take(&mut *requirement_list(handle).entries.lock());
            configurations.push(entries.into_iter().map(|entry| entry.original).collect());
            object::delete_object(handle.cast());
        }
        object::delete_object(self.handle().cast());
        ResourceRequirements { configurations }
    }
}

fn requirement_list(handle: WDFIORESLIST) -> &'static RequirementList {
    object::payload(handle.cast(), ObjectKind::RequirementList)
}

/// Puts a descriptor in front of the one at `index`; at the end for [`WDF_INSERT_AT_END`].
fn insert(list: &RequirementList, descriptor: IO_RESOURCE_DESCRIPTOR, index: ULONG) -> NTSTATUS {
    let mut entries = list.entries.lock();
    let position = if index == WDF_INSERT_AT_END {
        entries.len()
    } else {
        index as usize
    };
    if position > entries.len() {
        return STATUS_INVALID_PARAMETER;
    }
    entries.insert(position, Entry::new(descriptor));
    STATUS_SUCCESS
}

fn out_of_range(function: &str, what: &str) -> ! {
    violation(
        &rules::WDF_RESOURCE_LIST_RANGE,
        format!("{function}: the list has no descriptor {what}"),
    )
}

nt_export! {
    pub(super) unsafe fn wdf_io_resource_requirements_list_get_count(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFIORESREQLIST,
    ) -> ULONG {
        enter(globals, "WdfIoResourceRequirementsListGetCount");
        let list: &RequirementsList = object::payload(handle.cast(), ObjectKind::RequirementsList);
        list.lists.len() as ULONG
    }

    /// Null for an index past the end.
    pub(super) unsafe fn wdf_io_resource_requirements_list_get_io_res_list(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFIORESREQLIST,
        index: ULONG,
    ) -> WDFIORESLIST {
        enter(globals, "WdfIoResourceRequirementsListGetIoResList");
        let list: &RequirementsList = object::payload(handle.cast(), ObjectKind::RequirementsList);
        list.lists.get(index as usize).map_or(std::ptr::null_mut(), |&list| list as WDFIORESLIST)
    }

    pub(super) unsafe fn wdf_io_resource_list_get_count(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFIORESLIST,
    ) -> ULONG {
        enter(globals, "WdfIoResourceListGetCount");
        requirement_list(handle).entries.lock().len() as ULONG
    }

    /// Null for an index past the end.
    pub(super) unsafe fn wdf_io_resource_list_get_descriptor(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFIORESLIST,
        index: ULONG,
    ) -> *mut IO_RESOURCE_DESCRIPTOR {
        enter(globals, "WdfIoResourceListGetDescriptor");
        let entries = requirement_list(handle).entries.lock();
        entries.get(index as usize).map_or(std::ptr::null_mut(), |entry| entry.copy.get())
    }

    pub(super) unsafe fn wdf_io_resource_list_append_descriptor(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFIORESLIST,
        descriptor: *mut IO_RESOURCE_DESCRIPTOR,
    ) -> NTSTATUS {
        const NAME: &str = "WdfIoResourceListAppendDescriptor";
        enter(globals, NAME);
        // SAFETY: *WdfIoResourceListAppendDescriptor function*: the driver's descriptor.
        let descriptor = *unsafe { required(descriptor, NAME, "Descriptor") };
        insert(requirement_list(handle), descriptor, WDF_INSERT_AT_END)
    }

    pub(super) unsafe fn wdf_io_resource_list_insert_descriptor(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFIORESLIST,
        descriptor: *mut IO_RESOURCE_DESCRIPTOR,
        index: ULONG,
    ) -> NTSTATUS {
        const NAME: &str = "WdfIoResourceListInsertDescriptor";
        enter(globals, NAME);
        // SAFETY: *WdfIoResourceListInsertDescriptor function*: the driver's descriptor.
        let descriptor = *unsafe { required(descriptor, NAME, "Descriptor") };
        insert(requirement_list(handle), descriptor, index)
    }

    pub(super) unsafe fn wdf_io_resource_list_update_descriptor(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFIORESLIST,
        descriptor: *mut IO_RESOURCE_DESCRIPTOR,
        index: ULONG,
    ) {
        const NAME: &str = "WdfIoResourceListUpdateDescriptor";
        enter(globals, NAME);
        // SAFETY: *WdfIoResourceListUpdateDescriptor function*: the driver's descriptor.
        let descriptor = *unsafe { required(descriptor, NAME, "Descriptor") };
        let mut entries = requirement_list(handle).entries.lock();
        match entries.get_mut(index as usize) {
            Some(entry) => entry.update(descriptor),
            None => {
                drop(entries);
                out_of_range(NAME, &format!("{index}"));
            }
        }
    }

    pub(super) unsafe fn wdf_io_resource_list_remove(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFIORESLIST,
        index: ULONG,
    ) {
        const NAME: &str = "WdfIoResourceListRemove";
        enter(globals, NAME);
        let mut entries = requirement_list(handle).entries.lock();
        if index as usize >= entries.len() {
            drop(entries);
            out_of_range(NAME, &format!("{index}"));
        }
        entries.remove(index as usize);
    }

    pub(super) unsafe fn wdf_io_resource_list_remove_by_descriptor(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFIORESLIST,
        descriptor: *mut IO_RESOURCE_DESCRIPTOR,
    ) {
        const NAME: &str = "WdfIoResourceListRemoveByDescriptor";
        enter(globals, NAME);
        let mut entries = requirement_list(handle).entries.lock();
        match entries.iter().position(|entry| std::ptr::eq(entry.copy.get(), descriptor)) {
            Some(position) => {
                entries.remove(position);
            }
            None => {
                drop(entries);
                out_of_range(NAME, &format!("at {descriptor:p}"));
            }
        }
    }
}
