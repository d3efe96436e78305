//! What an adapter can do about receive side scaling, and the driver's callbacks for it.

use crate::netcx::call::Call;
use crate::netcx::rules;
use crate::wdf;
use netadapter_abi::net::{
    NET_ADAPTER_RECEIVE_SCALING_CAPABILITIES, NET_ADAPTER_RECEIVE_SCALING_HASH_SECRET_KEY,
    NET_ADAPTER_RECEIVE_SCALING_HASH_TYPE, NET_ADAPTER_RECEIVE_SCALING_INDIRECTION_ENTRIES,
    NET_ADAPTER_RECEIVE_SCALING_INDIRECTION_ENTRY, NET_ADAPTER_RECEIVE_SCALING_PROTOCOL_TYPE,
    NETADAPTER, NetAdapterReceiveScalingEncapsulationTypeNVGre,
    NetAdapterReceiveScalingEncapsulationTypeVXLan, NetAdapterReceiveScalingHashTypeToeplitz,
    NetAdapterReceiveScalingProtocolTypeIPv4, NetAdapterReceiveScalingProtocolTypeIPv4Options,
    NetAdapterReceiveScalingProtocolTypeIPv6, NetAdapterReceiveScalingProtocolTypeIPv6Extensions,
    NetAdapterReceiveScalingProtocolTypeTcp, NetAdapterReceiveScalingProtocolTypeUdp,
    PFN_NET_ADAPTER_RECEIVE_SCALING_DISABLE, PFN_NET_ADAPTER_RECEIVE_SCALING_ENABLE,
    PFN_NET_ADAPTER_RECEIVE_SCALING_SET_HASH_SECRET_KEY,
    PFN_NET_ADAPTER_RECEIVE_SCALING_SET_INDIRECTION_ENTRIES,
};
use netadapter_abi::nt::{NTSTATUS, STATUS_NOT_SUPPORTED};

/// Bytes of a hash secret key.
pub(crate) const KEY_BYTES: usize = 40;

const PROTOCOL_TYPES: NET_ADAPTER_RECEIVE_SCALING_PROTOCOL_TYPE =
    NetAdapterReceiveScalingProtocolTypeIPv4
        | NetAdapterReceiveScalingProtocolTypeIPv4Options
        | NetAdapterReceiveScalingProtocolTypeIPv6
        | NetAdapterReceiveScalingProtocolTypeIPv6Extensions
        | NetAdapterReceiveScalingProtocolTypeTcp
        | NetAdapterReceiveScalingProtocolTypeUdp;

const ENCAPSULATION_TYPES: i32 =
    NetAdapterReceiveScalingEncapsulationTypeNVGre | NetAdapterReceiveScalingEncapsulationTypeVXLan;

/// Which frames are hashed, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HashInfo {
    pub(crate) types: NET_ADAPTER_RECEIVE_SCALING_HASH_TYPE,
    pub(crate) protocols: NET_ADAPTER_RECEIVE_SCALING_PROTOCOL_TYPE,
}

/// Capabilities and callbacks.
#[derive(Clone, Copy)]
pub(super) struct Capabilities {
    pub(super) queues: u32,
    pub(super) table_size: u32,
    pub(super) hash: HashInfo,
    enable: PFN_NET_ADAPTER_RECEIVE_SCALING_ENABLE,
    disable: PFN_NET_ADAPTER_RECEIVE_SCALING_DISABLE,
    set_key: PFN_NET_ADAPTER_RECEIVE_SCALING_SET_HASH_SECRET_KEY,
    set_entries: PFN_NET_ADAPTER_RECEIVE_SCALING_SET_INDIRECTION_ENTRIES,
}

/// Checks and takes over `NET_ADAPTER_RECEIVE_SCALING_CAPABILITIES`.
pub(super) fn check(
    call: &Call,
    capabilities: &NET_ADAPTER_RECEIVE_SCALING_CAPABILITIES,
) -> Capabilities {
    let power_of_two = |name: &str, value: usize| {
        let fits = value.is_power_of_two() && u32::try_from(value).is_ok();
        call.require(
            fits,
            &rules::NOT_POWER_OF_TWO,
            &format!("{name} is {value}"),
        );
        value as u32
    };
    let queues = power_of_two("NumberOfQueues", capabilities.NumberOfQueues);
    let table_size = power_of_two("IndirectionTableSize", capabilities.IndirectionTableSize);
    let types = capabilities.ReceiveScalingHashTypes;
    call.require(
        types & !NetAdapterReceiveScalingHashTypeToeplitz == 0,
        &rules::INVALID_RECEIVE_SCALING_HASH_TYPE,
        &format!("hash types {types:#x}"),
    );
    let protocols = capabilities.ReceiveScalingProtocolTypes;
    call.require(
        protocols & !PROTOCOL_TYPES == 0,
        &rules::INVALID_RECEIVE_SCALING_PROTOCOL_TYPE,
        &format!("protocol types {protocols:#x}"),
    );
    let encapsulation = capabilities.ReceiveScalingEncapsulationTypes;
    call.require(
        (encapsulation.Outer | encapsulation.Inner) & !ENCAPSULATION_TYPES == 0,
        &rules::INVALID_RECEIVE_SCALING_ENCAPSULATION_TYPE,
        &format!(
            "encapsulations {:#x}, {:#x}",
            encapsulation.Outer, encapsulation.Inner
        ),
    );
    let capabilities = Capabilities {
        queues,
        table_size,
        hash: HashInfo { types, protocols },
        enable: capabilities.EvtAdapterReceiveScalingEnable,
        disable: capabilities.EvtAdapterReceiveScalingDisable,
        set_key: capabilities.EvtAdapterReceiveScalingSetHashSecretKey,
        set_entries: capabilities.EvtAdapterReceiveScalingSetIndirectionEntries,
    };
    let complete = capabilities.enable.is_some()
        && capabilities.disable.is_some()
        && capabilities.set_key.is_some()
        && capabilities.set_entries.is_some();
    call.require(
        complete,
        &rules::PARAMETER_CANT_BE_NULL,
        "a receive scaling callback is null",
    );
    capabilities
}

impl Capabilities {
    /// IRQL: PASSIVE_LEVEL.
    pub(super) fn enable(&self, adapter: NETADAPTER, hash: HashInfo) -> NTSTATUS {
        let Some(enable) = self.enable else {
            return STATUS_NOT_SUPPORTED;
        };
        wdf::guarded("EvtNetAdapterReceiveScalingEnable", || {
            // SAFETY: the driver's callback for this adapter, at PASSIVE_LEVEL.
            unsafe { enable(adapter, hash.types, hash.protocols) }
        })
    }

    /// IRQL: PASSIVE_LEVEL.
    pub(super) fn disable(&self, adapter: NETADAPTER) {
        if let Some(disable) = self.disable {
            wdf::guarded("EvtNetAdapterReceiveScalingDisable", || {
                // SAFETY: the driver's callback for this adapter, at PASSIVE_LEVEL.
                unsafe { disable(adapter) }
            });
        }
    }

    /// IRQL: PASSIVE_LEVEL.
    pub(super) fn set_key(&self, adapter: NETADAPTER, mut key: [u8; KEY_BYTES]) -> NTSTATUS {
        let Some(set_key) = self.set_key else {
            return STATUS_NOT_SUPPORTED;
        };
        let key = NET_ADAPTER_RECEIVE_SCALING_HASH_SECRET_KEY {
            Key: key.as_mut_ptr(),
            Length: KEY_BYTES,
        };
        wdf::guarded("EvtNetAdapterReceiveScalingSetHashSecretKey", || {
            // SAFETY: the driver's callback for this adapter; the key lives during the call.
            unsafe { set_key(adapter, &raw const key) }
        })
    }

    /// IRQL: DISPATCH_LEVEL or below.
    pub(super) fn set_entries(
        &self,
        adapter: NETADAPTER,
        entries: &mut [NET_ADAPTER_RECEIVE_SCALING_INDIRECTION_ENTRY],
    ) -> NTSTATUS {
        let Some(set_entries) = self.set_entries else {
            return STATUS_NOT_SUPPORTED;
        };
        let mut all = NET_ADAPTER_RECEIVE_SCALING_INDIRECTION_ENTRIES {
            Entries: entries.as_mut_ptr(),
            Length: entries.len(),
        };
        wdf::guarded("EvtNetAdapterReceiveScalingSetIndirectionEntries", || {
            // SAFETY: the driver's callback for this adapter; the entries live during the call.
            unsafe { set_entries(adapter, &raw mut all) }
        })
    }
}
