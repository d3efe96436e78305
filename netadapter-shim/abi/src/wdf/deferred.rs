//! Deferred work: DPCs, timers, work items.

use super::*;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_DPC_CONFIG {
    pub Size: ULONG,
    pub EvtDpcFunc: PFN_WDF_DPC,
    pub AutomaticSerialization: BOOLEAN,
}

impl WDF_DPC_CONFIG {
    /// `WDF_DPC_CONFIG_INIT`.
    pub const fn init(EvtDpcFunc: PFN_WDF_DPC) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            EvtDpcFunc,
            AutomaticSerialization: 1,
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_TIMER_CONFIG {
    pub Size: ULONG,
    pub EvtTimerFunc: PFN_WDF_TIMER,
    pub Period: ULONG,
    pub AutomaticSerialization: BOOLEAN,
    pub TolerableDelay: ULONG,
    /// The C declaration aligns the next member to 8 bytes.
    pub _padding: [u8; 4],
    pub UseHighResolutionTimer: BOOLEAN,
    /// That alignment is also the one of the structure.
    pub _padding2: [u8; 7],
}

impl WDF_TIMER_CONFIG {
    /// `WDF_TIMER_CONFIG_INIT`.
    pub const fn init(EvtTimerFunc: PFN_WDF_TIMER) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            EvtTimerFunc,
            AutomaticSerialization: 1,
            ..Self::zeroed()
        }
    }

    /// `WDF_TIMER_CONFIG_INIT_PERIODIC`.
    pub const fn init_periodic(EvtTimerFunc: PFN_WDF_TIMER, Period: ULONG) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            EvtTimerFunc,
            Period,
            AutomaticSerialization: 1,
            ..Self::zeroed()
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_WORKITEM_CONFIG {
    pub Size: ULONG,
    pub EvtWorkItemFunc: PFN_WDF_WORKITEM,
    pub AutomaticSerialization: BOOLEAN,
}

impl WDF_WORKITEM_CONFIG {
    /// `WDF_WORKITEM_CONFIG_INIT`.
    pub const fn init(EvtWorkItemFunc: PFN_WDF_WORKITEM) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            EvtWorkItemFunc,
            AutomaticSerialization: 1,
        }
    }
}

zeroed! {
    WDF_DPC_CONFIG, WDF_TIMER_CONFIG, WDF_WORKITEM_CONFIG,
}
