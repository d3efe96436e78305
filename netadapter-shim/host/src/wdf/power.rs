//! Entering and leaving D0, in the order in which KMDF does it.

use super::device::DeviceHost;
use crate::executive::{flush_dpcs, system};
use netadapter_abi::nt::{NTSTATUS, nt_success};
use netadapter_abi::wdf::{WDF_POWER_DEVICE_STATE, WdfPowerDeviceD3Final};

/// The power state of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerState {
    /// Not started, or in the D3 that ends every stop and removal.
    Off,
    /// On the way to D0.
    EnteringD0,
    /// In D0, interrupts and DMA enabled.
    D0,
    /// On the way out of D0.
    LeavingD0,
}

/// How far the driver's self-managed I/O has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SelfManagedIo {
    /// EvtDeviceSelfManagedIoInit has never been called.
    New,
    /// It has been called and failed.
    Failed,
    Running,
    Suspended,
    Flushed,
}

/// The device powers down for good, or until it starts with other resources.
const FINAL: WDF_POWER_DEVICE_STATE = WdfPowerDeviceD3Final;

impl DeviceHost {
    fn set_power(&self, state: PowerState) {
        *self.power.lock() = state;
    }

    /// Brings a prepared device to D0. On failure everything is undone up to EvtDeviceD0Exit;
    /// the hardware is still to be released.
    pub(super) fn power_up(&self) -> Result<(), NTSTATUS> {
        self.set_power(PowerState::EnteringD0);
        let result = self.enter_d0();
        if result.is_err() {
            self.set_power(PowerState::Off);
        }
        result
    }

    fn enter_d0(&self) -> Result<(), NTSTATUS> {
        self.call(
            "EvtDeviceD0Entry",
            self.pnp.EvtDeviceD0Entry,
            |entry, device| {
                // SAFETY: the driver registered this callback for the device.
                unsafe { entry(device, FINAL) }
            },
        )?;
        let enabled = self
            .enable_interrupts()
            .and_then(|()| self.post_interrupts_enabled());
        if let Err(status) = enabled {
            self.disable_interrupts();
            self.exit_d0();
            return Err(status);
        }
        if let Err(status) = self.enable_dma() {
            self.leave_hardware();
            return Err(status);
        }
        self.set_power(PowerState::D0);
        if let Some(extension) = self.class_extension()
            && !nt_success(extension.after_power_up())
        {
            self.fail();
        }
        self.io.resume();
        self.start_self_managed_io().inspect_err(|_| {
            self.io.hold();
            self.set_power(PowerState::LeavingD0);
            self.stop_class_extension();
            self.leave_hardware();
        })
    }

    /// Takes the device out of D0, to D3Final.
    pub(super) fn power_down(&self) {
        self.suspend_self_managed_io();
        self.io.hold();
        self.set_power(PowerState::LeavingD0);
        self.stop_class_extension();
        self.leave_hardware();
        self.set_power(PowerState::Off);
    }

    fn stop_class_extension(&self) {
        if let Some(extension) = self.class_extension() {
            extension.before_power_down();
        }
    }

    /// DMA down, EvtDeviceD0ExitPreInterruptsDisabled, interrupts disconnected, EvtDeviceD0Exit.
    fn leave_hardware(&self) {
        self.disable_dma();
        let callback = self.pnp.EvtDeviceD0ExitPreInterruptsDisabled;
        let left = self.call(
            "EvtDeviceD0ExitPreInterruptsDisabled",
            callback,
            |exit, device| {
                // SAFETY: the driver registered this callback for the device.
                unsafe { exit(device, FINAL) }
            },
        );
        self.fail_unless(left);
        self.disable_interrupts();
        self.exit_d0();
    }

    fn exit_d0(&self) {
        let left = self.call(
            "EvtDeviceD0Exit",
            self.pnp.EvtDeviceD0Exit,
            |exit, device| {
                // SAFETY: the driver registered this callback for the device.
                unsafe { exit(device, FINAL) }
            },
        );
        self.fail_unless(left);
        if let Some(extension) = self.class_extension() {
            extension.after_power_down();
        }
    }

    /// A power-down goes on after a failure; the device is then failed.
    fn fail_unless(&self, result: Result<(), NTSTATUS>) {
        if result.is_err() {
            self.fail();
        }
    }

    fn post_interrupts_enabled(&self) -> Result<(), NTSTATUS> {
        let callback = self.pnp.EvtDeviceD0EntryPostInterruptsEnabled;
        self.call(
            "EvtDeviceD0EntryPostInterruptsEnabled",
            callback,
            |post, device| {
                // SAFETY: the driver registered this callback for the device.
                unsafe { post(device, FINAL) }
            },
        )
    }

    /// In order of creation.
    fn enable_interrupts(&self) -> Result<(), NTSTATUS> {
        let interrupts = self.interrupts.lock().clone();
        interrupts
            .iter()
            .try_for_each(|interrupt| interrupt.connect_and_enable())
    }

    /// In reverse order of creation; then no DPC of them runs any more.
    fn disable_interrupts(&self) {
        let interrupts = self.interrupts.lock().clone();
        for interrupt in interrupts.iter().rev() {
            interrupt.disable_and_disconnect();
        }
        if !interrupts.is_empty() {
            flush_dpcs(system());
        }
    }

    fn enable_dma(&self) -> Result<(), NTSTATUS> {
        let enablers = self.enablers.lock().clone();
        enablers.iter().try_for_each(|enabler| enabler.power_up())
    }

    fn disable_dma(&self) {
        let enablers = self.enablers.lock().clone();
        for enabler in enablers {
            self.fail_unless(enabler.power_down());
        }
    }

    /// EvtDeviceSelfManagedIoInit until it has succeeded once, then …Restart.
    fn start_self_managed_io(&self) -> Result<(), NTSTATUS> {
        let initialized = *self.self_managed_io.lock() == SelfManagedIo::Suspended;
        let result = if initialized {
            let callback = self.pnp.EvtDeviceSelfManagedIoRestart;
            self.call(
                "EvtDeviceSelfManagedIoRestart",
                callback,
                |restart, device| {
                    // SAFETY: the driver registered this callback for the device.
                    unsafe { restart(device) }
                },
            )
        } else {
            let callback = self.pnp.EvtDeviceSelfManagedIoInit;
            self.call("EvtDeviceSelfManagedIoInit", callback, |init, device| {
                // SAFETY: the driver registered this callback for the device.
                unsafe { init(device) }
            })
        };
        let failed = if initialized {
            SelfManagedIo::Suspended
        } else {
            SelfManagedIo::Failed
        };
        let state = if result.is_ok() {
            SelfManagedIo::Running
        } else {
            failed
        };
        *self.self_managed_io.lock() = state;
        result
    }

    fn suspend_self_managed_io(&self) {
        if *self.self_managed_io.lock() != SelfManagedIo::Running {
            return;
        }
        let callback = self.pnp.EvtDeviceSelfManagedIoSuspend;
        let suspended = self.call(
            "EvtDeviceSelfManagedIoSuspend",
            callback,
            |suspend, device| {
                // SAFETY: the driver registered this callback for the device.
                unsafe { suspend(device) }
            },
        );
        *self.self_managed_io.lock() = SelfManagedIo::Suspended;
        self.fail_unless(suspended);
    }

    /// EvtDeviceSelfManagedIoFlush after …Init has failed.
    pub(super) fn flush_failed_self_managed_io(&self) {
        if *self.self_managed_io.lock() == SelfManagedIo::Failed {
            self.flush_self_managed_io();
        }
    }

    /// EvtDeviceSelfManagedIoFlush, if …Init was ever called and …Flush has not been since.
    pub(super) fn flush_self_managed_io(&self) {
        let state = *self.self_managed_io.lock();
        if !matches!(state, SelfManagedIo::Failed | SelfManagedIo::Suspended) {
            return;
        }
        let callback = self.pnp.EvtDeviceSelfManagedIoFlush;
        self.notify("EvtDeviceSelfManagedIoFlush", callback, |flush, device| {
            // SAFETY: the driver registered this callback for the device.
            unsafe { flush(device) }
        });
        *self.self_managed_io.lock() = SelfManagedIo::Flushed;
    }

    /// EvtDeviceSelfManagedIoCleanup, if …Init was ever called.
    pub(super) fn clean_up_self_managed_io(&self) {
        if *self.self_managed_io.lock() == SelfManagedIo::New {
            return;
        }
        let callback = self.pnp.EvtDeviceSelfManagedIoCleanup;
        self.notify(
            "EvtDeviceSelfManagedIoCleanup",
            callback,
            |cleanup, device| {
                // SAFETY: the driver registered this callback for the device.
                unsafe { cleanup(device) }
            },
        );
    }
}
