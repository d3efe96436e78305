//! Device setup classes, as far as processor arrival needs them.

use super::guid::Guid;

/// Class Net, network adapters (`GUID_DEVCLASS_NET`).
pub const NET: Guid = Guid(0x4d36e972_e325_11ce_bfc1_08002be10318);

/// `DEVPKEY_DeviceClass_DHPRebalanceOptOut` of a class: whether its devices stay out of the
/// resource rebalance after a processor arrival unless they ask for it. True for class Net, false
/// for all others (*DEVPKEY_DeviceClass_DHPRebalanceOptOut*).
pub fn dhp_rebalance_opt_out(class: Guid) -> bool {
    class == NET
}
