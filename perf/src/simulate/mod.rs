//! `dhpnic simulate`: many whole runs of a machine, each decided by its seed, with faults.

mod campaign;
mod judge;
mod options;
mod report;
pub mod scenario;
pub mod shrink;
mod wire;
pub mod world;

pub use campaign::run;
pub use options::Options;
