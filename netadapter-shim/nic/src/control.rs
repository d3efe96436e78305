//! The commands of the control queue.
//!
//! VIRTIO 1.2 section 5.1.6.5 "Control Virtqueue". Each command runs whole or is refused whole.

use crate::config::feature;
use crate::filter::Filter;
use crate::steering::{Steering, SteeringLimits};
use virtio_bindings::virtio_net::{
    VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET, VIRTIO_NET_CTRL_MAC_TABLE_SET,
    VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_RSS_CONFIG, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MIN,
    VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_ALLMULTI,
    VIRTIO_NET_CTRL_RX_PROMISC, VIRTIO_NET_F_CTRL_MAC_ADDR, VIRTIO_NET_F_CTRL_RX, VIRTIO_NET_F_MQ,
    VIRTIO_NET_F_RSS,
};

/// What an accepted command changed beyond the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    Filter,
    Mac([u8; 6]),
    Steering,
}

/// What commands work on.
pub(crate) struct Target<'a> {
    pub negotiated: u64,
    pub filter: &'a mut Filter,
    pub steering: &'a mut Steering,
    pub limits: SteeringLimits,
}

/// Runs one command: class, command and its data. `None` is VIRTIO_NET_ERR.
pub(crate) fn run(command: &[u8], target: Target<'_>) -> Option<Accepted> {
    let ([class, command], data) = command.split_first_chunk()?;
    let negotiated = |bit| (target.negotiated & feature(bit) != 0).then_some(());
    match (u32::from(*class), u32::from(*command)) {
        (VIRTIO_NET_CTRL_RX, mode) => {
            negotiated(VIRTIO_NET_F_CTRL_RX)?;
            let on = switch(data)?;
            match mode {
                VIRTIO_NET_CTRL_RX_PROMISC => target.filter.set_promiscuous(on),
                VIRTIO_NET_CTRL_RX_ALLMULTI => target.filter.set_all_multicast(on),
                // The others belong to VIRTIO_NET_F_CTRL_RX_EXTRA, which is not offered.
                _ => return None,
            }
            Some(Accepted::Filter)
        }
        (VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET) => {
            negotiated(VIRTIO_NET_F_CTRL_RX)?;
            target.filter.set_table(data)?;
            Some(Accepted::Filter)
        }
        (VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET) => {
            negotiated(VIRTIO_NET_F_CTRL_MAC_ADDR)?;
            let mac: [u8; 6] = data.try_into().ok()?;
            if mac[0] & 1 != 0 {
                return None;
            }
            target.filter.set_mac(mac);
            Some(Accepted::Mac(mac))
        }
        (VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET) => {
            negotiated(VIRTIO_NET_F_MQ)?;
            let pairs = u16::from_le_bytes(data.try_into().ok()?);
            let least = VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MIN as u16;
            if !(least..=target.limits.queue_pairs).contains(&pairs) {
                return None;
            }
            target.steering.use_automatic();
            Some(Accepted::Steering)
        }
        (VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_RSS_CONFIG) => {
            negotiated(VIRTIO_NET_F_RSS)?;
            target.steering.configure_rss(data, target.limits)?;
            Some(Accepted::Steering)
        }
        _ => None,
    }
}

fn switch(data: &[u8]) -> Option<bool> {
    match data {
        [0] => Some(false),
        [1] => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SUPPORTED_FEATURES;

    fn answer(negotiated: u64, command: &[u8]) -> Option<Accepted> {
        let target = Target {
            negotiated,
            filter: &mut Filter::new([2; 6], true),
            steering: &mut Steering::default(),
            limits: SteeringLimits {
                queue_pairs: 4,
                table_length: 8,
            },
        };
        run(command, target)
    }

    #[test]
    fn well_formed_commands_are_accepted() {
        let all = SUPPORTED_FEATURES;
        assert_eq!(answer(all, &[0, 0, 1]), Some(Accepted::Filter));
        assert_eq!(answer(all, &[0, 1, 0]), Some(Accepted::Filter));
        assert_eq!(
            answer(all, &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            Some(Accepted::Filter)
        );
        let mac = [2, 3, 4, 5, 6, 7];
        assert_eq!(
            answer(all, &[1, 1, 2, 3, 4, 5, 6, 7]),
            Some(Accepted::Mac(mac))
        );
        assert_eq!(answer(all, &[4, 0, 4, 0]), Some(Accepted::Steering));
    }

    #[test]
    fn malformed_and_unknown_commands_are_refused() {
        let commands: [&[u8]; 14] = [
            &[],
            &[0],
            &[0, 0],
            &[0, 0, 2],
            &[0, 0, 1, 1],
            &[0, 5, 1],
            &[1, 0, 1, 0, 0, 0],
            &[1, 1, 2, 3, 4, 5, 6],
            &[1, 1, 1, 3, 4, 5, 6, 7],
            &[4, 0, 0, 0],
            &[4, 0, 5, 0],
            &[4, 1, 0],
            &[4, 2, 0],
            &[9, 9, 9],
        ];
        for command in commands {
            assert_eq!(answer(SUPPORTED_FEATURES, command), None, "{command:?}");
        }
    }

    #[test]
    fn commands_of_features_not_negotiated_are_refused() {
        for command in [&[0, 0, 1][..], &[1, 1, 2, 3, 4, 5, 6, 7], &[4, 0, 1, 0]] {
            assert_eq!(answer(0, command), None);
        }
    }
}
