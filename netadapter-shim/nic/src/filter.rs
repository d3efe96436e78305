//! The receive filter on destination MAC addresses.
//!
//! VIRTIO 1.2 section 5.1.6.5.1 "Packet Receive Filtering" and section 5.1.6.5.2 "Setting MAC
//! Address Filtering".

const BROADCAST: [u8; 6] = [0xff; 6];

/// Which frames the driver wants.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    mac: [u8; 6],
    promiscuous: bool,
    all_multicast: bool,
    /// Both tables of VIRTIO_NET_CTRL_MAC_TABLE_SET, sorted.
    table: Vec<[u8; 6]>,
}

impl Filter {
    /// The filter of a device that was just reset. A driver that cannot set the filter gets all
    /// frames; any other starts with its own address and broadcasts.
    pub fn new(mac: [u8; 6], settable: bool) -> Self {
        Self {
            mac,
            promiscuous: !settable,
            all_multicast: false,
            table: Vec::new(),
        }
    }

    pub fn set_mac(&mut self, mac: [u8; 6]) {
        self.mac = mac;
    }

    pub fn set_promiscuous(&mut self, on: bool) {
        self.promiscuous = on;
    }

    pub fn set_all_multicast(&mut self, on: bool) {
        self.all_multicast = on;
    }

    /// Takes the two `struct virtio_net_ctrl_mac` of a MAC_TABLE_SET command: unicast, then
    /// multicast addresses. `None` leaves the table as it was.
    pub fn set_table(&mut self, command: &[u8]) -> Option<()> {
        let (mut table, rest) = addresses(command)?;
        let (multicast, rest) = addresses(rest)?;
        if !rest.is_empty() {
            return None;
        }
        table.extend(multicast);
        table.sort_unstable();
        table.dedup();
        self.table = table;
        Some(())
    }

    /// Whether a frame of at least an Ethernet header is for this adapter.
    pub fn accepts(&self, frame: &[u8]) -> bool {
        let Some(destination) = frame.first_chunk::<6>() else {
            return false;
        };
        let group = destination[0] & 1 != 0;
        self.promiscuous
            || *destination == self.mac
            || *destination == BROADCAST
            || (group && self.all_multicast)
            || self.table.binary_search(destination).is_ok()
    }
}

fn addresses(command: &[u8]) -> Option<(Vec<[u8; 6]>, &[u8])> {
    let (entries, rest) = command.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*entries))
        .ok()?
        .checked_mul(6)?;
    let (table, rest) = rest.split_at_checked(length)?;
    let (table, _) = table.as_chunks::<6>();
    Some((table.to_vec(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: [u8; 6] = [2, 0, 0, 0, 0, 1];
    const OTHER: [u8; 6] = [2, 0, 0, 0, 0, 2];
    const GROUP: [u8; 6] = [0x33, 0x33, 0, 0, 0, 1];

    fn command(unicast: &[[u8; 6]], multicast: &[[u8; 6]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for table in [unicast, multicast] {
            bytes.extend((table.len() as u32).to_le_bytes());
            bytes.extend(table.concat());
        }
        bytes
    }

    #[test]
    fn own_address_and_broadcast_pass_and_nothing_else() {
        let filter = Filter::new(OWN, true);
        assert!(filter.accepts(&OWN) && filter.accepts(&BROADCAST));
        assert!(!filter.accepts(&OTHER) && !filter.accepts(&GROUP));
        assert!(!filter.accepts(&[2, 0]));
    }

    #[test]
    fn promiscuous_and_all_multicast_let_more_pass() {
        let mut filter = Filter::new(OWN, true);
        filter.set_all_multicast(true);
        assert!(filter.accepts(&GROUP) && !filter.accepts(&OTHER));
        filter.set_promiscuous(true);
        assert!(filter.accepts(&OTHER));
        assert!(Filter::new(OWN, false).accepts(&OTHER));
    }

    #[test]
    fn the_table_is_replaced_as_a_whole_and_torn_commands_are_refused() {
        let mut filter = Filter::new(OWN, true);
        filter.set_table(&command(&[OTHER], &[GROUP])).unwrap();
        assert!(filter.accepts(&OTHER) && filter.accepts(&GROUP));
        let good = command(&[], &[GROUP]);
        for length in 0..good.len() {
            assert_eq!(filter.set_table(&good[..length]), None);
        }
        assert_eq!(filter.set_table(&[0xff; 8]), None);
        assert!(filter.accepts(&OTHER));
        filter.set_table(&good).unwrap();
        assert!(!filter.accepts(&OTHER));
    }
}
