//! What a received packet says beside its bytes, and whether that is true.

use crate::netcx::extension::{PACKET_CHECKSUM, PACKET_HASH, PACKET_RSC, PACKET_RSC_TIMESTAMP};
use crate::netcx::frame_layout::frame_layout;
use crate::netcx::offload::{Headers, Offloads, is_ipv4_right};
use crate::netcx::receive::hash::HashCheck;
use crate::netcx::ring::Rings;
use crate::netcx::rules;
use crate::netcx::verifier::Broken;
use netadapter_abi::net::{
    NET_PACKET, NET_PACKET_CHECKSUM, NET_PACKET_HASH, NET_PACKET_RSC, NET_PACKET_RSC_TIMESTAMP,
    NetPacketLayer4TypeTcp, NetPacketRxChecksumEvaluationInvalid,
    NetPacketRxChecksumEvaluationValid,
};
use std::sync::Arc;

/// The first packets of a queue are looked through, then one of so many: summing every byte up
/// would cost more than receiving it.
const ALWAYS: u64 = 256;
const ONE_IN: u64 = 16;

const VALID: u8 = NetPacketRxChecksumEvaluationValid as u8;
const INVALID: u8 = NetPacketRxChecksumEvaluationInvalid as u8;

/// Checks the extensions of received packets.
pub(super) struct Metadata {
    checksum: Option<usize>,
    rsc: Option<usize>,
    rsc_timestamp: Option<usize>,
    hash: Option<usize>,
    any: bool,
    offloads: Arc<Offloads>,
    hashes: HashCheck,
    seen: u64,
}

impl Metadata {
    pub(super) fn new(rings: &Rings, offloads: Arc<Offloads>, hashes: HashCheck) -> Self {
        let place = |extension| rings.packet_layout.offset(extension);
        let (checksum, rsc) = (place(&PACKET_CHECKSUM), place(&PACKET_RSC));
        let (rsc_timestamp, hash) = (place(&PACKET_RSC_TIMESTAMP), place(&PACKET_HASH));
        Self {
            checksum,
            rsc,
            rsc_timestamp,
            hash,
            any: checksum.is_some() || rsc.is_some() || hash.is_some(),
            offloads,
            hashes,
            seen: 0,
        }
    }

    /// Checks what the packet at `index` says about its frame.
    ///
    /// # Errors
    /// The rule that a statement breaks.
    #[inline]
    pub(super) fn check(
        &mut self,
        rings: &Rings,
        index: u32,
        packet: &NET_PACKET,
        frame: &[u8],
    ) -> Result<(), Broken> {
        if !self.any {
            return Ok(());
        }
        self.seen += 1;
        let looks = self.seen <= ALWAYS || self.seen.is_multiple_of(ONE_IN);
        self.check_present(rings, index, packet, frame, looks)
    }

    fn check_present(
        &mut self,
        rings: &Rings,
        index: u32,
        packet: &NET_PACKET,
        frame: &[u8],
        looks: bool,
    ) -> Result<(), Broken> {
        let coalesced = self.check_coalescing(rings, index, packet)?;
        if let Some(place) = self.checksum {
            let checksum: NET_PACKET_CHECKSUM = rings.packets.data(index, place);
            if checksum._bits0 != 0 {
                self.check_checksum(index, checksum)?;
                if looks {
                    check_sums(index, checksum, frame, coalesced)?;
                }
            }
        }
        if let (Some(place), true) = (self.hash, looks) {
            let hash: NET_PACKET_HASH = rings.packets.data(index, place);
            if hash.ProtocolType != 0 {
                self.hashes.check(index, hash, frame)?;
            }
        }
        Ok(())
    }

    /// Whether the packet was made of several segments.
    fn check_coalescing(
        &self,
        rings: &Rings,
        index: u32,
        packet: &NET_PACKET,
    ) -> Result<bool, Broken> {
        let Some(place) = self.rsc else {
            return Ok(false);
        };
        let rsc: NET_PACKET_RSC = rings.packets.data(index, place);
        let timestamp = self.rsc_timestamp.map_or(0, |place| {
            let timestamp: NET_PACKET_RSC_TIMESTAMP = rings.packets.data(index, place);
            timestamp.TCP.RscTcpTimestampDelta
        });
        let segments = rsc.TCP.CoalescedSegmentCount;
        if segments == 0 && rsc.TCP.DuplicateAckCount == 0 && timestamp == 0 {
            return Ok(false);
        }
        if i32::from(packet.Layout.layer4_type()) != NetPacketLayer4TypeTcp {
            return Err(Broken {
                rule: &rules::RSC_OF_OTHER_THAN_TCP,
                detail: format!("receive packet {index} of {segments} segments is not TCP"),
            });
        }
        let ever = self.offloads.ever_active().coalescing;
        if !ever.ipv4 && !ever.ipv6 {
            return Err(Broken {
                rule: &rules::OFFLOAD_NOT_ENABLED,
                detail: format!(
                    "receive packet {index} is made of {segments} segments, and coalescing was \
                     never enabled"
                ),
            });
        }
        Ok(segments > 0)
    }

    fn check_checksum(&self, index: u32, checksum: NET_PACKET_CHECKSUM) -> Result<(), Broken> {
        let layers = [checksum.layer2(), checksum.layer3(), checksum.layer4()];
        if checksum.reserved() != 0 || layers.iter().any(|&evaluation| evaluation > INVALID) {
            return Err(Broken {
                rule: &rules::INVALID_RX_CHECKSUM_EVALUATION,
                detail: format!(
                    "receive packet {index} has the checksum evaluation {:#04x}",
                    checksum._bits0
                ),
            });
        }
        let ever = self.offloads.ever_active();
        let (received, legacy) = (ever.receive_checksum, ever.legacy_checksum);
        let ipv4 = received.ipv4 || legacy.ipv4;
        let transport = received.tcp || received.udp || legacy.tcp || legacy.udp;
        if checksum.layer3() != 0 && !ipv4 || checksum.layer4() != 0 && !transport {
            return Err(Broken {
                rule: &rules::OFFLOAD_NOT_ENABLED,
                detail: format!(
                    "receive packet {index} has checksums evaluated, which was never enabled"
                ),
            });
        }
        Ok(())
    }
}

/// Compares the driver's evaluation with the bytes. Coalesced segments have the checksum of none.
fn check_sums(
    index: u32,
    checksum: NET_PACKET_CHECKSUM,
    frame: &[u8],
    coalesced: bool,
) -> Result<(), Broken> {
    let layout = frame_layout(frame);
    let wrong = |evaluation: u8, right: Option<bool>| match (evaluation, right) {
        (VALID, Some(right)) => !right,
        (INVALID, Some(right)) => right,
        _ => false,
    };
    let header = is_ipv4_right(&layout, frame).filter(|_| !coalesced);
    let transport = Headers::of(&layout, frame)
        .filter(|_| !coalesced)
        .map(|headers| headers.is_checksum_right(frame));
    for (layer, evaluation, right) in [
        (3, checksum.layer3(), header),
        (4, checksum.layer4(), transport),
    ] {
        if wrong(evaluation, right) {
            let says = if evaluation == VALID {
                "valid"
            } else {
                "invalid"
            };
            return Err(Broken {
                rule: &rules::RX_CHECKSUM_EVALUATION_WRONG,
                detail: format!(
                    "receive packet {index} says that its layer {layer} checksum is {says}, \
                     which it is not"
                ),
            });
        }
    }
    Ok(())
}
