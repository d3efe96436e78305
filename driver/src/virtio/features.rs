//! Feature bits (VIRTIO 1.2, 6 *Reserved Feature Bits* and 5.1.3 *Feature bits* of the network device).

use core::ops::{BitAnd, BitOr};

/// A set of feature bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features(pub u64);

impl Features {
    /// The device's maximum MTU is in its configuration.
    pub const MTU: Self = Self(1 << 3);
    /// The device's address is in its configuration.
    pub const MAC: Self = Self(1 << 5);
    /// The link state is in the device's configuration.
    pub const STATUS: Self = Self(1 << 16);
    /// There is a control queue.
    pub const CTRL_VQ: Self = Self(1 << 17);
    /// The control queue takes receive modes.
    pub const CTRL_RX: Self = Self(1 << 18);
    /// There are several queue pairs.
    pub const MQ: Self = Self(1 << 22);
    /// The control queue takes a new address.
    pub const CTRL_MAC_ADDR: Self = Self(1 << 23);
    /// Notifications are suppressed by `used_event` and `avail_event`.
    pub const EVENT_IDX: Self = Self(1 << 29);
    /// The device follows this specification and not its legacy.
    pub const VERSION_1: Self = Self(1 << 32);
    /// The device's addresses are those that the platform gives it, not physical ones.
    pub const ACCESS_PLATFORM: Self = Self(1 << 33);
    /// Each queue can be reset alone.
    pub const RING_RESET: Self = Self(1 << 40);
    /// Receive side scaling with Toeplitz hash and an indirection table of the driver.
    pub const RSS: Self = Self(1 << 60);
    /// Speed and duplex mode are in the device's configuration.
    pub const SPEED_DUPLEX: Self = Self(1 << 63);

    /// Everything this driver knows how to use.
    pub const KNOWN: Self = Self(
        Self::MTU.0
            | Self::MAC.0
            | Self::STATUS.0
            | Self::CTRL_VQ.0
            | Self::CTRL_RX.0
            | Self::MQ.0
            | Self::CTRL_MAC_ADDR.0
            | Self::EVENT_IDX.0
            | Self::VERSION_1.0
            | Self::ACCESS_PLATFORM.0
            | Self::RING_RESET.0
            | Self::RSS.0
            | Self::SPEED_DUPLEX.0,
    );

    /// Whether all bits of `other` are in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// This set without the bits of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// What the driver accepts of an offer: what it knows, less every bit whose requirement is not offered
    /// (5.1.3.1 *Feature bit requirements*).
    #[must_use]
    pub fn accepted(self) -> Self {
        let mut accepted = self & Self::KNOWN;
        if !accepted.contains(Self::CTRL_VQ) {
            accepted = accepted.without(Self::CTRL_RX | Self::MQ | Self::CTRL_MAC_ADDR | Self::RSS);
        }
        accepted
    }
}

impl BitAnd for Features {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for Features {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_unknown_is_accepted() {
        assert_eq!(Features(u64::MAX).accepted(), Features::KNOWN);
    }

    #[test]
    fn what_needs_the_control_queue_falls_with_it() {
        let offer = Features(u64::MAX).without(Features::CTRL_VQ);
        let accepted = offer.accepted();
        assert_eq!(
            accepted & (Features::MQ | Features::RSS | Features::CTRL_RX),
            Features(0)
        );
        assert!(accepted.contains(Features::VERSION_1 | Features::EVENT_IDX));
    }
}
