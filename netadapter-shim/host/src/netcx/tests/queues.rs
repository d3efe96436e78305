//! The fake driver's packet queues.

use super::fake_driver::{Fault, net, nic};
use super::rings::DriverRing;
use crate::executive::processor;
use netadapter_abi::net::*;
use netadapter_abi::nt::{NTSTATUS, STATUS_SUCCESS};
use netadapter_abi::nt_export;
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

/// Bytes of a receive buffer.
const BUFFER_BYTES: usize = 1514;

/// A queue of the fake driver.
pub struct FakeQueue {
    pub id: u32,
    pub receives: bool,
    handle: AtomicUsize,
    packets: DriverRing,
    fragments: DriverRing,
    virtual_address: Place,
    return_context: Place,
    armed: AtomicBool,
    /// The processor of the last Advance, plus one.
    pub polled_on: AtomicU32,
}

/// Where an extension lies.
#[derive(Clone, Copy)]
struct Place {
    base: usize,
    stride: usize,
}

impl Place {
    fn new(extension: &NET_EXTENSION) -> Self {
        Self {
            base: extension.Reserved[0] as usize,
            stride: extension.Reserved[1] as usize,
        }
    }

    fn of(self, index: u32) -> *mut usize {
        (self.base + self.stride * index as usize) as *mut usize
    }

    fn read(self, index: u32) -> usize {
        // SAFETY: the extension has data for every element of the ring.
        unsafe { self.of(index).read() }
    }

    fn write(self, index: u32, value: usize) {
        // SAFETY: the extension has data for every element of the ring.
        unsafe { self.of(index).write(value) };
    }
}

impl FakeQueue {
    pub fn handle(&self) -> NETPACKETQUEUE {
        self.handle.load(Ordering::Relaxed) as NETPACKETQUEUE
    }

    pub fn take_armed(&self) -> bool {
        self.armed.swap(false, Ordering::SeqCst)
    }

    fn receive(&self) {
        loop {
            let (packet, fragment) = (self.packets.begin(), self.fragments.begin());
            if packet == self.packets.end() || fragment == self.fragments.end() {
                return;
            }
            let frame = nic()
                .wire
                .lock()
                .get_mut(&self.id)
                .and_then(|wire| wire.pop_front());
            let Some(frame) = frame else { return };
            self.receive_into(packet, fragment, &frame);
        }
    }

    fn receive_into(&self, packet: u32, fragment: u32, frame: &[u8]) {
        let mut buffer = vec![0_u8; BUFFER_BYTES];
        buffer[..frame.len()].copy_from_slice(frame);
        let buffer = Box::new(buffer);
        let mut filled = self.fragments.fragment(fragment);
        filled.set_capacity(BUFFER_BYTES as u64);
        filled.set_valid_length(frame.len() as u64);
        filled.set_offset(0);
        self.fragments.set_fragment(fragment, filled);
        self.virtual_address
            .write(fragment, buffer.as_ptr() as usize);
        self.return_context
            .write(fragment, Box::into_raw(buffer) as usize);
        let foreign = nic().makes(Fault::NamesForeignFragment);
        let named = if foreign {
            self.fragments.after(fragment)
        } else {
            fragment
        };
        let received = NET_PACKET {
            FragmentIndex: named,
            FragmentCount: 1,
            ..NET_PACKET::zeroed()
        };
        self.packets.set_packet(packet, received);
        self.packets.set_begin(self.packets.after(packet));
        self.fragments.set_begin(self.fragments.after(fragment));
    }

    fn send(&self) {
        let mut index = self.packets.begin();
        while index != self.packets.end() {
            let packet = self.packets.packet(index);
            if packet.ignore() == 0 {
                let fragment = self.fragments.fragment(packet.FragmentIndex);
                let start =
                    self.virtual_address.read(packet.FragmentIndex) + fragment.offset() as usize;
                let length = fragment.valid_length() as usize;
                // SAFETY: the fragment names a buffer with that many bytes.
                let frame = unsafe { std::slice::from_raw_parts(start as *const u8, length) };
                nic().sent.lock().push(frame.to_vec());
            }
            index = self.packets.after(index);
        }
        self.packets.set_begin(index);
        self.fragments.set_begin(self.fragments.end());
    }
}

fn queue(handle: NETPACKETQUEUE) -> Arc<FakeQueue> {
    nic().queues.lock()[&(handle as usize)].clone()
}

/// The name of a queue in the log.
fn name(queue: &FakeQueue) -> String {
    format!("{}{}", if queue.receives { "Rx" } else { "Tx" }, queue.id)
}

fn config() -> NET_PACKET_QUEUE_CONFIG {
    NET_PACKET_QUEUE_CONFIG {
        EvtStart: Some(start),
        EvtStop: Some(stop),
        ..NET_PACKET_QUEUE_CONFIG::init(Some(advance), Some(set_notification_enabled), Some(cancel))
    }
}

fn query(name: &[u16]) -> NET_EXTENSION_QUERY {
    NET_EXTENSION_QUERY::init(name.as_ptr(), 1, NetExtensionTypeFragment)
}

fn remember(handle: NETPACKETQUEUE, id: u32, receives: bool, rings: *const NET_RING_COLLECTION) {
    // SAFETY: the collection lives as long as the queue.
    let rings = unsafe { (*rings).Rings };
    let mut address = NET_EXTENSION::zeroed();
    let mut context = NET_EXTENSION::zeroed();
    let address_query = query(NET_FRAGMENT_EXTENSION_VIRTUAL_ADDRESS_NAME);
    if receives {
        net!(NetRxQueueGetExtension: PFN_NETRXQUEUEGETEXTENSION(
            handle, &address_query, &mut address,
        ));
        let context_query = query(NET_FRAGMENT_EXTENSION_RETURN_CONTEXT_NAME);
        net!(NetRxQueueGetExtension: PFN_NETRXQUEUEGETEXTENSION(
            handle, &context_query, &mut context,
        ));
    } else {
        net!(NetTxQueueGetExtension: PFN_NETTXQUEUEGETEXTENSION(
            handle, &address_query, &mut address,
        ));
    }
    let fake = FakeQueue {
        id,
        receives,
        handle: AtomicUsize::new(handle as usize),
        packets: DriverRing(rings[0]),
        fragments: DriverRing(rings[1]),
        virtual_address: Place::new(&address),
        return_context: Place::new(&context),
        armed: AtomicBool::new(false),
        polled_on: AtomicU32::new(0),
    };
    nic().note(format!("Create {}", name(&fake)));
    let mut queues = nic().queues.lock();
    queues.retain(|_, old| old.id != id || old.receives != receives);
    queues.insert(handle as usize, Arc::new(fake));
}

nt_export! {
    pub unsafe fn create_transmit_queue(
        _adapter: NETADAPTER,
        init: *mut NETTXQUEUE_INIT,
    ) -> NTSTATUS {
        let id = net!(NetTxQueueInitGetQueueId: PFN_NETTXQUEUEINITGETQUEUEID(init));
        let mut handle: NETPACKETQUEUE = null_mut();
        let status = net!(NetTxQueueCreate: PFN_NETTXQUEUECREATE(
            init, null_mut(), &mut config(), &mut handle,
        ));
        assert_eq!(status, STATUS_SUCCESS);
        let rings = net!(NetTxQueueGetRingCollection: PFN_NETTXQUEUEGETRINGCOLLECTION(handle));
        remember(handle, id, false, rings);
        status
    }

    pub unsafe fn create_receive_queue(
        _adapter: NETADAPTER,
        init: *mut NETRXQUEUE_INIT,
    ) -> NTSTATUS {
        let id = net!(NetRxQueueInitGetQueueId: PFN_NETRXQUEUEINITGETQUEUEID(init));
        let mut handle: NETPACKETQUEUE = null_mut();
        let times = if nic().makes(Fault::CreatesQueueTwice) { 2 } else { 1 };
        for _ in 0..times {
            let status = net!(NetRxQueueCreate: PFN_NETRXQUEUECREATE(
                init, null_mut(), &mut config(), &mut handle,
            ));
            assert_eq!(status, STATUS_SUCCESS);
        }
        let rings = net!(NetRxQueueGetRingCollection: PFN_NETRXQUEUEGETRINGCOLLECTION(handle));
        remember(handle, id, true, rings);
        STATUS_SUCCESS
    }

    pub unsafe fn return_buffer(
        _adapter: NETADAPTER,
        context: NET_FRAGMENT_RETURN_CONTEXT_HANDLE,
    ) {
        // SAFETY: the context is the box that was put there when the frame was received, and every
        // box comes back once.
        drop(unsafe { Box::from_raw(context.cast::<Vec<u8>>()) });
        nic().returned.fetch_add(1, Ordering::Relaxed);
    }

    unsafe fn start(handle: NETPACKETQUEUE) {
        nic().note(format!("Start {}", name(&queue(handle))));
    }

    unsafe fn stop(handle: NETPACKETQUEUE) {
        let queue = queue(handle);
        queue.take_armed();
        nic().note(format!("Stop {}", name(&queue)));
    }

    unsafe fn advance(handle: NETPACKETQUEUE) {
        let queue = queue(handle);
        queue.polled_on.store(processor().index() + 1, Ordering::Relaxed);
        if nic().makes(Fault::MovesEnd) {
            queue.packets.set_end((queue.packets.end() + 1) % queue.packets.count());
        }
        if queue.receives {
            queue.receive();
        } else if !nic().transmit_held.load(Ordering::Relaxed) {
            queue.send();
        }
    }

    unsafe fn set_notification_enabled(handle: NETPACKETQUEUE, enabled: u8) {
        queue(handle).armed.store(enabled != 0, Ordering::SeqCst);
    }

    unsafe fn cancel(handle: NETPACKETQUEUE) {
        let queue = queue(handle);
        nic().note(format!("Cancel {}", name(&queue)));
        let mut index = queue.packets.begin();
        while queue.receives && index != queue.packets.end() {
            let mut packet = queue.packets.packet(index);
            packet.set_ignore(1);
            queue.packets.set_packet(index, packet);
            index = queue.packets.after(index);
        }
        queue.packets.set_begin(queue.packets.end());
        queue.fragments.set_begin(queue.fragments.end());
    }
}
