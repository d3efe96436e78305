//! Claims about registers: what a driver finds, and what it must leave alone.

use crate::guest::{Guest, STATUS_DRIVER_OK};
use crate::{CONTROL, config, generator, machine};
use netadapter_nic::registers::{bar0, bar2, common, isr, pci};
use netadapter_nic::{Cable, SUPPORTED_FEATURES};
use std::collections::BTreeMap;

#[test]
fn the_device_offers_what_its_configuration_says() {
    let (cable, _) = Cable::new(generator(1));
    let guest = Guest::new(config(), Box::new(cable));
    assert_eq!(guest.offered_features(), SUPPORTED_FEATURES);
    assert_eq!(guest.read(common::NUM_QUEUES, 2), u64::from(CONTROL) + 1);
    let mtu = guest.nic.bar_read(bar0::INDEX, bar0::DEVICE + 10, 2);
    assert_eq!(mtu, 1500);
}

#[test]
fn the_capabilities_lead_to_the_structures() {
    let (cable, _) = Cable::new(generator(1));
    let guest = Guest::new(config(), Box::new(cable));
    let byte = |offset| {
        let mut byte = [0];
        guest.nic.config_read(offset, &mut byte);
        usize::from(byte[0])
    };
    let word = |offset| {
        let mut word = [0; 4];
        guest.nic.config_read(offset, &mut word);
        u64::from(u32::from_le_bytes(word))
    };
    let mut structures = BTreeMap::new();
    let mut at = byte(pci::CAPABILITIES_POINTER);
    while at != 0 {
        if byte(at) == usize::from(pci::CAPABILITY_VENDOR) {
            structures.insert(byte(at + 3), (byte(at + 4), word(at + 8), word(at + 12)));
        }
        at = byte(at + 1);
    }
    assert_eq!(structures[&1], (0, bar0::COMMON, common::SIZE));
    let doorbells = u64::from(CONTROL + 1) * u64::from(bar0::NOTIFY_MULTIPLIER);
    assert_eq!(structures[&2], (0, bar0::NOTIFY, doorbells));
    assert_eq!(structures[&3], (0, bar0::ISR, 1));
    assert_eq!(structures[&4], (0, bar0::DEVICE, 24));
    assert!(structures.contains_key(&5));
}

#[test]
fn registers_can_be_reached_through_configuration_space() {
    let (cable, _) = Cable::new(generator(1));
    let guest = Guest::new(config(), Box::new(cable));
    let window = |register: u64, size: u32| {
        let nic = &guest.nic;
        nic.config_write(pci::PCI_CFG_CAPABILITY + 4, &[0]);
        nic.config_write(
            pci::PCI_CFG_CAPABILITY + 8,
            &(register as u32).to_le_bytes(),
        );
        nic.config_write(pci::PCI_CFG_CAPABILITY + 12, &size.to_le_bytes());
    };
    window(common::QUEUE_SELECT, 2);
    guest.nic.config_write(pci::PCI_CFG_DATA, &[3, 0, 0, 0]);
    assert_eq!(guest.read(common::QUEUE_SELECT, 2), 3);
    window(common::NUM_QUEUES, 2);
    let mut data = [0; 4];
    guest.nic.config_read(pci::PCI_CFG_DATA, &mut data);
    assert_eq!(data, [CONTROL as u8 + 1, 0, 0, 0]);
}

#[test]
fn a_function_whose_memory_space_is_off_reads_as_all_ones() {
    let (guest, _) = machine(generator(1));
    guest.nic.config_write(pci::COMMAND, &[0, 0]);
    assert_eq!(guest.read(common::DEVICE_STATUS, 1), 0xff);
    assert_eq!(guest.nic.bar_read(bar2::INDEX, 0, 8), u64::MAX);
    let before = guest.nic.counters().bad_accesses;
    guest.write(common::DEVICE_STATUS, 1, 0);
    assert_eq!(guest.nic.counters().bad_accesses, before + 1);
    guest
        .nic
        .config_write(pci::COMMAND, &pci::COMMAND_MEMORY_SPACE.to_le_bytes());
    assert_eq!(guest.read(common::DEVICE_STATUS, 1), STATUS_DRIVER_OK);
}

#[test]
fn the_link_state_shows_and_interrupts() {
    let (mut guest, handle) = machine(generator(1));
    let generation = guest.read(common::CONFIG_GENERATION, 1);
    guest.nic.set_link(false);
    assert_eq!(guest.interrupts.take(), [0]);
    assert_eq!(guest.nic.bar_read(bar0::INDEX, bar0::DEVICE + 6, 2), 0);
    assert_ne!(guest.read(common::CONFIG_GENERATION, 1), generation);
    let status = guest.nic.bar_read(bar0::INDEX, bar0::ISR, 1);
    assert_eq!(status, u64::from(isr::CONFIGURATION));
    assert_eq!(
        guest.nic.bar_read(bar0::INDEX, bar0::ISR, 1),
        0,
        "reading clears it"
    );
    guest.post(0, 0..4);
    guest.settle();
    assert_eq!(handle.offered(), 0);
    guest.nic.set_link(true);
    guest.settle();
    assert_eq!(guest.nic.counters().received(), 4);
}

#[test]
fn doorbells_with_another_queue_or_size_are_ignored_and_counted() {
    let (guest, _) = machine(generator(1));
    let before = guest.nic.counters();
    let ring = |offset, size, value| {
        let nic = &guest.nic;
        nic.bar_write(bar0::INDEX, bar0::NOTIFY + offset, size, value);
    };
    ring(4, 2, 0);
    ring(2, 2, 0);
    ring(4, 1, 1);
    ring(4 * (u64::from(CONTROL) + 1), 2, u64::from(CONTROL) + 1);
    ring(u64::MAX - bar0::NOTIFY - 3, 4, 0);
    guest.nic.bar_write(1, 0, 4, 0);
    guest.nic.bar_write(bar0::INDEX, bar0::DEVICE, 4, 0);
    let after = guest.nic.counters();
    assert_eq!(after.bad_accesses, before.bad_accesses + 7);
    assert_eq!(after.doorbells, before.doorbells);
}
