//! MSI-X: the table, the pending bits, and the memory writes that are the messages.

use crate::pci::pending_bits_offset;
use crate::registers::bar2;
use crate::sync::lock;
use std::sync::{Arc, Mutex};

/// Where messages go: the interrupt controller of whoever hosts the function.
pub trait MessageSink: Send + Sync {
    /// The function writes `data` to `address`, which is how MSI-X interrupts a processor.
    ///
    /// Called without any lock of the function, from its device thread or from the thread whose
    /// register write unmasked a pending vector. A message under way while its queue or the
    /// function is reset can still arrive, as a posted write can.
    fn message(&self, address: u64, data: u32);
}

#[derive(Clone, Copy)]
struct Entry {
    address: u64,
    data: u32,
    control: u32,
    pending: bool,
}

struct Table {
    entries: Vec<Entry>,
    enabled: bool,
    function_masked: bool,
    bus_master: bool,
}

/// A message that may go out now.
type Message = (u64, u32);

impl Table {
    fn deliverable(&self, entry: &Entry) -> bool {
        let masked = self.function_masked || entry.control & bar2::CONTROL_MASK != 0;
        self.enabled && self.bus_master && !masked
    }

    fn take_pending(&mut self, vector: usize) -> Option<Message> {
        let entry = self.entries[vector];
        if !entry.pending || !self.deliverable(&entry) {
            return None;
        }
        self.entries[vector].pending = false;
        Some((entry.address, entry.data))
    }

    fn take_all_pending(&mut self) -> Vec<Message> {
        (0..self.entries.len())
            .filter_map(|vector| self.take_pending(vector))
            .collect()
    }
}

/// The MSI-X part of the function.
pub(crate) struct Msix {
    table: Mutex<Table>,
    pending_bits: u64,
    sink: Arc<dyn MessageSink>,
}

impl Msix {
    pub fn new(vectors: u16, sink: Arc<dyn MessageSink>) -> Self {
        // PCI: every entry is masked after reset.
        let entry = Entry {
            address: 0,
            data: 0,
            control: bar2::CONTROL_MASK,
            pending: false,
        };
        Self {
            table: Mutex::new(Table {
                entries: vec![entry; usize::from(vectors)],
                enabled: false,
                function_masked: false,
                bus_master: false,
            }),
            pending_bits: pending_bits_offset(vectors),
            sink,
        }
    }

    /// Sends the message of `vector`, or remembers it while the vector is masked.
    /// Answers whether a message went out.
    pub fn raise(&self, vector: u16) -> bool {
        let message = {
            let mut table = lock(&self.table);
            if !table.enabled {
                return false;
            }
            let Some(entry) = table.entries.get_mut(usize::from(vector)) else {
                return false;
            };
            entry.pending = true;
            table.take_pending(usize::from(vector))
        };
        self.send(message.as_slice());
        message.is_some()
    }

    /// Follows the message control word and the bus master bit.
    pub fn configure(&self, enabled: bool, function_masked: bool, bus_master: bool) {
        let messages = {
            let mut table = lock(&self.table);
            table.enabled = enabled;
            table.function_masked = function_masked;
            table.bus_master = bus_master;
            table.take_all_pending()
        };
        self.send(&messages);
    }

    pub fn enabled(&self) -> bool {
        lock(&self.table).enabled
    }

    /// Forgets messages that wait for an unmask: the device was reset, its reasons are gone.
    pub fn clear_pending(&self) {
        for entry in &mut lock(&self.table).entries {
            entry.pending = false;
        }
    }

    /// Reads table or pending bits, by 4 or 8 aligned bytes as PCI demands.
    pub fn read(&self, offset: u64, size: usize) -> Option<u64> {
        match size {
            4 if offset.is_multiple_of(4) => self.read_word(offset).map(u64::from),
            8 if offset.is_multiple_of(8) => {
                let low = self.read_word(offset)?;
                let high = self.read_word(offset + 4)?;
                Some(u64::from(low) | u64::from(high) << 32)
            }
            _ => None,
        }
    }

    /// Writes the table, by 4 or 8 aligned bytes.
    pub fn write(&self, offset: u64, size: usize, value: u64) -> Option<()> {
        match size {
            4 if offset.is_multiple_of(4) => self.write_word(offset, value as u32),
            8 if offset.is_multiple_of(8) => {
                self.write_word(offset, value as u32)?;
                self.write_word(offset + 4, (value >> 32) as u32)
            }
            _ => None,
        }
    }

    fn read_word(&self, offset: u64) -> Option<u32> {
        let table = lock(&self.table);
        if let Some(bits) = offset.checked_sub(self.pending_bits) {
            let first = usize::try_from(bits).ok()?.checked_mul(8)?;
            // The array is made of whole quadwords; bits behind the last vector are zero.
            if first >= table.entries.len().next_multiple_of(64) {
                return None;
            }
            let entries = table.entries.iter().skip(first).take(32);
            let bit = |(position, entry): (usize, &Entry)| u32::from(entry.pending) << position;
            return Some(entries.enumerate().map(bit).sum());
        }
        let entry = table.entries.get((offset / bar2::ENTRY_SIZE) as usize)?;
        Some(match offset % bar2::ENTRY_SIZE {
            0 => entry.address as u32,
            4 => (entry.address >> 32) as u32,
            8 => entry.data,
            _ => entry.control,
        })
    }

    fn write_word(&self, offset: u64, value: u32) -> Option<()> {
        let vector = (offset / bar2::ENTRY_SIZE) as usize;
        let message = {
            let mut table = lock(&self.table);
            let entry = table.entries.get_mut(vector)?;
            match offset % bar2::ENTRY_SIZE {
                // Messages are aligned words: the two low address bits do not exist.
                0 => entry.address = entry.address >> 32 << 32 | u64::from(value & !3),
                4 => entry.address = entry.address & 0xffff_ffff | u64::from(value) << 32,
                8 => entry.data = value,
                _ => entry.control = value & bar2::CONTROL_MASK,
            }
            // Only an unmask lets a pending message out.
            (offset % bar2::ENTRY_SIZE == bar2::ENTRY_CONTROL)
                .then(|| table.take_pending(vector))
                .flatten()
        };
        self.send(message.as_slice());
        Some(())
    }

    fn send(&self, messages: &[Message]) {
        for &(address, data) in messages {
            self.sink.message(address, data);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Sent(Mutex<Vec<Message>>);

    impl MessageSink for Sent {
        fn message(&self, address: u64, data: u32) {
            lock(&self.0).push((address, data));
        }
    }

    impl Sent {
        fn take(&self) -> Vec<Message> {
            std::mem::take(&mut *lock(&self.0))
        }
    }

    fn msix(vectors: u16) -> (Msix, Arc<Sent>) {
        let sent = Arc::new(Sent::default());
        let msix = Msix::new(vectors, sent.clone());
        for vector in 0..u64::from(vectors) {
            msix.write(vector * 16, 8, 0xfee0_0000).unwrap();
            msix.write(vector * 16 + 8, 4, 0x40 + vector).unwrap();
        }
        (msix, sent)
    }

    #[test]
    fn an_unmasked_vector_sends_its_address_and_data() {
        let (msix, sent) = msix(4);
        msix.configure(true, false, true);
        msix.write(2 * 16 + 12, 4, 0).unwrap();
        assert!(msix.raise(2));
        assert_eq!(sent.take(), [(0xfee0_0000, 0x42)]);
    }

    #[test]
    fn a_masked_vector_is_pending_and_goes_out_once_at_unmask() {
        let (msix, sent) = msix(40);
        msix.configure(true, false, true);
        assert!(!msix.raise(33));
        assert!(!msix.raise(33));
        assert_eq!(msix.read(0x1000, 8), Some(1 << 33));
        msix.write(33 * 16 + 12, 4, 0).unwrap();
        assert_eq!(sent.take(), [(0xfee0_0000, 0x40 + 33)]);
        assert_eq!(msix.read(0x1000, 8), Some(0));
    }

    #[test]
    fn function_mask_and_missing_bus_master_hold_messages_back() {
        let (msix, sent) = msix(2);
        msix.write(12, 4, 0).unwrap();
        msix.configure(true, true, true);
        assert!(!msix.raise(0));
        msix.configure(true, false, false);
        assert!(sent.take().is_empty());
        msix.configure(true, false, true);
        assert_eq!(sent.take().len(), 1);
    }

    #[test]
    fn nothing_is_remembered_while_msix_is_off() {
        let (msix, sent) = msix(2);
        msix.write(12, 4, 0).unwrap();
        assert!(!msix.raise(0));
        msix.configure(true, false, true);
        assert!(sent.take().is_empty());
    }

    #[test]
    fn accesses_of_other_sizes_and_outside_the_table_are_refused() {
        let (msix, _) = msix(2);
        assert_eq!(msix.read(0, 2), None);
        assert_eq!(msix.read(2, 4), None);
        assert_eq!(msix.write(32, 4, 0), None);
        assert_eq!(msix.read(u64::MAX - 3, 4), None);
        assert_eq!(msix.write(0x1000, 4, 1), None, "pending bits are read-only");
    }
}
