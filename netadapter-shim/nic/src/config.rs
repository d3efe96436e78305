//! What the function offers, chosen before it is plugged in.

use thiserror::Error;
use virtio_bindings::virtio_config::{
    VIRTIO_F_ACCESS_PLATFORM, VIRTIO_F_RING_RESET, VIRTIO_F_VERSION_1,
};
use virtio_bindings::virtio_net::{
    VIRTIO_NET_F_CTRL_MAC_ADDR, VIRTIO_NET_F_CTRL_RX, VIRTIO_NET_F_CTRL_VQ, VIRTIO_NET_F_MAC,
    VIRTIO_NET_F_MQ, VIRTIO_NET_F_MTU, VIRTIO_NET_F_RSS, VIRTIO_NET_F_STATUS,
};
use virtio_bindings::virtio_ring::{VIRTIO_RING_F_EVENT_IDX, VIRTIO_RING_F_INDIRECT_DESC};

/// The mask of one feature bit, as `virtio-bindings` numbers it.
pub const fn feature(bit: u32) -> u64 {
    1 << bit
}

/// Every feature that the model can offer.
pub const SUPPORTED_FEATURES: u64 = feature(VIRTIO_F_VERSION_1)
    | feature(VIRTIO_F_ACCESS_PLATFORM)
    | feature(VIRTIO_F_RING_RESET)
    | feature(VIRTIO_RING_F_EVENT_IDX)
    | feature(VIRTIO_RING_F_INDIRECT_DESC)
    | feature(VIRTIO_NET_F_MAC)
    | feature(VIRTIO_NET_F_MTU)
    | feature(VIRTIO_NET_F_STATUS)
    | feature(VIRTIO_NET_F_CTRL_VQ)
    | feature(VIRTIO_NET_F_CTRL_RX)
    | feature(VIRTIO_NET_F_CTRL_MAC_ADDR)
    | feature(VIRTIO_NET_F_MQ)
    | feature(VIRTIO_NET_F_RSS);

/// Largest number of queue pairs that the doorbell area is laid out for.
pub const QUEUE_PAIRS_MAX: u16 = 1024;
/// Largest number of descriptors of a queue.
pub const QUEUE_SIZE_MAX: u16 = 1024;
/// Largest MSI-X table that PCI allows.
pub const MSIX_VECTORS_MAX: u16 = 2048;
/// Largest indirection table.
pub const RSS_TABLE_LENGTH_MAX: u16 = 4096;
/// Smallest MTU, VIRTIO 1.2 section 5.1.4.1 "Device Requirements: Device configuration layout".
pub const MTU_MIN: u16 = 68;
/// Largest MTU whose frame with a VLAN tag stays below 64 KiB.
pub const MTU_MAX: u16 = 65_500;

/// What the function offers to its driver.
#[derive(Clone, Debug)]
pub struct VirtioNetConfig {
    /// Permanent MAC address, unicast.
    pub mac: [u8; 6],
    /// Largest payload of a frame in bytes, without Ethernet header.
    pub mtu: u16,
    /// `max_virtqueue_pairs`: receive queues, and as many transmit queues.
    pub queue_pairs: u16,
    /// Largest size of each queue in descriptors, a power of two.
    pub queue_size: u16,
    /// Entries of the MSI-X table.
    pub msix_vectors: u16,
    /// `rss_max_indirection_table_length`, a power of two.
    pub rss_table_length: u16,
    /// Features offered, a subset of [`SUPPORTED_FEATURES`].
    pub features: u64,
}

impl Default for VirtioNetConfig {
    /// Sixteen queue pairs of 256 descriptors, a message for each and one for configuration
    /// changes, a table of 128 entries, Ethernet's usual MTU, everything offered.
    fn default() -> Self {
        Self {
            mac: [0x52, 0x54, 0x00, 0x12, 0x34, 0x56],
            mtu: 1500,
            queue_pairs: 16,
            queue_size: 256,
            msix_vectors: 17,
            rss_table_length: 128,
            features: SUPPORTED_FEATURES,
        }
    }
}

/// A configuration that no function can have.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    /// The address is a group address or all zeros.
    #[error("MAC address {0:02x?} is not the address of one adapter: choose a unicast address")]
    Mac([u8; 6]),
    /// A number is outside its range.
    #[error("{name} is {value}, but must be between {least} and {most}")]
    OutOfRange {
        /// The field.
        name: &'static str,
        /// Its value.
        value: u16,
        /// Least value allowed.
        least: u16,
        /// Largest value allowed.
        most: u16,
    },
    /// A number is not a power of two.
    #[error("{name} is {value}, but must be a power of two")]
    NotPowerOfTwo {
        /// The field.
        name: &'static str,
        /// Its value.
        value: u16,
    },
    /// A feature that the model does not have.
    #[error("features {0:#x} are not supported by this device model: leave them out")]
    Features(u64),
    /// A feature without the one it needs.
    #[error(
        "features {0:#x} cannot be offered as they are: \
         VERSION_1 is always needed, and CTRL_VQ for CTRL_RX, CTRL_MAC_ADDR, MQ and RSS"
    )]
    FeatureDependency(u64),
}

impl VirtioNetConfig {
    /// Whether a function can be made from this.
    ///
    /// # Errors
    ///
    /// Names the first field that is out of its range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if self.mac[0] & 1 != 0 || self.mac == [0; 6] {
            return Err(ConfigError::Mac(self.mac));
        }
        in_range("mtu", self.mtu, MTU_MIN, MTU_MAX)?;
        in_range("queue_pairs", self.queue_pairs, 1, QUEUE_PAIRS_MAX)?;
        in_range("queue_size", self.queue_size, 2, QUEUE_SIZE_MAX)?;
        in_range("msix_vectors", self.msix_vectors, 1, MSIX_VECTORS_MAX)?;
        in_range(
            "rss_table_length",
            self.rss_table_length,
            1,
            RSS_TABLE_LENGTH_MAX,
        )?;
        power_of_two("queue_size", self.queue_size)?;
        power_of_two("rss_table_length", self.rss_table_length)?;
        let unknown = self.features & !SUPPORTED_FEATURES;
        if unknown != 0 {
            return Err(ConfigError::Features(unknown));
        }
        if !features_agree(self.features) {
            return Err(ConfigError::FeatureDependency(self.features));
        }
        Ok(())
    }

    /// Number of virtqueues: the pairs and the control queue.
    pub fn queue_count(&self) -> u16 {
        2 * self.queue_pairs + 1
    }

    /// Bytes of the longest frame: an Ethernet header with one VLAN tag, and the MTU.
    pub fn frame_length_max(&self) -> usize {
        18 + usize::from(self.mtu)
    }
}

/// Whether each feature comes with those it requires, VIRTIO 1.2 section 5.1.3.1 "Feature bit
/// requirements"; VERSION_1 is required by section 6.1.
pub(crate) fn features_agree(features: u64) -> bool {
    let needs_control_queue = feature(VIRTIO_NET_F_CTRL_RX)
        | feature(VIRTIO_NET_F_CTRL_MAC_ADDR)
        | feature(VIRTIO_NET_F_MQ)
        | feature(VIRTIO_NET_F_RSS);
    let has_control_queue = features & feature(VIRTIO_NET_F_CTRL_VQ) != 0;
    features & feature(VIRTIO_F_VERSION_1) != 0
        && (has_control_queue || features & needs_control_queue == 0)
}

fn in_range(name: &'static str, value: u16, least: u16, most: u16) -> Result<(), ConfigError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(ConfigError::OutOfRange {
        name,
        value,
        least,
        most,
    })
}

fn power_of_two(name: &'static str, value: u16) -> Result<(), ConfigError> {
    if value.is_power_of_two() {
        return Ok(());
    }
    Err(ConfigError::NotPowerOfTwo { name, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_configuration_is_valid() {
        assert_eq!(VirtioNetConfig::default().validate(), Ok(()));
    }

    #[test]
    fn a_wrong_field_is_named() {
        let refused = |change: fn(&mut VirtioNetConfig)| {
            let mut config = VirtioNetConfig::default();
            change(&mut config);
            config.validate().unwrap_err().to_string()
        };
        assert!(refused(|c| c.queue_pairs = 0).starts_with("queue_pairs is 0"));
        assert!(refused(|c| c.queue_size = 100).contains("queue_size is 100"));
        assert!(refused(|c| c.msix_vectors = 3000).contains("between 1 and 2048"));
        assert!(refused(|c| c.mac[0] |= 1).contains("unicast"));
        assert!(refused(|c| c.features = 1).contains("0x1"));
        assert!(
            refused(|c| c.features &= !feature(VIRTIO_NET_F_CTRL_VQ)).contains("needed"),
            "RSS without a control queue cannot be configured"
        );
    }
}
