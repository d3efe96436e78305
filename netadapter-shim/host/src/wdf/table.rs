//! The function table of KMDF 1.33: all entries are there; what this host has not implemented
//! stops the machine with the function's name.

use super::rules;
use crate::executive::{gate, violation};
use core::ffi::c_void;
use netadapter_abi::wdf::{self, FUNCTION_NAMES, index};
use netadapter_abi::{nt_export, nt_fn};
use std::sync::OnceLock;

type Entry = nt_fn!(fn());

nt_export! {
    /// The entry whose index has these decimal digits.
    unsafe fn not_implemented<const HUNDREDS: usize, const TENS: usize, const ONES: usize>() {
        let index = HUNDREDS * 100 + TENS * 10 + ONES;
        violation(&rules::NOT_IMPLEMENTED_BY_HOST, FUNCTION_NAMES[index].to_owned());
    }
}

/// Stops the machine because a part of an implemented function is missing.
pub(super) fn not_implemented_by_host(function: &str) -> ! {
    violation(&rules::NOT_IMPLEMENTED_BY_HOST, function.to_owned());
}

macro_rules! ten {
    ($hundreds:literal, $tens:literal) => {
        ten!($hundreds, $tens, 0 1 2 3 4 5 6 7 8 9)
    };
    ($hundreds:literal, $tens:literal, $($ones:literal)*) => {
        [$(not_implemented::<$hundreds, $tens, $ones>),*]
    };
}

macro_rules! hundred {
    ($hundreds:literal) => {
        hundred!($hundreds, 0 1 2 3 4 5 6 7 8 9)
    };
    ($hundreds:literal, $($tens:literal)*) => {
        [$(ten!($hundreds, $tens)),*]
    };
}

const NOT_IMPLEMENTED: [[[Entry; 10]; 10]; 5] = [
    hundred!(0),
    hundred!(1),
    hundred!(2),
    hundred!(3),
    hundred!(4),
];

const COUNT: usize = FUNCTION_NAMES.len();

/// The table that bound drivers call through.
pub(super) struct FunctionTable([*const c_void; COUNT]);

// SAFETY: addresses of functions, never changed once the table is built.
unsafe impl Send for FunctionTable {}
// SAFETY: as above.
unsafe impl Sync for FunctionTable {}

impl FunctionTable {
    pub(super) fn entries(&'static self) -> &'static [*const c_void; COUNT] {
        &self.0
    }
}

/// The functions that are implemented: name and pointer type of the contract, our function.
macro_rules! implemented {
    ($table:ident; $($name:ident: $pointer:ident = $module:ident :: $function:ident;)*) => {
        $({
            let function: wdf::$pointer = super::$module::$function;
            $table[index::$name] = function as *const c_void;
        })*
    };
}

pub(super) fn function_table() -> &'static FunctionTable {
    static TABLE: OnceLock<FunctionTable> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = std::array::from_fn(|index| {
            NOT_IMPLEMENTED[index / 100][index / 10 % 10][index % 10] as *const c_void
        });
        install_objects(&mut table);
        install_devices(&mut table);
        install_hardware(&mut table);
        install_deferred_work(&mut table);
        super::table_io::install(&mut table);
        FunctionTable(table)
    })
}

/// The same table for drivers on conducted machines: through gates.
pub(super) fn gated_function_table() -> &'static FunctionTable {
    static TABLE: OnceLock<FunctionTable> = OnceLock::new();
    TABLE.get_or_init(|| {
        let entries = function_table().entries();
        FunctionTable(std::array::from_fn(|index| {
            gate(FUNCTION_NAMES[index], entries[index])
        }))
    })
}

fn install_objects(table: &mut [*const c_void; COUNT]) {
    implemented! { table;
        WdfObjectCreate: PFN_WDFOBJECTCREATE = object_api::wdf_object_create;
        WdfObjectDelete: PFN_WDFOBJECTDELETE = object_api::wdf_object_delete;
        WdfObjectReferenceActual: PFN_WDFOBJECTREFERENCEACTUAL =
            object_api::wdf_object_reference_actual;
        WdfObjectDereferenceActual: PFN_WDFOBJECTDEREFERENCEACTUAL =
            object_api::wdf_object_dereference_actual;
        WdfObjectGetTypedContextWorker: PFN_WDFOBJECTGETTYPEDCONTEXTWORKER =
            object_api::wdf_object_get_typed_context_worker;
        WdfObjectAllocateContext: PFN_WDFOBJECTALLOCATECONTEXT =
            object_api::wdf_object_allocate_context;
        WdfObjectContextGetObject: PFN_WDFOBJECTCONTEXTGETOBJECT =
            object_api::wdf_object_context_get_object;
        WdfDriverCreate: PFN_WDFDRIVERCREATE = driver::wdf_driver_create;
        WdfDriverWdmGetDriverObject: PFN_WDFDRIVERWDMGETDRIVEROBJECT =
            driver::wdf_driver_wdm_get_driver_object;
        WdfVerifierKeBugCheck: PFN_WDFVERIFIERKEBUGCHECK = driver::wdf_verifier_ke_bug_check;
        WdfMemoryCreate: PFN_WDFMEMORYCREATE = memory::wdf_memory_create;
        WdfMemoryGetBuffer: PFN_WDFMEMORYGETBUFFER = memory::wdf_memory_get_buffer;
    }
}

fn install_devices(table: &mut [*const c_void; COUNT]) {
    implemented! { table;
        WdfDeviceInitSetPnpPowerEventCallbacks: PFN_WDFDEVICEINITSETPNPPOWEREVENTCALLBACKS =
            device_init::wdf_device_init_set_pnp_power_event_callbacks;
        WdfDeviceInitSetPowerPolicyEventCallbacks: PFN_WDFDEVICEINITSETPOWERPOLICYEVENTCALLBACKS =
            device_init::wdf_device_init_set_power_policy_event_callbacks;
        WdfFdoInitSetEventCallbacks: PFN_WDFFDOINITSETEVENTCALLBACKS =
            device_init::wdf_fdo_init_set_event_callbacks;
        WdfDeviceCreate: PFN_WDFDEVICECREATE = device_create::wdf_device_create;
        WdfDeviceGetDriver: PFN_WDFDEVICEGETDRIVER = device_api::wdf_device_get_driver;
        WdfDeviceWdmGetDeviceObject: PFN_WDFDEVICEWDMGETDEVICEOBJECT =
            device_api::wdf_device_wdm_get_device_object;
        WdfDeviceWdmGetPhysicalDevice: PFN_WDFDEVICEWDMGETPHYSICALDEVICE =
            device_api::wdf_device_wdm_get_physical_device;
        WdfDeviceGetDevicePowerState: PFN_WDFDEVICEGETDEVICEPOWERSTATE =
            device_api::wdf_device_get_device_power_state;
        WdfDeviceSetAlignmentRequirement: PFN_WDFDEVICESETALIGNMENTREQUIREMENT =
            device_api::wdf_device_set_alignment_requirement;
        WdfDeviceGetAlignmentRequirement: PFN_WDFDEVICEGETALIGNMENTREQUIREMENT =
            device_api::wdf_device_get_alignment_requirement;
        WdfDeviceSetCharacteristics: PFN_WDFDEVICESETCHARACTERISTICS =
            device_api::wdf_device_set_characteristics;
        WdfDeviceGetCharacteristics: PFN_WDFDEVICEGETCHARACTERISTICS =
            device_api::wdf_device_get_characteristics;
        WdfDeviceSetStaticStopRemove: PFN_WDFDEVICESETSTATICSTOPREMOVE =
            device_api::wdf_device_set_static_stop_remove;
        WdfDeviceSetFailed: PFN_WDFDEVICESETFAILED = device_api::wdf_device_set_failed;
        WdfDeviceSetPnpCapabilities: PFN_WDFDEVICESETPNPCAPABILITIES =
            device_api::wdf_device_set_pnp_capabilities;
        WdfDeviceSetPowerCapabilities: PFN_WDFDEVICESETPOWERCAPABILITIES =
            device_api::wdf_device_set_power_capabilities;
        WdfDeviceAssignS0IdleSettings: PFN_WDFDEVICEASSIGNS0IDLESETTINGS =
            device_api::wdf_device_assign_s0_idle_settings;
        WdfDeviceAssignSxWakeSettings: PFN_WDFDEVICEASSIGNSXWAKESETTINGS =
            device_api::wdf_device_assign_sx_wake_settings;
        WdfDeviceQueryPropertyEx: PFN_WDFDEVICEQUERYPROPERTYEX =
            device_property::wdf_device_query_property_ex;
        WdfFdoQueryForInterface: PFN_WDFFDOQUERYFORINTERFACE =
            bus_interface::wdf_fdo_query_for_interface;
    }
}

fn install_hardware(table: &mut [*const c_void; COUNT]) {
    implemented! { table;
        WdfCmResourceListGetCount: PFN_WDFCMRESOURCELISTGETCOUNT =
            resource_list::wdf_cm_resource_list_get_count;
        WdfCmResourceListGetDescriptor: PFN_WDFCMRESOURCELISTGETDESCRIPTOR =
            resource_list::wdf_cm_resource_list_get_descriptor;
        WdfIoResourceRequirementsListGetCount: PFN_WDFIORESOURCEREQUIREMENTSLISTGETCOUNT =
            requirements::wdf_io_resource_requirements_list_get_count;
        WdfIoResourceRequirementsListGetIoResList: PFN_WDFIORESOURCEREQUIREMENTSLISTGETIORESLIST =
            requirements::wdf_io_resource_requirements_list_get_io_res_list;
        WdfIoResourceListGetCount: PFN_WDFIORESOURCELISTGETCOUNT =
            requirements::wdf_io_resource_list_get_count;
        WdfIoResourceListGetDescriptor: PFN_WDFIORESOURCELISTGETDESCRIPTOR =
            requirements::wdf_io_resource_list_get_descriptor;
        WdfIoResourceListAppendDescriptor: PFN_WDFIORESOURCELISTAPPENDDESCRIPTOR =
            requirements::wdf_io_resource_list_append_descriptor;
        WdfIoResourceListInsertDescriptor: PFN_WDFIORESOURCELISTINSERTDESCRIPTOR =
            requirements::wdf_io_resource_list_insert_descriptor;
        WdfIoResourceListUpdateDescriptor: PFN_WDFIORESOURCELISTUPDATEDESCRIPTOR =
            requirements::wdf_io_resource_list_update_descriptor;
        WdfIoResourceListRemove: PFN_WDFIORESOURCELISTREMOVE =
            requirements::wdf_io_resource_list_remove;
        WdfIoResourceListRemoveByDescriptor: PFN_WDFIORESOURCELISTREMOVEBYDESCRIPTOR =
            requirements::wdf_io_resource_list_remove_by_descriptor;
        WdfInterruptCreate: PFN_WDFINTERRUPTCREATE = interrupt_create::wdf_interrupt_create;
        WdfInterruptQueueDpcForIsr: PFN_WDFINTERRUPTQUEUEDPCFORISR =
            interrupt_api::wdf_interrupt_queue_dpc_for_isr;
        WdfInterruptSynchronize: PFN_WDFINTERRUPTSYNCHRONIZE =
            interrupt_api::wdf_interrupt_synchronize;
        WdfInterruptAcquireLock: PFN_WDFINTERRUPTACQUIRELOCK =
            interrupt_api::wdf_interrupt_acquire_lock;
        WdfInterruptReleaseLock: PFN_WDFINTERRUPTRELEASELOCK =
            interrupt_api::wdf_interrupt_release_lock;
        WdfInterruptEnable: PFN_WDFINTERRUPTENABLE = interrupt_api::wdf_interrupt_enable;
        WdfInterruptDisable: PFN_WDFINTERRUPTDISABLE = interrupt_api::wdf_interrupt_disable;
        WdfInterruptGetInfo: PFN_WDFINTERRUPTGETINFO = interrupt_api::wdf_interrupt_get_info;
        WdfInterruptSetPolicy: PFN_WDFINTERRUPTSETPOLICY = interrupt_api::wdf_interrupt_set_policy;
        WdfInterruptSetExtendedPolicy: PFN_WDFINTERRUPTSETEXTENDEDPOLICY =
            interrupt_api::wdf_interrupt_set_extended_policy;
        WdfInterruptGetDevice: PFN_WDFINTERRUPTGETDEVICE = interrupt_api::wdf_interrupt_get_device;
        WdfDmaEnablerCreate: PFN_WDFDMAENABLERCREATE = dma::wdf_dma_enabler_create;
        WdfDmaEnablerGetMaximumLength: PFN_WDFDMAENABLERGETMAXIMUMLENGTH =
            dma::wdf_dma_enabler_get_maximum_length;
        WdfCommonBufferCreate: PFN_WDFCOMMONBUFFERCREATE = common_buffer::wdf_common_buffer_create;
        WdfCommonBufferCreateWithConfig: PFN_WDFCOMMONBUFFERCREATEWITHCONFIG =
            common_buffer::wdf_common_buffer_create_with_config;
        WdfCommonBufferGetAlignedVirtualAddress: PFN_WDFCOMMONBUFFERGETALIGNEDVIRTUALADDRESS =
            common_buffer::wdf_common_buffer_get_aligned_virtual_address;
        WdfCommonBufferGetAlignedLogicalAddress: PFN_WDFCOMMONBUFFERGETALIGNEDLOGICALADDRESS =
            common_buffer::wdf_common_buffer_get_aligned_logical_address;
        WdfCommonBufferGetLength: PFN_WDFCOMMONBUFFERGETLENGTH =
            common_buffer::wdf_common_buffer_get_length;
    }
}

fn install_deferred_work(table: &mut [*const c_void; COUNT]) {
    implemented! { table;
        WdfWorkItemCreate: PFN_WDFWORKITEMCREATE = work_item::wdf_work_item_create;
        WdfWorkItemEnqueue: PFN_WDFWORKITEMENQUEUE = work_item::wdf_work_item_enqueue;
        WdfWorkItemFlush: PFN_WDFWORKITEMFLUSH = work_item::wdf_work_item_flush;
        WdfWorkItemGetParentObject: PFN_WDFWORKITEMGETPARENTOBJECT =
            work_item::wdf_work_item_get_parent_object;
        WdfTimerCreate: PFN_WDFTIMERCREATE = timer::wdf_timer_create;
        WdfTimerStart: PFN_WDFTIMERSTART = timer::wdf_timer_start;
        WdfTimerStop: PFN_WDFTIMERSTOP = timer::wdf_timer_stop;
        WdfTimerGetParentObject: PFN_WDFTIMERGETPARENTOBJECT = timer::wdf_timer_get_parent_object;
        WdfDpcCreate: PFN_WDFDPCCREATE = dpc::wdf_dpc_create;
        WdfDpcEnqueue: PFN_WDFDPCENQUEUE = dpc::wdf_dpc_enqueue;
        WdfDpcCancel: PFN_WDFDPCCANCEL = dpc::wdf_dpc_cancel;
        WdfDpcGetParentObject: PFN_WDFDPCGETPARENTOBJECT = dpc::wdf_dpc_get_parent_object;
        WdfObjectAcquireLock: PFN_WDFOBJECTACQUIRELOCK = lock::wdf_object_acquire_lock;
        WdfObjectReleaseLock: PFN_WDFOBJECTRELEASELOCK = lock::wdf_object_release_lock;
        WdfSpinLockCreate: PFN_WDFSPINLOCKCREATE = lock::wdf_spin_lock_create;
        WdfSpinLockAcquire: PFN_WDFSPINLOCKACQUIRE = lock::wdf_spin_lock_acquire;
        WdfSpinLockRelease: PFN_WDFSPINLOCKRELEASE = lock::wdf_spin_lock_release;
        WdfWaitLockCreate: PFN_WDFWAITLOCKCREATE = lock::wdf_wait_lock_create;
        WdfWaitLockAcquire: PFN_WDFWAITLOCKACQUIRE = lock::wdf_wait_lock_acquire;
        WdfWaitLockRelease: PFN_WDFWAITLOCKRELEASE = lock::wdf_wait_lock_release;
    }
}
