//! Which step can follow which.

use super::{Scenario, Step};

/// Processors that Windows supports.
const PROCESSORS_MAX: u32 = 2048;

/// What a machine is like after some steps.
#[derive(Clone, Debug)]
pub(super) struct Possible {
    processors: u32,
    maximum: u32,
    asleep: bool,
    link: bool,
    device: bool,
}

impl Possible {
    /// The machine after its boot.
    ///
    /// # Errors
    /// What makes such a machine impossible.
    pub(super) fn new(scenario: &Scenario) -> Result<Self, String> {
        let Scenario {
            processors,
            maximum_processors,
            ..
        } = *scenario;
        if processors == 0 || processors > maximum_processors {
            return Err(format!(
                "a machine has 1 to `maximum-processors` ({maximum_processors}) processors, \
                 not {processors}"
            ));
        }
        if maximum_processors > PROCESSORS_MAX {
            return Err(format!(
                "`maximum-processors` is {maximum_processors}, Windows supports {PROCESSORS_MAX}"
            ));
        }
        Ok(Self {
            processors,
            maximum: maximum_processors,
            asleep: false,
            link: true,
            device: true,
        })
    }

    /// Goes on with a step.
    ///
    /// # Errors
    /// Why it cannot happen now.
    pub(super) fn take(&mut self, step: Step) -> Result<(), String> {
        let wrong = |why: &str| Err(format!("cannot {step}: {why}"));
        if self.asleep && step != Step::Resume {
            return wrong("the system sleeps");
        }
        let of_machine = matches!(step, Step::AddProcessor | Step::AddMemory { .. });
        if !self.device && !of_machine {
            return wrong("the device is gone");
        }
        match step {
            Step::Traffic { .. } if !self.link => return wrong("the cable is not plugged in"),
            Step::AddProcessor if self.processors == self.maximum => {
                return wrong("the machine has all the processors that it can have");
            }
            Step::AddProcessor => self.processors += 1,
            Step::AddMemory { mib: 0 } => return wrong("that is no memory"),
            Step::LinkDown if !self.link => return wrong("it is down"),
            Step::LinkUp if self.link => return wrong("it is up"),
            Step::LinkDown | Step::LinkUp => self.link = !self.link,
            Step::Sleep => self.asleep = true,
            Step::Resume if !self.asleep => return wrong("the system does not sleep"),
            Step::Resume => self.asleep = false,
            Step::HotReplace { processor } if processor >= self.processors => {
                return wrong("there is no such processor");
            }
            Step::SurpriseRemove => self.device = false,
            Step::Traffic { .. }
            | Step::AddMemory { .. }
            | Step::CancelStop
            | Step::HotReplace { .. } => {}
        }
        Ok(())
    }

    /// The number of processors now.
    pub(super) fn processors(&self) -> u32 {
        self.processors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(steps: &[Step]) -> Result<(), String> {
        let scenario = Scenario {
            maximum_processors: 2,
            ..Scenario::default()
        };
        let mut possible = Possible::new(&scenario)?;
        steps.iter().try_for_each(|step| possible.take(*step))
    }

    #[test]
    fn a_machine_sleeps_and_resumes_and_its_cable_comes_and_goes() {
        let steps = [
            Step::Sleep,
            Step::Resume,
            Step::LinkDown,
            Step::LinkUp,
            Step::Traffic { packets: 1 },
        ];
        assert_eq!(after(&steps), Ok(()));
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_reason() {
        for (steps, reason) in [
            (&[Step::AddProcessor, Step::AddProcessor][..], "all the"),
            (&[Step::Resume], "does not sleep"),
            (&[Step::LinkUp], "it is up"),
            (&[Step::LinkDown, Step::Traffic { packets: 1 }], "cable"),
            (&[Step::HotReplace { processor: 1 }], "no such processor"),
            (&[Step::SurpriseRemove, Step::Sleep], "gone"),
            (&[Step::AddMemory { mib: 0 }], "no memory"),
        ] {
            let error = after(steps).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_removed_device_does_not_keep_the_machine_from_growing() {
        let steps = [
            Step::SurpriseRemove,
            Step::AddProcessor,
            Step::AddMemory { mib: 1 },
        ];
        assert_eq!(after(&steps), Ok(()));
    }
}
