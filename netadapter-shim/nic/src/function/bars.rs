//! The registers in the BARs of a function.

use super::Function;
use crate::common_config::BadAccess;
use crate::registers::{bar0, bar2, common};
use std::sync::atomic::Ordering;

impl Function {
    /// Reads `size` bytes of a BAR.
    pub(super) fn read(&self, bar: u8, offset: u64, size: usize) -> u64 {
        let value = match bar {
            bar0::INDEX => self.read_virtio(offset, size),
            bar2::INDEX => self.msix.read(offset, size).ok_or(BadAccess),
            _ => Err(BadAccess),
        };
        value.unwrap_or_else(|BadAccess| {
            self.count_bad_access();
            all_ones(size)
        })
    }

    /// Writes `size` bytes of a BAR.
    pub(super) fn write(&self, bar: u8, offset: u64, size: usize, value: u64) {
        let written = match bar {
            bar0::INDEX => self.write_virtio(offset, size, value),
            bar2::INDEX => self.msix.write(offset, size, value).ok_or(BadAccess),
            _ => Err(BadAccess),
        };
        if written.is_err() {
            self.count_bad_access();
        }
    }

    fn read_virtio(&self, offset: u64, size: usize) -> Result<u64, BadAccess> {
        match offset {
            bar0::COMMON..bar0::ISR => self.access().registers.read(offset - bar0::COMMON, size),
            bar0::ISR if size == 1 => Ok(self.isr.swap(0, Ordering::AcqRel).into()),
            bar0::DEVICE..bar0::NOTIFY => self
                .access()
                .net_config
                .read(offset - bar0::DEVICE, size)
                .ok_or(BadAccess),
            _ => Err(BadAccess),
        }
    }

    fn write_virtio(&self, offset: u64, size: usize, value: u64) -> Result<(), BadAccess> {
        match offset {
            bar0::COMMON..bar0::ISR => self.write_common(offset - bar0::COMMON, size, value),
            bar0::NOTIFY.. => self.ring_doorbell(offset - bar0::NOTIFY, size, value),
            // VIRTIO 1.2 section 5.1.4.2: a driver changes nothing in the device configuration.
            _ => Err(BadAccess),
        }
    }

    fn write_common(&self, offset: u64, size: usize, value: u64) -> Result<(), BadAccess> {
        let mut events = Vec::new();
        {
            let mut state = self.access();
            let effect = state.registers.write(offset, size, value)?;
            state.apply(effect, &mut events);
            if offset == common::DEVICE_STATUS && value == 0 {
                self.doorbells.take(|_| {});
                self.isr.store(0, Ordering::Release);
                self.msix.clear_pending();
            }
        }
        self.raise(&events);
        self.wakeup.wake();
        Ok(())
    }

    /// VIRTIO 1.2 section 4.1.4.4 "Notification structure layout": the queue's index is written
    /// to the queue's own address.
    fn ring_doorbell(&self, offset: u64, size: usize, value: u64) -> Result<(), BadAccess> {
        let multiplier = u64::from(bar0::NOTIFY_MULTIPLIER);
        let queue = offset / multiplier;
        let valid = matches!(size, 2 | 4)
            && offset.is_multiple_of(multiplier)
            && queue < u64::from(self.queue_count)
            && value == queue;
        if !valid {
            return Err(BadAccess);
        }
        self.doorbells.ring(queue as u16);
        self.doorbells_rung.fetch_add(1, Ordering::Relaxed);
        self.wakeup.wake();
        Ok(())
    }

    pub(super) fn count_bad_access(&self) {
        self.bad_accesses.fetch_add(1, Ordering::Relaxed);
    }
}

/// What a bus answers where nothing does, in `size` bytes.
pub(super) fn all_ones(size: usize) -> u64 {
    match size {
        1 => u64::from(u8::MAX),
        2 => u64::from(u16::MAX),
        4 => u64::from(u32::MAX),
        _ => u64::MAX,
    }
}
