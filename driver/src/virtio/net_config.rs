//! The network device's configuration (VIRTIO 1.2, 5.1.4 *Device configuration layout*).

use netadapter::mmio::{Mmio, Register};

use super::features::Features;

const STATUS: Register<u16> = Register::at(6);
const MAXIMUM_QUEUE_PAIRS: Register<u16> = Register::at(8);
const MTU: Register<u16> = Register::at(10);
const SPEED: Register<u32> = Register::at(12);
const RSS_MAXIMUM_KEY_BYTES: Register<u8> = Register::at(17);
const RSS_MAXIMUM_TABLE_ENTRIES: Register<u16> = Register::at(18);
const SUPPORTED_HASH_TYPES: Register<u32> = Register::at(20);

const STATUS_LINK_UP: u16 = 1;
const MEGABIT: u64 = 1_000_000;
/// Reported when the device does not say; a virtual link has no speed of its own.
const USUAL_SPEED: u64 = 10_000 * MEGABIT;
/// 5.1.4.2: a device that offers VIRTIO_NET_F_MTU has an MTU of at least 68.
const SMALLEST_MTU: u16 = 68;
/// 5.1.4.2: `max_virtqueue_pairs` lies between 1 and 0x8000.
const MOST_QUEUE_PAIRS: u16 = 0x8000;

/// A MAC address.
pub type MacAddress = [u8; 6];

/// The hash types of receive side scaling (5.1.6.4.3.1 *Supported/enabled hash types*).
pub mod hash_type {
    /// IPv4 addresses.
    pub const IPV4: u32 = 1 << 0;
    /// IPv4 addresses and TCP ports.
    pub const TCP_IPV4: u32 = 1 << 1;
    /// IPv4 addresses and UDP ports.
    pub const UDP_IPV4: u32 = 1 << 2;
    /// IPv6 addresses.
    pub const IPV6: u32 = 1 << 3;
    /// IPv6 addresses and TCP ports.
    pub const TCP_IPV6: u32 = 1 << 4;
    /// IPv6 addresses and UDP ports.
    pub const UDP_IPV6: u32 = 1 << 5;
    /// IPv6 addresses from extension headers.
    pub const IPV6_EXTENSIONS: u32 = 1 << 6;
    /// IPv6 addresses from extension headers, and TCP ports.
    pub const TCP_IPV6_EXTENSIONS: u32 = 1 << 7;
    /// IPv6 addresses from extension headers, and UDP ports.
    pub const UDP_IPV6_EXTENSIONS: u32 = 1 << 8;
}

/// What the device can do, read once after its features are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetConfig {
    /// The permanent address.
    pub mac: Option<MacAddress>,
    /// Largest payload of a frame, if the device limits it.
    pub mtu: Option<u16>,
    /// Queue pairs; at least 1.
    pub queue_pairs: u16,
    /// Entries that the indirection table can have; 0 without receive side scaling.
    pub table_entries: u16,
    /// Hash types of [`hash_type`]; 0 without receive side scaling.
    pub hash_types: u32,
}

impl NetConfig {
    /// Reads what `features` say is there. Fields beyond the end of a short structure read as all ones and are
    /// refused by the checks.
    pub fn read(device: &Mmio, features: Features) -> Self {
        let has = |feature| features.contains(feature);
        let mac = [0, 1, 2, 3, 4, 5].map(|byte| device.read(Register::<u8>::at(byte)));
        // Receive side scaling is used only with MQ, which it needs to be switched off again.
        let scaling = has(Features::RSS | Features::MQ)
            && device.read(RSS_MAXIMUM_KEY_BYTES) >= crate::rss::KEY_BYTES as u8
            && device.covers(SUPPORTED_HASH_TYPES);
        let pairs = device.read(MAXIMUM_QUEUE_PAIRS);
        Self {
            // 5.1.4.2: a device with VIRTIO_NET_F_MAC has a unicast address; a multicast one is no address.
            mac: Some(mac).filter(|mac| has(Features::MAC) && mac[0] & 1 == 0),
            mtu: Some(device.read(MTU)).filter(|mtu| has(Features::MTU) && *mtu >= SMALLEST_MTU),
            queue_pairs: if scaling && (1..=MOST_QUEUE_PAIRS).contains(&pairs) {
                pairs
            } else {
                1
            },
            table_entries: if scaling {
                device.read(RSS_MAXIMUM_TABLE_ENTRIES)
            } else {
                0
            },
            hash_types: if scaling {
                device.read(SUPPORTED_HASH_TYPES)
            } else {
                0
            },
        }
    }

    /// Whether the device can scale receives over queues.
    pub fn scales(&self) -> bool {
        self.table_entries > 0 && self.hash_types != 0
    }
}

/// The number of queue pairs by which the control queue is numbered: `max_virtqueue_pairs` once VIRTIO_NET_F_MQ or
/// VIRTIO_NET_F_RSS is negotiated, else 1 (5.1.2 *Virtqueues*).
pub fn numbered_pairs(device: &Mmio, features: Features) -> u16 {
    let several = features.contains(Features::MQ) || features.contains(Features::RSS);
    let pairs = device.read(MAXIMUM_QUEUE_PAIRS);
    if several && (1..=MOST_QUEUE_PAIRS).contains(&pairs) {
        pairs
    } else {
        1
    }
}

/// The state of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Whether frames pass.
    pub up: bool,
    /// Bits a second, in each direction.
    pub bits_per_second: u64,
}

impl Link {
    /// Reads the present state. Without VIRTIO_NET_F_STATUS a link is always up.
    pub fn read(device: &Mmio, features: Features) -> Self {
        let speed = device.read(SPEED);
        // 5.1.4: values up to 0x7FFFFFFF are megabits a second, everything above means unknown.
        let known = features.contains(Features::SPEED_DUPLEX) && (1..=0x7FFF_FFFF).contains(&speed);
        Self {
            up: !features.contains(Features::STATUS) || device.read(STATUS) & STATUS_LINK_UP != 0,
            bits_per_second: if known {
                u64::from(speed) * MEGABIT
            } else {
                USUAL_SPEED
            },
        }
    }
}
