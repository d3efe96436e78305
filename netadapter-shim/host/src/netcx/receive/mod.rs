//! The system's side of receive rings: posting, indicating, giving buffers back.

mod buffers;
mod data_buffers;
mod hash;
mod kept;
mod metadata;

pub(super) use kept::KeptFrames;

use super::adapter::Adapter;
use super::ring::Rings;
use super::settings::ReceiveCapabilities;
use super::verifier::{Broken, poisoned_packet};
use crate::upper_edge::{Keep, QueueTraffic, ReceiveBatch, UpperEdge};
use buffers::Buffers;
use hash::HashCheck;
use kept::Kept;
use metadata::Metadata;
use netadapter_abi::net::NET_PACKET;
use netadapter_abi::nt::NTSTATUS;
use std::sync::Arc;

/// Frames that are handed up in one iteration, as in the class extension's own receive path.
const FRAMES_PER_POLL: usize = 32;

/// What the stack has of a queue's packets and fragments.
#[derive(Clone, Copy, Default)]
struct Outstanding {
    packets: u32,
    fragments: u32,
}

/// The receive translation of one queue.
pub(super) struct Receiver {
    core: Core,
    metadata: Metadata,
    /// A frame of several fragments is put together here.
    assembly: Vec<u8>,
    upper_edge: Arc<UpperEdge>,
    traffic: Arc<QueueTraffic>,
}

/// What happens to buffers.
struct Core {
    buffers: Buffers,
    maximum_frame_bytes: u64,
    keep: Option<Keep>,
    kept: Arc<KeptFrames>,
    /// Frames seen since the stack kept one, and the state of its choices.
    since_kept: u32,
    random: u32,
    outstanding: Outstanding,
}

impl Receiver {
    /// Prepares the translation.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES` if memory for the system's buffers is missing,
    /// `STATUS_INVALID_PARAMETER` if they cannot be aligned as asked.
    pub(super) fn new(
        adapter: &Arc<Adapter>,
        id: u32,
        capabilities: &ReceiveCapabilities,
        rings: &Rings,
    ) -> Result<Self, NTSTATUS> {
        let frame_bytes = capabilities.maximum_frame_bytes;
        let upper_edge = adapter.upper_edge();
        let keep = upper_edge.keep();
        let core = Core {
            buffers: Buffers::new(adapter, capabilities, rings)?,
            maximum_frame_bytes: frame_bytes as u64,
            keep,
            kept: Arc::default(),
            since_kept: 0,
            random: keep.map_or(0, |keep| keep.seed.wrapping_add(id)) | 1,
            outstanding: Outstanding::default(),
        };
        let hashes = HashCheck::new(adapter);
        Ok(Self {
            core,
            metadata: Metadata::new(rings, adapter.offloads().clone(), hashes),
            assembly: Vec::with_capacity(frame_bytes),
            upper_edge: upper_edge.clone(),
            traffic: upper_edge.queue_traffic(id),
        })
    }

    pub(super) fn kept(&self) -> &Arc<KeptFrames> {
        &self.core.kept
    }

    /// Takes back what the stack returned; the number of packets.
    ///
    /// # Errors
    /// The rule that a returned buffer shows broken.
    #[inline]
    pub(super) fn take_back(&mut self) -> Result<usize, Broken> {
        if self.core.outstanding.packets == 0 {
            return Ok(0);
        }
        let returned = self.core.kept.take_returned();
        for frame in &returned {
            frame.check()?;
            self.core.outstanding.packets -= 1;
            self.core.outstanding.fragments -= frame.buffers().len() as u32;
            for &buffer in frame.buffers() {
                self.core.buffers.give_back(buffer)?;
            }
        }
        if !returned.is_empty() {
            self.core.kept.note_taken();
        }
        Ok(returned.len())
    }

    /// Gives the driver all elements that are free. There are as many packets and buffers as the
    /// rings have elements; what the stack has is missing in the rings.
    ///
    /// # Errors
    /// The rule that a buffer shows broken.
    pub(super) fn post(&mut self, rings: &Rings) -> Result<(), Broken> {
        let packets = &rings.packets;
        let mut end = packets.end();
        let mut room = (packets.count() - 1).saturating_sub(self.core.outstanding.packets);
        room = room.saturating_sub(packets.distance(packets.reclaimed(), end));
        for _ in 0..room {
            packets.clear(end);
            packets.set_packet(end, poisoned_packet());
            end = packets.after(end, 1);
        }
        packets.set_end(end);
        let fragments = &rings.fragments;
        let mut end = fragments.end();
        let mut room = (fragments.count() - 1).saturating_sub(self.core.outstanding.fragments);
        room = room.saturating_sub(fragments.distance(fragments.reclaimed(), end));
        for _ in 0..room {
            if !self.core.buffers.post(rings, end)? {
                break;
            }
            end = fragments.after(end, 1);
        }
        fragments.set_end(end);
        self.core.buffers.before_advance(rings)
    }

    /// After the driver was called.
    ///
    /// # Errors
    /// The rule that what came back breaks.
    #[inline]
    pub(super) fn after_advance(&mut self, rings: &Rings) -> Result<(), Broken> {
        self.core.buffers.after_advance(rings)
    }

    /// After EvtStop.
    ///
    /// # Errors
    /// The rule that what did not come back breaks.
    pub(super) fn after_stop(&mut self, rings: &Rings) -> Result<(), Broken> {
        self.core.buffers.after_stop(rings)
    }

    /// Hands up what came back and reclaims its elements; the number of packets.
    ///
    /// # Errors
    /// The rule that a buffer shows broken.
    pub(super) fn indicate(&mut self, rings: &Rings, accepting: bool) -> Result<usize, Broken> {
        let (packets, fragments) = (&rings.packets, &rings.fragments);
        let returned = packets.begin();
        let mut index = packets.reclaimed();
        if index == returned {
            self.core.reclaim_skipped(rings, fragments.begin())?;
            return Ok(0);
        }
        let Self {
            core,
            metadata,
            assembly,
            upper_edge,
            traffic,
        } = self;
        let mut batch = upper_edge.receive_batch(traffic, accepting);
        let mut count = 0;
        while index != returned && count < FRAMES_PER_POLL {
            let packet = packets.packet(index);
            if packet.ignore() == 0 {
                core.reclaim_skipped(rings, packet.FragmentIndex)?;
                let frame = core.frame(rings, &packet, assembly)?;
                if let Some(frame) = frame {
                    metadata.check(rings, index, &packet, frame)?;
                }
                core.indicate_packet(rings, &packet, &mut batch, frame)?;
                let behind = u32::from(packet.FragmentCount);
                fragments.set_reclaimed(fragments.after(packet.FragmentIndex, behind));
            }
            index = packets.after(index, 1);
            count += 1;
        }
        packets.set_reclaimed(index);
        if index == returned {
            // With the last packet, fragments that no packet used come back as well.
            core.reclaim_skipped(rings, fragments.begin())?;
        }
        Ok(count)
    }
}

impl Core {
    /// Fragments up to `until` came back and belong to no packet.
    #[inline]
    fn reclaim_skipped(&mut self, rings: &Rings, until: u32) -> Result<(), Broken> {
        let fragments = &rings.fragments;
        let mut index = fragments.reclaimed();
        while index != until {
            self.buffers.skip(rings, index)?;
            index = fragments.after(index, 1);
        }
        fragments.set_reclaimed(until);
        Ok(())
    }

    /// The bytes of a packet; nothing if the stack does not take it.
    fn frame<'a>(
        &self,
        rings: &'a Rings,
        packet: &NET_PACKET,
        assembly: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>, Broken> {
        let count = u32::from(packet.FragmentCount);
        for distance in 0..count {
            let index = rings.fragments.after(packet.FragmentIndex, distance);
            self.buffers.check(rings, index)?;
        }
        if !self.is_acceptable(rings, packet) {
            return Ok(None);
        }
        if count == 1 {
            return Ok(Some(self.payload(rings, packet.FragmentIndex)));
        }
        assembly.clear();
        for distance in 0..count {
            let index = rings.fragments.after(packet.FragmentIndex, distance);
            assembly.extend_from_slice(self.payload(rings, index));
        }
        Ok(Some(assembly))
    }

    fn indicate_packet(
        &mut self,
        rings: &Rings,
        packet: &NET_PACKET,
        batch: &mut ReceiveBatch,
        frame: Option<&[u8]>,
    ) -> Result<(), Broken> {
        let Some(frame) = frame else {
            batch.refuse();
            return self.give_back(rings, packet);
        };
        let delivered = batch.receive(frame);
        if let (true, Some(keep)) = (delivered, self.keep) {
            return self.keep_or_give_back(rings, packet, frame, keep);
        }
        self.give_back(rings, packet)
    }

    /// The stack drops a packet if a fragment behind the first does not begin at its buffer's
    /// start, or if a buffer is larger than the largest frame that was announced.
    fn is_acceptable(&self, rings: &Rings, packet: &NET_PACKET) -> bool {
        (0..u32::from(packet.FragmentCount)).all(|distance| {
            let index = rings.fragments.after(packet.FragmentIndex, distance);
            let fragment = rings.fragments.fragment(index);
            fragment.capacity() <= self.maximum_frame_bytes
                && (distance == 0 || fragment.offset() == 0)
                && !self.buffers.address(rings, index).is_null()
        })
    }

    fn payload<'a>(&self, rings: &'a Rings, index: u32) -> &'a [u8] {
        let fragment = rings.fragments.fragment(index);
        let start = self.buffers.address(rings, index);
        let start = start.wrapping_add(fragment.offset() as usize);
        // SAFETY: a returned fragment names a buffer with that many valid bytes (*NET_FRAGMENT
        // structure*), which stays as it is until it is given back.
        unsafe { std::slice::from_raw_parts(start, fragment.valid_length() as usize) }
    }

    /// Once for each fragment of a packet, also of one that was dropped, but not of an ignored one
    /// (*EVT_NET_ADAPTER_RETURN_RX_BUFFER callback function*).
    fn give_back(&mut self, rings: &Rings, packet: &NET_PACKET) -> Result<(), Broken> {
        for distance in 0..u32::from(packet.FragmentCount) {
            let index = rings.fragments.after(packet.FragmentIndex, distance);
            let buffer = self.buffers.detach(rings, index);
            self.buffers.give_back(buffer)?;
        }
        Ok(())
    }

    #[cold]
    fn keep_or_give_back(
        &mut self,
        rings: &Rings,
        packet: &NET_PACKET,
        frame: &[u8],
        keep: Keep,
    ) -> Result<(), Broken> {
        self.since_kept += 1;
        if self.since_kept < keep.one_in {
            return self.give_back(rings, packet);
        }
        self.since_kept = 0;
        let mut kept = Kept::new(frame);
        for distance in 0..u32::from(packet.FragmentCount) {
            let index = rings.fragments.after(packet.FragmentIndex, distance);
            let part = self.payload(rings, index);
            kept.push(part, self.buffers.detach(rings, index));
        }
        self.outstanding.packets += 1;
        self.outstanding.fragments += u32::from(packet.FragmentCount);
        let choice = self.next_choice();
        self.kept.keep(kept, keep.at_most, choice);
        Ok(())
    }

    /// A step of a xorshift generator: equal seeds choose equally.
    fn next_choice(&mut self) -> u32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        self.random
    }
}
