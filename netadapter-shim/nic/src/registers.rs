//! Where the registers of the function are: PCI configuration space and BARs.
//!
//! One declaration per register. The virtio structures are those of VIRTIO 1.2 section 4.1.4
//! "Virtio Structure PCI Capabilities"; everything in a BAR is little-endian.

/// PCI configuration space of a type 0 function.
pub mod pci {
    /// Bytes of conventional configuration space.
    pub const SIZE: usize = 256;

    /// Vendor ID, 16 bits.
    pub const VENDOR_ID: usize = 0x00;
    /// Device ID, 16 bits.
    pub const DEVICE_ID: usize = 0x02;
    /// Command, 16 bits.
    pub const COMMAND: usize = 0x04;
    /// Status, 16 bits.
    pub const STATUS: usize = 0x06;
    /// Revision ID, 8 bits.
    pub const REVISION_ID: usize = 0x08;
    /// Class code: programming interface, subclass, base class.
    pub const CLASS_CODE: usize = 0x09;
    /// First of six base address registers of 32 bits.
    pub const BAR0: usize = 0x10;
    /// Subsystem vendor ID, 16 bits.
    pub const SUBSYSTEM_VENDOR_ID: usize = 0x2c;
    /// Subsystem ID, 16 bits.
    pub const SUBSYSTEM_ID: usize = 0x2e;
    /// Offset of the first capability, 8 bits.
    pub const CAPABILITIES_POINTER: usize = 0x34;
    /// Interrupt line, 8 bits, scratch for software.
    pub const INTERRUPT_LINE: usize = 0x3c;

    /// Command: the function answers accesses to its memory BARs.
    pub const COMMAND_MEMORY_SPACE: u16 = 1 << 1;
    /// Command: the function may read and write memory and send messages.
    pub const COMMAND_BUS_MASTER: u16 = 1 << 2;
    /// Command: the function must not assert INTx.
    pub const COMMAND_INTERRUPT_DISABLE: u16 = 1 << 10;
    /// Status: the function has a list of capabilities.
    pub const STATUS_CAPABILITIES_LIST: u16 = 1 << 4;
    /// BAR: 64-bit memory, not prefetchable.
    pub const BAR_MEMORY_64: u8 = 0b100;

    /// Vendor of every virtio function.
    pub const VIRTIO_VENDOR_ID: u16 = 0x1af4;
    /// Device ID of a modern virtio device is this plus its virtio device type.
    pub const VIRTIO_DEVICE_ID_BASE: u16 = 0x1040;

    /// Capability ID of MSI-X.
    pub const CAPABILITY_MSIX: u8 = 0x11;
    /// Capability ID of a vendor-specific capability, as virtio uses.
    pub const CAPABILITY_VENDOR: u8 = 0x09;

    /// Where this function keeps its MSI-X capability.
    pub const MSIX_CAPABILITY: usize = 0x40;
    /// MSI-X message control, 16 bits.
    pub const MSIX_CONTROL: usize = MSIX_CAPABILITY + 2;
    /// MSI-X message control: all vectors are masked.
    pub const MSIX_CONTROL_FUNCTION_MASK: u16 = 1 << 14;
    /// MSI-X message control: the function uses MSI-X.
    pub const MSIX_CONTROL_ENABLE: u16 = 1 << 15;
    /// Where this function keeps its VIRTIO_PCI_CAP_PCI_CFG capability.
    pub const PCI_CFG_CAPABILITY: usize = 0x98;
    /// The window of VIRTIO_PCI_CAP_PCI_CFG, 32 bits.
    pub const PCI_CFG_DATA: usize = PCI_CFG_CAPABILITY + 16;
}

/// `cfg_type` of VIRTIO 1.2 section 4.1.4, "struct virtio_pci_cap".
pub mod capability {
    /// VIRTIO_PCI_CAP_COMMON_CFG.
    pub const COMMON_CFG: u8 = 1;
    /// VIRTIO_PCI_CAP_NOTIFY_CFG.
    pub const NOTIFY_CFG: u8 = 2;
    /// VIRTIO_PCI_CAP_ISR_CFG.
    pub const ISR_CFG: u8 = 3;
    /// VIRTIO_PCI_CAP_DEVICE_CFG.
    pub const DEVICE_CFG: u8 = 4;
    /// VIRTIO_PCI_CAP_PCI_CFG.
    pub const PCI_CFG: u8 = 5;
}

/// BAR 0: the virtio structures, one page each.
pub mod bar0 {
    /// Index of the BAR.
    pub const INDEX: u8 = 0;
    /// The common configuration structure.
    pub const COMMON: u64 = 0x0000;
    /// ISR status, 8 bits, cleared by reading.
    pub const ISR: u64 = 0x1000;
    /// The device configuration structure.
    pub const DEVICE: u64 = 0x2000;
    /// The doorbells, `NOTIFY_MULTIPLIER` bytes a queue.
    pub const NOTIFY: u64 = 0x3000;
    /// `notify_off_multiplier`.
    pub const NOTIFY_MULTIPLIER: u32 = 4;
}

/// BAR 2: the MSI-X table and, behind it, the pending bit array.
pub mod bar2 {
    /// Index of the BAR.
    pub const INDEX: u8 = 2;
    /// The MSI-X table.
    pub const TABLE: u64 = 0;
    /// Bytes of a table entry: address, data, vector control.
    pub const ENTRY_SIZE: u64 = 16;
    /// In an entry, the vector control word.
    pub const ENTRY_CONTROL: u64 = 12;
    /// Vector control: the entry is masked.
    pub const CONTROL_MASK: u32 = 1;
}

/// The common configuration structure, VIRTIO 1.2 section 4.1.4.3.
pub mod common {
    /// 32 bits, read-write.
    pub const DEVICE_FEATURE_SELECT: u64 = 0x00;
    /// 32 bits, read-only.
    pub const DEVICE_FEATURE: u64 = 0x04;
    /// 32 bits, read-write.
    pub const DRIVER_FEATURE_SELECT: u64 = 0x08;
    /// 32 bits, read-write.
    pub const DRIVER_FEATURE: u64 = 0x0c;
    /// 16 bits, read-write.
    pub const CONFIG_MSIX_VECTOR: u64 = 0x10;
    /// 16 bits, read-only.
    pub const NUM_QUEUES: u64 = 0x12;
    /// 8 bits, read-write.
    pub const DEVICE_STATUS: u64 = 0x14;
    /// 8 bits, read-only.
    pub const CONFIG_GENERATION: u64 = 0x15;
    /// 16 bits, read-write.
    pub const QUEUE_SELECT: u64 = 0x16;
    /// 16 bits, read-write.
    pub const QUEUE_SIZE: u64 = 0x18;
    /// 16 bits, read-write.
    pub const QUEUE_MSIX_VECTOR: u64 = 0x1a;
    /// 16 bits, read-write.
    pub const QUEUE_ENABLE: u64 = 0x1c;
    /// 16 bits, read-only.
    pub const QUEUE_NOTIFY_OFF: u64 = 0x1e;
    /// 64 bits, read-write: the descriptor area.
    pub const QUEUE_DESC: u64 = 0x20;
    /// 64 bits, read-write: the driver area.
    pub const QUEUE_DRIVER: u64 = 0x28;
    /// 64 bits, read-write: the device area.
    pub const QUEUE_DEVICE: u64 = 0x30;
    /// 16 bits, read-only; unused, for VIRTIO_F_NOTIF_CONFIG_DATA is not offered.
    pub const QUEUE_NOTIFY_DATA: u64 = 0x38;
    /// 16 bits, read-write.
    pub const QUEUE_RESET: u64 = 0x3a;
    /// Bytes of the structure.
    pub const SIZE: u64 = 0x3c;

    /// VIRTIO_MSI_NO_VECTOR: no message for this event.
    pub const NO_VECTOR: u16 = 0xffff;
}

/// ISR status, VIRTIO 1.2 section 4.1.4.5.
pub mod isr {
    /// A queue has used buffers.
    pub const QUEUE: u8 = 1;
    /// The device configuration changed.
    pub const CONFIGURATION: u8 = 2;
}
