//! Failures as the kernel reports them.

use core::fmt;

use netadapter_abi::nt::{self, NTSTATUS};

/// A failing NTSTATUS.
///
/// # Invariants
///
/// The value is not a success: `NT_SUCCESS` is false for it.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Status(NTSTATUS);

/// What a function gives that may fail.
pub type Result<T> = core::result::Result<T, Status>;

impl Status {
    /// Memory, or another resource of the system, is short.
    pub const INSUFFICIENT_RESOURCES: Self = Self::new(nt::STATUS_INSUFFICIENT_RESOURCES);
    /// A value is out of its range.
    pub const INVALID_PARAMETER: Self = Self::new(nt::STATUS_INVALID_PARAMETER);
    /// The object is not in the state that the request needs.
    pub const INVALID_DEVICE_STATE: Self = Self::new(nt::STATUS_INVALID_DEVICE_STATE);
    /// The device cannot work with the resources or the configuration that it has.
    pub const DEVICE_CONFIGURATION_ERROR: Self = Self::new(nt::STATUS_DEVICE_CONFIGURATION_ERROR);
    /// The device broke its protocol.
    pub const DEVICE_PROTOCOL_ERROR: Self = Self::new(nt::STATUS_DEVICE_PROTOCOL_ERROR);
    /// The device did not answer in time.
    pub const IO_TIMEOUT: Self = Self::new(nt::STATUS_IO_TIMEOUT);
    /// What is asked for is beyond the device.
    pub const NOT_SUPPORTED: Self = Self::new(nt::STATUS_NOT_SUPPORTED);

    /// A failure.
    ///
    /// # Panics
    ///
    /// When `failing` is a success.
    pub const fn new(failing: NTSTATUS) -> Self {
        assert!(!nt::nt_success(failing), "a Status is always a failure");
        Self(failing)
    }

    /// `Ok` for every success, informational ones included.
    ///
    /// # Errors
    ///
    /// `status` when it is a failure.
    pub const fn check(status: NTSTATUS) -> Result<()> {
        if nt::nt_success(status) {
            Ok(())
        } else {
            Err(Self(status))
        }
    }

    /// The plain value.
    pub const fn as_ntstatus(self) -> NTSTATUS {
        self.0
    }
}

/// The plain value of a result.
pub(crate) fn ntstatus(result: Result<()>) -> NTSTATUS {
    result.map_or_else(Status::as_ntstatus, |()| nt::STATUS_SUCCESS)
}

impl fmt::Display for Status {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "NTSTATUS {:#010x}", self.0)
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn informational_values_are_successes_and_warnings_are_failures() {
        assert_eq!(Status::check(nt::STATUS_OBJECT_NAME_EXISTS), Ok(()));
        assert!(Status::check(nt::STATUS_BUFFER_OVERFLOW).is_err());
    }
}
