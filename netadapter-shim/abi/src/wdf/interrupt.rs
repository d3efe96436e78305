//! Interrupts.

use super::*;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_INTERRUPT_CONFIG {
    pub Size: ULONG,
    pub SpinLock: WDFSPINLOCK,
    pub ShareVector: WDF_TRI_STATE,
    pub FloatingSave: BOOLEAN,
    pub AutomaticSerialization: BOOLEAN,
    pub EvtInterruptIsr: PFN_WDF_INTERRUPT_ISR,
    pub EvtInterruptDpc: PFN_WDF_INTERRUPT_DPC,
    pub EvtInterruptEnable: PFN_WDF_INTERRUPT_ENABLE,
    pub EvtInterruptDisable: PFN_WDF_INTERRUPT_DISABLE,
    pub EvtInterruptWorkItem: PFN_WDF_INTERRUPT_WORKITEM,
    pub InterruptRaw: *mut CM_PARTIAL_RESOURCE_DESCRIPTOR,
    pub InterruptTranslated: *mut CM_PARTIAL_RESOURCE_DESCRIPTOR,
    pub WaitLock: WDFWAITLOCK,
    pub PassiveHandling: BOOLEAN,
    pub ReportInactiveOnPowerDown: WDF_TRI_STATE,
    pub CanWakeDevice: BOOLEAN,
}

impl WDF_INTERRUPT_CONFIG {
    /// `WDF_INTERRUPT_CONFIG_INIT`.
    pub const fn init(
        EvtInterruptIsr: PFN_WDF_INTERRUPT_ISR,
        EvtInterruptDpc: PFN_WDF_INTERRUPT_DPC,
    ) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            ShareVector: WdfUseDefault,
            EvtInterruptIsr,
            EvtInterruptDpc,
            ReportInactiveOnPowerDown: WdfUseDefault,
            ..Self::zeroed()
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_INTERRUPT_INFO {
    pub Size: ULONG,
    pub Reserved1: u64,
    pub TargetProcessorSet: KAFFINITY,
    pub Reserved2: ULONG,
    pub MessageNumber: ULONG,
    pub Vector: ULONG,
    pub Irql: KIRQL,
    pub Mode: KINTERRUPT_MODE,
    pub Polarity: WDF_INTERRUPT_POLARITY,
    pub MessageSignaled: BOOLEAN,
    pub ShareDisposition: UCHAR,
    /// The C declaration aligns the next member to 8 bytes.
    pub _padding: [u8; 6],
    pub Group: USHORT,
}

impl WDF_INTERRUPT_INFO {
    /// `WDF_INTERRUPT_INFO_INIT`.
    pub const fn init() -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            ..Self::zeroed()
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_INTERRUPT_EXTENDED_POLICY {
    pub Size: ULONG,
    pub Policy: WDF_INTERRUPT_POLICY,
    pub Priority: WDF_INTERRUPT_PRIORITY,
    pub TargetProcessorSetAndGroup: GROUP_AFFINITY,
}

impl WDF_INTERRUPT_EXTENDED_POLICY {
    /// `WDF_INTERRUPT_EXTENDED_POLICY_INIT`.
    pub const fn init() -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            ..Self::zeroed()
        }
    }
}

zeroed! {
    WDF_INTERRUPT_CONFIG, WDF_INTERRUPT_INFO, WDF_INTERRUPT_EXTENDED_POLICY,
}
