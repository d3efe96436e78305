//! Transmit fragments: how the parts of a frame become fragments that the driver, and the device,
//! can use, and when they cannot (*Network data buffer management*).

use crate::executive::PAGE_SIZE;
use crate::netcx::extension::{LOGICAL_ADDRESS, VIRTUAL_ADDRESS};
use crate::netcx::ring::Rings;
use crate::netcx::sends::Part;
use crate::netcx::settings::TransmitCapabilities;
use netadapter_abi::net::{
    NET_FRAGMENT, NET_FRAGMENT_LOGICAL_ADDRESS, NET_FRAGMENT_VIRTUAL_ADDRESS,
};
use netadapter_abi::nt::{NTSTATUS, STATUS_INVALID_DEVICE_STATE};

/// What mapping a frame gives.
pub(super) enum Mapped {
    /// So many fragments were written from the ring's end on.
    Fragments(u32),
    /// There are not enough free fragments now.
    NotNow,
    /// The frame must be copied into a buffer that the device can use.
    Bounce,
}

/// What the adapter can do with fragments, and where they have their addresses.
pub(super) struct Mapping {
    dma: bool,
    alignment: usize,
    /// 0: no limit.
    maximum_address: u64,
    backfill: usize,
    most_fragments: u32,
    virtual_address: usize,
    logical_address: Option<usize>,
}

impl Mapping {
    pub(super) fn new(
        capabilities: &TransmitCapabilities,
        rings: &Rings,
    ) -> Result<Self, NTSTATUS> {
        let virtual_address = rings.fragment_layout.offset(&VIRTUAL_ADDRESS);
        let ring_limit = (rings.fragments.count() - 1).min(u32::from(u16::MAX));
        let most_fragments = u32::try_from(capabilities.maximum_fragments).unwrap_or(u32::MAX);
        Ok(Self {
            dma: capabilities.dma,
            alignment: capabilities.alignment,
            maximum_address: capabilities.maximum_physical_address,
            backfill: capabilities.payload_backfill,
            most_fragments: most_fragments.min(ring_limit),
            virtual_address: virtual_address.ok_or(STATUS_INVALID_DEVICE_STATE)?,
            logical_address: rings.fragment_layout.offset(&LOGICAL_ADDRESS),
        })
    }

    pub(super) fn backfill(&self) -> usize {
        self.backfill
    }

    /// Free fragments: the system may write those that the driver does not own, save one.
    pub(super) fn room(rings: &Rings) -> u32 {
        let fragments = &rings.fragments;
        fragments.count() - 1 - fragments.distance(fragments.begin(), fragments.end())
    }

    /// Writes the fragments of a frame behind the ring's end, which stays where it is.
    pub(super) fn map(&self, rings: &Rings, parts: impl Iterator<Item = Part>) -> Mapped {
        let room = Self::room(rings);
        let most = room.min(self.most_fragments);
        let mut count = 0;
        for (position, mut part) in parts.enumerate() {
            if position == 0 {
                if part.headroom < self.backfill {
                    return Mapped::Bounce;
                }
                part = with_backfill(part, self.backfill);
            }
            while part.bytes > 0 {
                if count == most {
                    let enough = most == self.most_fragments;
                    return if enough {
                        Mapped::Bounce
                    } else {
                        Mapped::NotNow
                    };
                }
                let piece = self.next_piece(&mut part);
                if self.is_unusable(&piece) {
                    return Mapped::Bounce;
                }
                let index = rings.fragments.after(rings.fragments.end(), count);
                self.write(rings, index, &piece, false);
                count += 1;
            }
        }
        Mapped::Fragments(count)
    }

    /// Cuts the next fragment off: with DMA one page, without it the whole part.
    fn next_piece(&self, part: &mut Part) -> Part {
        if !self.dma {
            let piece = *part;
            part.bytes = 0;
            return piece;
        }
        let to_page_end = PAGE_SIZE - part.logical_address as usize % PAGE_SIZE;
        let bytes = part.bytes.min(to_page_end);
        let piece = Part {
            bytes,
            capacity: bytes,
            ..*part
        };
        part.virtual_address = part.virtual_address.wrapping_add(bytes);
        part.logical_address += bytes as u64;
        part.bytes -= bytes;
        piece
    }

    fn is_unusable(&self, piece: &Part) -> bool {
        let aligned = (piece.virtual_address as usize).is_multiple_of(self.alignment);
        let too_high =
            self.dma && self.maximum_address != 0 && piece.logical_address > self.maximum_address;
        !aligned || too_high
    }

    /// Writes one fragment.
    pub(super) fn write(&self, rings: &Rings, index: u32, piece: &Part, bounced: bool) {
        let fragments = &rings.fragments;
        let mut fragment = NET_FRAGMENT::zeroed();
        fragment.set_valid_length(piece.bytes as u64);
        fragment.set_capacity(piece.capacity as u64);
        fragment.set_os_reserved_bounced(u64::from(bounced));
        fragments.clear(index);
        fragments.set_fragment(index, fragment);
        let address = NET_FRAGMENT_VIRTUAL_ADDRESS {
            VirtualAddress: piece.virtual_address.cast(),
        };
        fragments.set_data(index, self.virtual_address, address);
        if let Some(place) = self.logical_address {
            let address = NET_FRAGMENT_LOGICAL_ADDRESS {
                LogicalAddress: piece.logical_address,
            };
            fragments.set_data(index, place, address);
        }
    }
}

/// The data start is retreated: the room in front of it belongs to the first fragment
/// (*NET_ADAPTER_TX_CAPABILITIES structure*, `PayloadBackfill`).
fn with_backfill(part: Part, backfill: usize) -> Part {
    Part {
        virtual_address: part.virtual_address.wrapping_sub(backfill),
        logical_address: part.logical_address - backfill as u64,
        bytes: part.bytes + backfill,
        capacity: part.capacity + backfill,
        headroom: 0,
    }
}
