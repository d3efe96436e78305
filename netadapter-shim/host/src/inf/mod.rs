//! Installs a driver by its INF file, as Windows would, onto a device of a simulated machine.
//!
//! [`Inf::parse`] checks the syntax, [`Installation::plan`] follows the sections for one device on
//! one system and returns what the registry, the device properties and the service database hold
//! afterwards. Nothing outside the file is read; no input makes either of them panic, and the work
//! that one file can cause is bounded.
//!
//! Only what an isolated driver package may do is accepted (*Using a Universal INF File*); a
//! directive beyond that is an error that names it, with line and column.

mod add_reg;
mod class;
mod directives;
mod document;
mod error;
mod files;
mod guid;
mod installation;
mod interface;
mod keyword;
mod models;
mod net_class;
mod property;
mod reading;
mod rebalance;
mod registry;
mod service;
mod syntax;
mod target;
mod text;
mod version;

#[cfg(test)]
mod tests;

pub use class::{NET as CLASS_NET, dhp_rebalance_opt_out};
pub use document::Inf;
pub use error::{InfError, Position, Warning};
pub use files::CopiedFile;
pub use guid::{Guid, NotAGuid};
pub use installation::Installation;
pub use interface::DeviceInterface;
pub use keyword::KeywordError;
pub use property::{
    DEVPROP_TYPE_BINARY, DEVPROP_TYPE_BOOLEAN, DEVPROP_TYPE_INT32, DEVPROP_TYPE_STRING,
    DEVPROP_TYPE_STRING_LIST, DEVPROP_TYPE_UINT32, DeviceProperty, PropertyKey,
};
pub use rebalance::{DHP_REBALANCE_POLICY, RebalancePolicy};
pub use registry::{Key, RegistryValue};
pub use service::{KmdfVersion, Service};
pub use target::{Architecture, DeviceIds, OsVersion, ProductType, Target};
pub use version::DriverVersion;
