//! How a command can fail, and the exit code of each way.

use netadapter_host::machine::MachineError;
use std::fmt;
use std::process::ExitCode;

/// Why a command did not do what it should.
#[derive(Debug)]
pub enum Failure {
    /// The input cannot be used: exit code 2.
    Input(String),
    /// The driver broke a rule of Windows: exit code 3.
    Violation(String),
    /// A claim did not hold, for instance a packet was lost: exit code 4.
    Claim(String),
}

impl Failure {
    /// The process's exit code.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Input(_) => 2,
            Self::Violation(_) => 3,
            Self::Claim(_) => 4,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(text) | Self::Violation(text) | Self::Claim(text) => f.write_str(text),
        }
    }
}

impl From<MachineError> for Failure {
    fn from(error: MachineError) -> Self {
        let text = error.to_string();
        match error {
            MachineError::Finding(_) => Self::Violation(text),
            MachineError::Driver { .. } => Self::Claim(text),
            MachineError::Configuration(_)
            | MachineError::Image(_)
            | MachineError::Inf(_)
            | MachineError::Keyword(_)
            | MachineError::Host { .. } => Self::Input(text),
        }
    }
}
