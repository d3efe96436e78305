//! PCI configuration space: header, BARs, capabilities.

use crate::config::VirtioNetConfig;
use crate::registers::{bar0, bar2, capability, common, pci};
use virtio_bindings::virtio_ids::VIRTIO_ID_NET;

/// A range of registers in memory space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Index of the base address register; a 64-bit BAR uses the next one too.
    pub index: u8,
    /// Bytes, a power of two.
    pub size: u64,
}

/// What a write to configuration space changed, for the rest of the function to follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    pub command: bool,
    pub msix_control: bool,
    pub pci_cfg_data: bool,
}

/// An access through VIRTIO_PCI_CAP_PCI_CFG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WindowAccess {
    pub bar: u8,
    pub offset: u64,
    pub size: usize,
}

/// The bytes, and which bits of them software may write.
pub(crate) struct ConfigSpace {
    bytes: [u8; pci::SIZE],
    writable: [u8; pci::SIZE],
    bars: [Bar; 2],
}

/// Where the pending bit array begins in BAR 2: behind the table, on a page of its own.
pub(crate) fn pending_bits_offset(vectors: u16) -> u64 {
    (u64::from(vectors) * bar2::ENTRY_SIZE).next_multiple_of(0x1000)
}

/// Whether an access reaches the window of VIRTIO_PCI_CAP_PCI_CFG.
pub(crate) fn touches_window(offset: usize, length: usize) -> bool {
    offset < pci::PCI_CFG_DATA + 4 && pci::PCI_CFG_DATA < offset.saturating_add(length)
}

impl ConfigSpace {
    pub fn new(config: &VirtioNetConfig) -> Self {
        let doorbells = u64::from(config.queue_count()) * u64::from(bar0::NOTIFY_MULTIPLIER);
        let bars = [
            Bar {
                index: bar0::INDEX,
                size: (bar0::NOTIFY + doorbells).next_power_of_two(),
            },
            Bar {
                index: bar2::INDEX,
                size: (pending_bits_offset(config.msix_vectors) + 0x1000).next_power_of_two(),
            },
        ];
        let mut space = Self {
            bytes: [0; pci::SIZE],
            writable: [0; pci::SIZE],
            bars,
        };
        space.write_header();
        space.write_bars();
        space.write_msix_capability(config.msix_vectors);
        space.write_virtio_capabilities(doorbells);
        space
    }

    pub fn bars(&self) -> [Bar; 2] {
        self.bars
    }

    pub fn command(&self) -> u16 {
        self.read_u16(pci::COMMAND)
    }

    pub fn msix_control(&self) -> u16 {
        self.read_u16(pci::MSIX_CONTROL)
    }

    /// Copies configuration bytes; `None` outside the space.
    pub fn read(&self, offset: usize, data: &mut [u8]) -> Option<()> {
        let end = offset.checked_add(data.len())?;
        data.copy_from_slice(self.bytes.get(offset..end)?);
        Some(())
    }

    /// Writes the bits that software may write; `None` outside the space.
    pub fn write(&mut self, offset: usize, data: &[u8]) -> Option<Changed> {
        let end = offset.checked_add(data.len())?;
        let bytes = self.bytes.get_mut(offset..end)?;
        let writable = &self.writable[offset..end];
        for ((byte, mask), value) in bytes.iter_mut().zip(writable).zip(data) {
            *byte = (*byte & !mask) | (value & mask);
        }
        let touches = |register: usize, size: usize| offset < register + size && register < end;
        Some(Changed {
            command: touches(pci::COMMAND, 2),
            msix_control: touches(pci::MSIX_CONTROL, 2),
            pci_cfg_data: touches_window(offset, data.len()),
        })
    }

    /// The register that VIRTIO_PCI_CAP_PCI_CFG points at; `None` while it points nowhere.
    pub fn window(&self) -> Option<WindowAccess> {
        let size = self.read_u32(pci::PCI_CFG_CAPABILITY + 12);
        matches!(size, 1 | 2 | 4).then(|| WindowAccess {
            bar: self.bytes[pci::PCI_CFG_CAPABILITY + 4],
            offset: u64::from(self.read_u32(pci::PCI_CFG_CAPABILITY + 8)),
            size: size as usize,
        })
    }

    pub fn window_data(&self) -> u32 {
        self.read_u32(pci::PCI_CFG_DATA)
    }

    pub fn set_window_data(&mut self, value: u32) {
        self.put(pci::PCI_CFG_DATA, &value.to_le_bytes());
    }

    fn write_header(&mut self) {
        let device_id = pci::VIRTIO_DEVICE_ID_BASE + VIRTIO_ID_NET as u16;
        self.put(pci::VENDOR_ID, &pci::VIRTIO_VENDOR_ID.to_le_bytes());
        self.put(pci::DEVICE_ID, &device_id.to_le_bytes());
        // VIRTIO 1.2 section 4.1.2.1 "Device Requirements: PCI Device Discovery": revision 1 or
        // higher and a subsystem ID of 0x40 or higher keep legacy drivers away.
        self.put(pci::REVISION_ID, &[1]);
        self.put(pci::CLASS_CODE, &[0x00, 0x00, 0x02]);
        self.put(
            pci::SUBSYSTEM_VENDOR_ID,
            &pci::VIRTIO_VENDOR_ID.to_le_bytes(),
        );
        self.put(pci::SUBSYSTEM_ID, &device_id.to_le_bytes());
        self.put(pci::STATUS, &pci::STATUS_CAPABILITIES_LIST.to_le_bytes());
        self.put(pci::CAPABILITIES_POINTER, &[pci::MSIX_CAPABILITY as u8]);
        let command =
            pci::COMMAND_MEMORY_SPACE | pci::COMMAND_BUS_MASTER | pci::COMMAND_INTERRUPT_DISABLE;
        self.allow(pci::COMMAND, &command.to_le_bytes());
        self.allow(pci::INTERRUPT_LINE, &[0xff]);
    }

    fn write_bars(&mut self) {
        for bar in self.bars {
            let register = pci::BAR0 + 4 * usize::from(bar.index);
            self.put(register, &[pci::BAR_MEMORY_64]);
            // The address bits below the size read as zero: that is how software measures a BAR.
            self.allow(register, &(!(bar.size - 1)).to_le_bytes());
        }
    }

    fn write_msix_capability(&mut self, vectors: u16) {
        let next = pci::MSIX_CAPABILITY + 12 + 4;
        let at = pci::MSIX_CAPABILITY;
        self.put(at, &[pci::CAPABILITY_MSIX, next as u8]);
        self.put(pci::MSIX_CONTROL, &(vectors - 1).to_le_bytes());
        let control = pci::MSIX_CONTROL_FUNCTION_MASK | pci::MSIX_CONTROL_ENABLE;
        self.allow(pci::MSIX_CONTROL, &control.to_le_bytes());
        // The low three bits of both words hold the BAR index.
        let table = bar2::TABLE as u32 | u32::from(bar2::INDEX);
        let pending = pending_bits_offset(vectors) as u32 | u32::from(bar2::INDEX);
        self.put(at + 4, &table.to_le_bytes());
        self.put(at + 8, &pending.to_le_bytes());
    }

    fn write_virtio_capabilities(&mut self, doorbells: u64) {
        use virtio_bindings::virtio_net::virtio_net_config;
        let device_length = size_of::<virtio_net_config>() as u64;
        self.put_virtio(
            0x50,
            0x60,
            16,
            (capability::COMMON_CFG, bar0::COMMON, common::SIZE),
        );
        self.put_virtio(
            0x60,
            0x78,
            20,
            (capability::NOTIFY_CFG, bar0::NOTIFY, doorbells),
        );
        self.put(0x60 + 16, &bar0::NOTIFY_MULTIPLIER.to_le_bytes());
        self.put_virtio(0x78, 0x88, 16, (capability::ISR_CFG, bar0::ISR, 1));
        self.put_virtio(
            0x88,
            pci::PCI_CFG_CAPABILITY,
            16,
            (capability::DEVICE_CFG, bar0::DEVICE, device_length),
        );
        self.put_virtio(pci::PCI_CFG_CAPABILITY, 0, 20, (capability::PCI_CFG, 0, 0));
        self.allow(pci::PCI_CFG_CAPABILITY + 4, &[0xff]);
        self.allow(pci::PCI_CFG_CAPABILITY + 8, &[0xff; 12]);
    }

    /// Writes a `struct virtio_pci_cap` of BAR 0; `structure` is type, offset and length.
    fn put_virtio(&mut self, at: usize, next: usize, size: u8, structure: (u8, u64, u64)) {
        let (cfg_type, offset, length) = structure;
        let head = [
            pci::CAPABILITY_VENDOR,
            next as u8,
            size,
            cfg_type,
            bar0::INDEX,
        ];
        self.put(at, &head);
        self.put(at + 8, &(offset as u32).to_le_bytes());
        self.put(at + 12, &(length as u32).to_le_bytes());
    }

    fn put(&mut self, offset: usize, data: &[u8]) {
        self.bytes[offset..offset + data.len()].copy_from_slice(data);
    }

    fn allow(&mut self, offset: usize, mask: &[u8]) {
        self.writable[offset..offset + mask.len()].copy_from_slice(mask);
    }

    fn read_u16(&self, offset: usize) -> u16 {
        u16::from_le_bytes([self.bytes[offset], self.bytes[offset + 1]])
    }

    fn read_u32(&self, offset: usize) -> u32 {
        u32::from(self.read_u16(offset)) | u32::from(self.read_u16(offset + 2)) << 16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capabilities(space: &ConfigSpace) -> Vec<(u8, usize)> {
        let mut found = Vec::new();
        let mut at = usize::from(space.bytes[pci::CAPABILITIES_POINTER]);
        while at != 0 {
            found.push((space.bytes[at], at));
            at = usize::from(space.bytes[at + 1]);
        }
        found
    }

    #[test]
    fn the_function_is_a_modern_virtio_ethernet_controller() {
        let space = ConfigSpace::new(&VirtioNetConfig::default());
        assert_eq!(space.bytes[..4], [0xf4, 0x1a, 0x41, 0x10]);
        assert_eq!(space.bytes[pci::REVISION_ID..][..4], [1, 0x00, 0x00, 0x02]);
    }

    #[test]
    fn capabilities_are_a_list_of_aligned_entries_that_do_not_overlap() {
        let space = ConfigSpace::new(&VirtioNetConfig::default());
        let found = capabilities(&space);
        assert_eq!(found.len(), 6);
        let mut end = 0x40;
        for (id, at) in found {
            assert!(at % 4 == 0 && at >= end, "capability at {at:#x}");
            end = at
                + match id {
                    pci::CAPABILITY_MSIX => 12,
                    _ => usize::from(space.bytes[at + 2]),
                };
        }
    }

    #[test]
    fn writing_all_ones_to_a_bar_gives_its_size() {
        let mut space = ConfigSpace::new(&VirtioNetConfig::default());
        for bar in space.bars() {
            let register = pci::BAR0 + 4 * usize::from(bar.index);
            space.write(register, &[0xff; 8]).unwrap();
            let mut probe = [0; 8];
            space.read(register, &mut probe).unwrap();
            let probe = u64::from_le_bytes(probe);
            assert_eq!(probe & 0xf, u64::from(pci::BAR_MEMORY_64));
            assert_eq!(!(probe & !0xf) + 1, bar.size);
        }
    }

    #[test]
    fn read_only_bytes_keep_their_value_and_offsets_outside_are_refused() {
        let mut space = ConfigSpace::new(&VirtioNetConfig::default());
        space.write(0, &[0xff; 4]).unwrap();
        assert_eq!(space.bytes[..4], [0xf4, 0x1a, 0x41, 0x10]);
        assert_eq!(space.write(254, &[0; 4]), None);
        assert_eq!(space.read(usize::MAX, &mut [0; 2]), None);
    }

    #[test]
    fn a_write_tells_which_registers_it_touched() {
        let mut space = ConfigSpace::new(&VirtioNetConfig::default());
        let changed = space.write(pci::COMMAND, &[0x06, 0x00]).unwrap();
        assert!(changed.command && !changed.msix_control);
        assert_eq!(space.command(), 6);
        let changed = space.write(pci::MSIX_CAPABILITY, &[0, 0, 0, 0x80]).unwrap();
        assert!(changed.msix_control);
        assert_eq!(space.msix_control(), 16 | pci::MSIX_CONTROL_ENABLE);
    }

    #[test]
    fn the_largest_function_keeps_doorbells_and_tables_apart() {
        let config = VirtioNetConfig {
            queue_pairs: 1024,
            msix_vectors: 2048,
            ..VirtioNetConfig::default()
        };
        let space = ConfigSpace::new(&config);
        assert!(space.bars()[0].size >= bar0::NOTIFY + 4 * 2049);
        assert_eq!(pending_bits_offset(2048), 0x8000);
        assert!(space.bars()[1].size >= 0x8000 + 2048 / 8);
    }
}
