//! The adapter: one queue each way.

use crate::queues;
use core::ffi::c_void;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};
use netadapter_abi::net::{
    MediaConnectStateConnected, MediaDuplexStateFull, NET_ADAPTER_DATAPATH_CALLBACKS,
    NET_ADAPTER_LINK_LAYER_ADDRESS, NET_ADAPTER_LINK_LAYER_CAPABILITIES, NET_ADAPTER_LINK_STATE,
    NET_ADAPTER_RX_CAPABILITIES, NET_ADAPTER_TX_CAPABILITIES, NETADAPTER,
};
use netadapter_abi::net_call;
use netadapter_abi::nt::{NTSTATUS, STATUS_INSUFFICIENT_RESOURCES};
use netadapter_abi::wdf::{WDF_OBJECT_ATTRIBUTES, WDFDEVICE};

const FRAME_BYTES: usize = 1514;
const MTU: u32 = 1500;
const SPEED: u64 = 1_000_000_000;

static ADAPTER: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

/// The adapter; null before it is made.
pub fn handle() -> NETADAPTER {
    ADAPTER.load(Ordering::Relaxed).cast()
}

/// Makes the adapter.
pub fn create(device: WDFDEVICE) -> NTSTATUS {
    // SAFETY: the device is valid.
    let init = unsafe { net_call!(NetAdapterInitAllocate, device) };
    if init.is_null() {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    let mut callbacks = NET_ADAPTER_DATAPATH_CALLBACKS::init(
        Some(queues::create_tx_queue),
        Some(queues::create_rx_queue),
    );
    // SAFETY: init and callbacks are valid.
    unsafe { net_call!(NetAdapterInitSetDatapathCallbacks, init, &mut callbacks) };
    let mut attributes = WDF_OBJECT_ATTRIBUTES::init();
    let mut adapter = null_mut();
    // SAFETY: all arguments are valid.
    let status = unsafe { net_call!(NetAdapterCreate, init, &mut attributes, &mut adapter) };
    // SAFETY: the init is freed once, whether or not the adapter was made.
    unsafe { net_call!(NetAdapterInitFree, init) };
    ADAPTER.store(adapter.cast(), Ordering::Relaxed);
    status
}

/// Sets all capabilities and starts the adapter.
pub fn start() -> NTSTATUS {
    let adapter = handle();
    let mut tx = NET_ADAPTER_TX_CAPABILITIES::init(1);
    let mut rx = NET_ADAPTER_RX_CAPABILITIES::init_driver_managed(
        Some(queues::return_rx_buffer),
        FRAME_BYTES,
        1,
    );
    // SAFETY: adapter and capabilities are valid, and the adapter is not started.
    unsafe { net_call!(NetAdapterSetDataPathCapabilities, adapter, &mut tx, &mut rx) };
    let mut link = NET_ADAPTER_LINK_LAYER_CAPABILITIES::init(SPEED, SPEED);
    // SAFETY: as above.
    unsafe { net_call!(NetAdapterSetLinkLayerCapabilities, adapter, &mut link) };
    // SAFETY: as above.
    unsafe { net_call!(NetAdapterSetLinkLayerMtuSize, adapter, MTU) };
    let mut address = NET_ADAPTER_LINK_LAYER_ADDRESS::init(&[0x02, 0, 0, 0, 0, 1]);
    // SAFETY: as above.
    unsafe {
        net_call!(
            NetAdapterSetPermanentLinkLayerAddress,
            adapter,
            &mut address
        )
    };
    let mut state = NET_ADAPTER_LINK_STATE::init(
        SPEED,
        MediaConnectStateConnected,
        MediaDuplexStateFull,
        0,
        0,
    );
    // SAFETY: as above.
    unsafe { net_call!(NetAdapterSetLinkState, adapter, &mut state) };
    // SAFETY: the adapter has all the capabilities that it needs.
    unsafe { net_call!(NetAdapterStart, adapter) }
}
