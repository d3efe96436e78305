//! Power policy of a device.

use super::*;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_POWER_POLICY_EVENT_CALLBACKS {
    pub Size: ULONG,
    pub EvtDeviceArmWakeFromS0: PFN_WDF_DEVICE_ARM_WAKE_FROM_S0,
    pub EvtDeviceDisarmWakeFromS0: PFN_WDF_DEVICE_DISARM_WAKE_FROM_S0,
    pub EvtDeviceWakeFromS0Triggered: PFN_WDF_DEVICE_WAKE_FROM_S0_TRIGGERED,
    pub EvtDeviceArmWakeFromSx: PFN_WDF_DEVICE_ARM_WAKE_FROM_SX,
    pub EvtDeviceDisarmWakeFromSx: PFN_WDF_DEVICE_DISARM_WAKE_FROM_SX,
    pub EvtDeviceWakeFromSxTriggered: PFN_WDF_DEVICE_WAKE_FROM_SX_TRIGGERED,
    pub EvtDeviceArmWakeFromSxWithReason: PFN_WDF_DEVICE_ARM_WAKE_FROM_SX_WITH_REASON,
}

impl WDF_POWER_POLICY_EVENT_CALLBACKS {
    /// `WDF_POWER_POLICY_EVENT_CALLBACKS_INIT`.
    pub const fn init() -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            ..Self::zeroed()
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_DEVICE_POWER_CAPABILITIES {
    pub Size: ULONG,
    pub DeviceD1: WDF_TRI_STATE,
    pub DeviceD2: WDF_TRI_STATE,
    pub WakeFromD0: WDF_TRI_STATE,
    pub WakeFromD1: WDF_TRI_STATE,
    pub WakeFromD2: WDF_TRI_STATE,
    pub WakeFromD3: WDF_TRI_STATE,
    pub DeviceState: [DEVICE_POWER_STATE; 7],
    pub DeviceWake: DEVICE_POWER_STATE,
    pub SystemWake: SYSTEM_POWER_STATE,
    pub D1Latency: ULONG,
    pub D2Latency: ULONG,
    pub D3Latency: ULONG,
    pub IdealDxStateForSx: DEVICE_POWER_STATE,
}

impl WDF_DEVICE_POWER_CAPABILITIES {
    /// `WDF_DEVICE_POWER_CAPABILITIES_INIT`.
    pub const fn init() -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            DeviceD1: WdfUseDefault,
            DeviceD2: WdfUseDefault,
            WakeFromD0: WdfUseDefault,
            WakeFromD1: WdfUseDefault,
            WakeFromD2: WdfUseDefault,
            WakeFromD3: WdfUseDefault,
            DeviceState: [PowerDeviceMaximum; 7],
            DeviceWake: PowerDeviceMaximum,
            SystemWake: PowerSystemMaximum,
            D1Latency: 0xffffffff,
            D2Latency: 0xffffffff,
            D3Latency: 0xffffffff,
            IdealDxStateForSx: PowerDeviceMaximum,
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS {
    pub Size: ULONG,
    pub IdleCaps: WDF_POWER_POLICY_S0_IDLE_CAPABILITIES,
    pub DxState: DEVICE_POWER_STATE,
    pub IdleTimeout: ULONG,
    pub UserControlOfIdleSettings: WDF_POWER_POLICY_S0_IDLE_USER_CONTROL,
    pub Enabled: WDF_TRI_STATE,
    pub PowerUpIdleDeviceOnSystemWake: WDF_TRI_STATE,
    pub IdleTimeoutType: WDF_POWER_POLICY_IDLE_TIMEOUT_TYPE,
    pub ExcludeD3Cold: WDF_TRI_STATE,
}

impl WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS {
    /// `WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS_INIT`.
    pub const fn init(IdleCaps: WDF_POWER_POLICY_S0_IDLE_CAPABILITIES) -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            IdleCaps,
            DxState: match IdleCaps {
                IdleCannotWakeFromS0 => PowerDeviceD3,
                IdleCanWakeFromS0 | IdleUsbSelectiveSuspend => PowerDeviceMaximum,
                _ => 0,
            },
            UserControlOfIdleSettings: IdleAllowUserControl,
            Enabled: WdfUseDefault,
            PowerUpIdleDeviceOnSystemWake: WdfUseDefault,
            ExcludeD3Cold: WdfUseDefault,
            ..Self::zeroed()
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS {
    pub Size: ULONG,
    pub DxState: DEVICE_POWER_STATE,
    pub UserControlOfWakeSettings: WDF_POWER_POLICY_SX_WAKE_USER_CONTROL,
    pub Enabled: WDF_TRI_STATE,
    pub ArmForWakeIfChildrenAreArmedForWake: BOOLEAN,
    pub IndicateChildWakeOnParentWake: BOOLEAN,
}

impl WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS {
    /// `WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS_INIT`.
    pub const fn init() -> Self {
        Self {
            Size: size_of::<Self>() as ULONG,
            DxState: PowerDeviceMaximum,
            UserControlOfWakeSettings: WakeAllowUserControl,
            Enabled: WdfUseDefault,
            ..Self::zeroed()
        }
    }
}

zeroed! {
    WDF_POWER_POLICY_EVENT_CALLBACKS, WDF_DEVICE_POWER_CAPABILITIES, WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS, WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS,
}
