//! The fake driver's packet queues.

use super::fake_driver::{FRAME_BYTES, Fault, ReceiveMode, SentShape, net, nic};
use super::offloads::SentMetadata;
use super::rings::DriverRing;
use crate::executive::{PAGE_SIZE, processor, system};
use netadapter_abi::net::*;
use netadapter_abi::nt::{NTSTATUS, STATUS_SUCCESS, nt_success};
use netadapter_abi::{nt_export, utf16};
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use vm_memory::{GuestAddress, GuestMemoryBackend};

/// A queue of the fake driver.
pub struct FakeQueue {
    pub id: u32,
    pub receives: bool,
    handle: AtomicUsize,
    packets: DriverRing,
    fragments: DriverRing,
    data_buffers: Option<DriverRing>,
    mode: ReceiveMode,
    virtual_address: Place,
    logical_address: Place,
    return_context: Place,
    data_buffer: Place,
    pub checksum: Place,
    pub gso: Place,
    pub rsc: Place,
    pub tag: Place,
    pub hash: Place,
    armed: AtomicBool,
    /// The processor of the last Advance, plus one.
    pub polled_on: AtomicU32,
}

/// Where an extension lies.
#[derive(Clone, Copy)]
pub struct Place {
    base: usize,
    stride: usize,
}

impl Place {
    pub fn is_enabled(self) -> bool {
        self.base != 0
    }

    /// The data of a packet, if the queue has this extension.
    pub fn data<T: Copy>(self, index: u32) -> Option<T> {
        // SAFETY: the extension has data of this type for every element of the ring.
        self.is_enabled()
            .then(|| unsafe { self.of(index).cast::<T>().read() })
    }

    pub fn set_data<T>(self, index: u32, value: T) {
        assert!(self.is_enabled());
        // SAFETY: the extension has data of this type for every element of the ring.
        unsafe { self.of(index).cast::<T>().write(value) };
    }

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
            let frame = nic()
                .wire
                .lock()
                .get(&self.id)
                .and_then(|wire| wire.front().cloned());
            let Some(frame) = frame else { return };
            let step = nic()
                .fragment_bytes
                .load(Ordering::Relaxed)
                .min(FRAME_BYTES);
            let parts: Vec<&[u8]> = frame.chunks(step).collect();
            let (packet, fragment) = (self.packets.begin(), self.fragments.begin());
            let free = self.fragments.distance(fragment, self.fragments.end());
            if packet == self.packets.end() || (free as usize) < parts.len() {
                return;
            }
            if !self.receive_into(packet, fragment, &parts) {
                return;
            }
            if let Some(wire) = nic().wire.lock().get_mut(&self.id) {
                wire.pop_front();
            }
        }
    }

    /// Whether there were buffers for all parts.
    fn receive_into(&self, packet: u32, first: u32, parts: &[&[u8]]) -> bool {
        let mut fragment = first;
        for part in parts {
            if !self.fill(fragment, part) {
                return false;
            }
            fragment = self.fragments.after(fragment);
        }
        let foreign = nic().makes(Fault::NamesForeignFragment);
        let metadata = *nic().received_metadata.lock();
        let received = NET_PACKET {
            FragmentIndex: if foreign { fragment } else { first },
            FragmentCount: parts.len() as u16,
            Layout: metadata.layout(),
            ..NET_PACKET::zeroed()
        };
        self.packets.set_packet(packet, received);
        metadata.write(self, packet);
        self.packets.set_begin(self.packets.after(packet));
        self.fragments.set_begin(fragment);
        true
    }

    fn fill(&self, fragment: u32, part: &[u8]) -> bool {
        let mut filled = self.fragments.fragment(fragment);
        if self.mode == ReceiveMode::Driver || self.mode == ReceiveMode::Ring {
            filled.set_capacity(FRAME_BYTES as u64);
        }
        filled.set_valid_length(part.len() as u64);
        filled.set_offset(0);
        self.fragments.set_fragment(fragment, filled);
        let Some(target) = self.buffer(fragment) else {
            return false;
        };
        // SAFETY: a buffer has room for a frame.
        unsafe { target.copy_from_nonoverlapping(part.as_ptr(), part.len()) };
        if nic().makes(Fault::WritesBehindCapacity) {
            // SAFETY: the buffer fills its page, which is larger than a frame.
            unsafe { target.wrapping_add(FRAME_BYTES).write(0) };
        }
        nic().last_buffer.store(target as usize, Ordering::Relaxed);
        true
    }

    /// Where the bytes of a fragment go, as processors see it.
    fn buffer(&self, fragment: u32) -> Option<*mut u8> {
        match self.mode {
            ReceiveMode::Driver => {
                let mut buffer = Box::new(vec![0_u8; FRAME_BYTES]);
                let target = buffer.as_mut_ptr();
                self.virtual_address.write(fragment, target as usize);
                let context = Box::into_raw(buffer) as usize;
                self.return_context.write(fragment, context);
                Some(target)
            }
            ReceiveMode::System => Some(self.virtual_address.read(fragment) as *mut u8),
            ReceiveMode::SystemDma => {
                let memory = system().memory().mapping();
                let address = GuestAddress(self.logical_address.read(fragment) as u64);
                Some(
                    memory
                        .get_host_address(address)
                        .expect("a machine's address"),
                )
            }
            ReceiveMode::Ring => {
                let ring = self.data_buffers.expect("the mode has a ring");
                let index = ring.begin();
                if index == ring.end() {
                    return None;
                }
                let (handle, address) = ring.data_buffer(index);
                let invented = nic().makes(Fault::InventsDataBuffer);
                self.data_buffer
                    .write(fragment, if invented { 1 << 20 } else { handle });
                ring.set_begin(ring.after(index));
                Some(address as *mut u8)
            }
        }
    }

    fn send(&self) {
        let mut index = self.packets.begin();
        while index != self.packets.end() {
            let packet = self.packets.packet(index);
            if packet.ignore() == 0 {
                nic()
                    .sent_metadata
                    .lock()
                    .push(SentMetadata::read(self, index));
                self.send_packet(&packet);
            }
            index = self.packets.after(index);
        }
        self.packets.set_begin(index);
        self.fragments.set_begin(self.fragments.end());
    }

    fn send_packet(&self, packet: &NET_PACKET) {
        let shape = *nic().transmit.lock();
        let mut frame = Vec::new();
        let mut bounced = false;
        let mut index = packet.FragmentIndex;
        assert!(usize::from(packet.FragmentCount) <= shape.maximum_fragments);
        for _ in 0..packet.FragmentCount {
            let fragment = self.fragments.fragment(index);
            let start = self.virtual_address.read(index) + fragment.offset() as usize;
            let length = fragment.valid_length() as usize;
            assert!(start.is_multiple_of(shape.alignment) && length > 0);
            assert!(fragment.offset() + fragment.valid_length() <= fragment.capacity());
            if shape.dma {
                self.check_mapping(index, start, length, shape.maximum_address);
            }
            bounced |= fragment.os_reserved_bounced() != 0;
            // SAFETY: the fragment names a buffer with that many bytes.
            let bytes = unsafe { std::slice::from_raw_parts(start as *const u8, length) };
            frame.extend_from_slice(bytes);
            index = self.fragments.after(index);
        }
        nic().sent_shapes.lock().push(SentShape {
            fragments: packet.FragmentCount,
            bounced,
        });
        nic().sent.lock().push(frame.split_off(shape.backfill));
    }

    /// The device sees the same bytes, in one page, where it can reach them.
    fn check_mapping(&self, index: u32, start: usize, length: usize, limit: u64) {
        let address = self.logical_address.read(index) as u64;
        assert_eq!(system().memory().physical_address(start), Some(address));
        assert!(limit == 0 || address <= limit);
        let bounced = self.fragments.fragment(index).os_reserved_bounced() != 0;
        assert!(bounced || start % PAGE_SIZE + length <= PAGE_SIZE);
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

/// Asks a queue for an extension, as a driver does.
pub fn extension(handle: NETPACKETQUEUE, receives: bool, name: &[u16], packet: bool) -> Place {
    let kind = if packet {
        NetExtensionTypePacket
    } else {
        NetExtensionTypeFragment
    };
    let query = NET_EXTENSION_QUERY::init(name.as_ptr(), 1, kind);
    let mut extension = NET_EXTENSION::zeroed();
    if receives {
        net!(NetRxQueueGetExtension: PFN_NETRXQUEUEGETEXTENSION(handle, &query, &mut extension));
    } else {
        net!(NetTxQueueGetExtension: PFN_NETTXQUEUEGETEXTENSION(handle, &query, &mut extension));
    }
    // SAFETY: every bit pattern of the union is a value of its first member.
    let enabled = unsafe { extension.Anonymous.Enabled };
    assert_eq!(enabled != 0, !extension.Reserved[0].is_null());
    Place::new(&extension)
}

fn remember(handle: NETPACKETQUEUE, id: u32, receives: bool, rings: *const NET_RING_COLLECTION) {
    // SAFETY: the collection lives as long as the queue.
    let rings = unsafe { (*rings).Rings };
    let fragment = |name: &[u16]| extension(handle, receives, name, false);
    let packet = |name: &[u16]| extension(handle, receives, name, true);
    let fake = FakeQueue {
        id,
        receives,
        handle: AtomicUsize::new(handle as usize),
        packets: DriverRing(rings[0]),
        fragments: DriverRing(rings[1]),
        data_buffers: (!rings[2].is_null()).then_some(DriverRing(rings[2])),
        mode: *nic().receive_mode.lock(),
        virtual_address: fragment(NET_FRAGMENT_EXTENSION_VIRTUAL_ADDRESS_NAME),
        logical_address: fragment(NET_FRAGMENT_EXTENSION_LOGICAL_ADDRESS_NAME),
        return_context: fragment(NET_FRAGMENT_EXTENSION_RETURN_CONTEXT_NAME),
        data_buffer: fragment(utf16!("ms_fragment_databuffer")),
        checksum: packet(NET_PACKET_EXTENSION_CHECKSUM_NAME),
        gso: packet(NET_PACKET_EXTENSION_GSO_NAME),
        rsc: packet(NET_PACKET_EXTENSION_RSC_NAME),
        tag: packet(NET_PACKET_EXTENSION_IEEE8021Q_NAME),
        hash: packet(NET_PACKET_EXTENSION_HASH_NAME),
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
        if !nt_success(status) {
            return status;
        }
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
            if !nt_success(status) {
                return status;
            }
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
