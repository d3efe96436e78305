//! Receive side scaling: what the system asks for.

use netadapter_abi::net::{
    NET_ADAPTER_RECEIVE_SCALING_INDIRECTION_ENTRIES, NET_ADAPTER_RECEIVE_SCALING_INDIRECTION_ENTRY,
    NET_ADAPTER_RECEIVE_SCALING_PROTOCOL_TYPE, NETPACKETQUEUE,
    NetAdapterReceiveScalingProtocolTypeIPv4, NetAdapterReceiveScalingProtocolTypeIPv4Options,
    NetAdapterReceiveScalingProtocolTypeIPv6, NetAdapterReceiveScalingProtocolTypeIPv6Extensions,
    NetAdapterReceiveScalingProtocolTypeTcp, NetAdapterReceiveScalingProtocolTypeUdp,
};

use crate::Status;
use crate::queue::{self, PacketQueue};

/// A set of protocols whose header fields go into the hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Protocols(pub(crate) NET_ADAPTER_RECEIVE_SCALING_PROTOCOL_TYPE);

impl Protocols {
    /// IPv4 addresses, whether or not the header has options.
    pub const IPV4: Self = Self(
        NetAdapterReceiveScalingProtocolTypeIPv4 | NetAdapterReceiveScalingProtocolTypeIPv4Options,
    );
    /// IPv6 addresses.
    pub const IPV6: Self = Self(NetAdapterReceiveScalingProtocolTypeIPv6);
    /// IPv6 addresses from extension headers.
    pub const IPV6_EXTENSIONS: Self = Self(NetAdapterReceiveScalingProtocolTypeIPv6Extensions);
    /// TCP ports.
    pub const TCP: Self = Self(NetAdapterReceiveScalingProtocolTypeTcp);
    /// UDP ports.
    pub const UDP: Self = Self(NetAdapterReceiveScalingProtocolTypeUdp);

    /// Both sets together, if `other` applies.
    #[must_use]
    pub const fn with_if(self, condition: bool, other: Self) -> Self {
        if condition {
            Self(self.0 | other.0)
        } else {
            self
        }
    }

    /// Whether the sets have something in common.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Entries of the indirection table that are to change, during
/// `EvtNetAdapterReceiveScalingSetIndirectionEntries`.
pub struct IndirectionEntries<'a> {
    entries: &'a mut [NET_ADAPTER_RECEIVE_SCALING_INDIRECTION_ENTRY],
    queue_id: unsafe fn(NETPACKETQUEUE) -> Option<u32>,
}

/// One entry that is to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndirectionEntry {
    /// Its place in the table.
    pub position: u32,
    /// The number of the receive queue that it is to name; `None` when the handle is not that of such a queue.
    pub queue_id: Option<u32>,
}

impl<'a> IndirectionEntries<'a> {
    /// # Safety
    ///
    /// `raw` is that of the running callback, so its entries and their queues are alive and nobody else writes them.
    pub(crate) unsafe fn new<Q: PacketQueue>(
        raw: *mut NET_ADAPTER_RECEIVE_SCALING_INDIRECTION_ENTRIES,
    ) -> Self {
        // SAFETY: as the caller promises.
        let raw = unsafe { raw.read() };
        let entries = if raw.Length == 0 || raw.Entries.is_null() {
            &mut []
        } else {
            // SAFETY: as the caller promises.
            unsafe { core::slice::from_raw_parts_mut(raw.Entries, raw.Length) }
        };
        Self {
            entries,
            queue_id: queue::id_of::<Q>,
        }
    }

    /// All entries.
    pub fn iter(&self) -> impl Iterator<Item = IndirectionEntry> + '_ {
        self.entries.iter().map(|entry| IndirectionEntry {
            position: entry.Index,
            // SAFETY: the queues in the entries are alive during the callback.
            queue_id: unsafe { (self.queue_id)(entry.PacketQueue) },
        })
    }

    /// Says of every entry that it was not applied. Every or none: a batch that moves all entries off a processor must
    /// not end with a mixed result (*OID_GEN_RSS_SET_INDIRECTION_TABLE_ENTRIES*).
    pub(crate) fn refuse_all(&mut self, status: Status) {
        for entry in &mut *self.entries {
            entry.Status = status.as_ntstatus();
        }
    }
}
