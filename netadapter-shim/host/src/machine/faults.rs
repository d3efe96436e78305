//! Faults of the driver, and the place in its source that a finding names.

use super::error::MachineError;
use super::ring0::CurrentProcessor;
use super::rules;
use crate::executive::{System, violation_at};
use crate::image::{CallSite, DriverFrame, LoadedImage, Symbols, driver_call_site, driver_frames};
use crate::trap::{Fault, FaultKind, FaultSink, ImageRegistration, Ring0, register_image};
use std::sync::Arc;

struct Source {
    image: Arc<LoadedImage>,
    symbols: Option<Symbols>,
}

impl Source {
    fn lines(&self, frames: &[DriverFrame]) -> Vec<String> {
        let site = CallSite::describe(frames, self.symbols.as_ref());
        site.to_string()
            .lines()
            .map(|line| line.trim().to_owned())
            .collect()
    }
}

impl Source {
    fn function(&self, address: u64) -> Vec<String> {
        let rva = self.image.rva(address);
        let frames: Vec<_> = rva
            .map(|rva| DriverFrame {
                rva,
                is_return_address: false,
            })
            .into_iter()
            .collect();
        self.lines(&frames).into_iter().take(1).collect()
    }
}

struct StopAtFault(Arc<Source>);

impl FaultSink for StopAtFault {
    fn ring0(&self) -> Option<&dyn Ring0> {
        Some(&CurrentProcessor)
    }

    fn replaced_instruction(&self, address: u64) -> Option<&[u8]> {
        self.0.image.replaced_instruction(address)
    }

    fn fault(&self, fault: Fault) -> ! {
        let rule = match fault.kind {
            FaultKind::AccessViolation { .. }
            | FaultKind::NonCanonicalAddress { .. }
            | FaultKind::MisalignedAddress { .. }
            | FaultKind::StackOverflow { .. }
            | FaultKind::AccessBeyondRegion { .. } => &rules::ACCESS_VIOLATION,
            FaultKind::UnknownInstruction { .. } | FaultKind::PrivilegedInstruction { .. } => {
                &rules::UNKNOWN_INSTRUCTION
            }
            FaultKind::FastFail { .. } => &rules::KERNEL_SECURITY_CHECK_FAILURE,
            FaultKind::AssertionFailure => &rules::ASSERTION_FAILURE,
            FaultKind::UnknownProcessorField { .. } => &rules::UNKNOWN_PROCESSOR_FIELD,
            _ => &rules::UNHANDLED_EXCEPTION,
        };
        let frames = driver_frames(&self.0.image, &fault.registers);
        violation_at(rule, fault.to_string(), self.0.lines(&frames))
    }
}

/// Lets findings name the place in the driver, and faults of the driver stop the machine, as long
/// as the result lives.
pub(super) fn watch(
    system: &'static System,
    image: &Arc<LoadedImage>,
    pdb: Option<Vec<u8>>,
) -> Result<ImageRegistration, MachineError> {
    // Symbols that do not belong to the image are no reason to refuse the driver: findings then
    // give addresses.
    let symbols = pdb.and_then(|pdb| Symbols::for_image(pdb, image.debug_identity()).ok());
    let source = Arc::new(Source {
        image: image.clone(),
        symbols,
    });
    let site = source.clone();
    system.set_call_site(Box::new(move |function| match function {
        Some(address) => site.function(address as u64),
        None => site.lines(&driver_call_site(&site.image)),
    }));
    let stack = source.clone();
    system.set_call_stack(Box::new(move || {
        let frames = driver_call_site(&stack.image);
        frames.iter().map(DriverFrame::lookup_rva).collect()
    }));
    register_image(image.base(), image.size(), Arc::new(StopAtFault(source))).map_err(|error| {
        MachineError::Host {
            what: "fault handlers",
            why: error.to_string(),
        }
    })
}
