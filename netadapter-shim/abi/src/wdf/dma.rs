//! DMA enablers and common buffers.

use super::*;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_DMA_ENABLER_CONFIG {
    pub Size: ULONG,
    pub Profile: WDF_DMA_PROFILE,
    pub MaximumLength: SIZE_T,
    pub EvtDmaEnablerFill: PFN_WDF_DMA_ENABLER_FILL,
    pub EvtDmaEnablerFlush: PFN_WDF_DMA_ENABLER_FLUSH,
    pub EvtDmaEnablerDisable: PFN_WDF_DMA_ENABLER_DISABLE,
    pub EvtDmaEnablerEnable: PFN_WDF_DMA_ENABLER_ENABLE,
    pub EvtDmaEnablerSelfManagedIoStart: PFN_WDF_DMA_ENABLER_SELFMANAGED_IO_START,
    pub EvtDmaEnablerSelfManagedIoStop: PFN_WDF_DMA_ENABLER_SELFMANAGED_IO_STOP,
    pub AddressWidthOverride: ULONG,
    pub WdmDmaVersionOverride: ULONG,
    pub Flags: ULONG,
}

impl WDF_DMA_ENABLER_CONFIG {
    /// `WDF_DMA_ENABLER_CONFIG_INIT`.
    pub const fn init(Profile: WDF_DMA_PROFILE, MaximumLength: SIZE_T) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            Profile,
            MaximumLength,
            ..Self::zeroed()
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_COMMON_BUFFER_CONFIG {
    pub Size: ULONG,
    pub AlignmentRequirement: ULONG,
}

impl WDF_COMMON_BUFFER_CONFIG {
    /// `WDF_COMMON_BUFFER_CONFIG_INIT`.
    pub const fn init(AlignmentRequirement: ULONG) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            AlignmentRequirement,
        }
    }
}

zeroed! {
    WDF_DMA_ENABLER_CONFIG, WDF_COMMON_BUFFER_CONFIG,
}
