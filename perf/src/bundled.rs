//! The driver that was built together with this command.

/// The driver image.
pub const IMAGE: &[u8] = include_bytes!(env!("DHPNIC_SYS"));

/// The driver's symbols.
pub const SYMBOLS: &[u8] = include_bytes!(env!("DHPNIC_PDB"));

/// The driver's INF, stamped.
pub const INF: &[u8] = include_bytes!(env!("DHPNIC_INF"));
