//! What all parts of one adapter share.

use alloc::boxed::Box;

use netadapter::adapter::AdapterHandle;
use netadapter::debug::Level;
use netadapter::debug_print;
use netadapter::device::DeviceHandle;
use netadapter::dma::DmaEnabler;
use netadapter::dpc::Dpc;
use netadapter::memory::Shared;
use netadapter::processor::ProcessorNumber;
use netadapter::sync::{Once, SpinLock};
use netadapter::work_item::WorkItem;
use netadapter::{Result, Status};

use arrayvec::ArrayVec;

use crate::adapter::Adapter;
use crate::health::Health;
use crate::keywords::Keywords;
use crate::processors::ProcessorTable;
use crate::queue_interrupt::ConfigurationChange;
use crate::rebalance::Policy;
use crate::receive_filter::Filter;
use crate::rss::{Bounds, Scaling};
use crate::rx_queue::ReceivePath;
use crate::spread::{self, MAXIMUM_QUEUES, Plan};
use crate::tx_queue::TransmitPath;
use crate::upkeep::{Concerns, Upkeep};
use crate::virtio::Fault;
use crate::virtio::control_queue::{Command, ControlQueue, Failure};
use crate::virtio::features::Features;
use crate::virtio::net_config::NetConfig;
use crate::virtio::transport::{Identity, Transport};

/// The hardware as `EvtDevicePrepareHardware` found it.
#[derive(Clone)]
pub struct Setup {
    /// The device's registers.
    pub transport: Shared<Transport>,
    /// The features to negotiate.
    pub features: Features,
    /// What the device can do.
    pub config: NetConfig,
    /// Queues, messages and processors.
    pub plan: Plan,
    /// Messages that were granted.
    pub messages: u16,
    /// The configuration of the adapter.
    pub keywords: Keywords,
}

impl Setup {
    /// The message of a queue; a single message serves everything.
    pub fn queue_message(&self, queue: u16) -> u16 {
        if self.messages > 1 {
            1 + self.plan.queues[usize::from(queue)].message
        } else {
            0
        }
    }

    /// What this hardware allows, under a rebalance policy.
    pub fn limits(&self, policy: Policy) -> spread::Limits {
        spread::Limits {
            queue_messages: self.messages.saturating_sub(1).max(1),
            device_pairs: self.config.queue_pairs,
            device_table_entries: self.config.table_entries,
            processors_to_come: policy.processors_to_come(),
        }
    }

    /// Whether the device filters frames.
    pub fn filters(&self) -> bool {
        self.features.contains(Features::CTRL_RX)
    }

    /// How far receive scaling goes.
    pub fn scaling_bounds(&self) -> Bounds {
        Bounds {
            queues: self.plan.queues.len() as u16,
            entries_min: self.plan.table_entries,
            entries_max: self.config.table_entries,
            hash_types: self.config.hash_types,
        }
    }
}

/// Where the device is between its arrival and its removal. The framework's callbacks drive it:
///
/// ```text
///           EvtDevicePrepareHardware        EvtDeviceD0Entry
/// Released ─────────────────────────► Prepared ──────────────► Working
///     ▲                                 │  ▲                      │
///     └── EvtDeviceReleaseHardware ─────┘  └── EvtDeviceD0Exit ───┘
/// ```
#[derive(Clone)]
pub enum State {
    /// It has no resources.
    Released,
    /// It has resources, and is reset.
    Prepared(Setup),
    /// It has power, and its queues are enabled.
    Working(Setup),
}

/// One adapter.
///
/// Lock order: `filter`, then `scaling`, then `state` or `control`. A queue's own lock is held alone.
pub struct Nic {
    pub(crate) device: DeviceHandle,
    pub(crate) enabler: DmaEnabler,
    processors: Shared<ProcessorTable>,
    pub(crate) adapter: Once<AdapterHandle<Adapter>>,
    pub(crate) identity: Once<Identity>,
    configuration_dpc: Once<Box<Dpc<ConfigurationChange>>>,
    /// Made when a plan first needs them, then kept: a rebalance needs memory for new queues only.
    pub(crate) paths: [Once<Shared<ReceivePath>>; MAXIMUM_QUEUES],
    pub(crate) transmit: Once<Shared<TransmitPath>>,
    pub(crate) state: SpinLock<State>,
    pub(crate) control: SpinLock<Option<ControlQueue>>,
    pub(crate) scaling: SpinLock<Scaling>,
    pub(crate) filter: SpinLock<Filter>,
    pub(crate) health: Shared<Health>,
    pub(crate) concerns: Concerns,
}

impl Nic {
    /// An adapter without hardware. IRQL: PASSIVE_LEVEL, in `EvtDriverDeviceAdd`.
    ///
    /// # Errors
    ///
    /// STATUS_INSUFFICIENT_RESOURCES when memory is short; else that of the framework.
    pub fn create(
        device: DeviceHandle,
        processors: Shared<ProcessorTable>,
    ) -> Result<Shared<Self>> {
        /// The longest packet in one transfer.
        const TRANSFER_BYTES_MAX: usize = 0x1_0000;
        let nic = Shared::try_new(Self {
            device,
            enabler: DmaEnabler::create(device, TRANSFER_BYTES_MAX)?,
            processors,
            adapter: Once::new(),
            identity: Once::new(),
            configuration_dpc: Once::new(),
            paths: [const { Once::new() }; MAXIMUM_QUEUES],
            transmit: Once::new(),
            state: SpinLock::new(State::Released),
            control: SpinLock::new(None),
            scaling: SpinLock::new(Scaling::default()),
            filter: SpinLock::new(Filter::default()),
            health: Shared::try_new(Health::default())?,
            concerns: Concerns::default(),
        })?;
        let upkeep = WorkItem::create(device, Upkeep { nic: nic.clone() })?;
        nic.health.set_upkeep(upkeep);
        let _ = nic
            .configuration_dpc
            .set(Dpc::try_new(ConfigurationChange(upkeep))?);
        let _ = nic
            .adapter
            .set(AdapterHandle::create(device, Adapter::new(nic.clone()))?);
        Ok(nic)
    }

    /// The counters of all processors.
    pub fn processors(&self) -> &Shared<ProcessorTable> {
        &self.processors
    }

    /// The framework's adapter.
    pub(crate) fn adapter(&self) -> Result<&AdapterHandle<Adapter>> {
        self.adapter.get().ok_or(Status::INVALID_DEVICE_STATE)
    }

    /// The receive path with a number, if the plan has it.
    pub fn path(&self, number: u32) -> Option<&Shared<ReceivePath>> {
        let planned = self.setup().map_or(0, |setup| setup.plan.queues.len());
        let number = usize::try_from(number)
            .ok()
            .filter(|number| *number < planned)?;
        self.paths[number].get()
    }

    /// The receive path with a number, in any plan so far. IRQL: any; no lock is taken.
    pub fn any_path(&self, number: u16) -> Option<&Shared<ReceivePath>> {
        self.paths.get(usize::from(number))?.get()
    }

    /// The transmit path.
    pub(crate) fn transmit(&self) -> Result<&Shared<TransmitPath>> {
        self.transmit.get().ok_or(Status::INVALID_DEVICE_STATE)
    }

    /// The hardware, if it is prepared. IRQL: ≤ DISPATCH_LEVEL.
    pub fn setup(&self) -> Option<Setup> {
        match &*self.state.lock() {
            State::Released => None,
            State::Prepared(setup) | State::Working(setup) => Some(setup.clone()),
        }
    }

    /// Moves to another state; gives the one before, for its contents to be dropped outside the lock.
    pub(crate) fn set_state(&self, state: State) -> State {
        core::mem::replace(&mut *self.state.lock(), state)
    }

    /// The processors of the queues in the present plan, by queue number.
    pub fn targets(&self) -> ArrayVec<ProcessorNumber, MAXIMUM_QUEUES> {
        self.paths
            .iter()
            .map_while(|path| path.get()?.interrupt().target())
            .collect()
    }

    /// Changes what the system asks of receive scaling, and tells the device; when that fails nothing has changed.
    ///
    /// IRQL: ≤ DISPATCH_LEVEL.
    ///
    /// # Errors
    ///
    /// That of `change`, or of the device.
    pub fn change_scaling(&self, change: impl FnOnce(&mut Scaling) -> Result<()>) -> Result<()> {
        let mut scaling = self.scaling.lock();
        let before = scaling.clone();
        let result = change(&mut scaling).and_then(|()| self.tell_scaling(&scaling));
        if result.is_err() {
            *scaling = before;
            // A device that has taken nothing is not told again.
            if self.tell_scaling(&scaling).is_err() {
                self.health.report(Err(Fault::ScalingLost));
            }
        }
        self.health.set_scaling(scaling.is_enabled());
        result
    }

    /// Turns receive scaling off, whatever the device says to it: the system takes no refusal.
    pub fn disable_scaling(&self) {
        let mut scaling = self.scaling.lock();
        scaling.disable();
        self.health.set_scaling(false);
        if let Err(status) = self.tell_scaling(&scaling) {
            debug_print!(
                Level::Error,
                "dhpnic: the device does not turn receive scaling off: {status}"
            );
        }
    }

    /// Tells the device what the system asks of receive scaling. A device that does not live is told when it does.
    fn tell_scaling(&self, scaling: &Scaling) -> Result<()> {
        let Some(setup) = self.setup().filter(|setup| setup.config.scales()) else {
            return Ok(());
        };
        self.tell(&[scaling.command(&setup.scaling_bounds())?])
    }

    /// Stores a receive filter, and tells the device. IRQL: ≤ DISPATCH_LEVEL.
    pub fn set_filter(&self, filter: Filter) {
        let mut stored = self.filter.lock();
        *stored = filter;
        let filters = self.setup().is_some_and(|setup| setup.filters());
        let told = filters.then(|| self.tell(&stored.commands()));
        if let Some(Err(status)) = told {
            debug_print!(
                Level::Error,
                "dhpnic: the device does not take the receive filter: {status}"
            );
        }
    }

    /// Tells a device that has just come to life everything that the system asked for before, in one go.
    ///
    /// IRQL: ≤ DISPATCH_LEVEL.
    ///
    /// # Errors
    ///
    /// STATUS_NOT_SUPPORTED when the device refuses some of it; else that of the control queue.
    pub(crate) fn tell_everything(&self, setup: &Setup) -> Result<()> {
        let filter = self.filter.lock();
        let scaling = self.scaling.lock();
        let mut commands: ArrayVec<Command<'_>, 5> = ArrayVec::new();
        if setup.features.contains(Features::CTRL_MAC_ADDR) {
            commands.extend(setup.keywords.address.map(Command::OwnAddress));
        }
        if setup.filters() {
            commands.extend(filter.commands());
        }
        // One queue pair is what a device starts with.
        if setup.config.scales() && scaling.is_enabled() {
            commands.push(scaling.command(&setup.scaling_bounds())?);
        }
        self.tell(&commands)
    }

    /// Sends commands to a device that lives.
    fn tell(&self, commands: &[Command<'_>]) -> Result<()> {
        let mut control = self.control.lock();
        let result = control
            .as_mut()
            .map_or(Ok(()), |control| control.send(commands));
        drop(control);
        if let Err(Failure::Fault(fault)) = result {
            self.health.report(Err(fault));
        }
        Ok(result?)
    }

    /// The device's configuration has changed. IRQL: any.
    pub fn queue_configuration_dpc(&self) {
        if let Some(dpc) = self.configuration_dpc.get() {
            dpc.queue();
        }
    }
}
