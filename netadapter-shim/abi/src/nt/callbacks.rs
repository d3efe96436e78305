//! Callback types of NT.

use super::*;

callbacks! {
    PDRIVER_ADD_DEVICE(DriverObject: *mut DRIVER_OBJECT, PhysicalDeviceObject: *mut DEVICE_OBJECT) -> NTSTATUS;
    PDRIVER_DISPATCH(DeviceObject: *mut DEVICE_OBJECT, Irp: *mut IRP) -> NTSTATUS;
    PDRIVER_INITIALIZE(DriverObject: *mut DRIVER_OBJECT, RegistryPath: *mut UNICODE_STRING) -> NTSTATUS;
    PDRIVER_NOTIFICATION_CALLBACK_ROUTINE(NotificationStructure: PVOID, Context: PVOID) -> NTSTATUS;
    PDRIVER_UNLOAD(DriverObject: *mut DRIVER_OBJECT);
    PKDEFERRED_ROUTINE(Dpc: *mut KDPC, DeferredContext: PVOID, SystemArgument1: PVOID, SystemArgument2: PVOID);
    PKSTART_ROUTINE(StartContext: PVOID);
    PPROCESSOR_CALLBACK_FUNCTION(CallbackContext: PVOID, ChangeContext: *mut KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT, OperationStatus: *mut NTSTATUS);
}
