//! Configuration objects: how a driver reads its keywords.

use super::adapter_api::adapter;
use super::call::Call;
use super::device_api::net_device;
use super::keywords::{KeywordError, Keywords, Radix};
use super::rules;
use crate::pnp::DeviceNode;
use crate::wdf::{self, ObjectKind};
use netadapter_abi::net::{
    NET_ADAPTER_LINK_LAYER_ADDRESS, NET_CONFIGURATION_QUERY_ULONG_FLAGS,
    NET_CONFIGURATION_QUERY_ULONG_MAY_BE_STORED_AS_HEX_STRING,
    NET_CONFIGURATION_QUERY_ULONG_NO_FLAGS, NET_DRIVER_GLOBALS, NETADAPTER, NETCONFIGURATION,
    index,
};
use netadapter_abi::nt::{
    NTSTATUS, STATUS_BUFFER_OVERFLOW, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_TYPE_MISMATCH,
    STATUS_SUCCESS, UNICODE_STRING,
};
use netadapter_abi::nt_export;
use netadapter_abi::wdf::{WDF_OBJECT_ATTRIBUTES, WDFDEVICE, WDFOBJECT};
use std::sync::Arc;

fn open(
    call: &Call,
    parent: WDFOBJECT,
    node: Arc<dyn DeviceNode>,
    attributes: *mut WDF_OBJECT_ATTRIBUTES,
    result: *mut NETCONFIGURATION,
) -> NTSTATUS {
    let result = call.output("Configuration", result);
    let payload = Box::new(Keywords::new(node));
    match wdf::create_object(
        ObjectKind::NetConfiguration,
        Some(parent),
        attributes,
        payload,
    ) {
        Ok(handle) => {
            // SAFETY: the driver gives room for the handle.
            unsafe { result.write(handle.cast()) };
            STATUS_SUCCESS
        }
        Err(status) => status,
    }
}

fn keywords(configuration: NETCONFIGURATION) -> &'static Keywords {
    wdf::payload(configuration.cast(), ObjectKind::NetConfiguration)
}

fn text(call: &Call, parameter: &str, string: *const UNICODE_STRING) -> String {
    let string = call.copy(parameter, string);
    let units = usize::from(string.Length) / 2;
    if units == 0 {
        return String::new();
    }
    let buffer = call.required("Buffer of the string", string.Buffer.cast_const());
    // SAFETY: a UNICODE_STRING has `Length` bytes in its buffer.
    String::from_utf16_lossy(unsafe { std::slice::from_raw_parts(buffer, units) })
}

fn status(error: KeywordError) -> NTSTATUS {
    match error {
        KeywordError::Missing => STATUS_OBJECT_NAME_NOT_FOUND,
        KeywordError::WrongType => STATUS_OBJECT_TYPE_MISMATCH,
        KeywordError::TooLong => STATUS_BUFFER_OVERFLOW,
    }
}

nt_export! {
    pub(super) unsafe fn adapter_open(
        globals: *mut NET_DRIVER_GLOBALS,
        handle: NETADAPTER,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        result: *mut NETCONFIGURATION,
    ) -> NTSTATUS {
        let call = Call::at_passive(index::NetAdapterOpenConfiguration, globals);
        open(&call, handle.cast(), adapter(handle).node(), attributes, result)
    }

    pub(super) unsafe fn device_open(
        globals: *mut NET_DRIVER_GLOBALS,
        device: WDFDEVICE,
        attributes: *mut WDF_OBJECT_ATTRIBUTES,
        result: *mut NETCONFIGURATION,
    ) -> NTSTATUS {
        let call = Call::at_passive(index::NetDeviceOpenConfiguration, globals);
        open(&call, device.cast(), net_device(&call, device).node(), attributes, result)
    }

    pub(super) unsafe fn close(globals: *mut NET_DRIVER_GLOBALS, configuration: NETCONFIGURATION) {
        Call::at_passive(index::NetConfigurationClose, globals);
        keywords(configuration);
        wdf::delete_object(configuration.cast());
    }

    pub(super) unsafe fn query_ulong(
        globals: *mut NET_DRIVER_GLOBALS,
        configuration: NETCONFIGURATION,
        flags: NET_CONFIGURATION_QUERY_ULONG_FLAGS,
        name: *const UNICODE_STRING,
        value: *mut u32,
    ) -> NTSTATUS {
        let call = Call::at_passive(index::NetConfigurationQueryUlong, globals);
        let radix = match flags {
            NET_CONFIGURATION_QUERY_ULONG_NO_FLAGS => Radix::Decimal,
            NET_CONFIGURATION_QUERY_ULONG_MAY_BE_STORED_AS_HEX_STRING => Radix::Hexadecimal,
            other => call.broken(&rules::INVALID_QUERY_ULONG_FLAG, &format!("Flags is {other}")),
        };
        let name = text(&call, "ValueName", name);
        let value = call.output("Value", value);
        match keywords(configuration).number(&name, radix) {
            Ok(number) => {
                // SAFETY: the driver gives room for the value.
                unsafe { value.write(number) };
                STATUS_SUCCESS
            }
            Err(error) => status(error),
        }
    }

    pub(super) unsafe fn query_link_layer_address(
        globals: *mut NET_DRIVER_GLOBALS,
        configuration: NETCONFIGURATION,
        address: *mut NET_ADAPTER_LINK_LAYER_ADDRESS,
    ) -> NTSTATUS {
        let call = Call::at_passive(index::NetConfigurationQueryLinkLayerAddress, globals);
        let address = call.output("LinkLayerAddress", address);
        let longest = NET_ADAPTER_LINK_LAYER_ADDRESS::zeroed().Address.len();
        match keywords(configuration).network_address(longest) {
            Ok(bytes) => {
                // SAFETY: the driver gives room for the address.
                unsafe { address.write(NET_ADAPTER_LINK_LAYER_ADDRESS::init(&bytes)) };
                STATUS_SUCCESS
            }
            Err(error) => status(error),
        }
    }
}
