//! Offloads of an adapter: what its hardware can, and what is active
//! (*Introduction to hardware offloads*).

mod active;
mod capabilities;
mod checksum;
mod getters;
mod plan;
mod segment;
mod setters;
mod view;

pub(super) use active::Active;
pub use active::{OffloadParameters, TransmitReceive};
pub(super) use capabilities::Capabilities;
pub(super) use checksum::{Headers, is_ipv4, is_ipv4_right, is_ipv6, write_ipv4};
pub(super) use plan::By;
pub(super) use segment::segment;
pub(super) use {getters::place_getters, setters::place_setters};

use super::adapter::Adapter;
use netadapter_abi::net::{NETADAPTER, NETOFFLOAD};
use netadapter_abi::nt::{NTSTATUS, STATUS_NOT_SUPPORTED, STATUS_SUCCESS};
use netadapter_abi::nt_fn;
use parking_lot::Mutex;
use view::{Kind, View};

/// The type of every callback that is told the active state of an offload.
pub(super) type SetOffload = nt_fn!(fn(NETADAPTER, NETOFFLOAD));

#[derive(Clone, Copy, Default)]
struct State {
    capabilities: Capabilities,
    active: Active,
    at_start: Active,
    /// Whatever has been active since the driver said what it can.
    ever: Active,
}

/// The offloads of one adapter.
#[derive(Default)]
pub(crate) struct Offloads {
    state: Mutex<State>,
}

impl Offloads {
    /// What the driver said its hardware can.
    pub(super) fn capabilities(&self) -> Capabilities {
        self.state.lock().capabilities
    }

    /// What has been active at any time: a driver may have seen it.
    pub(super) fn ever_active(&self) -> Active {
        self.state.lock().ever
    }

    fn change(&self, change: impl FnOnce(&mut Capabilities)) {
        change(&mut self.state.lock().capabilities);
    }

    /// In NetAdapterStart: the state that follows from the keywords, told to the driver in the
    /// order transmit checksum, receive checksum, segmentation, coalescing.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor.
    pub(super) fn start(&self, adapter: &Adapter) {
        let capabilities = self.capabilities();
        let active = Active::at_start(&adapter.keywords(), &capabilities.reach());
        {
            let mut state = self.state.lock();
            state.active = active;
            state.at_start = active;
            state.ever = active;
        }
        // The first calls are not limited to what the hardware can; later ones are.
        tell(adapter, &capabilities, &active);
    }

    /// The stack changes what is active.
    ///
    /// IRQL: PASSIVE_LEVEL, on a processor. Errors: `STATUS_NOT_SUPPORTED` for what neither the
    /// hardware nor the class extension can, or what keywords forbid.
    pub(crate) fn set(&self, adapter: &Adapter, wanted: &OffloadParameters) -> NTSTATUS {
        let (capabilities, active) = {
            let mut state = self.state.lock();
            let Some(changed) = state.active.changed(wanted, &state.at_start) else {
                return STATUS_NOT_SUPPORTED;
            };
            state.active = changed;
            state.ever = state.ever.or(&changed);
            (state.capabilities, changed)
        };
        tell(
            adapter,
            &capabilities,
            &active.within(&capabilities.reach()),
        );
        STATUS_SUCCESS
    }
}

fn tell(adapter: &Adapter, capabilities: &Capabilities, active: &Active) {
    let calls = [
        (
            "EvtAdapterOffloadSetChecksum",
            Kind::LegacyChecksum,
            capabilities.legacy_checksum.map(|legacy| legacy.callback),
        ),
        (
            "EvtAdapterOffloadSetTxChecksum",
            Kind::TransmitChecksum,
            capabilities.tx_checksum.map(|checksum| checksum.callback),
        ),
        (
            "EvtAdapterOffloadSetRxChecksum",
            Kind::ReceiveChecksum,
            capabilities.rx_checksum,
        ),
        (
            "EvtAdapterOffloadSetGso",
            Kind::Segmentation,
            capabilities.gso.map(|gso| gso.callback),
        ),
        (
            "EvtAdapterOffloadSetRsc",
            Kind::Coalescing,
            capabilities.rsc.map(|rsc| rsc.callback),
        ),
    ];
    for (name, kind, callback) in calls {
        let Some(Some(callback)) = callback else {
            continue;
        };
        adapter.powered(name, || {
            View::show(kind, *active, |offload| {
                // SAFETY: the driver registered the callback for this adapter; the view outlives
                // the call.
                unsafe { callback(adapter.handle(), offload) }
            });
        });
    }
}
