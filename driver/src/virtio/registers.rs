//! The registers and bits of the common configuration, by their names in the specification.
#![allow(missing_docs, reason = "the specification says what each is")]

/// 4.1.4.3 *Common configuration structure layout*.
pub mod common {
    use netadapter::mmio::Register;

    pub const DEVICE_FEATURE_SELECT: Register<u32> = Register::at(0x00);
    pub const DEVICE_FEATURE: Register<u32> = Register::at(0x04);
    pub const DRIVER_FEATURE_SELECT: Register<u32> = Register::at(0x08);
    pub const DRIVER_FEATURE: Register<u32> = Register::at(0x0C);
    pub const CONFIG_VECTOR: Register<u16> = Register::at(0x10);
    pub const DEVICE_STATUS: Register<u8> = Register::at(0x14);
    pub const CONFIG_GENERATION: Register<u8> = Register::at(0x15);
    pub const QUEUE_SELECT: Register<u16> = Register::at(0x16);
    pub const QUEUE_SIZE: Register<u16> = Register::at(0x18);
    pub const QUEUE_VECTOR: Register<u16> = Register::at(0x1A);
    pub const QUEUE_ENABLE: Register<u16> = Register::at(0x1C);
    pub const QUEUE_NOTIFY_OFFSET: Register<u16> = Register::at(0x1E);
    /// Three addresses of 64 bits, each written as two halves.
    pub const QUEUE_DESCRIPTORS: [Register<u32>; 2] = [Register::at(0x20), Register::at(0x24)];
    pub const QUEUE_DRIVER: [Register<u32>; 2] = [Register::at(0x28), Register::at(0x2C)];
    pub const QUEUE_DEVICE: [Register<u32>; 2] = [Register::at(0x30), Register::at(0x34)];
    pub const QUEUE_RESET: Register<u16> = Register::at(0x3A);
}

/// 2.1 *Device Status Field*.
pub mod status {
    pub const ACKNOWLEDGE: u8 = 1;
    pub const DRIVER: u8 = 2;
    pub const DRIVER_OK: u8 = 4;
    pub const FEATURES_OK: u8 = 8;
    pub const NEEDS_RESET: u8 = 64;
    /// What registers of a device that is gone read as. FAILED and FEATURES_OK are never set together with it.
    pub const GONE: u8 = 0xFF;
}
