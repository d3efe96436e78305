//! Packet queues that carry nothing.

use crate::breaks::Moment;
use crate::driver::moment;
use core::ptr::null_mut;
use netadapter_abi::net::{
    NET_FRAGMENT_RETURN_CONTEXT_HANDLE, NET_PACKET, NET_PACKET_QUEUE_CONFIG, NET_RING, NETADAPTER,
    NETPACKETQUEUE, NETRXQUEUE_INIT, NETTXQUEUE_INIT, NetRingTypeFragment, NetRingTypePacket,
};
use netadapter_abi::nt::{BOOLEAN, NTSTATUS};
use netadapter_abi::wdf::WDF_OBJECT_ATTRIBUTES;
use netadapter_abi::{net_call, nt_export};

nt_export! {
    /// EvtNetAdapterCreateTxQueue.
    pub unsafe fn create_tx_queue(_adapter: NETADAPTER, init: *mut NETTXQUEUE_INIT) -> NTSTATUS {
        let mut config = NET_PACKET_QUEUE_CONFIG::init(
            Some(tx_return_all),
            Some(set_notification_enabled),
            Some(tx_return_all),
        );
        let mut attributes = WDF_OBJECT_ATTRIBUTES::init();
        let mut queue = null_mut();
        // SAFETY: called inside the create callback, with valid arguments.
        unsafe { net_call!(NetTxQueueCreate, init, &mut attributes, &mut config, &mut queue) }
    }

    /// EvtNetAdapterCreateRxQueue.
    pub unsafe fn create_rx_queue(_adapter: NETADAPTER, init: *mut NETRXQUEUE_INIT) -> NTSTATUS {
        let mut config = NET_PACKET_QUEUE_CONFIG::init(
            Some(rx_advance),
            Some(set_notification_enabled),
            Some(rx_cancel),
        );
        let mut attributes = WDF_OBJECT_ATTRIBUTES::init();
        let mut queue = null_mut();
        // SAFETY: called inside the create callback, with valid arguments.
        unsafe { net_call!(NetRxQueueCreate, init, &mut attributes, &mut config, &mut queue) }
    }

    /// EvtNetAdapterReturnRxBuffer: no buffer was ever handed up.
    pub unsafe fn return_rx_buffer(
        _adapter: NETADAPTER,
        _buffer: NET_FRAGMENT_RETURN_CONTEXT_HANDLE
    ) {}

    unsafe fn set_notification_enabled(_queue: NETPACKETQUEUE, _enabled: BOOLEAN) {}

    /// Advance and cancel alike: everything counts as sent at once.
    unsafe fn tx_return_all(queue: NETPACKETQUEUE) {
        // SAFETY: the queue is valid during its callback.
        let rings = unsafe { net_call!(NetTxQueueGetRingCollection, queue) };
        for kind in [NetRingTypePacket, NetRingTypeFragment] {
            // SAFETY: the collection has these rings for the queue's life.
            let ring = unsafe { (*rings).Rings[kind as usize] };
            // SAFETY: the driver owns the ring's elements during the callback.
            unsafe { return_all(ring) };
        }
    }

    unsafe fn rx_advance(queue: NETPACKETQUEUE) {
        // SAFETY: the queue is valid during its callback.
        let rings = unsafe { net_call!(NetRxQueueGetRingCollection, queue) };
        // SAFETY: the collection has this ring for the queue's life.
        let ring = unsafe { (*rings).Rings[NetRingTypePacket as usize] };
        moment(Moment::Advance, ring.cast());
    }

    unsafe fn rx_cancel(queue: NETPACKETQUEUE) {
        // SAFETY: the queue is valid during its callback.
        let rings = unsafe { net_call!(NetRxQueueGetRingCollection, queue) };
        // SAFETY: the collection has this ring for the queue's life.
        let packets = unsafe { (*rings).Rings[NetRingTypePacket as usize] };
        // SAFETY: the driver owns the ring's elements during the callback.
        unsafe { ignore_all(packets) };
        // SAFETY: the collection has this ring for the queue's life.
        let fragments = unsafe { (*rings).Rings[NetRingTypeFragment as usize] };
        // SAFETY: the driver owns the ring's elements during the callback.
        unsafe { return_all(fragments) };
    }
}

/// Gives all elements of a ring back.
///
/// # Safety
/// The caller is in a callback of the ring's queue.
unsafe fn return_all(ring: *mut NET_RING) {
    // SAFETY: the caller's promise; BeginIndex is the driver's to write.
    let ring = unsafe { &mut *ring };
    ring.BeginIndex = ring.EndIndex;
    ring.NextIndex = ring.EndIndex;
}

/// Marks all packets of a ring to be ignored and gives them back.
///
/// # Safety
/// The caller is in a callback of the ring's queue.
unsafe fn ignore_all(packets: *mut NET_RING) {
    // SAFETY: the caller's promise.
    let ring = unsafe { packets.read() };
    // SAFETY: as above; the elements begin at the end of the header.
    let elements = unsafe { (&raw mut (*packets).Buffer).cast::<u8>() };
    let mut index = ring.BeginIndex;
    while index != ring.EndIndex {
        let offset = usize::from(ring.ElementStride) * index as usize;
        // SAFETY: the index is below the number of elements.
        let packet = unsafe { elements.add(offset) }.cast::<NET_PACKET>();
        // SAFETY: the driver owns the elements up to EndIndex.
        unsafe { (*packet).set_ignore(1) };
        index = (index + 1) & ring.ElementIndexMask;
    }
    // SAFETY: the caller's promise.
    unsafe { return_all(packets) };
}
