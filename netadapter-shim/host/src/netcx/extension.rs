//! Extensions of packets and fragments: which there are, and where they lie in a ring element.

use netadapter_abi::net::{
    NET_EXTENSION_TYPE, NET_FRAGMENT_EXTENSION_LOGICAL_ADDRESS_NAME,
    NET_FRAGMENT_EXTENSION_RETURN_CONTEXT_NAME, NET_FRAGMENT_EXTENSION_VIRTUAL_ADDRESS_NAME,
    NET_PACKET_EXTENSION_CHECKSUM_NAME, NET_PACKET_EXTENSION_GSO_NAME,
    NET_PACKET_EXTENSION_HASH_NAME, NET_PACKET_EXTENSION_IEEE8021Q_NAME,
    NET_PACKET_EXTENSION_RSC_NAME, NET_PACKET_EXTENSION_RSC_TIMESTAMP_NAME, NetExtensionTypeBuffer,
    NetExtensionTypeFragment, NetExtensionTypePacket,
};
use netadapter_abi::utf16;

/// An extension that the host can register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extension {
    /// With its terminating 0.
    pub(super) name: &'static [u16],
    pub(super) kind: NET_EXTENSION_TYPE,
    pub(super) version: u32,
    pub(super) bytes: usize,
    pub(super) alignment: usize,
}

const fn extension(
    name: &'static [u16],
    kind: NET_EXTENSION_TYPE,
    bytes: usize,
    alignment: usize,
) -> Extension {
    Extension {
        name,
        kind,
        version: 1,
        bytes,
        alignment,
    }
}

/// Hash value and type of a received packet.
pub(super) const PACKET_HASH: Extension =
    extension(NET_PACKET_EXTENSION_HASH_NAME, NetExtensionTypePacket, 8, 4);
/// Checksums: to be filled in, or checked.
pub(super) const PACKET_CHECKSUM: Extension = extension(
    NET_PACKET_EXTENSION_CHECKSUM_NAME,
    NetExtensionTypePacket,
    1,
    1,
);
/// Segmentation of a packet to be sent.
pub(super) const PACKET_GSO: Extension =
    extension(NET_PACKET_EXTENSION_GSO_NAME, NetExtensionTypePacket, 4, 4);
/// How many segments a received packet was made of.
pub(super) const PACKET_RSC: Extension =
    extension(NET_PACKET_EXTENSION_RSC_NAME, NetExtensionTypePacket, 4, 2);
/// Timestamps of these segments.
pub(super) const PACKET_RSC_TIMESTAMP: Extension = extension(
    NET_PACKET_EXTENSION_RSC_TIMESTAMP_NAME,
    NetExtensionTypePacket,
    4,
    4,
);
/// Priority and VLAN.
pub(super) const PACKET_IEEE8021Q: Extension = extension(
    NET_PACKET_EXTENSION_IEEE8021Q_NAME,
    NetExtensionTypePacket,
    4,
    2,
);
/// Where processors see a fragment's buffer.
pub(super) const VIRTUAL_ADDRESS: Extension = extension(
    NET_FRAGMENT_EXTENSION_VIRTUAL_ADDRESS_NAME,
    NetExtensionTypeFragment,
    8,
    8,
);
/// Where the device sees a fragment's buffer.
pub(super) const LOGICAL_ADDRESS: Extension = extension(
    NET_FRAGMENT_EXTENSION_LOGICAL_ADDRESS_NAME,
    NetExtensionTypeFragment,
    8,
    8,
);
/// What the driver gets back with its receive buffer.
pub(super) const RETURN_CONTEXT: Extension = extension(
    NET_FRAGMENT_EXTENSION_RETURN_CONTEXT_NAME,
    NetExtensionTypeFragment,
    8,
    8,
);

/// The handle of the system's buffer that a driver attached.
pub(super) const DATA_BUFFER: Extension = extension(
    utf16!("ms_fragment_databuffer"),
    NetExtensionTypeFragment,
    8,
    8,
);

/// Data of [`DATA_BUFFER`]; the published headers do not have it (*databuffer_p.h*).
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct FragmentDataBuffer {
    pub(super) handle: usize,
}

impl Extension {
    /// The same extension of the elements of a data buffer ring.
    pub(super) const fn of_buffers(self) -> Self {
        Self {
            kind: NetExtensionTypeBuffer,
            ..self
        }
    }
}

/// Prefix of the names that only Windows defines.
const SYSTEM_PREFIX: [u16; 3] = [b'm' as u16, b's' as u16, b'_' as u16];

/// Names that Windows defines, whether or not a queue has them.
const SYSTEM_NAMES: [&str; 12] = [
    "ms_packet_checksum",
    "ms_packet_gso",
    "ms_packet_rsc",
    "ms_packet_rsc_timestamp",
    "ms_packet_hash",
    "ms_packet_ieee8021q",
    "ms_packet_wifiexemptionaction",
    "ms_fragment_virtualaddress",
    "ms_fragment_logicaladdress",
    "ms_fragment_returncontext",
    "ms_fragment_mdl",
    "ms_fragment_databuffer",
];

/// Whether a name (without its terminating 0) claims to be of Windows and is not.
pub(super) fn is_unknown_system_name(name: &[u16]) -> bool {
    name.starts_with(&SYSTEM_PREFIX)
        && !SYSTEM_NAMES
            .iter()
            .any(|known| known.encode_utf16().eq(name.iter().copied()))
}

/// Where things lie in the elements of a ring: the structure first, extensions behind it.
#[derive(Clone, Debug)]
pub(super) struct ElementLayout {
    stride: usize,
    placed: Vec<(Extension, usize)>,
}

impl ElementLayout {
    /// Packs extensions behind a structure of `base_bytes` bytes, by falling alignment.
    pub(super) fn new(base_bytes: usize, base_alignment: usize, extensions: &[Extension]) -> Self {
        let mut sorted = extensions.to_vec();
        sorted.sort_by_key(|extension| std::cmp::Reverse(extension.alignment));
        let mut end = base_bytes;
        let mut alignment = base_alignment;
        let placed = sorted
            .into_iter()
            .map(|extension| {
                let offset = end.next_multiple_of(extension.alignment);
                end = offset + extension.bytes;
                alignment = alignment.max(extension.alignment);
                (extension, offset)
            })
            .collect();
        Self {
            stride: end.next_multiple_of(alignment),
            placed,
        }
    }

    /// Bytes from one element to the next.
    pub(super) fn stride(&self) -> usize {
        self.stride
    }

    /// The offset of an extension in an element.
    pub(super) fn offset(&self, wanted: &Extension) -> Option<usize> {
        self.placed
            .iter()
            .find(|(extension, _)| extension == wanted)
            .map(|&(_, offset)| offset)
    }

    /// The offset of an extension by name (without the terminating 0), oldest acceptable version
    /// and type.
    pub(super) fn query(
        &self,
        name: &[u16],
        version: u32,
        kind: NET_EXTENSION_TYPE,
    ) -> Option<usize> {
        let found = self.placed.iter().find(|(extension, _)| {
            let known = &extension.name[..extension.name.len() - 1];
            known == name && extension.kind == kind && extension.version >= version
        });
        found.map(|&(_, offset)| offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_lie_aligned_behind_the_structure_without_overlap() {
        let layout = ElementLayout::new(8, 8, &[RETURN_CONTEXT, VIRTUAL_ADDRESS, LOGICAL_ADDRESS]);
        let mut offsets: Vec<usize> = [RETURN_CONTEXT, VIRTUAL_ADDRESS, LOGICAL_ADDRESS]
            .iter()
            .map(|extension| layout.offset(extension).unwrap())
            .collect();
        offsets.sort_unstable();
        assert_eq!(offsets, [8, 16, 24]);
        assert_eq!(layout.stride(), 32);
    }

    #[test]
    fn a_large_alignment_raises_the_stride_of_all_elements() {
        let wide = Extension {
            alignment: 8,
            bytes: 8,
            ..PACKET_HASH
        };
        let small = Extension {
            alignment: 1,
            bytes: 1,
            version: 2,
            ..PACKET_HASH
        };
        let layout = ElementLayout::new(12, 4, &[small, wide]);
        assert_eq!(layout.offset(&wide), Some(16));
        assert_eq!(layout.offset(&small), Some(24));
        assert_eq!(layout.stride(), 32);
    }

    #[test]
    fn a_query_matches_name_type_and_any_version_up_to_the_stored_one() {
        let layout = ElementLayout::new(12, 4, &[PACKET_HASH]);
        let name = &PACKET_HASH.name[..PACKET_HASH.name.len() - 1];
        assert_eq!(layout.query(name, 1, NetExtensionTypePacket), Some(12));
        assert_eq!(layout.query(name, 2, NetExtensionTypePacket), None);
        assert_eq!(layout.query(name, 1, NetExtensionTypeFragment), None);
        assert_eq!(layout.query(&name[1..], 1, NetExtensionTypePacket), None);
    }

    #[test]
    fn only_invented_names_with_the_system_prefix_are_wrong() {
        let units = |text: &str| text.encode_utf16().collect::<Vec<_>>();
        assert!(is_unknown_system_name(&units("ms_packet_colour")));
        assert!(!is_unknown_system_name(&units("ms_packet_gso")));
        assert!(!is_unknown_system_name(&units("contoso_packet_colour")));
    }
}
