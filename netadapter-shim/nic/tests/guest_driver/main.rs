//! Claims about the whole device, made by a driver that uses it.

mod commands;
mod faults;
mod guest;
mod interrupts;
mod receiving;
mod registers;
mod resets;
mod sending;
mod thread;

use guest::{Buffer, Guest};
use netadapter_nic::registers::common;
use netadapter_nic::toeplitz::KEY_LENGTH;
use netadapter_nic::{
    Cable, CableHandle, Frames, Generator, GeneratorConfig, SUPPORTED_FEATURES, VirtioNetConfig,
};
use std::sync::Arc;

const PAIRS: u16 = 4;
const CONTROL: u16 = 2 * PAIRS;
const SIZE: u16 = 64;
const KEY: [u8; KEY_LENGTH] = [0x6d; KEY_LENGTH];

fn config() -> VirtioNetConfig {
    VirtioNetConfig {
        queue_pairs: PAIRS,
        msix_vectors: PAIRS + 1,
        ..VirtioNetConfig::default()
    }
}

fn generator(flows: u32) -> Arc<Generator> {
    let config = GeneratorConfig {
        seed: 7,
        flows,
        frame_size: 128,
        packets: None,
        destination: config().mac,
        mtu: 1500,
    };
    Arc::new(Generator::new(&config).unwrap())
}

/// A machine whose driver has negotiated everything and enabled every queue; receive queue *q*
/// and transmit queue *q* use vector *q* + 1.
fn machine(frames: Arc<dyn Frames>) -> (Guest, CableHandle) {
    let (cable, handle) = Cable::new(frames);
    let mut guest = Guest::new(config(), Box::new(cable));
    set_up(&mut guest, SUPPORTED_FEATURES);
    guest.driver_ok();
    (guest, handle)
}

fn set_up(guest: &mut Guest, features: u64) {
    assert!(guest.negotiate(features));
    for pair in 0..PAIRS {
        guest.set_up_queue(2 * pair, SIZE, pair + 1);
        guest.set_up_queue(2 * pair + 1, SIZE, pair + 1);
    }
    guest.set_up_queue(CONTROL, SIZE, common::NO_VECTOR);
}

fn rss_command(table: &[u16]) -> Vec<u8> {
    let mut command = vec![4, 1];
    command.extend(0x3fu32.to_le_bytes());
    command.extend((table.len() as u16 - 1).to_le_bytes());
    command.extend(0u16.to_le_bytes());
    command.extend(table.iter().flat_map(|queue| queue.to_le_bytes()));
    command.extend(PAIRS.to_le_bytes());
    command.push(KEY_LENGTH as u8);
    command.extend(KEY);
    command
}

fn frame(frames: &dyn Frames, id: u64) -> Vec<u8> {
    let mut frame = Vec::new();
    frames.append(id, &mut frame);
    frame
}

/// Takes everything received on all queues, reports it to the ledger, and gives its buffers back.
fn consume(guest: &mut Guest) -> Vec<(u16, Vec<u8>)> {
    let ledger = guest.nic.ledger();
    let mut received = Vec::new();
    for queue in 0..PAIRS {
        let mut entries = Vec::new();
        while let Some((entry, frame)) = guest.receive(2 * queue) {
            ledger.delivered(queue, &frame).unwrap();
            entries.push(entry);
            received.push((queue, frame));
        }
        guest.post(2 * queue, entries);
    }
    received
}

/// Makes a chain of one buffer available.
fn offer_one(guest: &mut Guest, queue: u16, buffer: Buffer) {
    guest.write_descriptor(queue, 0, buffer);
    guest.offer(queue, 0);
    guest.ring_doorbell(queue);
}
