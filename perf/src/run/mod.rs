//! `dhpnic run`: boots a driver that somebody else wrote, sends and receives, and reports.

mod account;
mod device;
mod json;
mod options;
mod pair;
mod patience;
mod report;
mod wire;

pub use options::Options;
pub use report::{AdapterReport, Outcome, QueueReport};

use crate::failure::Failure;
use device::Device;
use netadapter_host::inf::{Inf, Target};
use netadapter_host::machine::{Machine, MachineBuilder, MachineError};

/// Runs `dhpnic run`.
///
/// # Errors
/// If the input cannot be used, the driver breaks a rule, or a packet is lost.
pub fn run(options: &Options) -> Result<(), Failure> {
    let image = read(&options.image, "--image")?;
    let inf = read(&options.inf, "--inf")?;
    options.validate()?;
    let parsed = Inf::parse(&inf).map_err(MachineError::from)?;
    let ids = parsed
        .device_ids(&Target::windows_server_2025())
        .map_err(MachineError::from)?;
    let device = Device::choose(&ids, options)?;
    let mut builder = Machine::builder()
        .processors(options.processors)
        .driver(&image, &inf);
    if let Some(seed) = options.seed {
        builder = builder.deterministic(seed);
    }
    for (name, value) in &options.keywords {
        builder = builder.keyword(name, value);
    }
    if let Some(path) = &options.symbols {
        builder = builder.symbols(&read(path, "--symbols")?);
    }
    let (outcome, verdict) = boot(device, builder, options)?;
    print!("{outcome}");
    if let Some(path) = &options.json {
        crate::json::write(&json::value(&outcome), path)?;
    }
    verdict
}

fn boot(
    device: Device,
    builder: MachineBuilder,
    options: &Options,
) -> Result<(Outcome, Result<(), Failure>), Failure> {
    match device {
        Device::VirtioNet => wire::run(builder, options),
        Device::Software { hardware_id } => pair::run(builder, &hardware_id, options),
    }
}

fn read(path: &std::path::Path, option: &str) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        Failure::Input(format!(
            "{option} {}: cannot be read: {error}",
            path.display()
        ))
    })
}
