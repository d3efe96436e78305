//! Receive side scaling: which flow goes to which queue.
//!
//! The framework's table has 128 entries. What the system asks for is kept here, over power states and rebalances, and
//! is told to the device whenever that lives. The device gets the shortest table that says the same and has enough
//! entries for its queues, so the table on the device grows with them.

use netadapter::receive_scaling::{IndirectionEntry, Protocols};
use netadapter::{Result, Status};

use crate::spread::FRAMEWORK_TABLE_ENTRIES;
use crate::virtio::control_queue::Command;
use crate::virtio::net_config::hash_type;

/// Bytes of the Toeplitz key.
pub const KEY_BYTES: usize = 40;

const ENTRIES: usize = FRAMEWORK_TABLE_ENTRIES as usize;

/// What the device can do, and how far this plan goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Receive queues of the plan.
    pub queues: u16,
    /// Entries that the device's table should have at least.
    pub entries_min: u16,
    /// Entries that the device's table can have.
    pub entries_max: u16,
    /// Hash types of the device.
    pub hash_types: u32,
}

/// What the system asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scaling {
    /// The queue of each entry. All name queue 0 at first, as the framework's own table does.
    table: [u16; ENTRIES],
    key: [u8; KEY_BYTES],
    /// `None`: scaling is off.
    enabled: Option<Protocols>,
}

impl Default for Scaling {
    fn default() -> Self {
        Self {
            table: [0; ENTRIES],
            key: [0; KEY_BYTES],
            enabled: None,
        }
    }
}

impl Scaling {
    /// Turns scaling on. Table and key stay, whatever the order of the calls.
    pub fn enable(&mut self, protocols: Protocols) {
        self.enabled = Some(protocols);
    }

    /// Turns scaling off. The table stays: it may be filled while scaling is off.
    pub fn disable(&mut self) {
        self.enabled = None;
    }

    /// Whether scaling is on.
    pub fn is_enabled(&self) -> bool {
        self.enabled.is_some()
    }

    /// Stores a key.
    ///
    /// # Errors
    ///
    /// STATUS_INVALID_PARAMETER when it does not have 40 bytes.
    pub fn set_key(&mut self, key: &[u8]) -> Result<()> {
        self.key = key.try_into().map_err(|_| Status::INVALID_PARAMETER)?;
        Ok(())
    }

    /// Stores changes of the table, all or none.
    ///
    /// # Errors
    ///
    /// STATUS_INVALID_PARAMETER when an entry or its queue does not exist; then nothing has changed.
    pub fn set_entries(
        &mut self,
        entries: impl Iterator<Item = IndirectionEntry>,
        queues: u16,
    ) -> Result<()> {
        let mut changed = self.table;
        for entry in entries {
            let place = usize::try_from(entry.position)
                .ok()
                .and_then(|position| changed.get_mut(position));
            let queue = entry
                .queue_id
                .and_then(|queue| u16::try_from(queue).ok())
                .filter(|queue| *queue < queues);
            let (Some(place), Some(queue)) = (place, queue) else {
                return Err(Status::INVALID_PARAMETER);
            };
            *place = queue;
        }
        self.table = changed;
        Ok(())
    }

    /// Queues beyond the plan's do not exist any more: their entries name queue 0, until the system fills the table.
    pub fn limit_to(&mut self, queues: u16) {
        for queue in &mut self.table {
            if *queue >= queues {
                *queue = 0;
            }
        }
    }

    /// What the device is to be told.
    ///
    /// # Errors
    ///
    /// STATUS_NOT_SUPPORTED when the table cannot be said in as few entries as the device has.
    pub fn command(&self, bounds: &Bounds) -> Result<Command<'_>> {
        let Some(protocols) = self.enabled else {
            return Ok(Command::QueuePairs(1));
        };
        let length = self.shortest_table(bounds).ok_or(Status::NOT_SUPPORTED)?;
        Ok(Command::ReceiveScaling {
            hash_types: hash_types(protocols) & bounds.hash_types,
            table: &self.table[..length],
            pairs: bounds.queues,
            key: &self.key,
        })
    }

    /// The smallest power of two that has enough entries, is within the device's, and of which the table is a
    /// repetition.
    fn shortest_table(&self, bounds: &Bounds) -> Option<usize> {
        let enough = usize::from(bounds.entries_min).next_power_of_two();
        (0..=ENTRIES.ilog2())
            .map(|power| 1 << power)
            .filter(|length| (enough..=usize::from(bounds.entries_max)).contains(length))
            .find(|length| {
                (*length..ENTRIES).all(|entry| self.table[entry] == self.table[entry % length])
            })
    }
}

/// The protocols that a device with these hash types can hash.
pub fn protocols(hash_types: u32) -> Protocols {
    let has = |types| hash_types & types == types;
    let tcp = has(hash_type::TCP_IPV4) || has(hash_type::TCP_IPV6);
    let udp = has(hash_type::UDP_IPV4) || has(hash_type::UDP_IPV6);
    Protocols::default()
        .with_if(has(hash_type::IPV4), Protocols::IPV4)
        .with_if(has(hash_type::IPV6), Protocols::IPV6)
        .with_if(has(hash_type::IPV6_EXTENSIONS), Protocols::IPV6_EXTENSIONS)
        .with_if(tcp, Protocols::TCP)
        .with_if(udp, Protocols::UDP)
}

/// The hash types for protocols.
fn hash_types(protocols: Protocols) -> u32 {
    let families = [
        (
            Protocols::IPV4,
            hash_type::IPV4,
            hash_type::TCP_IPV4,
            hash_type::UDP_IPV4,
        ),
        (
            Protocols::IPV6,
            hash_type::IPV6,
            hash_type::TCP_IPV6,
            hash_type::UDP_IPV6,
        ),
        (
            Protocols::IPV6_EXTENSIONS,
            hash_type::IPV6_EXTENSIONS,
            hash_type::TCP_IPV6_EXTENSIONS,
            hash_type::UDP_IPV6_EXTENSIONS,
        ),
    ];
    let mut types = 0;
    for (family, addresses, tcp, udp) in families {
        if protocols.intersects(family) {
            types |= addresses;
            types |= if protocols.intersects(Protocols::TCP) {
                tcp
            } else {
                0
            };
            types |= if protocols.intersects(Protocols::UDP) {
                udp
            } else {
                0
            };
        }
    }
    types
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOUNDS: Bounds = Bounds {
        queues: 4,
        entries_min: 16,
        entries_max: 128,
        hash_types: 0x3F,
    };

    fn entry(position: u32, queue: u32) -> IndirectionEntry {
        IndirectionEntry {
            position,
            queue_id: Some(queue),
        }
    }

    fn spread(queues: u32) -> impl Iterator<Item = IndirectionEntry> + Clone {
        (0..128).map(move |position| entry(position, position % queues))
    }

    fn table(scaling: &Scaling, bounds: &Bounds) -> Vec<u16> {
        match scaling.command(bounds) {
            Ok(Command::ReceiveScaling { table, .. }) => table.to_vec(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn all_entries_name_queue_0_at_first() {
        let mut scaling = Scaling::default();
        scaling.enable(Protocols::IPV4);
        assert_eq!(table(&scaling, &BOUNDS), [0; 16]);
    }

    #[test]
    fn the_devices_table_grows_with_the_queues() {
        for (queues, entries) in [(1, 4), (2, 8), (4, 16), (8, 32), (32, 128)] {
            let mut scaling = Scaling::default();
            scaling.enable(Protocols::IPV4);
            scaling.set_entries(spread(queues), 32).unwrap();
            let bounds = Bounds {
                queues: queues as u16,
                entries_min: 4 * queues as u16,
                ..BOUNDS
            };
            assert_eq!(table(&scaling, &bounds).len(), entries);
        }
    }

    #[test]
    fn a_table_that_does_not_repeat_is_told_whole() {
        let mut scaling = Scaling::default();
        scaling.enable(Protocols::IPV4);
        scaling
            .set_entries(spread(4).chain([entry(127, 0)]), 4)
            .unwrap();
        assert_eq!(table(&scaling, &BOUNDS).len(), 128);
        assert_eq!(
            scaling.command(&Bounds {
                entries_max: 64,
                ..BOUNDS
            }),
            Err(Status::NOT_SUPPORTED)
        );
    }

    #[test]
    fn one_bad_entry_refuses_all() {
        for bad in [
            entry(128, 0),
            entry(0, 4),
            IndirectionEntry {
                position: 0,
                queue_id: None,
            },
        ] {
            let mut scaling = Scaling::default();
            let result = scaling.set_entries([entry(1, 1), bad].into_iter(), 4);
            assert_eq!(result, Err(Status::INVALID_PARAMETER));
            assert_eq!(scaling, Scaling::default());
        }
    }

    #[test]
    fn the_order_of_table_key_and_enable_does_not_matter() {
        let steps: [fn(&mut Scaling); 3] = [
            |scaling| scaling.enable(Protocols::IPV4),
            |scaling| scaling.set_key(&[7; 40]).unwrap(),
            |scaling| scaling.set_entries(spread(4), 4).unwrap(),
        ];
        let outcome = |order: [usize; 3]| {
            let mut scaling = Scaling::default();
            order.into_iter().for_each(|step| steps[step](&mut scaling));
            scaling
        };
        for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            assert_eq!(outcome(order), outcome([0, 1, 2]));
        }
    }

    #[test]
    fn scaling_that_is_off_leaves_one_queue_pair_and_its_table() {
        let mut scaling = Scaling::default();
        scaling.enable(Protocols::IPV4);
        scaling.set_entries(spread(4), 4).unwrap();
        scaling.disable();
        assert_eq!(scaling.command(&BOUNDS), Ok(Command::QueuePairs(1)));
        scaling.enable(Protocols::IPV4);
        assert_eq!(table(&scaling, &BOUNDS)[..4], [0, 1, 2, 3]);
    }

    #[test]
    fn entries_of_queues_that_are_gone_name_queue_0() {
        let mut scaling = Scaling::default();
        scaling.enable(Protocols::IPV4);
        scaling.set_entries(spread(4), 4).unwrap();
        scaling.limit_to(2);
        assert_eq!(
            table(
                &scaling,
                &Bounds {
                    queues: 2,
                    entries_min: 8,
                    ..BOUNDS
                }
            )[..4],
            [0, 1, 0, 0]
        );
    }

    #[test]
    fn a_key_has_40_bytes() {
        assert_eq!(
            Scaling::default().set_key(&[0; 39]),
            Err(Status::INVALID_PARAMETER)
        );
    }

    #[test]
    fn hash_types_and_protocols_correspond() {
        let all = 0x1FF;
        assert_eq!(hash_types(protocols(all)), all);
        assert_eq!(
            hash_types(protocols(hash_type::IPV4 | hash_type::TCP_IPV4)),
            0x3
        );
        assert_eq!(
            hash_types(Protocols::TCP),
            0,
            "ports are hashed with addresses only"
        );
    }

    proptest! {
        #[test]
        fn the_told_table_says_what_the_framework_asked_for(
            queues in prop::collection::vec(0_u32..8, 1..=128),
            entries_min in 1_u16..=32,
        ) {
            let mut scaling = Scaling::default();
            scaling.enable(Protocols::IPV6);
            let entries = queues.iter().zip(0..).map(|(queue, position)| entry(position, *queue));
            scaling.set_entries(entries, 8).unwrap();
            let told = table(&scaling, &Bounds { queues: 8, entries_min, ..BOUNDS });
            prop_assert!(told.len().is_power_of_two() && told.len() >= usize::from(entries_min));
            for position in 0..128 {
                let asked = queues.get(position).copied().unwrap_or(0);
                prop_assert_eq!(u32::from(told[position % told.len()]), asked);
            }
        }
    }
}
