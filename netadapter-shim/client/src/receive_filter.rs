//! Which frames the system wants to see.

use core::marker::PhantomData;

use netadapter_abi::net::{
    NET_PACKET_FILTER_FLAGS, NETRECEIVEFILTER, NetPacketFilterFlagAllMulticast,
    NetPacketFilterFlagBroadcast, NetPacketFilterFlagDirected, NetPacketFilterFlagMulticast,
    NetPacketFilterFlagPromiscuous,
};
use netadapter_abi::net_call;

/// A set of packet filters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PacketFilters(pub(crate) NET_PACKET_FILTER_FLAGS);

impl PacketFilters {
    /// Every filter that an Ethernet adapter can have.
    pub const ALL: Self = Self(
        NetPacketFilterFlagDirected
            | NetPacketFilterFlagMulticast
            | NetPacketFilterFlagAllMulticast
            | NetPacketFilterFlagBroadcast
            | NetPacketFilterFlagPromiscuous,
    );

    /// Frames to every multicast address pass.
    pub const fn all_multicast(self) -> bool {
        self.0 & NetPacketFilterFlagAllMulticast != 0
    }

    /// Frames to the listed multicast addresses pass.
    pub const fn multicast(self) -> bool {
        self.0 & NetPacketFilterFlagMulticast != 0
    }

    /// Every frame passes.
    pub const fn promiscuous(self) -> bool {
        self.0 & NetPacketFilterFlagPromiscuous != 0
    }
}

/// The complete filter that the system asks for, during `EvtSetReceiveFilter`.
///
/// # Invariants
///
/// `raw` is valid for `'a`, on the thread of the callback.
pub struct ReceiveFilter<'a> {
    raw: NETRECEIVEFILTER,
    during: PhantomData<&'a ()>,
}

impl ReceiveFilter<'_> {
    /// # Safety
    ///
    /// `raw` is that of the running `EvtSetReceiveFilter`.
    pub(crate) unsafe fn new(raw: NETRECEIVEFILTER) -> Self {
        Self {
            raw,
            during: PhantomData,
        }
    }

    /// The packet filters.
    pub fn packet_filters(&self) -> PacketFilters {
        // SAFETY: valid by the invariant.
        PacketFilters(unsafe { net_call!(NetReceiveFilterGetPacketFilter, self.raw) })
    }

    /// The multicast Ethernet addresses.
    pub fn multicast_addresses(&self) -> impl Iterator<Item = [u8; 6]> + '_ {
        // SAFETY: valid by the invariant.
        let count = unsafe { net_call!(NetReceiveFilterGetMulticastAddressCount, self.raw) };
        // SAFETY: as before.
        let first = unsafe { net_call!(NetReceiveFilterGetMulticastAddressList, self.raw) };
        let addresses = if count == 0 || first.is_null() {
            &[]
        } else {
            // SAFETY: the list has so many addresses and is valid during the callback.
            unsafe { core::slice::from_raw_parts(first, count) }
        };
        addresses.iter().filter_map(|address| {
            address
                .Address
                .get(..usize::from(address.Length))?
                .try_into()
                .ok()
        })
    }
}
