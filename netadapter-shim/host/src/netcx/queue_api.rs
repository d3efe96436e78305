//! Functions of NetAdapterCx that concern a packet queue.

use super::adapter_api::require_no_parent;
use super::call::Call;
use super::class::class;
use super::datapath;
use super::extension::is_unknown_system_name;
use super::packet_queue::{Direction, PacketQueue, QueueCallbacks, QueueInit, QueueObject};
use super::ring::Ring;
use super::rules;
use crate::wdf::{self, ObjectKind};
use netadapter_abi::net::{
    NET_DRIVER_GLOBALS, NET_EXTENSION, NET_EXTENSION_QUERY, NET_PACKET_QUEUE_CONFIG,
    NET_RING_COLLECTION, NETPACKETQUEUE, NETRXQUEUE_INIT, NETTXQUEUE_INIT, NetExtensionTypeBuffer,
    NetExtensionTypeFragment, NetExtensionTypePacket, index,
};
use netadapter_abi::nt::{NTSTATUS, STATUS_SUCCESS};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::WDF_OBJECT_ATTRIBUTES;
use std::mem::offset_of;
use std::sync::Arc;

/// The longest extension name that is looked at, in UTF-16 units.
const NAME_UNITS: usize = 128;

/// The size of `NET_PACKET_QUEUE_CONFIG` in 2.0, which ends before `ExecutionContext`.
const CONFIG_BYTES_2_0: u32 = offset_of!(NET_PACKET_QUEUE_CONFIG, ExecutionContext) as u32;

fn queue_init(call: &Call, address: usize, direction: Direction) -> Arc<QueueInit> {
    let found = class().queue_inits.lock().get(&address).cloned();
    let found = found.filter(|init| init.direction == direction);
    let Some(init) = found else {
        let what = "used outside of the callback that it was given to";
        call.broken(&rules::BAD_QUEUE_INIT_CONTEXT, what)
    };
    let rule = &rules::CREATING_NET_QUEUE_FROM_WRONG_THREAD;
    call.require(init.is_on_its_thread(), rule, "called on another thread");
    init
}

fn configuration(call: &Call, pointer: *const NET_PACKET_QUEUE_CONFIG) -> QueueCallbacks {
    // SAFETY: the structure begins with its size, a ULONG.
    let size = unsafe {
        call.required("Configuration", pointer)
            .cast::<u32>()
            .read_unaligned()
    };
    let mut config = NET_PACKET_QUEUE_CONFIG::zeroed();
    let expected = if call.client().minor() == 0 {
        CONFIG_BYTES_2_0 as usize
    } else {
        size_of::<NET_PACKET_QUEUE_CONFIG>()
    };
    call.require_size("Configuration", size, expected);
    let target = (&raw mut config).cast::<u8>();
    // SAFETY: the driver's structure has `expected` bytes, at most the size of the copy.
    unsafe { target.copy_from_nonoverlapping(pointer.cast(), expected) };
    let rule = &rules::NET_QUEUE_INVALID_CONFIGURATION;
    let what = "the context of the queue is not one of this host";
    call.require(config.ExecutionContext.is_null(), rule, what);
    let (Some(advance), Some(set_notification_enabled), Some(cancel)) = (
        config.EvtAdvance,
        config.EvtSetNotificationEnabled,
        config.EvtCancel,
    ) else {
        call.broken(
            rule,
            "EvtAdvance, EvtSetNotificationEnabled and EvtCancel are needed",
        )
    };
    QueueCallbacks {
        start: config.EvtStart,
        stop: config.EvtStop,
        advance,
        set_notification_enabled,
        cancel,
    }
}

fn create(
    call: &Call,
    init: &QueueInit,
    attributes: *mut WDF_OBJECT_ATTRIBUTES,
    config: *const NET_PACKET_QUEUE_CONFIG,
    result: *mut NETPACKETQUEUE,
) -> NTSTATUS {
    require_no_parent(call, attributes);
    let callbacks = configuration(call, config);
    let result = call.output("PacketQueue", result);
    let rule = &rules::QUEUE_ALREADY_CREATED;
    call.require(init.take(), rule, "the callback has made its queue already");
    match datapath::make_queue(init, callbacks, attributes) {
        Ok(handle) => {
            // SAFETY: the driver gives room for the handle.
            unsafe { result.write(handle) };
            STATUS_SUCCESS
        }
        Err(status) => status,
    }
}

fn object(call: &Call, handle: NETPACKETQUEUE, direction: Direction) -> &'static QueueObject {
    let object: &QueueObject = wdf::payload(handle.cast(), ObjectKind::NetPacketQueue);
    if object.direction != direction {
        let what = format!("the handle is that of a {} queue", object.direction.name());
        call.broken(&rules::INVALID_QUEUE_HANDLE, &what);
    }
    object
}

fn queue(call: &Call, handle: NETPACKETQUEUE, direction: Direction) -> Arc<PacketQueue> {
    object(call, handle, direction)
        .queue
        .upgrade()
        .unwrap_or_else(|| {
            call.broken(
                &rules::INVALID_QUEUE_HANDLE,
                "the queue was destroyed with its data path",
            )
        })
}

fn notify(call: &Call, handle: NETPACKETQUEUE, direction: Direction) {
    // A context that is gone belongs to a queue that is being destroyed: nothing is left to poll.
    if let Some(context) = object(call, handle, direction).context.upgrade() {
        context.notify();
    }
}

/// The units of a name, without its terminating 0.
fn extension_name(call: &Call, name: *const u16) -> Vec<u16> {
    let name = call.required("Query.Name", name);
    let mut units = Vec::new();
    for index in 0..NAME_UNITS {
        // SAFETY: the name is terminated by 0, and no earlier unit was.
        match unsafe { name.wrapping_add(index).read_unaligned() } {
            0 => return units,
            unit => units.push(unit),
        }
    }
    call.broken(&rules::INVALID_NET_EXTENSION_NAME, "the name does not end")
}

#[expect(
    non_upper_case_globals,
    reason = "constants of the contract have their C names"
)]
fn get_extension(
    call: &Call,
    queue: &PacketQueue,
    query: *const NET_EXTENSION_QUERY,
    result: *mut NET_EXTENSION,
) {
    let query = call.copy_sized("Query", query);
    let result = call.output("Extension", result);
    let name = extension_name(call, query.Name);
    let text = String::from_utf16_lossy(&name);
    let unknown = name.is_empty() || is_unknown_system_name(&name);
    call.require(
        !unknown,
        &rules::INVALID_NET_EXTENSION_NAME,
        &format!("the name is \"{text}\""),
    );
    let rule = &rules::INVALID_NET_EXTENSION_VERSION;
    call.require(query.Version > 0, rule, &format!("version 0 of {text}"));
    let rings = queue.rings();
    let (ring, layout): (Option<&Ring>, _) = match query.Type {
        NetExtensionTypePacket => (Some(&rings.packets), &rings.packet_layout),
        NetExtensionTypeFragment => (Some(&rings.fragments), &rings.fragment_layout),
        NetExtensionTypeBuffer => (None, &rings.fragment_layout),
        other => call.broken(
            &rules::INVALID_NET_EXTENSION_TYPE,
            &format!("type {other} of {text}"),
        ),
    };
    let mut extension = NET_EXTENSION::zeroed();
    let place = layout.query(&name, query.Version, query.Type);
    if let (Some(ring), Some(offset)) = (ring, place) {
        extension.Anonymous.Enabled = 1;
        extension.Reserved[0] = ring.address(0, offset).cast();
        extension.Reserved[1] = ring.stride() as *mut _;
    }
    // SAFETY: the driver gives room for the extension.
    unsafe { result.write(extension) };
}

nt_export! {
    pub(super) unsafe fn rx_create(
        globals: *mut NET_DRIVER_GLOBALS,
        init: *mut NETRXQUEUE_INIT,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        config: *mut NET_PACKET_QUEUE_CONFIG,
        result: *mut NETPACKETQUEUE,
    ) -> NTSTATUS {
        let call = Call::at_passive(index::NetRxQueueCreate, globals);
        let init = queue_init(&call, init as usize, Direction::Receive);
        create(&call, &init, attributes, config, result)
    }

    pub(super) unsafe fn rx_notify(globals: *mut NET_DRIVER_GLOBALS, handle: NETPACKETQUEUE) {
        let index = index::NetRxQueueNotifyMoreReceivedPacketsAvailable;
        notify(&Call::at_any_irql(index, globals), handle, Direction::Receive);
    }

    pub(super) unsafe fn rx_init_get_queue_id(
        globals: *mut NET_DRIVER_GLOBALS,
        init: *mut NETRXQUEUE_INIT,
    ) -> u32 {
        let call = Call::at_passive(index::NetRxQueueInitGetQueueId, globals);
        queue_init(&call, init as usize, Direction::Receive).id
    }

    pub(super) unsafe fn rx_get_ring_collection(
        globals: *mut NET_DRIVER_GLOBALS,
        handle: NETPACKETQUEUE,
    ) -> *const NET_RING_COLLECTION {
        let call = Call::at_passive(index::NetRxQueueGetRingCollection, globals);
        queue(&call, handle, Direction::Receive).rings().collection()
    }

    pub(super) unsafe fn rx_get_extension(
        globals: *mut NET_DRIVER_GLOBALS,
        handle: NETPACKETQUEUE,
        query: *const NET_EXTENSION_QUERY,
        result: *mut NET_EXTENSION,
    ) {
        let call = Call::at_passive(index::NetRxQueueGetExtension, globals);
        get_extension(&call, &queue(&call, handle, Direction::Receive), query, result);
    }

    pub(super) unsafe fn tx_create(
        globals: *mut NET_DRIVER_GLOBALS,
        init: *mut NETTXQUEUE_INIT,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        config: *mut NET_PACKET_QUEUE_CONFIG,
        result: *mut NETPACKETQUEUE,
    ) -> NTSTATUS {
        let call = Call::at_passive(index::NetTxQueueCreate, globals);
        let init = queue_init(&call, init as usize, Direction::Transmit);
        create(&call, &init, attributes, config, result)
    }

    pub(super) unsafe fn tx_notify(globals: *mut NET_DRIVER_GLOBALS, handle: NETPACKETQUEUE) {
        let index = index::NetTxQueueNotifyMoreCompletedPacketsAvailable;
        notify(&Call::at_any_irql(index, globals), handle, Direction::Transmit);
    }

    pub(super) unsafe fn tx_init_get_queue_id(
        globals: *mut NET_DRIVER_GLOBALS,
        init: *mut NETTXQUEUE_INIT,
    ) -> u32 {
        let call = Call::at_passive(index::NetTxQueueInitGetQueueId, globals);
        queue_init(&call, init as usize, Direction::Transmit).id
    }

    pub(super) unsafe fn tx_get_ring_collection(
        globals: *mut NET_DRIVER_GLOBALS,
        handle: NETPACKETQUEUE,
    ) -> *const NET_RING_COLLECTION {
        let call = Call::at_passive(index::NetTxQueueGetRingCollection, globals);
        queue(&call, handle, Direction::Transmit).rings().collection()
    }

    pub(super) unsafe fn tx_get_extension(
        globals: *mut NET_DRIVER_GLOBALS,
        handle: NETPACKETQUEUE,
        query: *const NET_EXTENSION_QUERY,
        result: *mut NET_EXTENSION,
    ) {
        let call = Call::at_passive(index::NetTxQueueGetExtension, globals);
        get_extension(&call, &queue(&call, handle, Direction::Transmit), query, result);
    }
}
