//! Device memory: which physical addresses are registers, and their mappings.

use super::exports;
use super::rules;
use crate::executive::{require_irql, system, violation};
use crate::trap::{Region, RegisterFile};
use netadapter_abi::nt::{DISPATCH_LEVEL, PAGE_NOCACHE, PVOID};
use netadapter_abi::nt_export;
use parking_lot::Mutex;
use std::sync::Arc;

struct Window {
    start: u64,
    bytes: u64,
    registers: Arc<dyn RegisterFile>,
}

/// Register windows of the machine's devices, and where drivers have mapped them.
#[derive(Default)]
pub struct IoSpace {
    windows: Mutex<Vec<Window>>,
    mappings: Mutex<Vec<Region>>,
}

impl IoSpace {
    /// Adds the registers of a device at a physical address.
    pub fn add(&self, start: u64, bytes: u64, registers: Arc<dyn RegisterFile>) {
        self.windows.lock().push(Window {
            start,
            bytes,
            registers,
        });
    }

    /// Takes the registers at a physical address away. Mappings of them stay, and lead to what the
    /// device answers when nobody decodes the address.
    pub fn remove(&self, start: u64) {
        self.windows.lock().retain(|window| window.start != start);
    }

    /// The number of mappings that drivers hold.
    pub fn mapped(&self) -> usize {
        self.mappings.lock().len()
    }

    fn map(&self, start: u64, bytes: u64) -> Option<*mut u8> {
        let windows = self.windows.lock();
        let window = windows.iter().find(|window| {
            let end = start.checked_add(bytes);
            start >= window.start && end.is_some_and(|end| end <= window.start + window.bytes)
        })?;
        let part = Part {
            base: start - window.start,
            registers: window.registers.clone(),
        };
        let region = Region::map(bytes as usize, Arc::new(part)).ok()?;
        let address = region.base().as_ptr();
        self.mappings.lock().push(region);
        Some(address)
    }

    fn unmap(&self, address: *mut u8, bytes: u64) -> bool {
        let mut mappings = self.mappings.lock();
        let found = mappings
            .iter()
            .position(|region| region.base().as_ptr() == address && region.len() as u64 == bytes);
        found
            .map(|position| mappings.swap_remove(position))
            .is_some()
    }
}

/// A part of a window, from a driver's mapping on.
struct Part {
    base: u64,
    registers: Arc<dyn RegisterFile>,
}

impl RegisterFile for Part {
    fn read(&self, offset: u64, size: u8) -> u64 {
        self.registers.read(self.base + offset, size)
    }

    fn write(&self, offset: u64, size: u8, value: u64) {
        self.registers.write(self.base + offset, size, value);
    }
}

nt_export! {
    unsafe fn MmMapIoSpaceEx(physical: i64, bytes: usize, protect: u32) -> PVOID {
        require_irql("MmMapIoSpaceEx", DISPATCH_LEVEL);
        if protect & PAGE_NOCACHE == 0 {
            violation(
                &rules::BAD_IO_SPACE_MAPPING,
                format!("registers mapped with protection {protect:#x}, without PAGE_NOCACHE"),
            );
        }
        let space = system().subsystem::<IoSpace>();
        match space.map(physical as u64, bytes as u64) {
            Some(address) => address.cast(),
            None => core::ptr::null_mut(),
        }
    }

    unsafe fn MmUnmapIoSpace(address: PVOID, bytes: usize) {
        require_irql("MmUnmapIoSpace", DISPATCH_LEVEL);
        if !system().subsystem::<IoSpace>().unmap(address.cast(), bytes as u64) {
            violation(
                &rules::BAD_IO_SPACE_MAPPING,
                format!("{address:p} with {bytes} bytes is no mapping of MmMapIoSpaceEx"),
            );
        }
    }
}

exports! { MmMapIoSpaceEx, MmUnmapIoSpace }
