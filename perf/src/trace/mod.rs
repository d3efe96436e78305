//! `dhpnic trace`: what a trace of Windows, or of the host, says about interrupts, DPCs, and the
//! hot add of processors.

mod analysis;
mod changes;
mod diff;
pub mod driver_events;
mod images;
mod measure;
mod options;
mod output;
mod progress;
mod run;
mod survey;
mod symbols;

pub use options::Options;
pub use run::run;

#[cfg(test)]
mod tests;
