//! What can go wrong with a machine.

use crate::executive::Finding;
use crate::image::ImageError;
use crate::inf::{InfError, KeywordError};
use netadapter_abi::nt::{NTSTATUS, STATUSES};
use thiserror::Error;

/// Why a machine could not be built, booted or changed.
#[derive(Debug, Error)]
pub enum MachineError {
    /// The configuration makes no sense.
    #[error("{0}")]
    Configuration(String),
    /// The driver image cannot be loaded.
    #[error("driver image: {0}")]
    Image(#[from] ImageError),
    /// The INF cannot be installed.
    #[error("INF: {0}")]
    Inf(#[from] InfError),
    /// A configuration keyword cannot have the value that it was to be given.
    #[error("configuration keyword: {0}")]
    Keyword(#[from] KeywordError),
    /// The operating system does not give what the machine needs.
    #[error("the host system refused {what}: {why}")]
    Host {
        /// What was asked for.
        what: &'static str,
        /// The system's answer.
        why: String,
    },
    /// The driver returned a failure.
    #[error("{step} failed with {}", status_name(*.status))]
    Driver {
        /// What the driver was asked to do.
        step: &'static str,
        /// Its answer.
        status: NTSTATUS,
    },
    /// The driver broke a rule; the machine has stopped.
    #[error("the driver broke a rule of Windows\n{0}")]
    Finding(Box<Finding>),
}

fn status_name(status: NTSTATUS) -> String {
    let name = STATUSES
        .iter()
        .find(|(_, value)| *value == status)
        .map(|(name, _)| *name);
    format!(
        "{} ({:#010x})",
        name.unwrap_or("an unnamed status"),
        status as u32
    )
}
