//! The rules of KMDF.

pub(super) use crate::executive::rules::{DRIVER_BUG_CHECK, NOT_IMPLEMENTED_BY_HOST};

crate::verifier::rules! {
    /// The first argument of every function of the table is the client's globals.
    WDF_WRONG_GLOBALS = "wdffuncenum.h: every function takes WdfDriverGlobals as its first argument";
    /// A handle is not null, of the type that the function wants, and its object lives.
    WDF_INVALID_HANDLE = "Bug Check 0x10D: WDF_VIOLATION, parameter 1 = 0x5";
    /// A pointer is null only where its page allows it.
    WDF_REQUIRED_PARAMETER_IS_NULL = "Bug Check 0x10D: WDF_VIOLATION, parameter 1 = 0x4";
    /// A structure's Size is that of the version to which the driver is bound.
    WDF_STRUCT_SIZE = "the structure's page: Size is the size of the structure, in bytes";
    /// A callback returns at the IRQL at which it was called.
    WDF_VERIFIER_IRQL_MISMATCH = "Bug Check 0x10D: WDF_VIOLATION, parameter 1 = 0xE";
    /// A callback returns in as many critical regions as it was called in.
    WDF_VERIFIER_CRITICAL_REGION_MISMATCH = "Bug Check 0x10D: WDF_VIOLATION, parameter 1 = 0xF";
    /// References are released by those who hold them.
    WDF_OBJECT_ERROR = "Bug Check 0x10D: WDF_VIOLATION, parameter 1 = 0x7";
    /// Objects that the framework deletes itself are not deleted by the driver.
    WDF_DELETE_NOT_ALLOWED = "WdfObjectDelete function (wdfobject.h), remarks";
    /// All objects of a driver are gone once it is unloaded.
    LEAKED_OBJECTS = "EVT_WDF_DRIVER_UNLOAD callback function, remarks";
    /// A lock is not taken again by its holder.
    WDF_RECURSIVE_LOCK = "Bug Check 0x10D: WDF_VIOLATION, parameter 1 = 0x2";
    /// A lock is released by its holder.
    WDF_INVALID_LOCK_OPERATION = "Bug Check 0x10D: WDF_VIOLATION, parameter 1 = 0xB";
    /// A WDFDEVICE_INIT is one that the framework gave, and not used after the device is made.
    WDF_INVALID_DEVICE_INIT = "WdfDeviceCreate function (wdfdevice.h), remarks";
    /// A network driver leaves to NetAdapterCx what NetAdapterCx sets for it.
    SETTING_RESERVED_FOR_NETADAPTERCX = "NetDeviceInitConfig function (netdevice.h), remarks";
    /// PnP callbacks do not return STATUS_NOT_SUPPORTED.
    WDF_STATUS_NOT_SUPPORTED = "EVT_WDF_DEVICE_QUERY_STOP, _QUERY_REMOVE, _PREPARE_HARDWARE, _RELEASE_HARDWARE callback functions: return value";
    /// The failed action of a device is one of its enumeration.
    WDF_FAILED_ACTION_OUT_OF_RANGE = "WDF_DEVICE_FAILED_ACTION enumeration (wdfdevice.h)";
    /// Stop and removal are allowed as often as they were forbidden, not more often.
    WDF_UNMATCHED_STOP_REMOVE = "WdfDeviceSetStaticStopRemove function (wdfdevice.h), remarks";
    /// A bus interface is used while a reference to it is held.
    BUS_INTERFACE_RELEASED = "BUS_INTERFACE_STANDARD structure (wdm.h): InterfaceReference, InterfaceDereference";
    /// A resource list is changed within its bounds, by descriptors that are in it.
    WDF_RESOURCE_LIST_RANGE = "WdfIoResourceListUpdateDescriptor, …Remove, …RemoveByDescriptor functions";
    /// The descriptors of an interrupt are as the framework gave them.
    WDF_RESOURCE_TAMPERED = "WDF_INTERRUPT_CONFIG structure (wdfinterrupt.h): InterruptRaw, InterruptTranslated";
    /// The descriptors given for an interrupt describe an interrupt.
    WDF_NOT_INTERRUPT_RESOURCE = "WDF_INTERRUPT_CONFIG structure (wdfinterrupt.h): InterruptRaw, InterruptTranslated";
    /// Each message belongs to one interrupt object.
    WDF_MESSAGE_REUSED = "Creating an Interrupt Object: message-signaled interrupts";
    /// The lock of an interrupt is used while the interrupt is connected.
    WDF_LOCK_NOT_CONNECTED = "WdfInterruptAcquireLock function (wdfinterrupt.h), remarks";
    /// The lock of an interrupt is released by the processor that holds it.
    WDF_INTERRUPT_LOCK_NOT_HELD = "WdfInterruptReleaseLock function (wdfinterrupt.h), remarks";
    /// The DPC of an interrupt is queued if the interrupt was made with one.
    WDF_INTERRUPT_WITHOUT_DPC = "WdfInterruptQueueDpcForIsr function (wdfinterrupt.h), remarks";
    /// An interrupt made in EvtDevicePrepareHardware gets no policy: its resources are assigned.
    WDF_POLICY_ON_PREPARED_INTERRUPT = "WdfInterruptSetExtendedPolicy function (wdfinterrupt.h), remarks";
    /// Policy and priority of an interrupt are ones of their enumerations.
    WDF_POLICY_OUT_OF_RANGE = "WDF_INTERRUPT_POLICY, WDF_INTERRUPT_PRIORITY enumerations (wdfinterrupt.h)";
    /// WdfInterruptEnable and WdfInterruptDisable are called for an interrupt that has its resources.
    WDF_INVALID_INTERRUPT = "Bug Check 0x10D: WDF_VIOLATION, parameter 1 = 0x9";
    /// The class of file objects exists and leaves to NetAdapterCx the members that it uses itself.
    WDF_FILE_OBJECT_CLASS = "WDF_FILEOBJECT_CONFIG structure (wdfdevice.h); NetDeviceInitConfig function, remarks";
    /// A device interface whose state is set is one of the device's.
    WDF_INTERFACE_MISUSE = "WdfDeviceSetDeviceInterfaceState function (wdfdevice.h)";
    /// Functions for control devices are used on those.
    WDF_NOT_A_CONTROL_DEVICE = "Using Control Device Objects";
    /// A value is one of its enumeration where there is no status to say that it is not.
    WDF_VALUE_OUT_OF_RANGE = "the function's page, parameters";
}
