//! The hash that a received packet says it has, computed again.

use crate::netcx::adapter::Adapter;
use crate::netcx::frame_layout::frame_layout;
use crate::netcx::offload::{is_ipv4, is_ipv6};
use crate::netcx::receive_scaling::KEY_BYTES;
use crate::netcx::rules;
use crate::netcx::verifier::Broken;
use netadapter_abi::net::{
    NET_PACKET_HASH, NetPacketHashProtocolTypeTcp, NetPacketHashProtocolTypeUdp,
    NetPacketLayer4TypeTcp, NetPacketLayer4TypeUdp,
};
use netadapter_nic::toeplitz::Toeplitz;
use std::sync::{Arc, Weak};

/// Computes hashes with the key that the driver was given.
pub(super) struct HashCheck {
    adapter: Weak<Adapter>,
    prepared: Option<([u8; KEY_BYTES], Toeplitz)>,
}

impl HashCheck {
    pub(super) fn new(adapter: &Arc<Adapter>) -> Self {
        Self {
            adapter: Arc::downgrade(adapter),
            prepared: None,
        }
    }

    /// # Errors
    /// The rule that the hash breaks.
    pub(super) fn check(
        &mut self,
        index: u32,
        hash: NET_PACKET_HASH,
        frame: &[u8],
    ) -> Result<(), Broken> {
        let key = self
            .adapter
            .upgrade()
            .and_then(|adapter| adapter.scaling().key());
        let Some(key) = key else {
            return wrong(index, hash, "the driver never got a key");
        };
        if self
            .prepared
            .as_ref()
            .is_none_or(|(other, _)| *other != key)
        {
            self.prepared = Some((key, Toeplitz::new(&key)));
        }
        let (Some((_, toeplitz)), Some(input)) = (&self.prepared, input(hash, frame)) else {
            return wrong(index, hash, "the frame has no such headers");
        };
        let right = toeplitz.hash(&input);
        if hash.HashValue != right {
            return wrong(index, hash, &format!("the hash is {right:#010x}"));
        }
        Ok(())
    }
}

fn wrong(index: u32, hash: NET_PACKET_HASH, why: &str) -> Result<(), Broken> {
    Err(Broken {
        rule: &rules::RECEIVE_HASH_WRONG,
        detail: format!(
            "receive packet {index} has the hash {:#010x} of type {:#x}, but {why}",
            hash.HashValue, hash.ProtocolType
        ),
    })
}

/// What goes into the hash of a type: addresses, and the ports if it says so.
#[expect(
    non_upper_case_globals,
    reason = "constants of the contract have their C names"
)]
fn input(hash: NET_PACKET_HASH, frame: &[u8]) -> Option<Vec<u8>> {
    let layout = frame_layout(frame);
    let layer3 = usize::from(layout.layer2_header_length());
    let addresses = if is_ipv4(&layout) {
        frame.get(layer3 + 12..layer3 + 20)?
    } else if is_ipv6(&layout) {
        frame.get(layer3 + 8..layer3 + 40)?
    } else {
        return None;
    };
    let mut input = addresses.to_vec();
    let protocols = i32::from(hash.ProtocolType);
    let layer4 = i32::from(layout.layer4_type());
    let ports = match layer4 {
        NetPacketLayer4TypeTcp => protocols & NetPacketHashProtocolTypeTcp != 0,
        NetPacketLayer4TypeUdp => protocols & NetPacketHashProtocolTypeUdp != 0,
        _ => false,
    };
    let claims = protocols & (NetPacketHashProtocolTypeTcp | NetPacketHashProtocolTypeUdp) != 0;
    if claims && !ports {
        return None;
    }
    if ports {
        let start = layer3 + usize::from(layout.layer3_header_length());
        input.extend_from_slice(frame.get(start..start + 4)?);
    }
    Some(input)
}
