//! The `dhpnic` command line: boots a machine with a NetAdapterCx driver on Linux, sends it
//! traffic, adds processors under it, and reports.

pub mod bundled;
pub mod cli;
pub mod failure;
pub mod hot_add;
pub mod json;
pub mod rules;
pub mod run;
pub mod simulate;
pub mod trace;
