//! Rings, packets, fragments.

use super::*;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_RING_COLLECTION {
    pub Rings: [*mut NET_RING; 3],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_PACKET {
    pub FragmentIndex: u32,
    pub FragmentCount: u16,
    pub Layout: NET_PACKET_LAYOUT,
    pub _bits0: u8,
}

bit_fields! { NET_PACKET {
    ignore, set_ignore: _bits0.u8[0, 1];
    scratch, set_scratch: _bits0.u8[1, 1];
    reserved1, set_reserved1: _bits0.u8[2, 6];
}}

#[repr(C, packed)]
#[derive(Clone, Copy)]
pub struct NET_PACKET_LAYOUT {
    pub _bits0: u16,
    pub _bits1: u8,
    pub _bits2: u8,
    pub _bits3: u8,
}

bit_fields! { NET_PACKET_LAYOUT {
    layer2_header_length, set_layer2_header_length: _bits0.u16[0, 7];
    layer3_header_length, set_layer3_header_length: _bits0.u16[7, 9];
    layer4_header_length, set_layer4_header_length: _bits1.u8[0, 8];
    layer2_type, set_layer2_type: _bits2.u8[0, 4];
    layer3_type, set_layer3_type: _bits2.u8[4, 4];
    layer4_type, set_layer4_type: _bits3.u8[0, 4];
    reserved0, set_reserved0: _bits3.u8[4, 4];
}}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct NET_FRAGMENT {
    pub _bits0: u64,
}

bit_fields! { NET_FRAGMENT {
    valid_length, set_valid_length: _bits0.u64[0, 26];
    capacity, set_capacity: _bits0.u64[26, 26];
    offset, set_offset: _bits0.u64[52, 10];
    scratch, set_scratch: _bits0.u64[62, 1];
    os_reserved_bounced, set_os_reserved_bounced: _bits0.u64[63, 1];
}}

/// A ring of packets or fragments.
///
/// Element *i* is at `Buffer + ElementStride * i`; the elements lie behind the structure.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
pub struct NET_RING {
    pub OSReserved1: u16,
    pub ElementStride: u16,
    pub NumberOfElements: u32,
    pub ElementIndexMask: u32,
    pub EndIndex: u32,
    pub Anonymous: NET_RING_Anonymous,
    pub BeginIndex: u32,
    pub NextIndex: u32,
    pub Scratch: *mut c_void,
    pub Buffer: [UCHAR; 1],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union NET_RING_Anonymous {
    pub OSReserved0: u32,
    pub OSReserved2: [*mut c_void; 4],
}

zeroed! {
    NET_RING, NET_RING_Anonymous, NET_RING_COLLECTION, NET_PACKET, NET_PACKET_LAYOUT, NET_FRAGMENT,
}
