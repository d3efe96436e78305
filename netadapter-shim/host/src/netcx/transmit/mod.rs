//! The system's side of transmit rings: posting what waits, completing what came back.

mod bounce;
mod mapping;
mod metadata;

use super::frame_layout::{HEADER_BYTES, frame_layout};
use super::ring::Rings;
use super::sends::{Send, SendQueues};
use super::settings::TransmitCapabilities;
use super::verifier::Broken;
use crate::executive::System;
use bounce::BouncePool;
use mapping::{Mapped, Mapping};
use metadata::Metadata;
use netadapter_abi::net::{NET_PACKET, NET_PACKET_LAYOUT};
use netadapter_abi::nt::NTSTATUS;
use std::sync::Arc;

/// Sends that are posted, and sends that are completed, in one iteration, as in the class
/// extension's own transmit path.
const SENDS_PER_POLL: usize = 64;

/// The transmit translation of one queue.
pub(super) struct Transmitter {
    sends: Arc<SendQueues>,
    queue: usize,
    mapping: Mapping,
    bounce: BouncePool,
    metadata: Metadata,
    /// Taken from the queue, and not posted for want of fragments or bounce buffers.
    current: Option<Send>,
    /// By index in the packet ring: what the packet there sends.
    posted: Box<[Posted]>,
}

/// What a packet in the ring is to the system.
#[derive(Default)]
struct Posted {
    send: Option<Send>,
    /// The bounce buffer that it uses.
    bounced: Option<u32>,
}

impl Transmitter {
    /// Prepares the translation of transmit queue `queue`.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES` if there is no memory for bounce buffers that the device
    /// reaches, `STATUS_INVALID_PARAMETER` if they cannot be aligned as asked.
    pub(super) fn new(
        system: &'static System,
        capabilities: &TransmitCapabilities,
        sends: Arc<SendQueues>,
        queue: usize,
        rings: &Rings,
    ) -> Result<Self, NTSTATUS> {
        let longest = capabilities.payload_backfill + sends.longest_send();
        Ok(Self {
            mapping: Mapping::new(capabilities, rings)?,
            bounce: BouncePool::new(system, capabilities, longest, rings)?,
            metadata: Metadata::new(rings),
            sends,
            queue,
            current: None,
            posted: (0..rings.packets.count())
                .map(|_| Posted::default())
                .collect(),
        })
    }

    /// Posts what waits, as far as there is room; the number of packets.
    ///
    /// # Errors
    /// The rule that a bounce buffer shows broken.
    pub(super) fn post(&mut self, rings: &Rings) -> Result<usize, Broken> {
        let packets = &rings.packets;
        let mut count = 0;
        while count < SENDS_PER_POLL && packets.after(packets.end(), 1) != packets.reclaimed() {
            let Some(send) = self.current.take().or_else(|| self.sends.take(self.queue)) else {
                break;
            };
            let index = packets.end();
            packets.clear(index);
            let Some(bounced) = self.post_packet(rings, index, &send)? else {
                self.current = Some(send);
                break;
            };
            self.posted[index as usize] = Posted {
                send: Some(send),
                bounced,
            };
            packets.set_end(packets.after(index, 1));
            count += 1;
        }
        Ok(count)
    }

    /// Describes a packet; nothing if something is missing now and will be there later.
    fn post_packet(
        &mut self,
        rings: &Rings,
        index: u32,
        send: &Send,
    ) -> Result<Option<Option<u32>>, Broken> {
        if send.bytes == 0 {
            self.ignore(rings, index);
            return Ok(Some(None));
        }
        let (fragments, bounced) = match self.mapping.map(rings, self.sends.parts(send)) {
            Mapped::Fragments(fragments) => (fragments, None),
            Mapped::NotNow => return Ok(None),
            Mapped::Bounce => {
                let parts = self.sends.parts(send);
                match self.bounce.bounce(rings, &self.mapping, parts)? {
                    Some(buffer) => (1, Some(buffer)),
                    None => return Ok(None),
                }
            }
        };
        let ring = &rings.fragments;
        let packet = NET_PACKET {
            FragmentIndex: ring.end(),
            FragmentCount: fragments as u16,
            Layout: self.layout(send),
            ..NET_PACKET::zeroed()
        };
        rings.packets.set_packet(index, packet);
        self.metadata
            .write(rings, index, &packet.Layout, &send.info);
        ring.set_end(ring.after(ring.end(), fragments));
        Ok(Some(bounced))
    }

    /// A packet that cannot be sent: the driver skips it.
    fn ignore(&self, rings: &Rings, index: u32) {
        let mut ignored = NET_PACKET::zeroed();
        ignored.set_ignore(1);
        rings.packets.set_packet(index, ignored);
    }

    /// Which headers the packet has.
    fn layout(&self, send: &Send) -> NET_PACKET_LAYOUT {
        let mut parts = self.sends.parts(send);
        let Some(first) = parts.next() else {
            return NET_PACKET_LAYOUT::zeroed();
        };
        // SAFETY: the frame was copied there when it was submitted, and stays until completion.
        let bytes = unsafe { std::slice::from_raw_parts(first.virtual_address, first.bytes) };
        if first.bytes == send.bytes as usize || first.bytes >= HEADER_BYTES {
            return frame_layout(bytes);
        }
        let mut headers = Vec::with_capacity(HEADER_BYTES);
        headers.extend_from_slice(bytes);
        for part in parts {
            let wanted = part.bytes.min(HEADER_BYTES.saturating_sub(headers.len()));
            // SAFETY: as above.
            let bytes = unsafe { std::slice::from_raw_parts(part.virtual_address, wanted) };
            headers.extend_from_slice(bytes);
        }
        frame_layout(&headers)
    }

    /// Completes what came back, in order; the number of packets.
    ///
    /// # Errors
    /// The rule that a bounce buffer shows broken.
    pub(super) fn complete(&mut self, rings: &Rings) -> Result<usize, Broken> {
        let packets = &rings.packets;
        let mut count = 0;
        while packets.reclaimed() != packets.begin() && count < SENDS_PER_POLL {
            let index = packets.reclaimed();
            let posted = std::mem::take(&mut self.posted[index as usize]);
            if let Some(buffer) = posted.bounced {
                self.bounce.give_back(buffer)?;
            }
            if let Some(send) = posted.send {
                self.sends.complete(send);
            }
            packets.set_reclaimed(packets.after(index, 1));
            count += 1;
        }
        rings.fragments.set_reclaimed(rings.fragments.begin());
        Ok(count)
    }
}

impl Drop for Transmitter {
    fn drop(&mut self) {
        // What was taken and never posted waits at the front again.
        if let Some(send) = self.current.take() {
            self.sends.put_back(self.queue, send);
        }
    }
}
