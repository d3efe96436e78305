//! What the stack asks for with a packet, and what the adapter does of it.

use super::SendQueueFull;
use crate::netcx::adapter::Adapter;
use crate::netcx::frame_layout::frame_layout;
use crate::netcx::offload::{By, Headers, segment, write_ipv4};
use netadapter_abi::net::{
    NET_PACKET_CHECKSUM, NET_PACKET_IEEE8021Q, NetAdapterOffloadIeee8021PriorityTaggingFlag,
    NetAdapterOffloadIeee8021VlanTaggingFlag, NetPacketTxChecksumActionRequired,
    NetPacketTxIeee8021qActionFlagPriorityRequired, NetPacketTxIeee8021qActionFlagVlanRequired,
};

/// A packet that a protocol sends.
#[derive(Clone, Copy, Debug, Default)]
pub struct SendRequest<'a> {
    /// The Ethernet frame, or with `segment_bytes` a frame with more payload than fits one.
    pub frame: &'a [u8],
    /// The checksums of IPv4, TCP and UDP are to be filled in.
    pub checksums: bool,
    /// Bytes of payload of the segments that the packet is to be cut into.
    pub segment_bytes: Option<u32>,
    /// Priority by IEEE 802.1Q; 0: none.
    pub priority: u8,
    /// VLAN by IEEE 802.1Q; 0: none.
    pub vlan: u16,
}

/// What a packet says beside its bytes, as its extensions say it.
#[derive(Clone, Copy)]
pub(in crate::netcx) struct SendInfo {
    pub(in crate::netcx) checksum: NET_PACKET_CHECKSUM,
    pub(in crate::netcx) mss: u32,
    pub(in crate::netcx) tag: NET_PACKET_IEEE8021Q,
}

impl SendInfo {
    pub(in crate::netcx) const NONE: Self = Self {
        checksum: NET_PACKET_CHECKSUM::zeroed(),
        mss: 0,
        tag: NET_PACKET_IEEE8021Q::zeroed(),
    };
}

impl Adapter {
    /// Takes a packet, with what software must do in the adapter's place already done.
    ///
    /// IRQL: DISPATCH_LEVEL or below.
    ///
    /// # Errors
    /// If there is no room; of a packet that software cut up, segments may have been taken.
    pub(crate) fn submit(&self, request: &SendRequest<'_>) -> Result<(), SendQueueFull> {
        let mut frame = request.frame.to_vec();
        let layout = frame_layout(&frame);
        let headers = Headers::of(&layout, &frame);
        let (Some(headers), Some(mss)) = (headers, request.segment_bytes) else {
            return self.submit_frame(request, &mut frame, 0);
        };
        let payload = frame.len() - headers.payload;
        if payload <= mss as usize {
            return self.submit_frame(request, &mut frame, 0);
        }
        let by = self
            .offloads()
            .segmentation(&layout, headers, frame.len(), mss as usize);
        if by == By::Adapter {
            return self.submit_frame(request, &mut frame, mss);
        }
        let segments = segment(&layout, &frame, mss as usize).unwrap_or_default();
        for mut segment in segments {
            let whole = SendRequest {
                checksums: true,
                ..*request
            };
            self.submit_frame(&whole, &mut segment, 0)?;
        }
        Ok(())
    }

    /// `mss`: the adapter segments, so that all checksums of the segments are its own.
    fn submit_frame(
        &self,
        request: &SendRequest<'_>,
        frame: &mut [u8],
        mss: u32,
    ) -> Result<(), SendQueueFull> {
        let mut info = SendInfo {
            mss,
            tag: self.tag(request),
            ..SendInfo::NONE
        };
        if request.checksums || mss != 0 {
            info.checksum = self.fill_checksums(frame, mss != 0);
        }
        let sends = self.sends().ok_or(SendQueueFull)?;
        sends.submit(sends.queue_of(request.priority), frame, info)
    }

    fn fill_checksums(&self, frame: &mut [u8], segmented: bool) -> NET_PACKET_CHECKSUM {
        let required = NetPacketTxChecksumActionRequired as u8;
        let mut checksum = NET_PACKET_CHECKSUM::zeroed();
        let layout = frame_layout(frame);
        let by_adapter = segmented || self.offloads().ipv4_checksum(&layout) == By::Adapter;
        write_ipv4(&layout, frame, by_adapter);
        if by_adapter && crate::netcx::offload::is_ipv4(&layout) {
            checksum.set_layer3(required);
        }
        let Some(headers) = Headers::of(&layout, frame) else {
            return checksum;
        };
        let by_adapter = self.offloads().transport_checksum(&layout, headers) == By::Adapter;
        if segmented || by_adapter {
            headers.write_pseudo_sum(frame, segmented);
            checksum.set_layer4(required);
        } else {
            headers.write_checksum(frame);
        }
        checksum
    }

    /// The tag, as far as the adapter can write it.
    fn tag(&self, request: &SendRequest<'_>) -> NET_PACKET_IEEE8021Q {
        let flags = self.offloads().capabilities().tag_flags;
        let mut tag = NET_PACKET_IEEE8021Q::zeroed();
        let mut tagging = 0;
        if request.priority != 0 && flags & NetAdapterOffloadIeee8021PriorityTaggingFlag != 0 {
            tag.set_priority_code_point(u16::from(request.priority));
            tagging |= NetPacketTxIeee8021qActionFlagPriorityRequired;
        }
        if request.vlan != 0 && flags & NetAdapterOffloadIeee8021VlanTaggingFlag != 0 {
            tag.set_vlan_identifier(request.vlan);
            tagging |= NetPacketTxIeee8021qActionFlagVlanRequired;
        }
        tag.set_tx_tagging(tagging as u8);
        tag
    }
}
