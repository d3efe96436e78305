//! `dhpnic hot-add`: the measurement that people come for.

mod json;
mod measure;
mod options;
mod run;
mod table;
mod traffic;

pub use options::{Options, Policy};
pub use run::run;
