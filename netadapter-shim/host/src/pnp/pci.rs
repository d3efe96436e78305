//! The PCI bus driver's part for one network function: configuration space, BARs, MSI-X.

use super::bus::{self, BusDevice};
use super::manager::PnpManager;
use super::node::{DeviceNode, KeyValue};
use super::resources::{AssignedResources, ResourceRequirements};
use crate::executive::{Interrupt, System, TraceEvent, on_processor, processor, spawn};
use crate::inf::{Installation, RegistryValue};
use crate::kernel::IoSpace;
use crate::trap::RegisterFile;
use netadapter_abi::nt::{
    CM_RESOURCE_INTERRUPT_LATCHED, CM_RESOURCE_INTERRUPT_MESSAGE,
    CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN, CM_RESOURCE_MEMORY_READ_WRITE, CmResourceTypeInterrupt,
    CmResourceTypeMemory, DEVPROPKEY, IO_RESOURCE_DESCRIPTOR,
};
use netadapter_nic::{Bar, MessageSink, VirtioNet};
use parking_lot::{Mutex, RwLock};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// Offsets in configuration space (PCI Local Bus Specification 3.0, 6.1 and 6.8.2).
mod config {
    pub const COMMAND: usize = 0x04;
    pub const BAR0: usize = 0x10;
    pub const CAPABILITIES: usize = 0x34;
    pub const COMMAND_MEMORY: u16 = 1 << 1;
    pub const COMMAND_BUS_MASTER: u16 = 1 << 2;
    pub const CAPABILITY_MSIX: u8 = 0x11;
    pub const MSIX_CONTROL: usize = 2;
    pub const MSIX_TABLE: usize = 4;
    pub const MSIX_TABLE_SIZE_MASK: u16 = 0x07FF;
    pub const MSIX_ENABLE: u16 = 1 << 15;
}

/// Offsets in an MSI-X table entry, and its size.
mod table {
    pub const ENTRY_BYTES: u64 = 16;
    pub const ADDRESS: u64 = 0;
    pub const DATA: u64 = 8;
    pub const CONTROL: u64 = 12;
    pub const CONTROL_MASKED: u64 = 1;
}

/// Where messages are written: the local interrupt controllers.
const MESSAGE_ADDRESS: u64 = 0xFEE0_0000;

/// Takes the function's message writes to the interrupts that drivers connected.
#[derive(Default)]
pub struct MessageRouter {
    system: OnceLock<&'static System>,
    routes: RwLock<HashMap<u32, Arc<Interrupt>>>,
}

impl MessageRouter {
    pub(crate) fn attach(&self, system: &'static System) {
        // A router serves one machine; attaching twice changes nothing.
        let _ = self.system.set(system);
    }
}

impl MessageSink for MessageRouter {
    fn message(&self, address: u64, data: u32) {
        let interrupt = self.routes.read().get(&data).cloned();
        if let (Some(interrupt), Some(system)) = (interrupt, self.system.get())
            && address == MESSAGE_ADDRESS
        {
            system.record(TraceEvent::Message(data));
            interrupt.raise(system);
        }
    }
}

struct MsixCapability {
    control: usize,
    table_bar: u8,
    table_offset: u64,
    entries: u16,
}

/// A network function on the PCI bus, installed by an INF.
pub struct PciNode {
    system: &'static System,
    function: Arc<VirtioNet>,
    router: Arc<MessageRouter>,
    installation: Installation,
    msix: MsixCapability,
    /// Vector to MSI-X table entry, for the messages granted now.
    granted: Mutex<BTreeMap<u32, u16>>,
    /// Where the BARs are now.
    placed: Mutex<Vec<u64>>,
    failed: AtomicBool,
}

/// The registers of one BAR.
struct BarRegisters {
    system: &'static System,
    function: Arc<VirtioNet>,
    bar: u8,
}

impl RegisterFile for BarRegisters {
    fn read(&self, offset: u64, size: u8) -> u64 {
        let bar = self.bar;
        preemption_point();
        let value = self.function.bar_read(bar, offset, usize::from(size));
        self.system.record(TraceEvent::Read { bar, offset, value });
        preemption_point();
        value
    }

    fn write(&self, offset: u64, size: u8, value: u64) {
        let bar = self.bar;
        preemption_point();
        self.function
            .bar_write(bar, offset, usize::from(size), value);
        self.system.record(TraceEvent::Write { bar, offset, value });
        preemption_point();
    }
}

/// Whoever accesses a register can be interrupted before and after.
fn preemption_point() {
    if on_processor() {
        processor().preemption_point();
    }
}

impl PciNode {
    /// Puts the function on the bus.
    ///
    /// Returns nothing if it has no MSI-X capability, without which no driver here can run.
    pub fn new(
        system: &'static System,
        function: Arc<VirtioNet>,
        router: Arc<MessageRouter>,
        installation: Installation,
    ) -> Option<Self> {
        let msix = find_msix(&function)?;
        Some(Self {
            system,
            function,
            router,
            installation,
            msix,
            granted: Mutex::default(),
            placed: Mutex::default(),
            failed: AtomicBool::new(false),
        })
    }

    /// Whether the device was reported as failed.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    fn message_limit(&self) -> u16 {
        let settings = "Interrupt Management\\MessageSignaledInterruptProperties";
        let settings = self.installation.hardware.subkey(settings);
        let value = |name: &str| match settings?.value(name) {
            Some(RegistryValue::Dword(value)) => Some(*value),
            _ => None,
        };
        match value("MSISupported") {
            Some(1..) => {
                let limit = value("MessageNumberLimit").unwrap_or(u32::from(self.msix.entries));
                limit.min(u32::from(self.msix.entries)) as u16
            }
            _ => 0,
        }
    }

    fn place_bar(&self, bar: Bar, start: u64) {
        let offset = config::BAR0 + 4 * usize::from(bar.index);
        self.function
            .config_write(offset, &(start as u32).to_le_bytes());
        self.function
            .config_write(offset + 4, &((start >> 32) as u32).to_le_bytes());
        let registers = BarRegisters {
            system: self.system,
            function: self.function.clone(),
            bar: bar.index,
        };
        self.system
            .subsystem::<IoSpace>()
            .add(start, bar.size, Arc::new(registers));
        self.placed.lock().push(start);
    }

    fn write16(&self, offset: usize, value: u16) {
        self.function.config_write(offset, &value.to_le_bytes());
    }

    fn write_entry(&self, entry: u16, field: u64, value: u64) {
        let offset = self.msix.table_offset + u64::from(entry) * table::ENTRY_BYTES + field;
        self.function
            .bar_write(self.msix.table_bar, offset, 4, value);
    }
}

fn memory_requirement(bar: Bar) -> IO_RESOURCE_DESCRIPTOR {
    // SAFETY: all-zero bytes are a valid descriptor.
    let mut descriptor: IO_RESOURCE_DESCRIPTOR = unsafe { std::mem::zeroed() };
    descriptor.Type = CmResourceTypeMemory;
    descriptor.Flags = CM_RESOURCE_MEMORY_READ_WRITE;
    descriptor.u.Memory.Length = bar.size as u32;
    descriptor.u.Memory.Alignment = bar.size as u32;
    descriptor.u.Memory.MinimumAddress = 0;
    descriptor.u.Memory.MaximumAddress = i64::MAX;
    descriptor
}

fn message_requirement() -> IO_RESOURCE_DESCRIPTOR {
    // SAFETY: all-zero bytes are a valid descriptor.
    let mut descriptor: IO_RESOURCE_DESCRIPTOR = unsafe { std::mem::zeroed() };
    descriptor.Type = CmResourceTypeInterrupt;
    descriptor.Flags = CM_RESOURCE_INTERRUPT_LATCHED | CM_RESOURCE_INTERRUPT_MESSAGE;
    descriptor.u.Interrupt.MinimumVector = CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN;
    descriptor.u.Interrupt.MaximumVector = CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN;
    descriptor
}

fn find_msix(function: &VirtioNet) -> Option<MsixCapability> {
    let byte = |offset: usize| {
        let mut data = [0];
        function.config_read(offset, &mut data);
        data[0]
    };
    let word = |offset: usize| u16::from_le_bytes([byte(offset), byte(offset + 1)]);
    let mut capability = usize::from(byte(config::CAPABILITIES));
    while capability != 0 && byte(capability) != config::CAPABILITY_MSIX {
        capability = usize::from(byte(capability + 1));
    }
    let table = u32::from(word(capability + config::MSIX_TABLE))
        | u32::from(word(capability + config::MSIX_TABLE + 2)) << 16;
    let control = capability + config::MSIX_CONTROL;
    (capability != 0).then(|| MsixCapability {
        control,
        table_bar: (table & 7) as u8,
        table_offset: u64::from(table & !7),
        entries: (word(control) & config::MSIX_TABLE_SIZE_MASK) + 1,
    })
}

impl BusDevice for PciNode {
    /// What the INF installed for the device.
    fn installation(&self) -> &Installation {
        &self.installation
    }

    /// What the bus asks for before the function driver filters it: all BARs, and as many
    /// messages as the INF allows and the table has
    /// (*Enabling Message-Signaled Interrupts in the Registry*).
    fn requirements(&self) -> ResourceRequirements {
        let bars = self.function.bars().into_iter().map(memory_requirement);
        let messages = (0..self.message_limit()).map(|_| message_requirement());
        ResourceRequirements {
            configurations: vec![bars.chain(messages).collect()],
        }
    }

    /// Programs BARs and MSI-X table for what was assigned, and enables the function.
    fn power_up(&self, assigned: &AssignedResources) {
        self.failed.store(false, Ordering::Release);
        let mut bars = self.function.bars().into_iter();
        let mut granted = BTreeMap::new();
        for descriptor in &assigned.raw {
            if descriptor.Type == CmResourceTypeMemory {
                // SAFETY: a memory descriptor uses this part of the union.
                let start = unsafe { descriptor.u.Memory.Start };
                let bar = bars
                    .next()
                    .expect("memory is assigned in the order of the BARs");
                self.place_bar(bar, start as u64);
            } else {
                // SAFETY: the arbiter makes no other descriptors than message interrupts.
                let message = unsafe { descriptor.u.MessageInterrupt };
                // SAFETY: a raw descriptor uses this part.
                let vector = unsafe { message.Raw.Vector };
                granted.insert(vector, granted.len() as u16);
            }
        }
        self.write16(
            config::COMMAND,
            config::COMMAND_MEMORY | config::COMMAND_BUS_MASTER,
        );
        self.write16(self.msix.control, config::MSIX_ENABLE);
        for (&vector, &entry) in &granted {
            self.write_entry(entry, table::ADDRESS, MESSAGE_ADDRESS);
            self.write_entry(entry, table::ADDRESS + 4, 0);
            self.write_entry(entry, table::DATA, u64::from(vector));
        }
        *self.granted.lock() = granted;
    }

    /// Takes the function off the bus's address space: no memory decoding, no bus mastering.
    fn power_down(&self) {
        self.write16(self.msix.control, 0);
        self.write16(config::COMMAND, 0);
        self.granted.lock().clear();
        for start in self.placed.lock().drain(..) {
            self.system.subsystem::<IoSpace>().remove(start);
        }
    }

    fn taken_away(&self) {
        self.function.ledger().taken_away();
    }
}

impl DeviceNode for PciNode {
    fn hardware_id(&self) -> String {
        self.installation.matching_id.clone()
    }

    fn numa_node(&self) -> u16 {
        0
    }

    fn property(&self, key: &DEVPROPKEY) -> Option<(u32, Vec<u8>)> {
        bus::property(&self.installation, key)
    }

    fn keyword(&self, name: &str) -> Option<KeyValue> {
        bus::keyword(&self.installation, name)
    }

    fn read_config(&self, offset: u32, data: &mut [u8]) -> u32 {
        self.function.config_read(offset as usize, data);
        data.len() as u32
    }

    fn write_config(&self, offset: u32, data: &[u8]) -> u32 {
        self.function.config_write(offset as usize, data);
        data.len() as u32
    }

    fn connect(&self, vector: u32, interrupt: Arc<Interrupt>) -> bool {
        let Some(entry) = self.granted.lock().get(&vector).copied() else {
            return false;
        };
        self.router.routes.write().insert(vector, interrupt);
        self.write_entry(entry, table::CONTROL, 0);
        true
    }

    fn disconnect(&self, vector: u32) {
        let entry = self.granted.lock().get(&vector).copied();
        if let Some(entry) = entry {
            self.write_entry(entry, table::CONTROL, table::CONTROL_MASKED);
        }
        self.router.routes.write().remove(&vector);
    }

    fn security(&self) -> Option<String> {
        match self.installation.hardware.value("Security") {
            Some(RegistryValue::String(text)) => Some(text.clone()),
            _ => None,
        }
    }

    fn device_failed(&self) {
        if self.failed.swap(true, Ordering::AcqRel) {
            return;
        }
        let (system, node) = (self.system, std::ptr::from_ref(self) as usize);
        spawn(system, "device failure", 0, move || {
            system.subsystem::<PnpManager>().remove_failed(node);
        });
    }
}
