//! The seam between KMDF and a class extension: what the extension does around its client's PnP
//! and power callbacks.

use netadapter_abi::nt::NTSTATUS;

/// A class extension's part in the life of one device. All calls come at PASSIVE_LEVEL on the
/// thread that runs the PnP request, in the order in which KMDF calls its own callbacks.
pub trait ClassExtension: Send + Sync {
    /// Before `EvtDevicePrepareHardware`. A failure fails the start; nothing is undone.
    fn before_prepare_hardware(&self) -> NTSTATUS;
    /// After `EvtDeviceD0EntryPostInterruptsEnabled` and once DMA is enabled: packet queues are
    /// made.
    fn after_power_up(&self) -> NTSTATUS;
    /// The start request has completed: protocols bind, and traffic begins.
    fn started(&self);
    /// Before DMA is disabled and `EvtDeviceD0Exit`: packet queues are drained and destroyed.
    fn before_power_down(&self);
    /// After `EvtDeviceD0Exit`: the transition waits for callbacks that run at the same time.
    fn after_power_down(&self) {}
    /// Before `EvtDeviceReleaseHardware`: adapters are halted.
    fn before_release_hardware(&self);
    /// Before `EvtDeviceSurpriseRemoval`.
    fn before_surprise_removal(&self);
    /// After `EvtDeviceSelfManagedIoCleanup`, before the device object goes.
    fn before_device_cleanup(&self);
}
