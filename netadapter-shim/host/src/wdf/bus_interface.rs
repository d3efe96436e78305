//! `WdfFdoQueryForInterface`, for the interface through which drivers reach configuration space.

use super::device;
use super::entry::{enter_passive, required, required_out};
use super::rules;
use crate::executive::{require_irql, violation};
use crate::pnp::DeviceNode;
use netadapter_abi::nt::{
    BUS_INTERFACE_STANDARD, DISPATCH_LEVEL, GUID, GUID_BUS_INTERFACE_STANDARD, INTERFACE, NTSTATUS,
    PCI_WHICHSPACE_CONFIG, PVOID, STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED, STATUS_SUCCESS,
    ULONG, USHORT,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{WDF_DRIVER_GLOBALS, WDFDEVICE};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const BUS_INTERFACE_VERSION: USHORT = 1;

/// What `Context` of an interface points to. It stays until the process ends, so that late users
/// are known as such.
struct BusInterface {
    node: Arc<dyn DeviceNode>,
    references: AtomicUsize,
}

/// The interface of a context, which must still be referenced.
///
/// # Safety
/// `context` is the `Context` member of an interface that the host gave.
unsafe fn interface(context: PVOID, function: &str) -> &'static BusInterface {
    // SAFETY: the caller's promise; contexts are never freed.
    let interface = unsafe { &*context.cast::<BusInterface>() };
    if interface.references.load(Ordering::Acquire) == 0 {
        violation(
            &rules::BUS_INTERFACE_RELEASED,
            format!("{function} after the last dereference"),
        );
    }
    interface
}

nt_export! {
    unsafe fn interface_reference(context: PVOID) {
        // SAFETY: drivers pass the context that came with the function.
        let interface = unsafe { interface(context, "InterfaceReference") };
        interface.references.fetch_add(1, Ordering::Relaxed);
    }

    unsafe fn interface_dereference(context: PVOID) {
        // SAFETY: drivers pass the context that came with the function.
        let interface = unsafe { interface(context, "InterfaceDereference") };
        interface.references.fetch_sub(1, Ordering::AcqRel);
    }

    unsafe fn get_bus_data(
        context: PVOID,
        space: ULONG,
        buffer: PVOID,
        offset: ULONG,
        length: ULONG,
    ) -> ULONG {
        require_irql("GetBusData", DISPATCH_LEVEL);
        // SAFETY: drivers pass the context that came with the function.
        let interface = unsafe { interface(context, "GetBusData") };
        if space != PCI_WHICHSPACE_CONFIG || buffer.is_null() {
            return 0;
        }
        let mut data = vec![0; length as usize];
        let read = interface.node.read_config(offset, &mut data).min(length);
        // SAFETY: the driver's buffer has `length` bytes, and no more were read.
        unsafe { buffer.cast::<u8>().copy_from_nonoverlapping(data.as_ptr(), read as usize) };
        read
    }

    unsafe fn set_bus_data(
        context: PVOID,
        space: ULONG,
        buffer: PVOID,
        offset: ULONG,
        length: ULONG,
    ) -> ULONG {
        require_irql("SetBusData", DISPATCH_LEVEL);
        // SAFETY: drivers pass the context that came with the function.
        let interface = unsafe { interface(context, "SetBusData") };
        if space != PCI_WHICHSPACE_CONFIG || buffer.is_null() {
            return 0;
        }
        let mut data = vec![0; length as usize];
        // SAFETY: the driver's buffer has `length` bytes.
        unsafe { data.as_mut_ptr().copy_from_nonoverlapping(buffer.cast(), length as usize) };
        interface.node.write_config(offset, &data)
    }

    /// The interface comes with one reference.
    pub(super) unsafe fn wdf_fdo_query_for_interface(
        globals: *mut WDF_DRIVER_GLOBALS,
        handle: WDFDEVICE,
        interface_type: *const GUID,
        result: *mut INTERFACE,
        size: USHORT,
        version: USHORT,
        _specific: PVOID,
    ) -> NTSTATUS {
        const NAME: &str = "WdfFdoQueryForInterface";
        enter_passive(globals, NAME);
        let device = device::device(handle);
        // SAFETY: *WdfFdoQueryForInterface function*: the identifier of an interface.
        let interface_type = unsafe { required(interface_type, NAME, "InterfaceType") };
        // SAFETY: as above, a structure of `size` bytes, of which this is the beginning.
        unsafe { required_out(result, NAME, "Interface") };
        if *interface_type != GUID_BUS_INTERFACE_STANDARD {
            return STATUS_NOT_SUPPORTED;
        }
        let bytes = size_of::<BUS_INTERFACE_STANDARD>();
        if usize::from(size) < bytes || version > BUS_INTERFACE_VERSION {
            return STATUS_INVALID_PARAMETER;
        }
        let context: &'static BusInterface = Box::leak(Box::new(BusInterface {
            node: device.node().clone(),
            references: AtomicUsize::new(1),
        }));
        let interface = BUS_INTERFACE_STANDARD {
            Size: bytes as USHORT,
            Version: BUS_INTERFACE_VERSION,
            Context: std::ptr::from_ref(context).cast_mut().cast(),
            InterfaceReference: Some(interface_reference),
            InterfaceDereference: Some(interface_dereference),
            SetBusData: Some(set_bus_data),
            GetBusData: Some(get_bus_data),
            ..BUS_INTERFACE_STANDARD::zeroed()
        };
        // SAFETY: the driver's structure has at least that size.
        unsafe { result.cast::<BUS_INTERFACE_STANDARD>().write(interface) };
        STATUS_SUCCESS
    }
}
