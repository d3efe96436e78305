//! Data of packet and fragment extensions.

use super::*;
use crate::text::utf16_units;
use crate::utf16;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_FRAGMENT_LOGICAL_ADDRESS {
    pub LogicalAddress: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_FRAGMENT_MDL {
    pub Mdl: *mut MDL,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_FRAGMENT_RETURN_CONTEXT {
    pub Handle: NET_FRAGMENT_RETURN_CONTEXT_HANDLE,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_FRAGMENT_VIRTUAL_ADDRESS {
    pub VirtualAddress: *mut c_void,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_PACKET_CHECKSUM {
    pub _bits0: u8,
}

bit_fields! { NET_PACKET_CHECKSUM {
    layer2, set_layer2: _bits0.u8[0, 2];
    layer3, set_layer3: _bits0.u8[2, 2];
    layer4, set_layer4: _bits0.u8[4, 2];
    reserved, set_reserved: _bits0.u8[6, 2];
}}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_PACKET_HASH {
    pub HashValue: u32,
    pub ProtocolType: u16,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_PACKET_IEEE8021Q {
    pub _bits0: u16,
    pub _bits1: u8,
}

bit_fields! { NET_PACKET_IEEE8021Q {
    priority_code_point, set_priority_code_point: _bits0.u16[0, 3];
    vlan_identifier, set_vlan_identifier: _bits0.u16[3, 12];
    tx_tagging, set_tx_tagging: _bits1.u8[0, 2];
}}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_PACKET_RSC {
    pub TCP: NET_PACKET_RSC_TCP,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_PACKET_RSC_TCP {
    pub CoalescedSegmentCount: u16,
    pub DuplicateAckCount: u16,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_PACKET_RSC_TIMESTAMP {
    pub TCP: NET_PACKET_RSC_TIMESTAMP_TCP,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_PACKET_RSC_TIMESTAMP_TCP {
    pub RscTcpTimestampDelta: u32,
}

/// Segmentation of the packet.
#[repr(C)]
#[derive(Clone, Copy)]
pub union NET_PACKET_GSO {
    pub TCP: NET_PACKET_GSO_TCP,
    pub UDP: NET_PACKET_GSO_UDP,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_PACKET_GSO_TCP {
    pub _bits0: u32,
}

bit_fields! { NET_PACKET_GSO_TCP {
    mss, set_mss: _bits0.u32[0, 20];
    reserved0, set_reserved0: _bits0.u32[20, 12];
}}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_PACKET_GSO_UDP {
    pub _bits0: u32,
}

bit_fields! { NET_PACKET_GSO_UDP {
    mss, set_mss: _bits0.u32[0, 20];
    reserved0, set_reserved0: _bits0.u32[20, 12];
}}

zeroed! {
    NET_PACKET_GSO, NET_PACKET_GSO_TCP, NET_PACKET_GSO_UDP, NET_FRAGMENT_LOGICAL_ADDRESS, NET_FRAGMENT_MDL, NET_FRAGMENT_RETURN_CONTEXT, NET_FRAGMENT_VIRTUAL_ADDRESS, NET_PACKET_CHECKSUM, NET_PACKET_HASH, NET_PACKET_IEEE8021Q, NET_PACKET_RSC, NET_PACKET_RSC_TCP, NET_PACKET_RSC_TIMESTAMP, NET_PACKET_RSC_TIMESTAMP_TCP,
}

/// Declares the names and versions of extensions, and lists them.
macro_rules! extensions {
    ($($name:ident = $text:literal, $version:ident = $number:literal;)*) => {
        $(
            pub const $name: &[u16; utf16_units($text) + 1] = utf16!($text);
            pub const $version: ULONG = $number;
        )*
        /// The extensions of this module: name constant, name, version constant, version.
        pub const EXTENSIONS: &[(&str, &[u16], &str, ULONG)] =
            &[$((stringify!($name), $name, stringify!($version), $version)),*];
    };
}

extensions! {
    NET_PACKET_EXTENSION_CHECKSUM_NAME = "ms_packet_checksum", NET_PACKET_EXTENSION_CHECKSUM_VERSION_1 = 1;
    NET_PACKET_EXTENSION_GSO_NAME = "ms_packet_gso", NET_PACKET_EXTENSION_GSO_VERSION_1 = 1;
    NET_PACKET_EXTENSION_RSC_NAME = "ms_packet_rsc", NET_PACKET_EXTENSION_RSC_VERSION_1 = 1;
    NET_PACKET_EXTENSION_RSC_TIMESTAMP_NAME = "ms_packet_rsc_timestamp", NET_PACKET_EXTENSION_RSC_TIMESTAMP_VERSION_1 = 1;
    NET_PACKET_EXTENSION_HASH_NAME = "ms_packet_hash", NET_PACKET_EXTENSION_HASH_VERSION_1 = 1;
    NET_PACKET_EXTENSION_IEEE8021Q_NAME = "ms_packet_ieee8021q", NET_PACKET_EXTENSION_IEEE8021Q_VERSION_1 = 1;
    NET_FRAGMENT_EXTENSION_VIRTUAL_ADDRESS_NAME = "ms_fragment_virtualaddress", NET_FRAGMENT_EXTENSION_VIRTUAL_ADDRESS_VERSION_1 = 1;
    NET_FRAGMENT_EXTENSION_LOGICAL_ADDRESS_NAME = "ms_fragment_logicaladdress", NET_FRAGMENT_EXTENSION_LOGICAL_ADDRESS_VERSION_1 = 1;
    NET_FRAGMENT_EXTENSION_RETURN_CONTEXT_NAME = "ms_fragment_returncontext", NET_FRAGMENT_EXTENSION_RETURN_CONTEXT_VERSION_1 = 1;
    NET_FRAGMENT_EXTENSION_MDL_NAME = "ms_fragment_mdl", NET_FRAGMENT_EXTENSION_MDL_VERSION_1 = 1;
}
