//! The entries of the function table that concern I/O, files and names.

use super::io::api;
use super::{control_device, device_init_settings, interface, string};
use core::ffi::c_void;
use netadapter_abi::wdf::{self, FUNCTION_NAMES, index};

const COUNT: usize = FUNCTION_NAMES.len();

/// The functions that are implemented: name and pointer type of the contract, our function.
macro_rules! implemented {
    ($table:ident; $($name:ident: $pointer:ident = $module:ident :: $function:ident;)*) => {
        $({
            let function: wdf::$pointer = $module::$function;
            $table[index::$name] = function as *const c_void;
        })*
    };
}

pub(super) fn install(table: &mut [*const c_void; COUNT]) {
    install_queues(table);
    install_requests(table);
    install_files(table);
    install_settings(table);
}

fn install_queues(table: &mut [*const c_void; COUNT]) {
    implemented! { table;
        WdfIoQueueGetState: PFN_WDFIOQUEUEGETSTATE = api::wdf_io_queue_get_state;
        WdfIoQueueGetDevice: PFN_WDFIOQUEUEGETDEVICE = api::wdf_io_queue_get_device;
        WdfIoQueueStart: PFN_WDFIOQUEUESTART = api::wdf_io_queue_start;
        WdfIoQueueStop: PFN_WDFIOQUEUESTOP = api::wdf_io_queue_stop;
        WdfIoQueueStopSynchronously: PFN_WDFIOQUEUESTOPSYNCHRONOUSLY =
            api::wdf_io_queue_stop_synchronously;
        WdfIoQueueStopAndPurge: PFN_WDFIOQUEUESTOPANDPURGE = api::wdf_io_queue_stop_and_purge;
        WdfIoQueueStopAndPurgeSynchronously: PFN_WDFIOQUEUESTOPANDPURGESYNCHRONOUSLY =
            api::wdf_io_queue_stop_and_purge_synchronously;
        WdfIoQueueDrain: PFN_WDFIOQUEUEDRAIN = api::wdf_io_queue_drain;
        WdfIoQueueDrainSynchronously: PFN_WDFIOQUEUEDRAINSYNCHRONOUSLY =
            api::wdf_io_queue_drain_synchronously;
        WdfIoQueuePurge: PFN_WDFIOQUEUEPURGE = api::wdf_io_queue_purge;
        WdfIoQueuePurgeSynchronously: PFN_WDFIOQUEUEPURGESYNCHRONOUSLY =
            api::wdf_io_queue_purge_synchronously;
        WdfIoQueueReadyNotify: PFN_WDFIOQUEUEREADYNOTIFY = api::wdf_io_queue_ready_notify;
        WdfIoQueueRetrieveNextRequest: PFN_WDFIOQUEUERETRIEVENEXTREQUEST =
            api::wdf_io_queue_retrieve_next_request;
        WdfIoQueueRetrieveRequestByFileObject: PFN_WDFIOQUEUERETRIEVEREQUESTBYFILEOBJECT =
            api::wdf_io_queue_retrieve_request_by_file_object;
        WdfIoQueueFindRequest: PFN_WDFIOQUEUEFINDREQUEST = api::wdf_io_queue_find_request;
        WdfIoQueueRetrieveFoundRequest: PFN_WDFIOQUEUERETRIEVEFOUNDREQUEST =
            api::wdf_io_queue_retrieve_found_request;
        WdfIoQueueCreate: PFN_WDFIOQUEUECREATE = api::wdf_io_queue_create;
        WdfDeviceGetDefaultQueue: PFN_WDFDEVICEGETDEFAULTQUEUE = api::wdf_device_get_default_queue;
        WdfDeviceConfigureRequestDispatching: PFN_WDFDEVICECONFIGUREREQUESTDISPATCHING =
            api::wdf_device_configure_request_dispatching;
    }
}

fn install_requests(table: &mut [*const c_void; COUNT]) {
    implemented! { table;
        WdfRequestComplete: PFN_WDFREQUESTCOMPLETE = api::wdf_request_complete;
        WdfRequestCompleteWithPriorityBoost: PFN_WDFREQUESTCOMPLETEWITHPRIORITYBOOST =
            api::wdf_request_complete_with_priority_boost;
        WdfRequestCompleteWithInformation: PFN_WDFREQUESTCOMPLETEWITHINFORMATION =
            api::wdf_request_complete_with_information;
        WdfRequestSetInformation: PFN_WDFREQUESTSETINFORMATION = api::wdf_request_set_information;
        WdfRequestGetInformation: PFN_WDFREQUESTGETINFORMATION = api::wdf_request_get_information;
        WdfRequestGetStatus: PFN_WDFREQUESTGETSTATUS = api::wdf_request_get_status;
        WdfRequestGetParameters: PFN_WDFREQUESTGETPARAMETERS = api::wdf_request_get_parameters;
        WdfRequestGetFileObject: PFN_WDFREQUESTGETFILEOBJECT = api::wdf_request_get_file_object;
        WdfRequestGetRequestorMode: PFN_WDFREQUESTGETREQUESTORMODE =
            api::wdf_request_get_requestor_mode;
        WdfRequestIsFrom32BitProcess: PFN_WDFREQUESTISFROM32BITPROCESS =
            api::wdf_request_is_from32_bit_process;
        WdfRequestGetRequestorProcessId: PFN_WDFREQUESTGETREQUESTORPROCESSID =
            api::wdf_request_get_requestor_process_id;
        WdfRequestIsReserved: PFN_WDFREQUESTISRESERVED = api::wdf_request_is_reserved;
        WdfRequestGetIoQueue: PFN_WDFREQUESTGETIOQUEUE = api::wdf_request_get_io_queue;
        WdfDeviceEnqueueRequest: PFN_WDFDEVICEENQUEUEREQUEST = api::wdf_device_enqueue_request;
        WdfRequestRetrieveInputBuffer: PFN_WDFREQUESTRETRIEVEINPUTBUFFER =
            api::wdf_request_retrieve_input_buffer;
        WdfRequestRetrieveOutputBuffer: PFN_WDFREQUESTRETRIEVEOUTPUTBUFFER =
            api::wdf_request_retrieve_output_buffer;
        WdfRequestRetrieveUnsafeUserInputBuffer: PFN_WDFREQUESTRETRIEVEUNSAFEUSERINPUTBUFFER =
            api::wdf_request_retrieve_unsafe_user_input_buffer;
        WdfRequestRetrieveUnsafeUserOutputBuffer: PFN_WDFREQUESTRETRIEVEUNSAFEUSEROUTPUTBUFFER =
            api::wdf_request_retrieve_unsafe_user_output_buffer;
        WdfRequestRetrieveInputMemory: PFN_WDFREQUESTRETRIEVEINPUTMEMORY =
            api::wdf_request_retrieve_input_memory;
        WdfRequestRetrieveOutputMemory: PFN_WDFREQUESTRETRIEVEOUTPUTMEMORY =
            api::wdf_request_retrieve_output_memory;
        WdfRequestRetrieveInputWdmMdl: PFN_WDFREQUESTRETRIEVEINPUTWDMMDL =
            api::wdf_request_retrieve_input_wdm_mdl;
        WdfRequestRetrieveOutputWdmMdl: PFN_WDFREQUESTRETRIEVEOUTPUTWDMMDL =
            api::wdf_request_retrieve_output_wdm_mdl;
        WdfRequestProbeAndLockUserBufferForRead: PFN_WDFREQUESTPROBEANDLOCKUSERBUFFERFORREAD =
            api::wdf_request_probe_and_lock_user_buffer_for_read;
        WdfRequestProbeAndLockUserBufferForWrite: PFN_WDFREQUESTPROBEANDLOCKUSERBUFFERFORWRITE =
            api::wdf_request_probe_and_lock_user_buffer_for_write;
        WdfRequestMarkCancelable: PFN_WDFREQUESTMARKCANCELABLE = api::wdf_request_mark_cancelable;
        WdfRequestMarkCancelableEx: PFN_WDFREQUESTMARKCANCELABLEEX =
            api::wdf_request_mark_cancelable_ex;
        WdfRequestUnmarkCancelable: PFN_WDFREQUESTUNMARKCANCELABLE =
            api::wdf_request_unmark_cancelable;
        WdfRequestIsCanceled: PFN_WDFREQUESTISCANCELED = api::wdf_request_is_canceled;
        WdfRequestForwardToIoQueue: PFN_WDFREQUESTFORWARDTOIOQUEUE =
            api::wdf_request_forward_to_io_queue;
        WdfRequestRequeue: PFN_WDFREQUESTREQUEUE = api::wdf_request_requeue;
        WdfRequestStopAcknowledge: PFN_WDFREQUESTSTOPACKNOWLEDGE =
            api::wdf_request_stop_acknowledge;
    }
}

fn install_files(table: &mut [*const c_void; COUNT]) {
    implemented! { table;
        WdfFileObjectGetFileName: PFN_WDFFILEOBJECTGETFILENAME = api::wdf_file_object_get_file_name;
        WdfFileObjectGetFlags: PFN_WDFFILEOBJECTGETFLAGS = api::wdf_file_object_get_flags;
        WdfFileObjectGetDevice: PFN_WDFFILEOBJECTGETDEVICE = api::wdf_file_object_get_device;
        WdfFileObjectGetInitiatorProcessId: PFN_WDFFILEOBJECTGETINITIATORPROCESSID =
            api::wdf_file_object_get_initiator_process_id;
        WdfDeviceCreateDeviceInterface: PFN_WDFDEVICECREATEDEVICEINTERFACE =
            interface::wdf_device_create_device_interface;
        WdfDeviceSetDeviceInterfaceState: PFN_WDFDEVICESETDEVICEINTERFACESTATE =
            interface::wdf_device_set_device_interface_state;
        WdfDeviceSetDeviceInterfaceStateEx: PFN_WDFDEVICESETDEVICEINTERFACESTATEEX =
            interface::wdf_device_set_device_interface_state_ex;
        WdfDeviceRetrieveDeviceInterfaceString: PFN_WDFDEVICERETRIEVEDEVICEINTERFACESTRING =
            interface::wdf_device_retrieve_device_interface_string;
        WdfDeviceCreateSymbolicLink: PFN_WDFDEVICECREATESYMBOLICLINK =
            interface::wdf_device_create_symbolic_link;
        WdfStringCreate: PFN_WDFSTRINGCREATE = string::wdf_string_create;
        WdfStringGetUnicodeString: PFN_WDFSTRINGGETUNICODESTRING =
            string::wdf_string_get_unicode_string;
    }
}

fn install_settings(table: &mut [*const c_void; COUNT]) {
    implemented! { table;
        WdfControlDeviceInitAllocate: PFN_WDFCONTROLDEVICEINITALLOCATE =
            control_device::wdf_control_device_init_allocate;
        WdfControlDeviceInitSetShutdownNotification:
            PFN_WDFCONTROLDEVICEINITSETSHUTDOWNNOTIFICATION =
            control_device::wdf_control_device_init_set_shutdown_notification;
        WdfControlFinishInitializing: PFN_WDFCONTROLFINISHINITIALIZING =
            control_device::wdf_control_finish_initializing;
        WdfDeviceInitFree: PFN_WDFDEVICEINITFREE = control_device::wdf_device_init_free;
        WdfDeviceInitSetIoType: PFN_WDFDEVICEINITSETIOTYPE =
            device_init_settings::wdf_device_init_set_io_type;
        WdfDeviceInitSetIoTypeEx: PFN_WDFDEVICEINITSETIOTYPEEX =
            device_init_settings::wdf_device_init_set_io_type_ex;
        WdfDeviceInitSetExclusive: PFN_WDFDEVICEINITSETEXCLUSIVE =
            device_init_settings::wdf_device_init_set_exclusive;
        WdfDeviceInitSetDeviceType: PFN_WDFDEVICEINITSETDEVICETYPE =
            device_init_settings::wdf_device_init_set_device_type;
        WdfDeviceInitSetCharacteristics: PFN_WDFDEVICEINITSETCHARACTERISTICS =
            device_init_settings::wdf_device_init_set_characteristics;
        WdfDeviceInitAssignName: PFN_WDFDEVICEINITASSIGNNAME =
            device_init_settings::wdf_device_init_assign_name;
        WdfDeviceInitAssignSDDLString: PFN_WDFDEVICEINITASSIGNSDDLSTRING =
            device_init_settings::wdf_device_init_assign_sddl_string;
        WdfDeviceInitSetDeviceClass: PFN_WDFDEVICEINITSETDEVICECLASS =
            device_init_settings::wdf_device_init_set_device_class;
        WdfDeviceInitSetFileObjectConfig: PFN_WDFDEVICEINITSETFILEOBJECTCONFIG =
            device_init_settings::wdf_device_init_set_file_object_config;
        WdfDeviceInitSetRequestAttributes: PFN_WDFDEVICEINITSETREQUESTATTRIBUTES =
            device_init_settings::wdf_device_init_set_request_attributes;
        WdfDeviceInitSetIoInCallerContextCallback: PFN_WDFDEVICEINITSETIOINCALLERCONTEXTCALLBACK =
            device_init_settings::wdf_device_init_set_io_in_caller_context_callback;
        WdfDeviceInitSetPowerPageable: PFN_WDFDEVICEINITSETPOWERPAGEABLE =
            device_init_settings::wdf_device_init_set_power_pageable;
        WdfDeviceInitSetPowerNotPageable: PFN_WDFDEVICEINITSETPOWERNOTPAGEABLE =
            device_init_settings::wdf_device_init_set_power_not_pageable;
        WdfDeviceInitSetPowerInrush: PFN_WDFDEVICEINITSETPOWERINRUSH =
            device_init_settings::wdf_device_init_set_power_inrush;
        WdfDeviceInitSetRemoveLockOptions: PFN_WDFDEVICEINITSETREMOVELOCKOPTIONS =
            device_init_settings::wdf_device_init_set_remove_lock_options;
        WdfDeviceInitSetReleaseHardwareOrderOnFailure: PFN_WDFDEVICEINITSETRELEASEHARDWAREORDERONFAILURE =
            device_init_settings::wdf_device_init_set_release_hardware_order_on_failure;
        WdfFdoInitSetFilter: PFN_WDFFDOINITSETFILTER =
            device_init_settings::wdf_fdo_init_set_filter;
        WdfDeviceInitSetPowerPolicyOwnership: PFN_WDFDEVICEINITSETPOWERPOLICYOWNERSHIP =
            device_init_settings::wdf_device_init_set_power_policy_ownership;
    }
}
