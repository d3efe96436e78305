//! Executive and kernel objects.

use super::*;

opaque! {
    DEVICE_OBJECT;
    IRP;
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct DRIVER_OBJECT {
    pub Type: i16,
    pub Size: i16,
    pub DeviceObject: *mut DEVICE_OBJECT,
    pub Flags: ULONG,
    pub DriverStart: PVOID,
    pub DriverSize: ULONG,
    pub DriverSection: PVOID,
    pub DriverExtension: *mut DRIVER_EXTENSION,
    pub DriverName: UNICODE_STRING,
    pub HardwareDatabase: *mut UNICODE_STRING,
    pub FastIoDispatch: *mut c_void,
    pub DriverInit: PDRIVER_INITIALIZE,
    pub DriverStartIo: PVOID,
    pub DriverUnload: PDRIVER_UNLOAD,
    pub MajorFunction: [PDRIVER_DISPATCH; 28],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct DRIVER_EXTENSION {
    pub DriverObject: *mut DRIVER_OBJECT,
    pub AddDevice: PDRIVER_ADD_DEVICE,
    pub Count: ULONG,
    pub ServiceKeyName: UNICODE_STRING,
}

/// The part of every object that threads can wait for.
///
/// Only the members that have not moved between releases of Windows.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct DISPATCHER_HEADER {
    pub Anonymous: DISPATCHER_HEADER_Anonymous,
    pub SignalState: LONG,
    pub WaitListHead: LIST_ENTRY,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union DISPATCHER_HEADER_Anonymous {
    pub Lock: LONG,
    pub Anonymous: DISPATCHER_HEADER_Anonymous_Anonymous,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct DISPATCHER_HEADER_Anonymous_Anonymous {
    pub Type: UCHAR,
    pub Signalling: UCHAR,
    pub Size: UCHAR,
    pub Reserved1: UCHAR,
}

/// A deferred procedure call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct KDPC {
    pub Anonymous: KDPC_Anonymous,
    pub DpcListEntry: SINGLE_LIST_ENTRY,
    pub ProcessorHistory: KAFFINITY,
    pub DeferredRoutine: PKDEFERRED_ROUTINE,
    pub DeferredContext: PVOID,
    pub SystemArgument1: PVOID,
    pub SystemArgument2: PVOID,
    pub DpcData: PVOID,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union KDPC_Anonymous {
    pub TargetInfoAsUlong: ULONG,
    pub Anonymous: KDPC_Anonymous_Anonymous,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct KDPC_Anonymous_Anonymous {
    pub Type: UCHAR,
    pub Importance: UCHAR,
    pub Number: USHORT,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct KEVENT {
    pub Header: DISPATCHER_HEADER,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct KTIMER {
    pub Header: DISPATCHER_HEADER,
    pub DueTime: ULARGE_INTEGER,
    pub TimerListEntry: LIST_ENTRY,
    pub Dpc: *mut KDPC,
    pub Processor: USHORT,
    pub TimerType: USHORT,
    pub Period: ULONG,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct MDL {
    pub Next: *mut MDL,
    pub Size: i16,
    pub MdlFlags: i16,
    pub Process: *mut c_void,
    pub MappedSystemVa: PVOID,
    pub StartVa: PVOID,
    pub ByteCount: ULONG,
    pub ByteOffset: ULONG,
}

zeroed! {
    DISPATCHER_HEADER, DISPATCHER_HEADER_Anonymous, DISPATCHER_HEADER_Anonymous_Anonymous, KDPC, KDPC_Anonymous, KDPC_Anonymous_Anonymous, DRIVER_OBJECT, DRIVER_EXTENSION, KEVENT, KTIMER, MDL,
}
