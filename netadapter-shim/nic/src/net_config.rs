//! The device configuration structure of a network device.

use crate::config::{VirtioNetConfig, feature};
use crate::steering::{HASH_TYPES, KEY_LENGTH};
use memoffset::span_of;
use std::ops::Range;
use virtio_bindings::virtio_net::{
    VIRTIO_NET_F_MAC, VIRTIO_NET_F_MQ, VIRTIO_NET_F_MTU, VIRTIO_NET_F_RSS, VIRTIO_NET_F_STATUS,
    VIRTIO_NET_S_LINK_UP, virtio_net_config,
};

const SIZE: usize = size_of::<virtio_net_config>();

/// VIRTIO 1.2 section 5.1.4 "Device configuration layout". Fields whose feature is not offered
/// read as zero, so `speed` and `duplex` always do.
pub(crate) struct NetConfig {
    bytes: [u8; SIZE],
    offered: u64,
}

impl NetConfig {
    pub fn new(config: &VirtioNetConfig) -> Self {
        let mut registers = Self {
            bytes: [0; SIZE],
            offered: config.features,
        };
        registers.set_mac(config.mac);
        registers.set_link(true);
        registers.put(
            VIRTIO_NET_F_MQ,
            span_of!(virtio_net_config, max_virtqueue_pairs),
            &config.queue_pairs.to_le_bytes(),
        );
        registers.put(
            VIRTIO_NET_F_MTU,
            span_of!(virtio_net_config, mtu),
            &config.mtu.to_le_bytes(),
        );
        registers.put_rss(config);
        registers
    }

    pub fn set_mac(&mut self, mac: [u8; 6]) {
        self.put(VIRTIO_NET_F_MAC, span_of!(virtio_net_config, mac), &mac);
    }

    pub fn set_link(&mut self, up: bool) {
        let status = if up { VIRTIO_NET_S_LINK_UP as u16 } else { 0 };
        self.put(
            VIRTIO_NET_F_STATUS,
            span_of!(virtio_net_config, status),
            &status.to_le_bytes(),
        );
    }

    /// Reads bytes at any alignment; `None` outside the structure.
    pub fn read(&self, offset: u64, size: usize) -> Option<u64> {
        let start = usize::try_from(offset).ok()?;
        let field = self.bytes.get(start..start.checked_add(size)?)?;
        Some(
            field
                .iter()
                .rev()
                .fold(0, |value, byte| value << 8 | u64::from(*byte)),
        )
    }

    fn put_rss(&mut self, config: &VirtioNetConfig) {
        // VIRTIO 1.2 section 5.1.3.1: with RSS, max_virtqueue_pairs is valid without MQ too.
        self.put(
            VIRTIO_NET_F_RSS,
            span_of!(virtio_net_config, max_virtqueue_pairs),
            &config.queue_pairs.to_le_bytes(),
        );
        self.put(
            VIRTIO_NET_F_RSS,
            span_of!(virtio_net_config, rss_max_key_size),
            &[KEY_LENGTH as u8],
        );
        self.put(
            VIRTIO_NET_F_RSS,
            span_of!(virtio_net_config, rss_max_indirection_table_length),
            &config.rss_table_length.to_le_bytes(),
        );
        self.put(
            VIRTIO_NET_F_RSS,
            span_of!(virtio_net_config, supported_hash_types),
            &HASH_TYPES.to_le_bytes(),
        );
    }

    /// Sets a whole field, if its feature is offered.
    fn put(&mut self, feature_bit: u32, span: Range<usize>, field: &[u8]) {
        if self.offered & feature(feature_bit) != 0 {
            self.bytes[span].copy_from_slice(field);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_little_endian_where_the_specification_has_them() {
        let mut registers = NetConfig::new(&VirtioNetConfig::default());
        assert_eq!(registers.read(0, 4), Some(0x1200_5452));
        assert_eq!(registers.read(6, 2), Some(1), "link up");
        assert_eq!(registers.read(8, 2), Some(16));
        assert_eq!(registers.read(10, 2), Some(1500));
        assert_eq!(registers.read(17, 1), Some(40));
        assert_eq!(registers.read(18, 2), Some(128));
        registers.set_link(false);
        assert_eq!(registers.read(6, 2), Some(0));
        assert_eq!(registers.read(24, 1), None);
        assert_eq!(registers.read(u64::MAX, 8), None);
    }

    #[test]
    fn fields_of_features_not_offered_read_as_zero() {
        let mut config = VirtioNetConfig::default();
        config.features &= !(feature(VIRTIO_NET_F_RSS) | feature(VIRTIO_NET_F_MTU));
        let registers = NetConfig::new(&config);
        assert_eq!(registers.read(17, 1), Some(0));
        assert_eq!(registers.read(10, 2), Some(0));
        assert_eq!(registers.read(8, 2), Some(16), "MQ is still there");
    }
}
