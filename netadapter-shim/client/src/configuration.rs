//! The adapter's configuration in the registry: keywords.

use core::ptr::null_mut;

use netadapter_abi::net::{
    NET_ADAPTER_LINK_LAYER_ADDRESS, NET_CONFIGURATION_QUERY_ULONG_NO_FLAGS, NETADAPTER,
    NETCONFIGURATION,
};
use netadapter_abi::net_call;
use netadapter_abi::nt::{STATUS_OBJECT_NAME_NOT_FOUND, UNICODE_STRING};

use crate::{Result, Status};

/// An open configuration; closed when dropped. IRQL: PASSIVE_LEVEL for everything.
pub struct Configuration(NETCONFIGURATION);

impl Configuration {
    /// # Safety
    ///
    /// The adapter is alive.
    pub(crate) unsafe fn open(adapter: NETADAPTER) -> Result<Self> {
        let mut configuration = null_mut();
        // SAFETY: as the caller promises; the result outlives the call.
        let status = unsafe {
            net_call!(
                NetAdapterOpenConfiguration,
                adapter,
                null_mut(),
                &mut configuration
            )
        };
        Status::check(status).map(|()| Self(configuration))
    }

    /// The value of an integer keyword; `None` when it is absent. `name` ends with a NUL, as
    /// [`utf16!`](netadapter_abi::utf16) makes it.
    ///
    /// # Errors
    ///
    /// That of `NetConfigurationQueryUlong`, for a value that is no integer.
    pub fn query_ulong(&self, name: &'static [u16]) -> Result<Option<u32>> {
        let name = counted(name).ok_or(Status::INVALID_PARAMETER)?;
        let mut value = 0;
        // SAFETY: the configuration is open; name and result outlive the call.
        let status = unsafe {
            net_call!(
                NetConfigurationQueryUlong,
                self.0,
                NET_CONFIGURATION_QUERY_ULONG_NO_FLAGS,
                &name,
                &mut value,
            )
        };
        if status == STATUS_OBJECT_NAME_NOT_FOUND {
            return Ok(None);
        }
        Status::check(status).map(|()| Some(value))
    }

    /// The Ethernet address that an administrator set in the place of the permanent one.
    pub fn query_ethernet_address(&self) -> Option<[u8; 6]> {
        let mut address = NET_ADAPTER_LINK_LAYER_ADDRESS::zeroed();
        // SAFETY: the configuration is open; the result outlives the call.
        let status =
            unsafe { net_call!(NetConfigurationQueryLinkLayerAddress, self.0, &mut address) };
        Status::check(status).ok()?;
        address
            .Address
            .get(..usize::from(address.Length))?
            .try_into()
            .ok()
    }
}

impl Drop for Configuration {
    fn drop(&mut self) {
        // SAFETY: the configuration is open, and nobody uses it after this value.
        unsafe { net_call!(NetConfigurationClose, self.0) };
    }
}

/// The counted string of a NUL-terminated constant.
fn counted(name: &'static [u16]) -> Option<UNICODE_STRING> {
    let (_, text) = name.split_last()?;
    Some(UNICODE_STRING {
        Length: u16::try_from(2 * text.len()).ok()?,
        MaximumLength: u16::try_from(2 * name.len()).ok()?,
        Buffer: name.as_ptr().cast_mut(),
    })
}
