//! The common configuration structure: status, features and the registers of each queue.
//!
//! VIRTIO 1.2 section 4.1.4.3 "Common configuration structure layout" and section 3.1 "Device
//! Initialization".

use crate::config::{VirtioNetConfig, feature, features_agree};
use crate::registers::common;
use virtio_bindings::virtio_config::{
    VIRTIO_CONFIG_S_DRIVER_OK, VIRTIO_CONFIG_S_FEATURES_OK, VIRTIO_CONFIG_S_NEEDS_RESET,
    VIRTIO_F_RING_RESET,
};

const STATUS_DRIVER_OK: u8 = VIRTIO_CONFIG_S_DRIVER_OK as u8;
const STATUS_FEATURES_OK: u8 = VIRTIO_CONFIG_S_FEATURES_OK as u8;
const STATUS_NEEDS_RESET: u8 = VIRTIO_CONFIG_S_NEEDS_RESET as u8;

/// A register access that the specification does not allow a driver to make.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadAccess;

/// What a register write asks of the data path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Nothing,
    DeviceReset,
    DriverReady,
    QueueEnabled(u16),
    QueueReset(u16),
}

/// The registers of one queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueRegisters {
    pub size: u16,
    pub vector: u16,
    pub enabled: bool,
    pub descriptor_area: u64,
    pub driver_area: u64,
    pub device_area: u64,
}

/// The structure.
pub(crate) struct CommonConfig {
    offered: u64,
    vectors: u16,
    queue_size: u16,
    device_feature_select: u32,
    driver_feature_select: u32,
    driver_features: u64,
    /// The driver set a feature bit above 63, which no device offers.
    unknown_features: bool,
    config_vector: u16,
    status: u8,
    generation: u8,
    queue_select: u16,
    queues: Vec<QueueRegisters>,
}

impl CommonConfig {
    pub fn new(config: &VirtioNetConfig) -> Self {
        let mut registers = Self {
            offered: config.features,
            vectors: config.msix_vectors,
            queue_size: config.queue_size,
            device_feature_select: 0,
            driver_feature_select: 0,
            driver_features: 0,
            unknown_features: false,
            config_vector: common::NO_VECTOR,
            status: 0,
            generation: 0,
            queue_select: 0,
            queues: Vec::new(),
        };
        registers.queues = vec![registers.reset_queue(); usize::from(config.queue_count())];
        registers
    }

    /// Features in force; none before FEATURES_OK.
    pub fn negotiated(&self) -> u64 {
        if self.status & STATUS_FEATURES_OK == 0 {
            return 0;
        }
        self.driver_features
    }

    pub fn driver_ok(&self) -> bool {
        self.status & STATUS_DRIVER_OK != 0
    }

    pub fn needs_reset(&self) -> bool {
        self.status & STATUS_NEEDS_RESET != 0
    }

    pub fn queue(&self, queue: u16) -> Option<&QueueRegisters> {
        self.queues.get(usize::from(queue))
    }

    pub fn config_vector(&self) -> u16 {
        self.config_vector
    }

    /// DEVICE_NEEDS_RESET: the device gave up on what the driver left in memory.
    pub fn set_needs_reset(&mut self) {
        self.status |= STATUS_NEEDS_RESET;
    }

    /// The device configuration structure has new contents.
    pub fn device_config_changed(&mut self) {
        self.generation = self.generation.wrapping_add(1);
    }

    /// Reads a register by its natural size; queue addresses by halves or whole.
    pub fn read(&self, offset: u64, size: usize) -> Result<u64, BadAccess> {
        if let Some((area, part)) = address_part(offset, size) {
            let address = self.selected().map_or(0, |queue| match area {
                common::QUEUE_DESC => queue.descriptor_area,
                common::QUEUE_DRIVER => queue.driver_area,
                _ => queue.device_area,
            });
            return Ok(part.of(address));
        }
        let queue = self.selected();
        Ok(match (offset, size) {
            (common::DEVICE_FEATURE_SELECT, 4) => self.device_feature_select.into(),
            (common::DEVICE_FEATURE, 4) => feature_word(self.offered, self.device_feature_select),
            (common::DRIVER_FEATURE_SELECT, 4) => self.driver_feature_select.into(),
            (common::DRIVER_FEATURE, 4) => {
                feature_word(self.driver_features, self.driver_feature_select)
            }
            (common::CONFIG_MSIX_VECTOR, 2) => self.config_vector.into(),
            (common::NUM_QUEUES, 2) => self.queues.len() as u64,
            (common::DEVICE_STATUS, 1) => self.status.into(),
            (common::CONFIG_GENERATION, 1) => self.generation.into(),
            (common::QUEUE_SELECT, 2) => self.queue_select.into(),
            // A size of 0 says that there is no such queue.
            (common::QUEUE_SIZE, 2) => queue.map_or(0, |queue| queue.size.into()),
            (common::QUEUE_MSIX_VECTOR, 2) => {
                queue.map_or(common::NO_VECTOR, |queue| queue.vector).into()
            }
            (common::QUEUE_ENABLE, 2) => queue.is_some_and(|queue| queue.enabled).into(),
            (common::QUEUE_NOTIFY_OFF, 2) => self.queue_select.into(),
            // A queue reset is complete when its write returns, so nobody sees it under way.
            (common::QUEUE_NOTIFY_DATA | common::QUEUE_RESET, 2) => 0,
            _ => return Err(BadAccess),
        })
    }

    /// Writes a register.
    pub fn write(&mut self, offset: u64, size: usize, value: u64) -> Result<Effect, BadAccess> {
        if let Some((area, part)) = address_part(offset, size) {
            return self.write_address(area, part, value);
        }
        match (offset, size) {
            (common::DEVICE_FEATURE_SELECT, 4) => self.device_feature_select = value as u32,
            (common::DRIVER_FEATURE_SELECT, 4) => self.driver_feature_select = value as u32,
            (common::DRIVER_FEATURE, 4) => self.write_driver_features(value as u32)?,
            (common::CONFIG_MSIX_VECTOR, 2) => {
                self.config_vector = self.existing_vector(value as u16)
            }
            (common::DEVICE_STATUS, 1) => return self.write_status(value as u8),
            (common::QUEUE_SELECT, 2) => self.queue_select = value as u16,
            (common::QUEUE_SIZE, 2) => self.write_queue_size(value as u16)?,
            (common::QUEUE_MSIX_VECTOR, 2) => {
                let vector = self.existing_vector(value as u16);
                self.selected_mut()?.vector = vector;
            }
            (common::QUEUE_ENABLE, 2) => return self.write_queue_enable(value as u16),
            (common::QUEUE_RESET, 2) => return self.write_queue_reset(value as u16),
            _ => return Err(BadAccess),
        }
        Ok(Effect::Nothing)
    }

    fn write_driver_features(&mut self, value: u32) -> Result<(), BadAccess> {
        if self.status & STATUS_FEATURES_OK != 0 {
            return Err(BadAccess);
        }
        match self.driver_feature_select {
            select @ 0..=1 => {
                let shift = 32 * select;
                self.driver_features &= !(u64::from(u32::MAX) << shift);
                self.driver_features |= u64::from(value) << shift;
            }
            _ => self.unknown_features |= value != 0,
        }
        Ok(())
    }

    fn write_status(&mut self, value: u8) -> Result<Effect, BadAccess> {
        if value == 0 {
            self.reset();
            return Ok(Effect::DeviceReset);
        }
        // VIRTIO 1.2 section 2.1.1 "Driver Requirements: Device Status Field": a driver only adds
        // bits; DEVICE_NEEDS_RESET is the device's own.
        if self.status & !STATUS_NEEDS_RESET & !value != 0 {
            return Err(BadAccess);
        }
        let mut added = value & !self.status & !STATUS_NEEDS_RESET;
        if added & STATUS_FEATURES_OK != 0 && !self.features_acceptable() {
            added &= !STATUS_FEATURES_OK;
        }
        if (self.status | added) & STATUS_FEATURES_OK == 0 {
            added &= !STATUS_DRIVER_OK;
        }
        self.status |= added;
        if added & STATUS_DRIVER_OK != 0 {
            return Ok(Effect::DriverReady);
        }
        Ok(Effect::Nothing)
    }

    fn features_acceptable(&self) -> bool {
        !self.unknown_features
            && self.driver_features & !self.offered == 0
            && features_agree(self.driver_features)
    }

    fn write_queue_size(&mut self, value: u16) -> Result<(), BadAccess> {
        let largest = self.queue_size;
        let queue = self.selected_mut()?;
        if queue.enabled || !value.is_power_of_two() || value > largest {
            return Err(BadAccess);
        }
        queue.size = value;
        Ok(())
    }

    fn write_queue_enable(&mut self, value: u16) -> Result<Effect, BadAccess> {
        let features_ok = self.status & STATUS_FEATURES_OK != 0;
        let queue_select = self.queue_select;
        let queue = self.selected_mut()?;
        if value != 1 || queue.enabled || !features_ok {
            return Err(BadAccess);
        }
        queue.enabled = true;
        Ok(Effect::QueueEnabled(queue_select))
    }

    /// VIRTIO 1.2 section 2.6.1 "Virtqueue Reset".
    fn write_queue_reset(&mut self, value: u16) -> Result<Effect, BadAccess> {
        if value != 1 || self.negotiated() & feature(VIRTIO_F_RING_RESET) == 0 {
            return Err(BadAccess);
        }
        let default = self.reset_queue();
        *self.selected_mut()? = default;
        Ok(Effect::QueueReset(self.queue_select))
    }

    fn write_address(&mut self, area: u64, part: Part, value: u64) -> Result<Effect, BadAccess> {
        let queue = self.selected_mut()?;
        if queue.enabled {
            return Err(BadAccess);
        }
        let address = match area {
            common::QUEUE_DESC => &mut queue.descriptor_area,
            common::QUEUE_DRIVER => &mut queue.driver_area,
            _ => &mut queue.device_area,
        };
        *address = part.replaced(*address, value);
        Ok(Effect::Nothing)
    }

    fn existing_vector(&self, vector: u16) -> u16 {
        if vector < self.vectors {
            vector
        } else {
            common::NO_VECTOR
        }
    }

    fn selected(&self) -> Option<&QueueRegisters> {
        self.queues.get(usize::from(self.queue_select))
    }

    fn selected_mut(&mut self) -> Result<&mut QueueRegisters, BadAccess> {
        self.queues
            .get_mut(usize::from(self.queue_select))
            .ok_or(BadAccess)
    }

    fn reset_queue(&self) -> QueueRegisters {
        QueueRegisters {
            size: self.queue_size,
            vector: common::NO_VECTOR,
            enabled: false,
            descriptor_area: 0,
            driver_area: 0,
            device_area: 0,
        }
    }

    fn reset(&mut self) {
        self.device_feature_select = 0;
        self.driver_feature_select = 0;
        self.driver_features = 0;
        self.unknown_features = false;
        self.config_vector = common::NO_VECTOR;
        self.status = 0;
        self.queue_select = 0;
        let default = self.reset_queue();
        self.queues.fill(default);
    }
}

fn feature_word(features: u64, select: u32) -> u64 {
    match select {
        0 => features & u64::from(u32::MAX),
        1 => features >> 32,
        _ => 0,
    }
}

/// Which part of a 64-bit register an access means.
#[derive(Clone, Copy)]
enum Part {
    Low,
    High,
    Whole,
}

impl Part {
    fn of(self, register: u64) -> u64 {
        match self {
            Self::Low => register & u64::from(u32::MAX),
            Self::High => register >> 32,
            Self::Whole => register,
        }
    }

    fn replaced(self, register: u64, value: u64) -> u64 {
        let half = value & u64::from(u32::MAX);
        match self {
            Self::Low => register >> 32 << 32 | half,
            Self::High => register & u64::from(u32::MAX) | half << 32,
            Self::Whole => value,
        }
    }
}

/// The queue address register that an access hits, if it hits one.
fn address_part(offset: u64, size: usize) -> Option<(u64, Part)> {
    let area = offset & !7;
    if !matches!(
        area,
        common::QUEUE_DESC | common::QUEUE_DRIVER | common::QUEUE_DEVICE
    ) {
        return None;
    }
    match (offset - area, size) {
        (0, 4) => Some((area, Part::Low)),
        (4, 4) => Some((area, Part::High)),
        (0, 8) => Some((area, Part::Whole)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use virtio_bindings::virtio_config::{
        VIRTIO_CONFIG_S_ACKNOWLEDGE, VIRTIO_CONFIG_S_DRIVER, VIRTIO_F_VERSION_1,
    };
    use virtio_bindings::virtio_net::VIRTIO_NET_F_MQ;

    const PRESENT: u64 = (VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER) as u64;
    const FEATURES_OK: u64 = PRESENT | STATUS_FEATURES_OK as u64;
    const DRIVER_OK: u64 = FEATURES_OK | STATUS_DRIVER_OK as u64;

    fn registers() -> CommonConfig {
        CommonConfig::new(&VirtioNetConfig::default())
    }

    fn accept(registers: &mut CommonConfig, features: u64) -> u64 {
        registers.write(common::DEVICE_STATUS, 1, PRESENT).unwrap();
        for select in 0..2 {
            registers
                .write(common::DRIVER_FEATURE_SELECT, 4, select)
                .unwrap();
            registers
                .write(common::DRIVER_FEATURE, 4, features >> (32 * select))
                .unwrap();
        }
        registers
            .write(common::DEVICE_STATUS, 1, FEATURES_OK)
            .unwrap();
        registers.read(common::DEVICE_STATUS, 1).unwrap()
    }

    #[test]
    fn features_ok_stays_when_the_features_are_offered_and_agree() {
        let offered = VirtioNetConfig::default().features;
        assert_eq!(accept(&mut registers(), offered), FEATURES_OK);
    }

    #[test]
    fn features_ok_is_refused_for_what_is_not_offered_or_lacks_its_requirements() {
        let version_1 = feature(VIRTIO_F_VERSION_1);
        assert_eq!(accept(&mut registers(), 0), PRESENT);
        assert_eq!(accept(&mut registers(), version_1 | 1), PRESENT);
        let queues_without_control = version_1 | feature(VIRTIO_NET_F_MQ);
        assert_eq!(accept(&mut registers(), queues_without_control), PRESENT);
        let mut above = registers();
        above.write(common::DRIVER_FEATURE_SELECT, 4, 2).unwrap();
        above.write(common::DRIVER_FEATURE, 4, 1).unwrap();
        assert_eq!(accept(&mut above, version_1), PRESENT);
    }

    #[test]
    fn driver_ok_needs_features_ok_and_bits_are_never_taken_back() {
        let mut registers = registers();
        let effect = registers.write(common::DEVICE_STATUS, 1, DRIVER_OK);
        assert_eq!(
            effect,
            Ok(Effect::Nothing),
            "no VERSION_1, so no FEATURES_OK"
        );
        assert!(!registers.driver_ok());
        accept(&mut registers, feature(VIRTIO_F_VERSION_1));
        let effect = registers.write(common::DEVICE_STATUS, 1, DRIVER_OK);
        assert_eq!(effect, Ok(Effect::DriverReady));
        let effect = registers.write(common::DEVICE_STATUS, 1, PRESENT);
        assert_eq!(effect, Err(BadAccess));
        assert!(registers.driver_ok());
    }

    #[test]
    fn writing_zero_resets_every_register() {
        let mut registers = registers();
        accept(&mut registers, VirtioNetConfig::default().features);
        registers.write(common::QUEUE_DESC, 8, 0x1000).unwrap();
        registers.write(common::QUEUE_SIZE, 2, 64).unwrap();
        registers.set_needs_reset();
        let effect = registers.write(common::DEVICE_STATUS, 1, 0);
        assert_eq!(effect, Ok(Effect::DeviceReset));
        assert_eq!(registers.read(common::DEVICE_STATUS, 1), Ok(0));
        assert_eq!(registers.read(common::QUEUE_DESC, 8), Ok(0));
        assert_eq!(registers.read(common::QUEUE_SIZE, 2), Ok(256));
        assert_eq!(registers.negotiated(), 0);
    }

    #[test]
    fn queue_registers_follow_the_selected_queue() {
        let mut registers = registers();
        accept(&mut registers, VirtioNetConfig::default().features);
        registers.write(common::QUEUE_SELECT, 2, 3).unwrap();
        registers.write(common::QUEUE_DESC, 4, 0x9000_0000).unwrap();
        registers.write(common::QUEUE_DESC + 4, 4, 0x12).unwrap();
        registers.write(common::QUEUE_MSIX_VECTOR, 2, 5).unwrap();
        assert_eq!(registers.queue(3).unwrap().descriptor_area, 0x12_9000_0000);
        assert_eq!(registers.read(common::QUEUE_NOTIFY_OFF, 2), Ok(3));
        let effect = registers.write(common::QUEUE_ENABLE, 2, 1);
        assert_eq!(effect, Ok(Effect::QueueEnabled(3)));
        assert_eq!(registers.write(common::QUEUE_DESC, 4, 0), Err(BadAccess));
        assert_eq!(registers.write(common::QUEUE_SIZE, 2, 64), Err(BadAccess));
        assert_eq!(registers.queue(2).unwrap().descriptor_area, 0);
    }

    #[test]
    fn a_vector_that_does_not_exist_reads_back_as_no_vector() {
        let mut registers = registers();
        registers.write(common::CONFIG_MSIX_VECTOR, 2, 17).unwrap();
        let vector = registers.read(common::CONFIG_MSIX_VECTOR, 2);
        assert_eq!(vector, Ok(u64::from(common::NO_VECTOR)));
        registers.write(common::CONFIG_MSIX_VECTOR, 2, 16).unwrap();
        assert_eq!(registers.read(common::CONFIG_MSIX_VECTOR, 2), Ok(16));
    }

    #[test]
    fn a_queue_that_does_not_exist_has_size_zero_and_takes_no_writes() {
        let mut registers = registers();
        registers.write(common::QUEUE_SELECT, 2, 33).unwrap();
        assert_eq!(registers.read(common::QUEUE_SIZE, 2), Ok(0));
        assert_eq!(registers.write(common::QUEUE_SIZE, 2, 64), Err(BadAccess));
        assert_eq!(registers.write(common::QUEUE_DESC, 8, 64), Err(BadAccess));
    }

    #[test]
    fn queue_reset_gives_default_registers_and_needs_its_feature() {
        let mut registers = registers();
        assert_eq!(registers.write(common::QUEUE_RESET, 2, 1), Err(BadAccess));
        accept(&mut registers, VirtioNetConfig::default().features);
        registers.write(common::QUEUE_ENABLE, 2, 1).unwrap();
        let effect = registers.write(common::QUEUE_RESET, 2, 1);
        assert_eq!(effect, Ok(Effect::QueueReset(0)));
        assert_eq!(registers.read(common::QUEUE_RESET, 2), Ok(0));
        assert_eq!(registers.read(common::QUEUE_ENABLE, 2), Ok(0));
    }

    #[test]
    fn accesses_of_another_size_are_refused() {
        let mut registers = registers();
        assert_eq!(registers.read(common::DEVICE_STATUS, 4), Err(BadAccess));
        assert_eq!(registers.read(common::QUEUE_DESC + 2, 4), Err(BadAccess));
        assert_eq!(registers.write(common::NUM_QUEUES, 2, 1), Err(BadAccess));
    }
}
