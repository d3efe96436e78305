//! The traffic of a run: generated, or replayed from a capture.

use super::options::Options;
use crate::failure::Failure;
use netadapter_nic::{
    Cable, CableHandle, Frames, Generator, GeneratorConfig, Replay, VirtioNetConfig, Wire,
};
use std::sync::Arc;

/// What is on the wire.
pub struct Traffic {
    frames: Arc<dyn Frames>,
    /// What it is, for people.
    pub description: String,
    /// Whether its frames are addressed to others than the adapter.
    pub foreign: bool,
}

impl Traffic {
    /// The traffic that the options ask for.
    ///
    /// # Errors
    /// If the capture cannot be used, or the generator's settings make no sense.
    pub fn new(options: &Options, nic: &VirtioNetConfig) -> Result<Self, Failure> {
        if let Some(path) = &options.pcap {
            let replay = Replay::open(path, nic.mtu, true)
                .map_err(|error| Failure::Input(format!("--pcap {}: {error}", path.display())))?;
            let description = format!(
                "{} frames of {}, looped",
                replay.recorded_count(),
                path.display()
            );
            return Ok(Self {
                frames: Arc::new(replay),
                description,
                foreign: true,
            });
        }
        let config = GeneratorConfig {
            seed: options.seed,
            flows: options.flows,
            frame_size: options.frame_size,
            packets: None,
            destination: nic.mac,
            mtu: nic.mtu,
        };
        let generator =
            Generator::new(&config).map_err(|error| Failure::Input(error.to_string()))?;
        let description = format!(
            "generated, {} flows, frames of {} bytes, seed {}",
            options.flows, options.frame_size, options.seed
        );
        Ok(Self {
            frames: Arc::new(generator),
            description,
            foreign: false,
        })
    }

    /// A cable with this traffic at its far end, and its handle.
    pub fn cable(&self) -> (Box<dyn Wire>, CableHandle) {
        let (cable, handle) = Cable::new(self.frames.clone());
        (Box::new(cable), handle)
    }
}
