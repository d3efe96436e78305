//! Fault injection: what Windows, other drivers and the hardware may do to a driver, as plain data.
//!
//! Every place in the host where something may go wrong asks the machine's [`Injector`] whether it
//! does. The answer depends on the seed, the kind of fault and how often that kind was asked about
//! before, and on nothing else: a fault that is left out changes no other one, so a list of
//! [`Strike`]s can be shortened until only those are left that matter.

mod calls;
mod injector;
mod plan;
mod sites;

pub use calls::refusal;
pub use injector::{Injector, Struck};
pub use plan::{Plan, PlanError, Strike};
pub use sites::{Coverage, SiteBook};

use std::fmt;
use std::str::FromStr;

/// Declares the faults: name, usual probability in millionths, what happens.
macro_rules! faults {
    ($($(#[doc = $doc:literal])* $fault:ident = $name:literal, $millionths:literal;)*) => {
        /// A kind of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Fault {
            $($(#[doc = $doc])* $fault,)*
        }

        impl Fault {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$fault),*];

            /// The name on the command line.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$fault => $name,)*
                }
            }

            /// How probable it is, in millionths of the occasions, where nothing else is said.
            pub fn usual_millionths(self) -> u32 {
                match self {
                    $(Self::$fault => $millionths,)*
                }
            }
        }
    };
}

faults! {
    /// An allocation from pool finds no memory.
    PoolAllocation = "pool-allocation", 2_000;
    /// A common buffer or other contiguous memory is not to be had.
    CommonBuffer = "common-buffer", 2_000;
    /// A function of the kernel that may fail does.
    KernelCall = "kernel-call", 2_000;
    /// A function of KMDF that may fail does.
    WdfCall = "wdf-call", 2_000;
    /// A function of NetAdapterCx that may fail does.
    NetAdapterCall = "net-adapter-call", 2_000;
    /// A processor does not start after its start notifications were delivered.
    ProcessorStart = "processor-start", 50_000;
    /// Another driver's callback vetoes a processor.
    ProcessorVeto = "processor-veto", 50_000;
    /// Fewer messages are granted than were asked for.
    FewerMessages = "fewer-messages", 100_000;
    /// A message is bound to other processors than were asked for.
    OtherAffinity = "other-affinity", 50_000;
    /// A message gets lost on its way to the processor, and is sent again with the next one.
    LostInterrupt = "lost-interrupt", 1_000;
    /// A message arrives late.
    LateInterrupt = "late-interrupt", 20_000;
    /// A message arrives twice.
    DuplicateInterrupt = "duplicate-interrupt", 5_000;
    /// A message arrives that the device did not send.
    SpuriousInterrupt = "spurious-interrupt", 5_000;
    /// A device interface's arrival is told twice.
    DuplicateNotification = "duplicate-notification", 100_000;
    /// A device interface's arrival is told later than what came after it.
    LateNotification = "late-notification", 100_000;
    /// Another driver of the stack refuses the query stop, so that it is cancelled.
    CancelledStop = "cancelled-stop", 50_000;
    /// The device is not started again after a stop.
    FailedRestart = "failed-restart", 10_000;
    /// The device is removed without warning.
    SurpriseRemoval = "surprise-removal", 10_000;
    /// The device gives up and asks for a reset.
    DeviceNeedsReset = "device-needs-reset", 100;
    /// A command on the control queue is refused.
    ControlCommandFails = "control-command-fails", 10_000;
    /// A command on the control queue is never answered.
    ControlCommandStalls = "control-command-stalls", 2_000;
    /// The link goes down and comes up again.
    LinkFlap = "link-flap", 100;
    /// Free memory becomes low.
    LowMemory = "low-memory", 10_000;
    /// Free memory becomes high.
    HighMemory = "high-memory", 10_000;
}

impl Fault {
    /// Whether a call of the driver fails, so that its place in the driver tells it from others.
    pub fn is_call(self) -> bool {
        matches!(
            self,
            Self::PoolAllocation
                | Self::CommonBuffer
                | Self::KernelCall
                | Self::WdfCall
                | Self::NetAdapterCall
        )
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Fault {
    type Err = PlanError;

    fn from_str(text: &str) -> Result<Self, PlanError> {
        let found = Self::ALL.iter().find(|fault| fault.name() == text);
        found
            .copied()
            .ok_or_else(|| PlanError::UnknownFault(text.to_owned()))
    }
}
