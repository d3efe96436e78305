//! Faults of the driver, and the place in its source that a finding names.

use super::error::MachineError;
use super::ring0::CurrentProcessor;
use super::rules;
use crate::exception;
use crate::executive::{DriverCode, System, processor, system, violation_at};
use crate::image::{CallSite, DriverFrame, LoadedImage, Symbols, driver_call_site, driver_frames};
use crate::trap::{
    Fault, FaultKind, FaultSink, ImageRegistration, Resumption, Ring0, register_image,
};
use crate::verifier::Rule;
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

impl DriverCode for Arc<Source> {
    fn call_stack(&self) -> Vec<u32> {
        let frames = driver_call_site(&self.image);
        frames.iter().map(DriverFrame::lookup_rva).collect()
    }

    fn describe(&self, stack: &[u32]) -> Vec<String> {
        let frames: Vec<_> = stack.iter().copied().map(frame_at).collect();
        self.lines(&frames)
    }

    fn function(&self, address: usize) -> Vec<String> {
        let rva = self.image.rva(address as u64);
        let frames: Vec<_> = rva.map(frame_at).into_iter().collect();
        self.lines(&frames).into_iter().take(1).collect()
    }
}

fn frame_at(rva: u32) -> DriverFrame {
    DriverFrame {
        rva,
        is_return_address: false,
    }
}

/// The rule that a fault breaks when nothing is known of its address.
fn rule_of(kind: &FaultKind) -> &'static Rule {
    match kind {
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

    fn handle(&self, fault: &Fault) -> Option<Resumption> {
        let code = exception::code_of(&fault.kind, processor().irql())?;
        exception::dispatch(&self.0.image, &code, &fault.registers)
    }

    fn fault(&self, fault: Fault) -> ! {
        let place = match fault.kind {
            FaultKind::AccessViolation { address, .. } => {
                system().memory().explain(address as usize)
            }
            _ => None,
        };
        let (rule, detail) = match place {
            Some((rule, place)) => (rule, format!("{fault}: {place}")),
            None => (rule_of(&fault.kind), fault.to_string()),
        };
        let frames = driver_frames(&self.0.image, &fault.registers);
        violation_at(rule, detail, self.0.lines(&frames))
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
    system.set_driver(Box::new(source.clone()));
    register_image(image.base(), image.size(), Arc::new(StopAtFault(source))).map_err(|error| {
        MachineError::Host {
            what: "fault handlers",
            why: error.to_string(),
        }
    })
}
