//! Functions of NetAdapterCx that concern an adapter.

use super::adapter::{Adapter, AdapterInit, DatapathCallbacks};
use super::call::Call;
use super::class::class;
use super::device_api::net_device;
use super::{rules, settings};
use crate::wdf::{self, Hooks, ObjectKind};
use netadapter_abi::net::{
    MediaConnectStateDisconnected, MediaDuplexStateFull, NET_ADAPTER_DATAPATH_CALLBACKS,
    NET_ADAPTER_LINK_LAYER_ADDRESS, NET_ADAPTER_LINK_LAYER_CAPABILITIES, NET_ADAPTER_LINK_STATE,
    NET_ADAPTER_RECEIVE_SCALING_CAPABILITIES, NET_ADAPTER_RX_CAPABILITIES,
    NET_ADAPTER_TX_CAPABILITIES, NET_DRIVER_GLOBALS, NET_LUID, NETADAPTER, NETADAPTER_INIT,
    NetAdapterPauseFunctionTypeUnknown, NetAdapterPauseFunctionTypeUnsupported, index,
};
use netadapter_abi::nt::{NTSTATUS, STATUS_SUCCESS};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{WDF_OBJECT_ATTRIBUTES, WDFDEVICE, WDFOBJECT};
use std::sync::Arc;

/// The longest link-layer address, in bytes.
const ADDRESS_BYTES: u16 = 32;

/// The interface type of Ethernet in a locally unique identifier, and where it stands there
/// (*NET_LUID_LH union*).
const ETHERNET_INTERFACE_TYPE: u64 = 6 << 48;
/// Where the index of the interface stands.
const LUID_INDEX_SHIFT: u32 = 24;

/// The adapter of a handle.
pub(super) fn adapter(handle: NETADAPTER) -> &'static Arc<Adapter> {
    wdf::payload::<Arc<Adapter>>(handle.cast(), ObjectKind::NetAdapter)
}

fn adapter_init(call: &Call, init: *mut NETADAPTER_INIT) -> Arc<AdapterInit> {
    call.required("AdapterInit", init);
    let found = class().adapter_inits.lock().get(&(init as usize)).cloned();
    found.unwrap_or_else(|| {
        let what = "AdapterInit is not one of NetAdapterInitAllocate, or was freed";
        call.broken(&rules::INVALID_NET_ADAPTER_INIT_SIGNATURE, what)
    })
}

/// An adapter that has not been started.
pub(super) fn unstarted(call: &Call, handle: NETADAPTER) -> &'static Arc<Adapter> {
    let adapter = adapter(handle);
    call.require(
        !adapter.is_running(),
        &rules::ADAPTER_ALREADY_STARTED,
        "the adapter is started",
    );
    adapter
}

fn address(
    call: &Call,
    address: *const NET_ADAPTER_LINK_LAYER_ADDRESS,
) -> NET_ADAPTER_LINK_LAYER_ADDRESS {
    let address = call.copy("LinkLayerAddress", address);
    let detail = format!("an address of {} bytes", address.Length);
    call.require(
        address.Length <= ADDRESS_BYTES,
        &rules::MAC_ADDRESS_LENGTH_TOO_LONG,
        &detail,
    );
    address
}

fn adapter_removed(handle: WDFOBJECT) {
    adapter(handle.cast()).removed();
}

nt_export! {
    pub(super) unsafe fn init_allocate(
        globals: *mut NET_DRIVER_GLOBALS,
        device: WDFDEVICE,
    ) -> *mut NETADAPTER_INIT {
        let call = Call::at_passive(index::NetAdapterInitAllocate, globals);
        let init = Arc::new(AdapterInit::new(net_device(&call, device)));
        let address = Arc::as_ptr(&init) as usize;
        class().adapter_inits.lock().insert(address, init);
        address as *mut NETADAPTER_INIT
    }

    pub(super) unsafe fn init_free(globals: *mut NET_DRIVER_GLOBALS, init: *mut NETADAPTER_INIT) {
        let call = Call::at_passive(index::NetAdapterInitFree, globals);
        adapter_init(&call, init);
        class().adapter_inits.lock().remove(&(init as usize));
    }

    pub(super) unsafe fn init_set_datapath_callbacks(
        globals: *mut NET_DRIVER_GLOBALS,
        init: *mut NETADAPTER_INIT,
        callbacks: *mut NET_ADAPTER_DATAPATH_CALLBACKS,
    ) {
        let call = Call::at_passive(index::NetAdapterInitSetDatapathCallbacks, globals);
        let init = adapter_init(&call, init);
        let callbacks = call.copy_sized("DatapathCallbacks", callbacks);
        call.require(
            callbacks.EvtAdapterCreateTxQueue.is_some()
                && callbacks.EvtAdapterCreateRxQueue.is_some(),
            &rules::INVALID_DATAPATH_CALLBACKS,
            "both callbacks are needed",
        );
        *init.callbacks.lock() = DatapathCallbacks {
            create_transmit_queue: callbacks.EvtAdapterCreateTxQueue,
            create_receive_queue: callbacks.EvtAdapterCreateRxQueue,
        };
    }

    pub(super) unsafe fn create(
        globals: *mut NET_DRIVER_GLOBALS,
        init: *mut NETADAPTER_INIT,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        result: *mut NETADAPTER,
    ) -> NTSTATUS {
        let call = Call::at_passive(index::NetAdapterCreate, globals);
        let init = adapter_init(&call, init);
        let result = call.output("Adapter", result);
        require_no_parent(&call, attributes);
        call.require(init.take(), &rules::NET_ADAPTER_INIT_ALREADY_USED, "AdapterInit was used");
        let adapter = Adapter::new(&init, call.client());
        let parent = init.device.handle().cast();
        let payload = Box::new(adapter.clone());
        match wdf::create_object(ObjectKind::NetAdapter, Some(parent), attributes, payload) {
            Ok(handle) => {
                wdf::set_hooks(handle, Hooks { dispose: Some(adapter_removed), destroy: None });
                adapter.set_handle(handle.cast());
                adapter.created();
                // SAFETY: the driver gives room for the handle.
                unsafe { result.write(handle.cast()) };
                STATUS_SUCCESS
            }
            Err(status) => status,
        }
    }

    pub(super) unsafe fn start(globals: *mut NET_DRIVER_GLOBALS, handle: NETADAPTER) -> NTSTATUS {
        Call::at_passive(index::NetAdapterStart, globals);
        adapter(handle).start()
    }

    pub(super) unsafe fn stop(globals: *mut NET_DRIVER_GLOBALS, handle: NETADAPTER) {
        Call::at_passive(index::NetAdapterStop, globals);
        adapter(handle).stop();
    }

    pub(super) unsafe fn set_link_layer_capabilities(
        globals: *mut NET_DRIVER_GLOBALS,
        handle: NETADAPTER,
        capabilities: *mut NET_ADAPTER_LINK_LAYER_CAPABILITIES,
    ) {
        let call = Call::at_passive(index::NetAdapterSetLinkLayerCapabilities, globals);
        let adapter = unstarted(&call, handle);
        call.copy_sized("LinkLayerCapabilities", capabilities);
        adapter.change_settings(|settings| settings.link_layer = true);
    }

    pub(super) unsafe fn set_link_layer_mtu_size(
        globals: *mut NET_DRIVER_GLOBALS,
        handle: NETADAPTER,
        mtu: u32,
    ) {
        let call = Call::at_passive(index::NetAdapterSetLinkLayerMtuSize, globals);
        call.require(mtu > 0, &rules::MTU_MUST_BE_GREATER_THAN_ZERO, "MtuSize is 0");
        adapter(handle).change_settings(|settings| settings.mtu = mtu);
    }

    pub(super) unsafe fn set_datapath_capabilities(
        globals: *mut NET_DRIVER_GLOBALS,
        handle: NETADAPTER,
        transmit: *mut NET_ADAPTER_TX_CAPABILITIES,
        receive: *mut NET_ADAPTER_RX_CAPABILITIES,
    ) {
        let call = Call::at_passive(index::NetAdapterSetDataPathCapabilities, globals);
        let adapter = unstarted(&call, handle);
        let transmit = settings::transmit(&call, &call.copy_sized("TxCapabilities", transmit));
        let receive = settings::receive(&call, &call.copy_sized("RxCapabilities", receive));
        adapter.change_settings(|settings| {
            settings.transmit = Some(transmit);
            settings.receive = Some(receive);
        });
    }

    pub(super) unsafe fn set_link_state(
        globals: *mut NET_DRIVER_GLOBALS,
        handle: NETADAPTER,
        state: *mut NET_ADAPTER_LINK_STATE,
    ) {
        let call = Call::up_to_dispatch(index::NetAdapterSetLinkState, globals);
        let adapter = adapter(handle);
        let state = call.copy_sized("State", state);
        let pauses = NetAdapterPauseFunctionTypeUnsupported..=NetAdapterPauseFunctionTypeUnknown;
        call.require(
            (0..=MediaConnectStateDisconnected).contains(&state.MediaConnectState)
                && (0..=MediaDuplexStateFull).contains(&state.MediaDuplexState)
                && pauses.contains(&state.SupportedPauseFunctions),
            &rules::INVALID_LINK_STATE,
            "a member is outside of its enumeration",
        );
        adapter.change_settings(|settings| settings.link_state = state);
    }

    pub(super) unsafe fn get_net_luid(
        globals: *mut NET_DRIVER_GLOBALS,
        handle: NETADAPTER,
    ) -> NET_LUID {
        Call::at_passive(index::NetAdapterGetNetLuid, globals);
        let wanted = adapter(handle);
        let adapters = class().adapters.lock();
        let index = adapters.iter().position(|other| Arc::ptr_eq(other, wanted)).unwrap_or(0);
        ETHERNET_INTERFACE_TYPE | (index as u64 + 1) << LUID_INDEX_SHIFT
    }

    pub(super) unsafe fn set_permanent_link_layer_address(
        globals: *mut NET_DRIVER_GLOBALS,
        handle: NETADAPTER,
        value: *mut NET_ADAPTER_LINK_LAYER_ADDRESS,
    ) {
        let call = Call::at_passive(index::NetAdapterSetPermanentLinkLayerAddress, globals);
        let adapter = unstarted(&call, handle);
        let value = address(&call, value);
        adapter.change_settings(|settings| settings.permanent_address = Some(value));
    }

    pub(super) unsafe fn set_current_link_layer_address(
        globals: *mut NET_DRIVER_GLOBALS,
        handle: NETADAPTER,
        value: *mut NET_ADAPTER_LINK_LAYER_ADDRESS,
    ) {
        let call = Call::at_passive(index::NetAdapterSetCurrentLinkLayerAddress, globals);
        let value = address(&call, value);
        adapter(handle).change_settings(|settings| settings.current_address = Some(value));
    }

    pub(super) unsafe fn set_receive_scaling_capabilities(
        globals: *mut NET_DRIVER_GLOBALS,
        handle: NETADAPTER,
        capabilities: *const NET_ADAPTER_RECEIVE_SCALING_CAPABILITIES,
    ) {
        let call = Call::at_passive(index::NetAdapterSetReceiveScalingCapabilities, globals);
        let adapter = unstarted(&call, handle);
        let capabilities = call.copy_sized("Capabilities", capabilities);
        adapter.scaling().set_capabilities(&call, adapter, &capabilities);
    }
}

/// Adapters, like queues, have a parent that the framework chooses.
pub(super) fn require_no_parent(call: &Call, attributes: *const WDF_OBJECT_ATTRIBUTES) {
    // SAFETY: a driver passes null or its attributes, which are valid during the call.
    if let Some(attributes) = unsafe { attributes.as_ref() } {
        let what = "ParentObject of the attributes is not null";
        call.require(
            attributes.ParentObject.is_null(),
            &rules::PARENT_OBJECT_NOT_NULL,
            what,
        );
    }
}
