//! What a driver says about its adapter before it starts it.

use super::buffer_pool::{PoolRules, PoolShape};
use super::call::{Call, ClientGlobals};
use super::extension::{
    DATA_BUFFER, ElementLayout, Extension, LOGICAL_ADDRESS, PACKET_CHECKSUM, PACKET_GSO,
    PACKET_HASH, PACKET_IEEE8021Q, PACKET_RSC, PACKET_RSC_TIMESTAMP, RETURN_CONTEXT,
    VIRTUAL_ADDRESS,
};
use super::offload::Capabilities;
use super::rules;
use crate::wdf;
use netadapter_abi::net::{
    NET_ADAPTER_DMA_CAPABILITIES, NET_ADAPTER_LINK_LAYER_ADDRESS, NET_ADAPTER_LINK_STATE,
    NET_ADAPTER_RX_CAPABILITIES, NET_ADAPTER_TX_CAPABILITIES, NET_FRAGMENT, NET_PACKET,
    NetMemoryMappingRequirementDmaMapped, NetRxFragmentBufferAllocationModeDriver,
    NetRxFragmentBufferAllocationModeSystem, NetRxFragmentBufferAttachmentModeDriver,
    NetRxFragmentBufferAttachmentModeSystem, PFN_NET_ADAPTER_RETURN_RX_BUFFER,
};

/// The lowest minor version whose drivers are offered the packet hash extension.
const PACKET_HASH_MINOR: u32 = 2;

/// The DMA version that mapping needs (*WDF_DMA_ENABLER_CONFIG structure*,
/// `WdmDmaVersionOverride`).
const DMA_VERSION: u32 = 3;

/// Elements of a ring whose driver gives no hint.
const DEFAULT_RING_ELEMENTS: u32 = 512;
/// The range in which a hint is followed.
const RING_ELEMENTS: std::ops::RangeInclusive<u32> = 32..=8192;

/// The transmit side of an adapter.
#[derive(Clone, Copy, Debug)]
pub(super) struct TransmitCapabilities {
    pub(super) dma: bool,
    /// 0: no limit.
    pub(super) maximum_physical_address: u64,
    pub(super) payload_backfill: usize,
    pub(super) alignment: usize,
    pub(super) maximum_fragments: usize,
    pub(super) ring_elements: u32,
}

/// Who owns receive buffers.
#[derive(Clone, Copy, Debug)]
pub(super) enum ReceiveBuffers {
    /// The driver, which gets each back by this callback.
    Driver(
        netadapter_abi::nt_fn!(
            fn(
                netadapter_abi::net::NETADAPTER,
                netadapter_abi::net::NET_FRAGMENT_RETURN_CONTEXT_HANDLE,
            )
        ),
    ),
    /// The system, which attaches them to fragments.
    System(SystemBuffers),
    /// The system; the driver attaches them to fragments.
    Ring(SystemBuffers),
}

/// What the device asks of receive buffers of the system.
#[derive(Clone, Copy, Debug)]
pub(super) struct SystemBuffers {
    /// The device writes them.
    pub(super) dma: bool,
    pub(super) alignment: usize,
    /// The highest address that the device reaches; 0: no limit.
    pub(super) maximum_physical_address: u64,
}

/// The receive side of an adapter.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReceiveCapabilities {
    pub(super) buffers: ReceiveBuffers,
    pub(super) maximum_frame_bytes: usize,
    pub(super) maximum_queues: usize,
    pub(super) ring_elements: u32,
}

const RECEIVE_POOL: PoolRules = PoolRules {
    idle: &rules::RECEIVE_BUFFER_WRITTEN_AFTER_RETURN,
    behind: &rules::RECEIVE_BUFFER_OVERRUN,
};

impl ReceiveCapabilities {
    /// The pool of the system's buffers for a ring of `elements`.
    pub(super) fn pool_shape(&self, elements: u32) -> PoolShape {
        let (alignment, maximum_address) = match self.buffers {
            ReceiveBuffers::System(asked) | ReceiveBuffers::Ring(asked) => {
                (asked.alignment, asked.maximum_physical_address)
            }
            ReceiveBuffers::Driver(_) => (1, 0),
        };
        PoolShape {
            rules: RECEIVE_POOL,
            count: elements,
            capacity: self.maximum_frame_bytes,
            alignment,
            maximum_address,
        }
    }
}

/// What has been said so far.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) transmit: Option<TransmitCapabilities>,
    pub(super) receive: Option<ReceiveCapabilities>,
    pub(super) link_layer: bool,
    /// Bytes of a packet without its link header; 0 until it is set.
    pub(super) mtu: u32,
    pub(super) permanent_address: Option<NET_ADAPTER_LINK_LAYER_ADDRESS>,
    pub(super) current_address: Option<NET_ADAPTER_LINK_LAYER_ADDRESS>,
    pub(super) link_state: NET_ADAPTER_LINK_STATE,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            transmit: None,
            receive: None,
            link_layer: false,
            mtu: 0,
            permanent_address: None,
            current_address: None,
            link_state: NET_ADAPTER_LINK_STATE::init_disconnected(),
        }
    }
}

/// Where things lie in the elements of an adapter's rings, from the start of the adapter on.
#[derive(Clone, Debug)]
pub(super) struct Layouts {
    pub(super) transmit_packet: ElementLayout,
    pub(super) transmit_fragment: ElementLayout,
    pub(super) receive_packet: ElementLayout,
    pub(super) receive_fragment: ElementLayout,
    /// Elements of the data buffer ring, if there is one.
    pub(super) data_buffer: ElementLayout,
}

impl Settings {
    /// What a halt makes the adapter of a driver of 2.0 or 2.1 forget.
    pub(super) fn forget(&mut self) {
        self.link_layer = false;
        self.mtu = 0;
        self.link_state = NET_ADAPTER_LINK_STATE::init_disconnected();
    }

    /// Whether the adapter may start; one missing address is copied from the other.
    pub(super) fn complete(&mut self) -> bool {
        match (&self.permanent_address, &self.current_address) {
            (Some(permanent), Some(current)) if permanent.Length != current.Length => return false,
            (Some(permanent), None) => self.current_address = Some(*permanent),
            (None, Some(current)) => self.permanent_address = Some(*current),
            _ => {}
        }
        self.transmit.is_some() && self.receive.is_some() && self.link_layer && self.mtu > 0
    }

    /// The layouts that follow from the capabilities (*Packet descriptors and extensions*).
    pub(super) fn layouts(
        &self,
        client: &ClientGlobals,
        offloads: &Capabilities,
        receive_scaling: bool,
    ) -> Layouts {
        let buffers = self.receive.map(|receive| receive.buffers);
        let transmit_dma = self.transmit.is_some_and(|transmit| transmit.dma);
        let receive_dma = matches!(
            buffers,
            Some(ReceiveBuffers::System(asked) | ReceiveBuffers::Ring(asked)) if asked.dma
        );
        let mut fragment = vec![VIRTUAL_ADDRESS];
        if transmit_dma || receive_dma {
            fragment.push(LOGICAL_ADDRESS);
        }
        let mut receive_fragment = fragment.clone();
        match buffers {
            Some(ReceiveBuffers::Driver(_)) => receive_fragment.push(RETURN_CONTEXT),
            Some(ReceiveBuffers::Ring(_)) => receive_fragment.push(DATA_BUFFER),
            _ => {}
        }
        let with_hash = receive_scaling && client.minor() >= PACKET_HASH_MINOR;
        let both = [
            (PACKET_CHECKSUM, offloads.have_checksum()),
            (PACKET_IEEE8021Q, offloads.tag_flags != 0),
        ];
        let transmit_packet = [(PACKET_GSO, offloads.gso.is_some())];
        let receive_packet = [
            (PACKET_RSC, offloads.rsc.is_some()),
            (PACKET_RSC_TIMESTAMP, offloads.have_rsc_timestamp()),
            (PACKET_HASH, with_hash),
        ];
        let those_of = |direction: &[(Extension, bool)]| -> Vec<Extension> {
            let all = both.iter().chain(direction);
            all.filter(|(_, wanted)| *wanted)
                .map(|(extension, _)| *extension)
                .collect()
        };
        let packet = |extensions: &[_]| {
            ElementLayout::new(
                size_of::<NET_PACKET>(),
                align_of::<NET_PACKET>(),
                extensions,
            )
        };
        let fragments = |extensions: &[_]| {
            ElementLayout::new(
                size_of::<NET_FRAGMENT>(),
                align_of::<NET_FRAGMENT>(),
                extensions,
            )
        };
        Layouts {
            transmit_packet: packet(&those_of(&transmit_packet)),
            transmit_fragment: fragments(&fragment),
            receive_packet: packet(&those_of(&receive_packet)),
            receive_fragment: fragments(&receive_fragment),
            data_buffer: ElementLayout::new(
                size_of::<usize>(),
                align_of::<usize>(),
                &[VIRTUAL_ADDRESS.of_buffers(), LOGICAL_ADDRESS.of_buffers()],
            ),
        }
    }
}

/// The number of elements of a ring; a hint is 0 or a power of two.
fn ring_elements(call: &Call, hint: u32) -> u32 {
    if hint == 0 {
        return DEFAULT_RING_ELEMENTS;
    }
    let rule = &rules::NOT_POWER_OF_TWO;
    call.require(
        hint.is_power_of_two(),
        rule,
        &format!("a ring hint of {hint} elements"),
    );
    hint.clamp(*RING_ELEMENTS.start(), *RING_ELEMENTS.end())
}

fn dma_capabilities(
    call: &Call,
    pointer: *const NET_ADAPTER_DMA_CAPABILITIES,
    rule: &'static crate::executive::Rule,
) -> NET_ADAPTER_DMA_CAPABILITIES {
    call.require(
        !pointer.is_null(),
        rule,
        "DMA is required, DmaCapabilities is null",
    );
    let dma = call.copy_sized("DmaCapabilities", pointer);
    call.require(!dma.DmaEnabler.is_null(), rule, "DmaEnabler is null");
    let version = wdf::dma_version(dma.DmaEnabler);
    let detail = format!("the DMA enabler has version {version}");
    call.require(version >= DMA_VERSION, rule, &detail);
    dma
}

/// Checks and takes over `NET_ADAPTER_TX_CAPABILITIES`.
pub(super) fn transmit(
    call: &Call,
    capabilities: &NET_ADAPTER_TX_CAPABILITIES,
) -> TransmitCapabilities {
    let rule = &rules::INVALID_ADAPTER_TX_CAPABILITIES;
    call.require(
        capabilities.MaximumNumberOfQueues > 0,
        rule,
        "MaximumNumberOfQueues is 0",
    );
    call.require(
        capabilities.MaximumNumberOfFragments > 0,
        rule,
        "MaximumNumberOfFragments is 0",
    );
    let alignment = capabilities.FragmentBufferAlignment;
    let detail = format!("a fragment alignment of {alignment}");
    call.require(
        alignment.is_power_of_two(),
        &rules::NOT_POWER_OF_TWO,
        &detail,
    );
    let dma = capabilities.MappingRequirement == NetMemoryMappingRequirementDmaMapped;
    let limit = if dma {
        dma_capabilities(call, capabilities.DmaCapabilities, rule).MaximumPhysicalAddress
    } else {
        0
    };
    TransmitCapabilities {
        dma,
        maximum_physical_address: limit as u64,
        payload_backfill: capabilities.PayloadBackfill,
        alignment,
        maximum_fragments: capabilities.MaximumNumberOfFragments,
        ring_elements: ring_elements(call, capabilities.FragmentRingNumberOfElementsHint),
    }
}

/// Checks and takes over `NET_ADAPTER_RX_CAPABILITIES`.
#[expect(
    non_upper_case_globals,
    reason = "constants of the contract have their C names"
)]
pub(super) fn receive(
    call: &Call,
    capabilities: &NET_ADAPTER_RX_CAPABILITIES,
) -> ReceiveCapabilities {
    let rule = &rules::INVALID_ADAPTER_RX_CAPABILITIES;
    call.require(
        capabilities.MaximumNumberOfQueues > 0,
        rule,
        "MaximumNumberOfQueues is 0",
    );
    call.require(
        capabilities.MaximumFrameSize > 0,
        rule,
        "MaximumFrameSize is 0",
    );
    let buffers = match (capabilities.AllocationMode, capabilities.AttachmentMode) {
        (NetRxFragmentBufferAllocationModeDriver, NetRxFragmentBufferAttachmentModeDriver) => {
            driver_buffers(call, capabilities)
        }
        (NetRxFragmentBufferAllocationModeSystem, NetRxFragmentBufferAttachmentModeSystem) => {
            ReceiveBuffers::System(system_buffers(call, capabilities))
        }
        (NetRxFragmentBufferAllocationModeSystem, NetRxFragmentBufferAttachmentModeDriver) => {
            ReceiveBuffers::Ring(system_buffers(call, capabilities))
        }
        modes => call.broken(rule, &format!("allocation and attachment modes {modes:?}")),
    };
    ReceiveCapabilities {
        buffers,
        maximum_frame_bytes: capabilities.MaximumFrameSize,
        maximum_queues: capabilities.MaximumNumberOfQueues,
        ring_elements: ring_elements(call, capabilities.FragmentRingNumberOfElementsHint),
    }
}

fn driver_buffers(call: &Call, capabilities: &NET_ADAPTER_RX_CAPABILITIES) -> ReceiveBuffers {
    // SAFETY: with these modes the member is the callback; every bit pattern of the bytes is a
    // value of the nullable function pointer.
    let callback: PFN_NET_ADAPTER_RETURN_RX_BUFFER =
        unsafe { capabilities.Anonymous.EvtAdapterReturnRxBuffer };
    let Some(callback) = callback else {
        call.broken(
            &rules::INVALID_ADAPTER_RX_CAPABILITIES,
            "EvtAdapterReturnRxBuffer is null",
        )
    };
    ReceiveBuffers::Driver(callback)
}

fn system_buffers(call: &Call, capabilities: &NET_ADAPTER_RX_CAPABILITIES) -> SystemBuffers {
    // SAFETY: with these modes the members are the mapping ones, which are integers and addresses.
    let mapping = unsafe { capabilities.Anonymous.Anonymous };
    let alignment = mapping.FragmentBufferAlignment;
    let detail = format!("a fragment alignment of {alignment}");
    call.require(
        alignment.is_power_of_two(),
        &rules::NOT_POWER_OF_TWO,
        &detail,
    );
    let dma = mapping.MappingRequirement == NetMemoryMappingRequirementDmaMapped;
    let rule = &rules::INVALID_ADAPTER_RX_CAPABILITIES;
    let limit = if dma {
        dma_capabilities(call, mapping.DmaCapabilities, rule).MaximumPhysicalAddress
    } else {
        0
    };
    SystemBuffers {
        dma,
        alignment,
        maximum_physical_address: limit as u64,
    }
}
