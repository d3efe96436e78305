//! Taking part in the resource rebalance that follows the arrival of a processor.
//!
//! Query stop is never refused (*Stopping a Device to Rebalance Resources*); it is the last moment to get ready while
//! packets still go on ([`get_ready`]). Stop and start come as the usual power callbacks. What remains is to be asked at
//! all ([`Policy`]), and to ask for more messages ([`ask_for_messages`]).

use core::fmt;

use netadapter::abi::nt::DEVPKEY_Device_DHP_Rebalance_Policy;
use netadapter::device::DeviceHandle;
use netadapter::processor::{self, ProcessorNumber};
use netadapter::property;
use netadapter::resources::{Configuration, MessageRequirement, RequirementsList};
use netadapter::{Result, Status};

use arrayvec::ArrayVec;

use crate::hardware;
use crate::keywords::Keywords;
use crate::nic::Nic;
use crate::spread::{self, FRAMEWORK_TABLE_ENTRIES, MAXIMUM_QUEUES};

/// The device's part in the rebalance that follows the arrival of a processor
/// (*DEVPKEY_Device_DHP_Rebalance_Policy*).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// 1: none.
    StaysOut,
    /// 2: it is stopped and started again. The INF says so.
    TakesPart,
    /// Another value, or none: the class decides, and class Net keeps its devices out.
    ClassDefault,
    /// The property cannot be read.
    Unknown(Status),
}

impl Policy {
    /// The policy that is in force. IRQL: PASSIVE_LEVEL.
    pub fn query(device: DeviceHandle) -> Self {
        Self::of(property::query_u32(
            device,
            &DEVPKEY_Device_DHP_Rebalance_Policy,
        ))
    }

    fn of(property: Result<Option<u32>>) -> Self {
        match property {
            Ok(Some(1)) => Self::StaysOut,
            Ok(Some(2)) => Self::TakesPart,
            Ok(_) => Self::ClassDefault,
            Err(status) => Self::Unknown(status),
        }
    }

    /// Whether a rebalance follows the arrival of a processor.
    pub fn takes_part(self) -> bool {
        self == Self::TakesPart
    }

    /// Processors that the driver has to be ready for, because it is not started again when they come. IRQL: any.
    pub fn processors_to_come(self) -> usize {
        if self.takes_part() {
            0
        } else {
            processor::maximum_count()
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StaysOut => write!(text, "the device stays out of rebalances"),
            Self::TakesPart => write!(text, "the device takes part in rebalances"),
            Self::ClassDefault => write!(
                text,
                "the device has no rebalance policy: its class keeps it out of rebalances"
            ),
            Self::Unknown(status) => {
                write!(text, "the rebalance policy cannot be read: {status}")
            }
        }
    }
}

/// Makes everything ready for the start that follows a stop, while the device still works, so that it is away for a
/// shorter time: what the queues of new processors need.
///
/// Query stop is agreed to whatever comes of it: what is missing is tried again at the start.
///
/// IRQL: PASSIVE_LEVEL.
pub fn get_ready(nic: &Nic) {
    let Some(setup) = nic.setup() else { return };
    // How many messages there will be is not known yet; queues share them when they are few.
    let limits = setup.limits(nic.concerns.policy());
    let plan = spread::plan(
        processor::active(),
        &setup.keywords.scaling,
        &limits,
        &nic.targets(),
    );
    nic.prepare_queues(plan.queues.len());
}

/// Asks for a message for each queue that the active processors can serve, bound to its processor.
///
/// IRQL: PASSIVE_LEVEL, at any time, also while the device works.
///
/// # Errors
///
/// That of the framework.
pub fn ask_for_messages(
    nic: &Nic,
    device: DeviceHandle,
    requirements: &mut RequirementsList<'_>,
) -> Result<()> {
    // The messages of the device's table bound the queues here; what else bounds them is known once it is powered.
    let entries =
        hardware::read_function(device).map_or(0, |(_, capabilities)| capabilities.msix_entries);
    let policy = nic.concerns.follow_policy(device);
    let limits = match nic.setup() {
        Some(setup) => setup.limits(policy),
        None => spread::Limits {
            queue_messages: 0,
            device_pairs: u16::MAX,
            device_table_entries: FRAMEWORK_TABLE_ENTRIES,
            processors_to_come: policy.processors_to_come(),
        },
    };
    let limits = spread::Limits {
        queue_messages: entries.saturating_sub(1),
        ..limits
    };
    let keywords = Keywords::read(&nic.adapter()?.open_configuration()?);
    let plan = spread::plan(
        processor::active(),
        &keywords.scaling,
        &limits,
        &nic.targets(),
    );
    let targets: ArrayVec<_, MAXIMUM_QUEUES> =
        plan.queues.iter().map(|queue| queue.processor).collect();
    requirements.for_each(|configuration| adapt(configuration, &targets, entries))
}

/// A configuration of resources, as far as messages go.
trait Messages {
    fn messages(&self) -> ArrayVec<MessageRequirement, MESSAGES_MAX>;
    fn set_target(&mut self, position: u32, target: ProcessorNumber);
    fn append(&mut self, target: ProcessorNumber) -> Result<()>;
}

/// Messages beyond these are not looked at: the first is for the configuration, the others for the queues.
const MESSAGES_MAX: usize = 1 + MAXIMUM_QUEUES;

impl Messages for Configuration<'_> {
    fn messages(&self) -> ArrayVec<MessageRequirement, MESSAGES_MAX> {
        Configuration::messages(self).take(MESSAGES_MAX).collect()
    }

    fn set_target(&mut self, position: u32, target: ProcessorNumber) {
        self.set_message_target(position, target);
    }

    fn append(&mut self, target: ProcessorNumber) -> Result<()> {
        self.append_message(target)
    }
}

/// Binds the messages of queues to their processors, and adds what is missing, up to the device's `entries`.
///
/// Messages are numbered in the order of the list: message 0 is the configuration's, message 1 + *q* that of queue *q*.
/// A policy that the bus has included is an administrator's, and stays. A configuration without messages, and one
/// whose single descriptor asks for several (MSI), is left as it is: it is the fallback of a system without MSI-X.
fn adapt(
    configuration: &mut impl Messages,
    targets: &[ProcessorNumber],
    entries: u16,
) -> Result<()> {
    let messages = configuration.messages();
    if messages.is_empty() || messages.iter().any(|message| message.count != 1) {
        return Ok(());
    }
    let queues = messages.iter().skip(1);
    for (message, target) in queues
        .zip(targets)
        .filter(|(message, _)| !message.has_policy)
    {
        configuration.set_target(message.position, *target);
    }
    let missing = targets
        .iter()
        .skip(messages.len() - 1)
        .take(usize::from(entries).saturating_sub(messages.len()));
    missing
        .copied()
        .try_for_each(|target| configuration.append(target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_value_2_takes_part() {
        let policy = |value| Policy::of(Ok(value));
        assert_eq!(policy(Some(1)), Policy::StaysOut);
        assert_eq!(policy(Some(2)), Policy::TakesPart);
        assert_eq!(policy(Some(3)), Policy::ClassDefault);
        assert_eq!(policy(None), Policy::ClassDefault);
        let unreadable = Policy::of(Err(Status::INVALID_PARAMETER));
        assert!(!unreadable.takes_part() && !policy(None).takes_part());
    }

    #[derive(Default)]
    struct List {
        messages: Vec<(MessageRequirement, Option<u8>)>,
    }

    impl List {
        fn of(count: u32) -> Self {
            let message = |position| MessageRequirement {
                position,
                count: 1,
                has_policy: false,
            };
            Self {
                messages: (0..count)
                    .map(|position| (message(position), None))
                    .collect(),
            }
        }

        fn targets(&self) -> Vec<Option<u8>> {
            self.messages.iter().map(|(_, target)| *target).collect()
        }
    }

    impl Messages for List {
        fn messages(&self) -> ArrayVec<MessageRequirement, MESSAGES_MAX> {
            self.messages
                .iter()
                .map(|(message, _)| *message)
                .take(MESSAGES_MAX)
                .collect()
        }

        fn set_target(&mut self, position: u32, target: ProcessorNumber) {
            self.messages[position as usize].1 = Some(target.number);
        }

        fn append(&mut self, target: ProcessorNumber) -> Result<()> {
            let position = self.messages.len() as u32;
            self.messages.push((
                MessageRequirement {
                    position,
                    count: 1,
                    has_policy: true,
                },
                Some(target.number),
            ));
            Ok(())
        }
    }

    fn processors(count: u8) -> Vec<ProcessorNumber> {
        (0..count)
            .map(|number| ProcessorNumber { group: 0, number })
            .collect()
    }

    #[test]
    fn each_queue_gets_a_message_bound_to_its_processor() {
        let mut list = List::of(2);
        adapt(&mut list, &processors(4), 16).unwrap();
        assert_eq!(list.targets(), [None, Some(0), Some(1), Some(2), Some(3)]);
    }

    #[test]
    fn a_list_that_has_enough_messages_does_not_grow() {
        let mut list = List::of(8);
        adapt(&mut list, &processors(2), 16).unwrap();
        assert_eq!(
            list.targets(),
            [None, Some(0), Some(1), None, None, None, None, None]
        );
    }

    #[test]
    fn the_list_does_not_grow_beyond_the_devices_table() {
        let mut list = List::of(1);
        adapt(&mut list, &processors(8), 3).unwrap();
        assert_eq!(list.targets(), [None, Some(0), Some(1)]);
    }

    #[test]
    fn an_administrators_policy_stays() {
        let mut list = List::of(3);
        list.messages[1].0.has_policy = true;
        adapt(&mut list, &processors(2), 16).unwrap();
        assert_eq!(list.targets(), [None, None, Some(1)]);
    }

    #[test]
    fn configurations_without_msix_are_left_alone() {
        let mut line_based = List::of(0);
        adapt(&mut line_based, &processors(4), 16).unwrap();
        assert!(line_based.messages.is_empty());
        let mut msi = List::of(1);
        msi.messages[0].0.count = 4;
        adapt(&mut msi, &processors(4), 16).unwrap();
        assert_eq!(msi.targets(), [None]);
    }
}
