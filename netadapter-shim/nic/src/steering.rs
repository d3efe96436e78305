//! Receive steering: which receive queue a frame goes to.
//!
//! VIRTIO 1.2 section 5.1.6.5.7 "Receive-side scaling (RSS)" and section 5.1.6.4.3 "Hash
//! calculation for incoming packets".

use crate::headers::{Addresses, Headers, Protocol};
use crate::toeplitz::{INPUT_LENGTH_MAX, Toeplitz};
use virtio_bindings::virtio_net::{
    VIRTIO_NET_RSS_HASH_TYPE_IPv4, VIRTIO_NET_RSS_HASH_TYPE_IPv6, VIRTIO_NET_RSS_HASH_TYPE_TCPv4,
    VIRTIO_NET_RSS_HASH_TYPE_TCPv6, VIRTIO_NET_RSS_HASH_TYPE_UDPv4, VIRTIO_NET_RSS_HASH_TYPE_UDPv6,
};

pub(crate) use crate::toeplitz::KEY_LENGTH;

/// `supported_hash_types`.
pub(crate) const HASH_TYPES: u32 = VIRTIO_NET_RSS_HASH_TYPE_IPv4
    | VIRTIO_NET_RSS_HASH_TYPE_TCPv4
    | VIRTIO_NET_RSS_HASH_TYPE_UDPv4
    | VIRTIO_NET_RSS_HASH_TYPE_IPv6
    | VIRTIO_NET_RSS_HASH_TYPE_TCPv6
    | VIRTIO_NET_RSS_HASH_TYPE_UDPv6;

/// Bits 1 to 15 of a receive virtqueue's index number receive queues; the top bit is reserved.
const RECEIVE_QUEUE_ID_RESERVED: u16 = 1 << 15;

/// What the device may be asked to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SteeringLimits {
    pub queue_pairs: u16,
    pub table_length: u16,
}

/// An applied VIRTIO_NET_CTRL_MQ_RSS_CONFIG.
struct Rss {
    hash_types: u32,
    toeplitz: Toeplitz,
    table: Vec<u16>,
    unclassified_queue: u16,
}

/// The steering in force. Without RSS everything goes to the first receive queue, which is what
/// automatic receive steering may always do.
pub(crate) struct Steering {
    rss: Option<Rss>,
    targets: Vec<u16>,
}

impl Default for Steering {
    fn default() -> Self {
        Self {
            rss: None,
            targets: vec![0],
        }
    }
}

impl Steering {
    /// The receive queue for `frame`.
    pub fn receive_queue(&self, frame: &[u8]) -> u16 {
        let Some(rss) = &self.rss else { return 0 };
        let hash = Headers::parse(frame).and_then(|headers| rss.hash(&headers));
        match hash {
            // The table's length is a power of two, so its mask selects an entry.
            Some(hash) => rss.table[hash as usize & (rss.table.len() - 1)],
            None => rss.unclassified_queue,
        }
    }

    /// Every receive queue that a frame can go to, each once.
    pub fn targets(&self) -> &[u16] {
        &self.targets
    }

    /// Takes a `struct virtio_net_rss_config`; `None` leaves the old steering in force.
    pub fn configure_rss(&mut self, config: &[u8], limits: SteeringLimits) -> Option<()> {
        let rss = Rss::parse(config, limits)?;
        self.targets = [&rss.table[..], &[rss.unclassified_queue]].concat();
        self.targets.sort_unstable();
        self.targets.dedup();
        self.rss = Some(rss);
        Some(())
    }

    /// Automatic receive steering takes over again.
    pub fn use_automatic(&mut self) {
        *self = Self::default();
    }
}

impl Rss {
    fn parse(config: &[u8], limits: SteeringLimits) -> Option<Self> {
        let mut rest = config;
        let hash_types = u32::from_le_bytes(*take(&mut rest)?);
        let table_mask = u16::from_le_bytes(*take(&mut rest)?);
        let unclassified_queue = receive_queue_id(take(&mut rest)?, limits)?;
        let table_length = table_mask.checked_add(1)?;
        if hash_types & !HASH_TYPES != 0
            || !table_length.is_power_of_two()
            || table_length > limits.table_length
        {
            return None;
        }
        let table = (0..table_length)
            .map(|_| receive_queue_id(take(&mut rest)?, limits))
            .collect::<Option<Vec<u16>>>()?;
        let max_tx_vq = u16::from_le_bytes(*take(&mut rest)?);
        let [key_length] = *take(&mut rest)?;
        if max_tx_vq == 0 || max_tx_vq > limits.queue_pairs {
            return None;
        }
        let key = match usize::from(key_length) {
            KEY_LENGTH => *take(&mut rest)?,
            // A device that hashes nothing needs no key.
            0 if hash_types == 0 => [0; KEY_LENGTH],
            _ => return None,
        };
        rest.is_empty().then(|| Self {
            hash_types,
            toeplitz: Toeplitz::new(&key),
            table,
            unclassified_queue,
        })
    }

    /// VIRTIO 1.2 sections 5.1.6.4.3.1 to 5.1.6.4.3.4: ports where their hash type is enabled,
    /// else addresses where theirs is, else no hash. Extension headers of IPv6 are skipped, for
    /// the hash types that look into them are not supported.
    fn hash(&self, headers: &Headers) -> Option<u32> {
        let (tcp, udp, ip) = match headers.addresses {
            Addresses::V4(..) => (
                VIRTIO_NET_RSS_HASH_TYPE_TCPv4,
                VIRTIO_NET_RSS_HASH_TYPE_UDPv4,
                VIRTIO_NET_RSS_HASH_TYPE_IPv4,
            ),
            Addresses::V6(..) => (
                VIRTIO_NET_RSS_HASH_TYPE_TCPv6,
                VIRTIO_NET_RSS_HASH_TYPE_UDPv6,
                VIRTIO_NET_RSS_HASH_TYPE_IPv6,
            ),
        };
        let ports = headers.ports.filter(|ports| {
            let with_ports = match ports.protocol {
                Protocol::Tcp => tcp,
                Protocol::Udp => udp,
            };
            self.hash_types & with_ports != 0
        });
        if ports.is_none() && self.hash_types & ip == 0 {
            return None;
        }
        let mut input = [0; INPUT_LENGTH_MAX];
        let mut length = 0;
        let mut append = |bytes: &[u8]| {
            input[length..length + bytes.len()].copy_from_slice(bytes);
            length += bytes.len();
        };
        match &headers.addresses {
            Addresses::V4(source, destination) => {
                append(source);
                append(destination);
            }
            Addresses::V6(source, destination) => {
                append(source);
                append(destination);
            }
        }
        if let Some(ports) = ports {
            append(&ports.source.to_be_bytes());
            append(&ports.destination.to_be_bytes());
        }
        Some(self.toeplitz.hash(&input[..length]))
    }
}

fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (field, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(field)
}

fn receive_queue_id(field: &[u8; 2], limits: SteeringLimits) -> Option<u16> {
    let queue = u16::from_le_bytes(*field);
    (queue & RECEIVE_QUEUE_ID_RESERVED == 0 && queue < limits.queue_pairs).then_some(queue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::PacketBuilder;

    const LIMITS: SteeringLimits = SteeringLimits {
        queue_pairs: 4,
        table_length: 8,
    };
    const KEY: [u8; KEY_LENGTH] = [0x5a; KEY_LENGTH];

    fn config(hash_types: u32, unclassified: u16, table: &[u16]) -> Vec<u8> {
        let mut bytes = hash_types.to_le_bytes().to_vec();
        bytes.extend((table.len() as u16 - 1).to_le_bytes());
        bytes.extend(unclassified.to_le_bytes());
        bytes.extend(table.iter().flat_map(|queue| queue.to_le_bytes()));
        bytes.extend(4u16.to_le_bytes());
        bytes.push(KEY_LENGTH as u8);
        bytes.extend(KEY);
        bytes
    }

    fn udp_frame(source_port: u16) -> Vec<u8> {
        let mut frame = Vec::new();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4([1, 2, 3, 4], [5, 6, 7, 8], 9)
            .udp(source_port, 7)
            .write(&mut frame, b"x")
            .unwrap();
        frame
    }

    #[test]
    fn without_rss_everything_goes_to_the_first_queue() {
        let steering = Steering::default();
        assert_eq!(steering.receive_queue(&udp_frame(1)), 0);
        assert_eq!(steering.targets(), [0]);
    }

    #[test]
    fn the_table_entry_of_the_hash_names_the_queue() {
        let mut steering = Steering::default();
        steering
            .configure_rss(&config(HASH_TYPES, 3, &[0, 1, 2, 1]), LIMITS)
            .unwrap();
        let toeplitz = Toeplitz::new(&KEY);
        for port in 0..200u16 {
            let [high, low] = port.to_be_bytes();
            let hash = toeplitz.hash(&[1, 2, 3, 4, 5, 6, 7, 8, high, low, 0, 7]);
            let expected = [0, 1, 2, 1][hash as usize % 4];
            assert_eq!(steering.receive_queue(&udp_frame(port)), expected);
        }
        assert_eq!(steering.receive_queue(&[0xff; 60]), 3, "unclassified");
        assert_eq!(steering.targets(), [0, 1, 2, 3]);
    }

    #[test]
    fn hash_types_choose_what_is_hashed() {
        let mut steering = Steering::default();
        let addresses_only = config(VIRTIO_NET_RSS_HASH_TYPE_IPv4, 3, &[0, 1, 2, 1]);
        steering.configure_rss(&addresses_only, LIMITS).unwrap();
        let queue = steering.receive_queue(&udp_frame(0));
        assert!((0..99).all(|port| steering.receive_queue(&udp_frame(port)) == queue));
        let tcp_only = config(VIRTIO_NET_RSS_HASH_TYPE_TCPv4, 3, &[0, 1, 2, 1]);
        steering.configure_rss(&tcp_only, LIMITS).unwrap();
        assert_eq!(steering.receive_queue(&udp_frame(0)), 3);
    }

    #[test]
    fn a_wrong_configuration_is_refused_and_changes_nothing() {
        let mut steering = Steering::default();
        let good = config(HASH_TYPES, 0, &[2]);
        steering.configure_rss(&good, LIMITS).unwrap();
        let mut refused = vec![
            config(HASH_TYPES | 64, 0, &[0]),
            config(HASH_TYPES, 4, &[0]),
            config(HASH_TYPES, 0, &[0, 4]),
            config(HASH_TYPES, 0, &[0, 0x8001]),
            config(HASH_TYPES, 0, &[0; 3]),
            config(HASH_TYPES, 0, &[0; 16]),
            [good.clone(), vec![0]].concat(),
        ];
        refused.extend((0..good.len()).map(|length| good[..length].to_vec()));
        let mut no_transmit_queue = good.clone();
        no_transmit_queue[10] = 0;
        refused.push(no_transmit_queue);
        let mut key_of_39 = good.clone();
        key_of_39[12] = 39;
        key_of_39.pop();
        refused.push(key_of_39);
        for bytes in refused {
            assert_eq!(steering.configure_rss(&bytes, LIMITS), None, "{bytes:x?}");
        }
        assert_eq!(steering.receive_queue(&udp_frame(1)), 2);
    }

    #[test]
    fn a_table_mask_of_all_ones_is_refused() {
        let mut steering = Steering::default();
        let mut bytes = config(HASH_TYPES, 0, &[0]);
        bytes[4..6].fill(0xff);
        assert_eq!(steering.configure_rss(&bytes, LIMITS), None);
    }

    #[test]
    fn hashing_nothing_needs_no_key() {
        let mut steering = Steering::default();
        let mut bytes = config(0, 1, &[0]);
        bytes.truncate(bytes.len() - KEY_LENGTH);
        *bytes.last_mut().unwrap() = 0;
        steering.configure_rss(&bytes, LIMITS).unwrap();
        assert_eq!(steering.receive_queue(&udp_frame(1)), 1);
    }
}
