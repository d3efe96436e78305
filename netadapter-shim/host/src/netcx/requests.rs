//! What NDIS passes down to an adapter: requests that change filters and offloads, one at a time.
//!
//! They are not ordered with power transitions: a request may come while the device has no power
//! or is losing it.

use super::adapter::Adapter;
use super::offload::OffloadParameters;
use netadapter_abi::net::{NET_ADAPTER_LINK_LAYER_ADDRESS, NET_PACKET_FILTER_FLAGS};
use netadapter_abi::nt::{NTSTATUS, STATUS_INVALID_DEVICE_REQUEST};

impl Adapter {
    /// Runs a request, after all that came before.
    fn request(&self, request: impl FnOnce() -> NTSTATUS) -> NTSTATUS {
        let _guard = self.requests().acquire();
        if self.is_running() {
            request()
        } else {
            STATUS_INVALID_DEVICE_REQUEST
        }
    }

    /// Sets which kinds of frames are wanted.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor. Errors: `STATUS_NOT_SUPPORTED` for what the adapter
    /// cannot filter, `STATUS_INVALID_DEVICE_REQUEST` if it does not run.
    pub(crate) fn set_packet_filter(&self, flags: NET_PACKET_FILTER_FLAGS) -> NTSTATUS {
        self.request(|| self.filter().set_flags(self, flags))
    }

    /// The flags of `wanted` that the adapter supports.
    pub(crate) fn supported_filter(
        &self,
        wanted: NET_PACKET_FILTER_FLAGS,
    ) -> NET_PACKET_FILTER_FLAGS {
        self.filter().supported(wanted)
    }

    /// Sets the multicast addresses that are wanted; as [`Adapter::set_packet_filter`].
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub(crate) fn set_multicast_list(
        &self,
        addresses: &[NET_ADAPTER_LINK_LAYER_ADDRESS],
    ) -> NTSTATUS {
        self.request(|| self.filter().set_multicast(self, addresses))
    }

    /// Changes which offloads are active; as [`Adapter::set_packet_filter`].
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub(crate) fn set_offloads(&self, wanted: &OffloadParameters) -> NTSTATUS {
        self.request(|| self.offloads().set(self, wanted))
    }
}
