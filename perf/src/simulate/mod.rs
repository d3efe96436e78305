//! `dhpnic simulate`: many whole runs of a machine, each decided by its seed, with faults.

pub mod scenario;
pub mod shrink;
