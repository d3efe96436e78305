//! GUIDs and property keys.

use super::*;

/// A globally unique identifier.
///
/// Not the one of `windows-sys`, which renames the members and cannot be compared.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GUID {
    pub Data1: u32,
    pub Data2: u16,
    pub Data3: u16,
    pub Data4: [u8; 8],
}

impl GUID {
    /// The identifier whose hexadecimal digits, in the order of the written form, are those of `digits`.
    pub const fn from_u128(digits: u128) -> Self {
        Self {
            Data1: (digits >> 96) as u32,
            Data2: (digits >> 80) as u16,
            Data3: (digits >> 64) as u16,
            Data4: (digits as u64).to_be_bytes(),
        }
    }

    /// The digits as [`GUID::from_u128`] takes them.
    pub const fn to_u128(self) -> u128 {
        (self.Data1 as u128) << 96
            | (self.Data2 as u128) << 80
            | (self.Data3 as u128) << 64
            | u64::from_be_bytes(self.Data4) as u128
    }
}

/// The name of a device property.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DEVPROPKEY {
    pub fmtid: GUID,
    pub pid: ULONG,
}

zeroed! { GUID, DEVPROPKEY }

/// Declares GUIDs, and lists them.
macro_rules! guids {
    ($($name:ident = $digits:literal;)*) => {
        $(pub const $name: GUID = GUID::from_u128($digits);)*
        /// The GUIDs of this module: name and value.
        pub const GUIDS: &[(&str, GUID)] = &[$((stringify!($name), $name)),*];
    };
}

/// Declares property keys, and lists them.
macro_rules! property_keys {
    ($($name:ident = $digits:literal, $pid:literal;)*) => {
        $(pub const $name: DEVPROPKEY = DEVPROPKEY { fmtid: GUID::from_u128($digits), pid: $pid };)*
        /// The property keys of this module: name and value.
        pub const DEVPKEYS: &[(&str, DEVPROPKEY)] = &[$((stringify!($name), $name)),*];
    };
}

guids! {
    GUID_BUS_INTERFACE_STANDARD = 0x496b8280_6f25_11d0_beaf_08002be2092f;
    GUID_DEVCLASS_NET = 0x4d36e972_e325_11ce_bfc1_08002be10318;
    GUID_DEVICE_INTERFACE_ARRIVAL = 0xcb3a4004_46f0_11d0_b08f_00609713053f;
    GUID_DEVICE_INTERFACE_REMOVAL = 0xcb3a4005_46f0_11d0_b08f_00609713053f;
    GUID_DEVICE_MEMORY = 0x3fd0f03d_92e0_45fb_b75c_5ed8ffb01021;
    GUID_DEVICE_PROCESSOR = 0x97fadb10_4e33_40ae_359c_8bef029dbdd0;
    GUID_DEVINTERFACE_NET = 0xcac88484_7515_4c03_82e6_71a87abac361;
    GUID_NDIS_LAN_CLASS = 0xad498944_762f_11d0_8dca_00c04fc3358c;
    GUID_PCI_BUS_INTERFACE_STANDARD = 0x496b8281_6f25_11d0_beaf_08002be2092f;
    GUID_TARGET_DEVICE_QUERY_REMOVE = 0xcb3a4006_46f0_11d0_b08f_00609713053f;
    GUID_TARGET_DEVICE_REMOVE_CANCELLED = 0xcb3a4007_46f0_11d0_b08f_00609713053f;
    GUID_TARGET_DEVICE_REMOVE_COMPLETE = 0xcb3a4008_46f0_11d0_b08f_00609713053f;
}

property_keys! {
    DEVPKEY_DeviceClass_DHPRebalanceOptOut = 0xd14d3ef3_66cf_4ba2_9d38_0ddb37ab4701, 2;
    DEVPKEY_Device_Address = 0xa45c254e_df1c_4efd_8020_67d146a850e0, 30;
    DEVPKEY_Device_BusNumber = 0xa45c254e_df1c_4efd_8020_67d146a850e0, 23;
    DEVPKEY_Device_DHP_Rebalance_Policy = 0x540b947e_8b40_45bc_a8a2_6a0b894cbda2, 2;
    DEVPKEY_Device_DriverVersion = 0xa8b865dd_2e3d_4094_ad97_e593a70c75d6, 3;
    DEVPKEY_Device_HardwareIds = 0xa45c254e_df1c_4efd_8020_67d146a850e0, 3;
    DEVPKEY_Device_LocationPaths = 0xa45c254e_df1c_4efd_8020_67d146a850e0, 37;
    DEVPKEY_Device_Numa_Node = 0x540b947e_8b40_45bc_a8a2_6a0b894cbda2, 3;
    DEVPKEY_Device_Numa_Proximity_Domain = 0x540b947e_8b40_45bc_a8a2_6a0b894cbda2, 1;
    DEVPKEY_PciDevice_CurrentLinkSpeed = 0x3ab22e31_8264_4b4e_9af5_a8d2d8e33e62, 9;
    DEVPKEY_PciDevice_InterruptMessageMaximum = 0x3ab22e31_8264_4b4e_9af5_a8d2d8e33e62, 15;
    DEVPKEY_PciDevice_InterruptSupport = 0x3ab22e31_8264_4b4e_9af5_a8d2d8e33e62, 14;
}
