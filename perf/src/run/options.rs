//! The options of `run`.

use crate::failure::Failure;
use clap::Args;
use std::path::PathBuf;

/// Frames of the adapters' MTU at most, without a checksum.
const LARGEST_FRAME_BYTES: usize = 1514;

/// Options of `dhpnic run`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The driver's image.
    #[arg(long, value_name = "FILE")]
    pub image: PathBuf,
    /// The driver's INF. It decides the device: the virtio network function, or a device without
    /// hardware with the INF's first ID, such as Root\Example.
    #[arg(long, value_name = "FILE")]
    pub inf: PathBuf,
    /// The driver's PDB, so that findings name functions and lines.
    #[arg(long, value_name = "FILE")]
    pub symbols: Option<PathBuf>,
    /// Boots two devices of the driver, which links them: what one sends, the other receives.
    #[arg(long)]
    pub pair: bool,
    /// Sets a configuration keyword; may be given again.
    #[arg(long = "keyword", value_name = "NAME=VALUE", value_parser = keyword)]
    pub keywords: Vec<(String, String)>,
    /// Sets a configuration keyword of the second device of a pair; may be given again.
    #[arg(long = "peer-keyword", value_name = "NAME=VALUE", value_parser = keyword, requires = "pair")]
    pub peer_keywords: Vec<(String, String)>,
    /// Processors at boot.
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub processors: u32,
    /// Packets to send on each adapter.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub packets: u64,
    /// Makes the run repeatable: the seed decides the frames and every interleaving, and time is
    /// virtual. Without it processors run freely.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Bytes of each frame, without its checksum.
    #[arg(long, value_name = "BYTES", default_value_t = 256)]
    pub frame_size: usize,
    /// Writes the results for programs, in schema dhpnic.run/1.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

fn keyword(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

impl Options {
    /// The seed of the frames.
    pub fn frame_seed(&self) -> u64 {
        self.seed.unwrap_or(1)
    }

    /// Checks what the machine itself cannot know.
    ///
    /// # Errors
    /// One sentence about the first option that makes no sense.
    pub fn validate(&self) -> Result<(), Failure> {
        let least = netadapter_nic::FRAME_SIZE_MIN;
        if self.packets == 0 {
            return Err(Failure::Input(
                "--packets 0: nothing would be sent".to_owned(),
            ));
        }
        if !(least..=LARGEST_FRAME_BYTES).contains(&self.frame_size) {
            return Err(Failure::Input(format!(
                "--frame-size {}: frames have {least} to {LARGEST_FRAME_BYTES} bytes",
                self.frame_size
            )));
        }
        Ok(())
    }
}
