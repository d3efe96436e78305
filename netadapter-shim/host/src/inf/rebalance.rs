//! Whether a device takes part in the resource rebalance that follows a processor arrival.

use super::class;
use super::guid::Guid;
use super::installation::Installation;
use super::property::{DEVPROP_TYPE_INT32, DEVPROP_TYPE_UINT32, DeviceProperty, PropertyKey};

/// `DEVPKEY_Device_DHP_Rebalance_Policy`.
pub const DHP_REBALANCE_POLICY: PropertyKey = PropertyKey {
    category: Guid(0x540b947e_8b40_45bc_a8a2_6a0b894cbda2),
    pid: 2,
};

/// The values of [`DHP_REBALANCE_POLICY`] (*DEVPKEY_Device_DHP_Rebalance_Policy*).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RebalancePolicy {
    /// The property is not set: the device's class decides.
    ClassDefault,
    /// 1: the device does not take part.
    StayOut,
    /// 2: the device takes part.
    Participate,
}

impl RebalancePolicy {
    /// Reads the policy from a device's properties.
    ///
    /// The documentation gives the type as INT32 and an INF can write only UINT32, so both count.
    /// Another type or value is as if the property were not set.
    pub fn from_properties(properties: &[DeviceProperty]) -> Self {
        let property = properties
            .iter()
            .find(|property| property.key == DHP_REBALANCE_POLICY)
            .filter(|property| {
                [DEVPROP_TYPE_INT32, DEVPROP_TYPE_UINT32].contains(&property.property_type)
            });
        match property.map(|property| property.data.as_slice()) {
            Some([1, 0, 0, 0]) => Self::StayOut,
            Some([2, 0, 0, 0]) => Self::Participate,
            _ => Self::ClassDefault,
        }
    }
}

impl Installation {
    /// The policy that the device's properties express.
    pub fn rebalance_policy(&self) -> RebalancePolicy {
        RebalancePolicy::from_properties(&self.properties)
    }

    /// Changes the policy after the installation, as an administrator may.
    pub fn set_rebalance_policy(&mut self, policy: RebalancePolicy) {
        self.properties
            .retain(|property| property.key != DHP_REBALANCE_POLICY);
        let value: u32 = match policy {
            RebalancePolicy::ClassDefault => return,
            RebalancePolicy::StayOut => 1,
            RebalancePolicy::Participate => 2,
        };
        self.properties.push(DeviceProperty {
            key: DHP_REBALANCE_POLICY,
            property_type: DEVPROP_TYPE_UINT32,
            data: value.to_le_bytes().to_vec(),
        });
    }

    /// Whether the device is part of the rebalance after a processor arrival.
    pub fn takes_part_in_rebalance(&self) -> bool {
        match self.rebalance_policy() {
            RebalancePolicy::Participate => true,
            RebalancePolicy::StayOut => false,
            RebalancePolicy::ClassDefault => !class::dhp_rebalance_opt_out(self.class_guid),
        }
    }
}
