//! What happens in a run: how the machine is made, and the steps after its boot.
//!
//! A scenario is a TOML file, or is made from a seed:
//!
//! ```toml
//! processors = 2          # at boot
//! maximum-processors = 8
//! memory-mib = 4096
//! flows = 32
//! frame-size = 256
//! policy = "participate"  # or "stay-out", "class-default"
//!
//! [keywords]
//! ReceiveBuffers = "128"
//!
//! [[step]]
//! do = "traffic"
//! packets = 500
//!
//! [[step]]
//! do = "add-processor"
//! ```

mod check;
mod file;
mod random;

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use thiserror::Error;

/// Something that happens to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Step {
    /// So many packets reach the protocols.
    Traffic {
        /// How many.
        packets: u64,
    },
    /// A processor arrives.
    AddProcessor,
    /// A memory module arrives.
    AddMemory {
        /// Its size in MiB.
        mib: u64,
    },
    /// A query stop that another driver refuses, so that it is cancelled.
    CancelStop,
    /// The cable is pulled.
    LinkDown,
    /// The cable is plugged in.
    LinkUp,
    /// The system goes to sleep.
    Sleep,
    /// The system resumes.
    Resume,
    /// The processor with this index is replaced (*Hot Replace of Partition Units*).
    HotReplace {
        /// Which.
        processor: u32,
    },
    /// The device is gone without warning. Nothing of it follows.
    SurpriseRemove,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Traffic { packets } => write!(f, "{packets} packets"),
            Self::AddProcessor => f.write_str("add a processor"),
            Self::AddMemory { mib } => write!(f, "add {mib} MiB"),
            Self::CancelStop => f.write_str("cancel a stop"),
            Self::LinkDown => f.write_str("link down"),
            Self::LinkUp => f.write_str("link up"),
            Self::Sleep => f.write_str("sleep"),
            Self::Resume => f.write_str("resume"),
            Self::HotReplace { processor } => write!(f, "replace processor {processor}"),
            Self::SurpriseRemove => f.write_str("remove the device by surprise"),
        }
    }
}

/// The device's part in rebalances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// It takes part.
    #[default]
    Participate,
    /// It stays out.
    StayOut,
    /// As its class says.
    ClassDefault,
}

/// A machine and what happens to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Scenario {
    /// Processors at boot.
    pub processors: u32,
    /// Processors that the machine can ever have.
    pub maximum_processors: u32,
    /// Memory at boot, in MiB.
    pub memory_mib: u64,
    /// Flows of the generated traffic.
    pub flows: u32,
    /// Bytes of a generated frame.
    pub frame_size: usize,
    /// The device's part in rebalances.
    pub policy: Policy,
    /// Configuration keywords that an administrator has set.
    pub keywords: BTreeMap<String, String>,
    /// What happens, in this order.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            processors: 1,
            maximum_processors: 8,
            memory_mib: 1024,
            flows: 24,
            frame_size: 128,
            policy: Policy::Participate,
            keywords: BTreeMap::new(),
            steps: Vec::new(),
        }
    }
}

/// Why a scenario cannot be used, and where it says so.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {what}")]
pub struct ScenarioError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

impl Scenario {
    /// The scenario as a file.
    ///
    /// # Panics
    /// Never: all parts of a scenario can be written.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a scenario has strings, numbers and tables only")
    }
}
