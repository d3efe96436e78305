//! I/O queues, file objects, requests.

use super::*;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_IO_QUEUE_CONFIG {
    pub Size: ULONG,
    pub DispatchType: WDF_IO_QUEUE_DISPATCH_TYPE,
    pub PowerManaged: WDF_TRI_STATE,
    pub AllowZeroLengthRequests: BOOLEAN,
    pub DefaultQueue: BOOLEAN,
    pub EvtIoDefault: PFN_WDF_IO_QUEUE_IO_DEFAULT,
    pub EvtIoRead: PFN_WDF_IO_QUEUE_IO_READ,
    pub EvtIoWrite: PFN_WDF_IO_QUEUE_IO_WRITE,
    pub EvtIoDeviceControl: PFN_WDF_IO_QUEUE_IO_DEVICE_CONTROL,
    pub EvtIoInternalDeviceControl: PFN_WDF_IO_QUEUE_IO_INTERNAL_DEVICE_CONTROL,
    pub EvtIoStop: PFN_WDF_IO_QUEUE_IO_STOP,
    pub EvtIoResume: PFN_WDF_IO_QUEUE_IO_RESUME,
    pub EvtIoCanceledOnQueue: PFN_WDF_IO_QUEUE_IO_CANCELED_ON_QUEUE,
    pub Settings: WDF_IO_QUEUE_CONFIG_Settings,
    pub Driver: WDFDRIVER,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union WDF_IO_QUEUE_CONFIG_Settings {
    pub Parallel: WDF_IO_QUEUE_CONFIG_Settings_Parallel,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_IO_QUEUE_CONFIG_Settings_Parallel {
    pub NumberOfPresentedRequests: ULONG,
}

impl WDF_IO_QUEUE_CONFIG {
    /// `WDF_IO_QUEUE_CONFIG_INIT`.
    pub const fn init(DispatchType: WDF_IO_QUEUE_DISPATCH_TYPE) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            DispatchType,
            PowerManaged: WdfUseDefault,
            Settings: WDF_IO_QUEUE_CONFIG_Settings {
                Parallel: WDF_IO_QUEUE_CONFIG_Settings_Parallel {
                    NumberOfPresentedRequests: if DispatchType == WdfIoQueueDispatchParallel {
                        ULONG::MAX
                    } else {
                        0
                    },
                },
            },
            ..Self::zeroed()
        }
    }

    /// `WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE`.
    pub const fn init_default_queue(DispatchType: WDF_IO_QUEUE_DISPATCH_TYPE) -> Self {
        Self {
            DefaultQueue: 1,
            ..Self::init(DispatchType)
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_FILEOBJECT_CONFIG {
    pub Size: ULONG,
    pub EvtDeviceFileCreate: PFN_WDF_DEVICE_FILE_CREATE,
    pub EvtFileClose: PFN_WDF_FILE_CLOSE,
    pub EvtFileCleanup: PFN_WDF_FILE_CLEANUP,
    pub AutoForwardCleanupClose: WDF_TRI_STATE,
    pub FileObjectClass: WDF_FILEOBJECT_CLASS,
}

impl WDF_FILEOBJECT_CONFIG {
    /// `WDF_FILEOBJECT_CONFIG_INIT`.
    pub const fn init(
        EvtDeviceFileCreate: PFN_WDF_DEVICE_FILE_CREATE,
        EvtFileClose: PFN_WDF_FILE_CLOSE,
        EvtFileCleanup: PFN_WDF_FILE_CLEANUP,
    ) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            EvtDeviceFileCreate,
            EvtFileClose,
            EvtFileCleanup,
            AutoForwardCleanupClose: WdfUseDefault,
            FileObjectClass: WdfFileObjectWdfCannotUseFsContexts,
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_IO_TYPE_CONFIG {
    pub Size: ULONG,
    pub ReadWriteIoType: WDF_DEVICE_IO_TYPE,
    pub DeviceControlIoType: WDF_DEVICE_IO_TYPE,
    pub DirectTransferThreshold: ULONG,
}

impl WDF_IO_TYPE_CONFIG {
    /// `WDF_IO_TYPE_CONFIG_INIT`.
    pub const fn init() -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            ReadWriteIoType: WdfDeviceIoBuffered,
            DeviceControlIoType: WdfDeviceIoBuffered,
            DirectTransferThreshold: 0,
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_REMOVE_LOCK_OPTIONS {
    pub Size: ULONG,
    pub Flags: ULONG,
}

impl WDF_REMOVE_LOCK_OPTIONS {
    /// `WDF_REMOVE_LOCK_OPTIONS_INIT`.
    pub const fn init(Flags: ULONG) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            Flags,
        }
    }
}

/// A part of a memory object.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDFMEMORY_OFFSET {
    pub BufferOffset: SIZE_T,
    pub BufferLength: SIZE_T,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_REQUEST_PARAMETERS {
    pub Size: USHORT,
    pub MinorFunction: UCHAR,
    pub Type: WDF_REQUEST_TYPE,
    pub Parameters: WDF_REQUEST_PARAMETERS_Parameters,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union WDF_REQUEST_PARAMETERS_Parameters {
    pub Create: WDF_REQUEST_PARAMETERS_Parameters_Create,
    pub Read: WDF_REQUEST_PARAMETERS_Parameters_Read,
    pub Write: WDF_REQUEST_PARAMETERS_Parameters_Write,
    pub DeviceIoControl: WDF_REQUEST_PARAMETERS_Parameters_DeviceIoControl,
    pub Others: WDF_REQUEST_PARAMETERS_Parameters_Others,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_REQUEST_PARAMETERS_Parameters_Others {
    pub Arg1: PVOID,
    pub Arg2: PVOID,
    pub IoControlCode: ULONG,
    pub Arg4: PVOID,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_REQUEST_PARAMETERS_Parameters_DeviceIoControl {
    pub OutputBufferLength: SIZE_T,
    pub InputBufferLength: SIZE_T,
    pub IoControlCode: ULONG,
    pub Type3InputBuffer: PVOID,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_REQUEST_PARAMETERS_Parameters_Write {
    pub Length: SIZE_T,
    pub Key: ULONG,
    pub DeviceOffset: LONGLONG,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_REQUEST_PARAMETERS_Parameters_Read {
    pub Length: SIZE_T,
    pub Key: ULONG,
    pub DeviceOffset: LONGLONG,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_REQUEST_PARAMETERS_Parameters_Create {
    pub SecurityContext: PVOID,
    pub Options: ULONG,
    /// The C declaration aligns the next member, and `EaLength`, like a pointer.
    pub _padding: [u8; 4],
    pub FileAttributes: USHORT,
    pub ShareAccess: USHORT,
    pub _padding2: [u8; 4],
    pub EaLength: ULONG,
}

impl WDF_REQUEST_PARAMETERS {
    /// `WDF_REQUEST_PARAMETERS_INIT`.
    pub const fn init() -> Self {
        Self {
            Size: size_of::<Self>() as USHORT,
            ..Self::zeroed()
        }
    }
}

zeroed! {
    WDF_IO_QUEUE_CONFIG, WDF_IO_QUEUE_CONFIG_Settings, WDF_IO_QUEUE_CONFIG_Settings_Parallel, WDF_FILEOBJECT_CONFIG, WDF_IO_TYPE_CONFIG, WDF_REMOVE_LOCK_OPTIONS, WDFMEMORY_OFFSET, WDF_REQUEST_PARAMETERS, WDF_REQUEST_PARAMETERS_Parameters, WDF_REQUEST_PARAMETERS_Parameters_Others, WDF_REQUEST_PARAMETERS_Parameters_DeviceIoControl, WDF_REQUEST_PARAMETERS_Parameters_Write, WDF_REQUEST_PARAMETERS_Parameters_Read, WDF_REQUEST_PARAMETERS_Parameters_Create,
}
