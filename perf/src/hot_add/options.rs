//! The options of `hot-add`, and what they amount to.

use crate::failure::Failure;
use clap::{Args, ValueEnum};
use netadapter_host::machine::RebalancePolicy;
use std::path::PathBuf;

/// Bytes of Ethernet header.
const ETHERNET_HEADER_BYTES: usize = 14;

/// Smallest frame that holds headers and the marks by which frames are recognised.
pub const LEAST_FRAME_BYTES: usize = netadapter_nic::FRAME_SIZE_MIN;

/// Options of `dhpnic hot-add`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Processors at boot.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub processors: u32,
    /// Processors to add; may be given again for another step, measured on its own. [default: 1]
    #[arg(long, value_name = "N")]
    pub add: Vec<u32>,
    /// Processors that the machine can ever have; 64, or as many as are asked for.
    #[arg(long, value_name = "N")]
    pub maximum_processors: Option<u32>,
    /// Decides what the generated frames look like.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Packets to measure over, before and after each step.
    #[arg(long, value_name = "N", default_value_t = 300_000)]
    pub packets: u64,
    /// Flows of the generated traffic.
    #[arg(long, value_name = "N", default_value_t = 128)]
    pub flows: u32,
    /// Bytes of each generated frame, without its checksum.
    #[arg(long, value_name = "BYTES", default_value_t = 256)]
    pub frame_size: usize,
    /// Replays this capture, looped, instead of generating traffic; frames keep their bytes.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["flows", "frame_size"])]
    pub pcap: Option<PathBuf>,
    /// Whether the device takes part in the rebalance; what the INF says if not given.
    #[arg(long, value_name = "POLICY")]
    pub policy: Option<Policy>,
    /// Another build of the driver.
    #[arg(long, value_name = "FILE")]
    pub image: Option<PathBuf>,
    /// Another INF.
    #[arg(long, value_name = "FILE")]
    pub inf: Option<PathBuf>,
    /// Writes the results for programs, in schema dhpnic.hot-add/1.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// The rebalance policy of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Policy {
    /// DEVPKEY_Device_DHP_Rebalance_Policy is 2.
    Participate,
    /// DEVPKEY_Device_DHP_Rebalance_Policy is 1.
    StayOut,
    /// The property is absent: class Net stays out.
    ClassDefault,
}

impl Policy {
    /// The name on the command line and in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Participate => "participate",
            Self::StayOut => "stay-out",
            Self::ClassDefault => "class-default",
        }
    }

    /// The policy as the machine knows it.
    pub fn for_machine(self) -> RebalancePolicy {
        match self {
            Self::Participate => RebalancePolicy::Participate,
            Self::StayOut => RebalancePolicy::StayOut,
            Self::ClassDefault => RebalancePolicy::ClassDefault,
        }
    }
}

impl Options {
    /// The steps in which processors are added.
    pub fn steps(&self) -> Vec<u32> {
        if self.add.is_empty() {
            vec![1]
        } else {
            self.add.clone()
        }
    }

    /// The processors that the machine can ever have.
    pub fn maximum(&self) -> u32 {
        self.maximum_processors
            .unwrap_or_else(|| self.total().min(u64::from(u32::MAX)).max(64) as u32)
    }

    fn total(&self) -> u64 {
        u64::from(self.processors)
            + self
                .steps()
                .iter()
                .map(|&step| u64::from(step))
                .sum::<u64>()
    }

    /// Checks what the machine itself cannot know.
    ///
    /// # Errors
    /// One sentence about the first option that makes no sense.
    pub fn validate(&self, mtu: u16) -> Result<(), Failure> {
        let wrong = |text: String| Err(Failure::Input(text));
        let largest = usize::from(mtu) + ETHERNET_HEADER_BYTES;
        if self.processors == 0 {
            return wrong("--processors 0: a machine needs at least one processor".into());
        }
        if self.add.contains(&0) {
            return wrong("--add 0: a step adds at least one processor".into());
        }
        if self.total() > u64::from(self.maximum()) {
            return wrong(format!(
                "{} processors at boot and {} added are more than --maximum-processors {}",
                self.processors,
                self.total() - u64::from(self.processors),
                self.maximum()
            ));
        }
        if self.packets == 0 {
            return wrong("--packets 0: nothing could be measured".into());
        }
        if self.flows == 0 {
            return wrong("--flows 0: traffic needs at least one flow".into());
        }
        if !(LEAST_FRAME_BYTES..=largest).contains(&self.frame_size) {
            return wrong(format!(
                "--frame-size {}: generated frames have {LEAST_FRAME_BYTES} to {largest} bytes \
                 (the adapter's MTU is {mtu})",
                self.frame_size
            ));
        }
        Ok(())
    }
}
