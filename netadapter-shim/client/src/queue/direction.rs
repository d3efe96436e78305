//! What differs between receive and transmit queues: which functions of NetAdapterCx belong to them, and what their
//! rings are made of.

use core::ptr::NonNull;

use netadapter_abi::net::{
    self, NET_EXTENSION, NET_EXTENSION_QUERY, NET_PACKET_QUEUE_CONFIG, NET_RING_COLLECTION,
    NETPACKETQUEUE, NETRXQUEUE_INIT, NETTXQUEUE_INIT, NetExtensionTypeFragment,
    NetRingTypeFragment, NetRingTypePacket,
};
use netadapter_abi::net_call;
use netadapter_abi::nt::NTSTATUS;
use netadapter_abi::wdf::WDF_OBJECT_ATTRIBUTES;

use crate::ring::{Extension, RawRing, RxRings, TxRings};
use crate::{Result, Status};

/// # Safety
///
/// Implementations call the functions of one direction.
#[allow(
    clippy::missing_safety_doc,
    reason = "the rules are those of the functions' documentation pages"
)]
pub unsafe trait Direction: Sized + Send + 'static {
    type Init;
    unsafe fn queue_id(init: *mut Self::Init) -> u32;
    unsafe fn create(
        init: *mut Self::Init,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        config: *mut NET_PACKET_QUEUE_CONFIG,
        queue: *mut NETPACKETQUEUE,
    ) -> NTSTATUS;
    unsafe fn of(queue: NETPACKETQUEUE) -> Result<Self>;
    unsafe fn notify(queue: NETPACKETQUEUE);
}

/// One ring of a collection.
///
/// # Safety
///
/// `collection` is that of a queue which lives longer than the result.
unsafe fn ring(collection: *const NET_RING_COLLECTION, kind: i32) -> Result<RawRing> {
    // SAFETY: the collection is valid as long as its queue.
    let ring = unsafe { &*collection }.Rings[kind as usize];
    let ring = NonNull::new(ring).ok_or(Status::NOT_SUPPORTED)?;
    // SAFETY: the ring belongs to the queue, and is used in the queue's callbacks only.
    Ok(unsafe { RawRing::new(ring) })
}

fn fragment_extension(name: &'static [u16], version: u32) -> NET_EXTENSION_QUERY {
    NET_EXTENSION_QUERY::init(name.as_ptr(), version, NetExtensionTypeFragment)
}

// SAFETY: these are the functions of receive queues.
unsafe impl Direction for RxRings {
    type Init = NETRXQUEUE_INIT;

    unsafe fn queue_id(init: *mut NETRXQUEUE_INIT) -> u32 {
        // SAFETY: as the caller promises.
        unsafe { net_call!(NetRxQueueInitGetQueueId, init) }
    }

    unsafe fn create(
        init: *mut NETRXQUEUE_INIT,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        config: *mut NET_PACKET_QUEUE_CONFIG,
        queue: *mut NETPACKETQUEUE,
    ) -> NTSTATUS {
        // SAFETY: as the caller promises.
        unsafe { net_call!(NetRxQueueCreate, init, attributes, config, queue) }
    }

    unsafe fn of(queue: NETPACKETQUEUE) -> Result<Self> {
        // SAFETY: the queue is alive.
        let collection = unsafe { net_call!(NetRxQueueGetRingCollection, queue) };
        // SAFETY: the collection is that of the queue.
        let packets = unsafe { ring(collection, NetRingTypePacket) }?;
        // SAFETY: as before.
        let fragments = unsafe { ring(collection, NetRingTypeFragment) }?;
        let extension = |name, version| {
            let mut answer = NET_EXTENSION::zeroed();
            let query = fragment_extension(name, version);
            // SAFETY: the queue is alive; query and answer outlive the call.
            unsafe { net_call!(NetRxQueueGetExtension, queue, &query, &mut answer) };
            answer
        };
        let addresses = extension(
            net::NET_FRAGMENT_EXTENSION_VIRTUAL_ADDRESS_NAME,
            net::NET_FRAGMENT_EXTENSION_VIRTUAL_ADDRESS_VERSION_1,
        );
        let contexts = extension(
            net::NET_FRAGMENT_EXTENSION_RETURN_CONTEXT_NAME,
            net::NET_FRAGMENT_EXTENSION_RETURN_CONTEXT_VERSION_1,
        );
        // SAFETY: the queue answered this to the query for virtual addresses.
        let addresses =
            unsafe { Extension::new(&addresses, &fragments) }.ok_or(Status::NOT_SUPPORTED)?;
        // SAFETY: the queue answered this to the query for return contexts.
        let contexts =
            unsafe { Extension::new(&contexts, &fragments) }.ok_or(Status::NOT_SUPPORTED)?;
        Ok(Self::new(packets, fragments, addresses, contexts))
    }

    unsafe fn notify(queue: NETPACKETQUEUE) {
        // SAFETY: as the caller promises.
        unsafe { net_call!(NetRxQueueNotifyMoreReceivedPacketsAvailable, queue) };
    }
}

// SAFETY: these are the functions of transmit queues.
unsafe impl Direction for TxRings {
    type Init = NETTXQUEUE_INIT;

    unsafe fn queue_id(init: *mut NETTXQUEUE_INIT) -> u32 {
        // SAFETY: as the caller promises.
        unsafe { net_call!(NetTxQueueInitGetQueueId, init) }
    }

    unsafe fn create(
        init: *mut NETTXQUEUE_INIT,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        config: *mut NET_PACKET_QUEUE_CONFIG,
        queue: *mut NETPACKETQUEUE,
    ) -> NTSTATUS {
        // SAFETY: as the caller promises.
        unsafe { net_call!(NetTxQueueCreate, init, attributes, config, queue) }
    }

    unsafe fn of(queue: NETPACKETQUEUE) -> Result<Self> {
        // SAFETY: the queue is alive.
        let collection = unsafe { net_call!(NetTxQueueGetRingCollection, queue) };
        // SAFETY: the collection is that of the queue.
        let packets = unsafe { ring(collection, NetRingTypePacket) }?;
        // SAFETY: as before.
        let fragments = unsafe { ring(collection, NetRingTypeFragment) }?;
        let mut answer = NET_EXTENSION::zeroed();
        let query = fragment_extension(
            net::NET_FRAGMENT_EXTENSION_LOGICAL_ADDRESS_NAME,
            net::NET_FRAGMENT_EXTENSION_LOGICAL_ADDRESS_VERSION_1,
        );
        // SAFETY: the queue is alive; query and answer outlive the call.
        unsafe { net_call!(NetTxQueueGetExtension, queue, &query, &mut answer) };
        // SAFETY: the queue answered this to the query for logical addresses.
        let addresses =
            unsafe { Extension::new(&answer, &fragments) }.ok_or(Status::NOT_SUPPORTED)?;
        Ok(Self::new(packets, fragments, addresses))
    }

    unsafe fn notify(queue: NETPACKETQUEUE) {
        // SAFETY: as the caller promises.
        unsafe { net_call!(NetTxQueueNotifyMoreCompletedPacketsAvailable, queue) };
    }
}
