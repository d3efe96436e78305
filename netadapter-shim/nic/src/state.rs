//! The device behind its registers: what a register access or a round of work changes.

use crate::common_config::{CommonConfig, Effect};
use crate::config::VirtioNetConfig;
use crate::data_path::{DataPath, May};
use crate::net_config::NetConfig;
use crate::queue::DriverFault;
use crate::receive::Next;
use crate::registers::common;
use crate::wire::Wire;
use std::time::Duration;
use vm_memory::GuestMemoryMmap;

/// A reason for the driver to be interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A queue has used buffers; its vector.
    Queue(u16),
    /// The configuration or the status changed; the vector for that.
    Configuration(u16),
}

/// Registers and data path, always changed together.
pub(crate) struct State {
    pub registers: CommonConfig,
    pub net_config: NetConfig,
    pub path: DataPath,
    /// Why the device needs a reset.
    pub fault: Option<DriverFault>,
    permanent_mac: [u8; 6],
    link_up: bool,
    /// Queues that want an interrupt after a round.
    interrupts: Vec<u16>,
}

impl State {
    pub fn new(config: &VirtioNetConfig, memory: GuestMemoryMmap, wire: Box<dyn Wire>) -> Self {
        Self {
            registers: CommonConfig::new(config),
            net_config: NetConfig::new(config),
            path: DataPath::new(config, memory, wire),
            fault: None,
            permanent_mac: config.mac,
            link_up: true,
            interrupts: Vec::new(),
        }
    }

    /// Carries out what a register write asked for.
    pub fn apply(&mut self, effect: Effect, events: &mut Vec<Event>) {
        let negotiated = self.registers.negotiated();
        match effect {
            Effect::Nothing => {}
            Effect::DeviceReset => {
                self.path.reset();
                self.net_config.set_mac(self.permanent_mac);
                self.fault = None;
            }
            Effect::DriverReady => self.path.driver_ready(negotiated),
            Effect::QueueReset(queue) => self.path.disable(queue),
            Effect::QueueEnabled(queue) => {
                let enabled = self
                    .registers
                    .queue(queue)
                    .map(|registers| self.path.enable(queue, registers, negotiated));
                if let Some(Err(fault)) = enabled {
                    self.give_up(fault, events);
                }
            }
        }
    }

    /// Does a batch of work.
    pub fn round(&mut self, now: Duration, bus_master: bool, events: &mut Vec<Event>) -> Next {
        let may = May {
            run: bus_master && self.registers.driver_ok() && !self.registers.needs_reset(),
            receive: self.link_up,
        };
        self.interrupts.clear();
        let round = self.path.round(now, may, &mut self.interrupts);
        for &queue in &self.interrupts {
            if let Some(registers) = self.registers.queue(queue) {
                events.push(Event::Queue(registers.vector));
            }
        }
        if let Some(mac) = round.mac {
            self.net_config.set_mac(mac);
            self.registers.device_config_changed();
        }
        if let Some(fault) = round.fault {
            self.give_up(fault, events);
            return Next::Now;
        }
        round.next
    }

    /// Plugs the cable in or out.
    pub fn set_link(&mut self, up: bool, events: &mut Vec<Event>) {
        if self.link_up == up {
            return;
        }
        self.link_up = up;
        self.net_config.set_link(up);
        self.registers.device_config_changed();
        self.notify_configuration(events);
    }

    /// VIRTIO 1.2 section 2.1.2 "Device Requirements: Device Status Field".
    fn give_up(&mut self, fault: DriverFault, events: &mut Vec<Event>) {
        self.fault.get_or_insert(fault);
        self.registers.set_needs_reset();
        self.notify_configuration(events);
    }

    fn notify_configuration(&self, events: &mut Vec<Event>) {
        if self.registers.driver_ok() {
            events.push(Event::Configuration(self.registers.config_vector()));
        }
    }
}

impl Event {
    /// The MSI-X vector; `None` when the driver chose none.
    pub fn vector(self) -> Option<u16> {
        let (Self::Queue(vector) | Self::Configuration(vector)) = self;
        (vector != common::NO_VECTOR).then_some(vector)
    }
}
