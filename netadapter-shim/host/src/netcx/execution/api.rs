//! Functions of NetAdapterCx that concern execution contexts.

use super::driver::DriverContext;
use super::task::{self, DriverTask};
use crate::netcx::adapter_api::require_no_parent;
use crate::netcx::call::Call;
use crate::netcx::device_api::net_device;
use crate::netcx::rules;
use crate::netcx::table::{Entry, place};
use netadapter_abi::net::{
    NET_DRIVER_GLOBALS, NET_EXECUTION_CONTEXT_CONFIG, NET_EXECUTION_CONTEXT_TASK_CONFIG,
    NETEXECUTIONCONTEXT, NETEXECUTIONCONTEXTTASK, index,
};
use netadapter_abi::nt::{NTSTATUS, STATUS_SUCCESS};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{WDF_OBJECT_ATTRIBUTES, WDFDEVICE};

/// Stores the handle of a new object.
///
/// # Safety
/// `result` is valid for the write.
unsafe fn finish<T>(created: Result<T, NTSTATUS>, result: *mut T) -> NTSTATUS {
    match created {
        Ok(handle) => {
            // SAFETY: the caller's promise.
            unsafe { result.write(handle) };
            STATUS_SUCCESS
        }
        Err(status) => status,
    }
}

nt_export! {
    unsafe fn create(
        globals: *mut NET_DRIVER_GLOBALS,
        device: WDFDEVICE,
        config: *const NET_EXECUTION_CONTEXT_CONFIG,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        result: *mut NETEXECUTIONCONTEXT,
    ) -> NTSTATUS {
        let call = Call::at_passive(index::NetExecutionContextCreate, globals);
        net_device(&call, device);
        let config = call.copy_sized("Config", config);
        call.require(
            config.EvtSetNotificationEnabled.is_some(),
            &rules::INVALID_EXECUTION_CONTEXT_CONFIG,
            "EvtSetNotificationEnabled is null",
        );
        require_no_parent(&call, attributes);
        let result = call.output("ExecutionContext", result);
        // SAFETY: the driver gives room for the handle.
        unsafe { finish(DriverContext::create(device, &config, attributes), result) }
    }

    unsafe fn notify(globals: *mut NET_DRIVER_GLOBALS, handle: NETEXECUTIONCONTEXT) {
        Call::at_any_irql(index::NetExecutionContextNotify, globals);
        if let Some(context) = DriverContext::of(handle) {
            context.notify();
        }
    }

    unsafe fn task_create(
        globals: *mut NET_DRIVER_GLOBALS,
        context: NETEXECUTIONCONTEXT,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        config: *mut NET_EXECUTION_CONTEXT_TASK_CONFIG,
        result: *mut NETEXECUTIONCONTEXTTASK,
    ) -> NTSTATUS {
        let call = Call::at_passive(index::NetExecutionContextTaskCreate, globals);
        let config = call.copy_sized("NetExecutionContextTaskConfig", config);
        let Some(callback) = config.EvtTask else {
            call.broken(&rules::PARAMETER_CANT_BE_NULL, "EvtTask is null")
        };
        require_no_parent(&call, attributes);
        let result = call.output("NetExecutionContextTaskHandle", result);
        // SAFETY: the driver gives room for the handle.
        unsafe { finish(DriverTask::create(context, callback, attributes), result) }
    }

    unsafe fn task_enqueue(globals: *mut NET_DRIVER_GLOBALS, handle: NETEXECUTIONCONTEXTTASK) {
        Call::up_to_dispatch(index::NetExecutionContextTaskEnqueue, globals);
        task::enqueue(handle);
    }

    unsafe fn task_wait(globals: *mut NET_DRIVER_GLOBALS, handle: NETEXECUTIONCONTEXTTASK) {
        Call::at_passive(index::NetExecutionContextTaskWaitCompletion, globals);
        task::wait(handle);
    }
}

pub(in crate::netcx) fn place_functions(table: &mut [Entry]) {
    place! { table:
        NetExecutionContextCreate: PFN_NETEXECUTIONCONTEXTCREATE = create;
        NetExecutionContextTaskCreate: PFN_NETEXECUTIONCONTEXTTASKCREATE = task_create;
        NetExecutionContextNotify: PFN_NETEXECUTIONCONTEXTNOTIFY = notify;
        NetExecutionContextTaskEnqueue: PFN_NETEXECUTIONCONTEXTTASKENQUEUE = task_enqueue;
        NetExecutionContextTaskWaitCompletion: PFN_NETEXECUTIONCONTEXTTASKWAITCOMPLETION =
            task_wait;
    }
}
