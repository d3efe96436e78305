//! What a virtio PCI function says of itself in configuration space (VIRTIO 1.2, 4.1.4 *Virtio Structure PCI
//! Capabilities*).
//!
//! [`parse`] works on one snapshot of the first 256 bytes. The list of capabilities comes from the device: it may be
//! cut off, run in circles or point anywhere.

use core::fmt;

/// Bytes of conventional PCI configuration space.
pub const CONFIGURATION_BYTES: usize = 256;

const STATUS: usize = 0x06;
const STATUS_CAPABILITIES: u16 = 1 << 4;
const FIRST_BAR: usize = 0x10;
const CAPABILITIES_POINTER: usize = 0x34;
/// Capabilities lie behind the header.
const HEADER_BYTES: usize = 0x40;
const CAPABILITY_MSIX: u8 = 0x11;
const CAPABILITY_VENDOR: u8 = 0x09;
const MSIX_TABLE_SIZE_MASK: u16 = 0x07FF;
const BARS: u8 = 6;

const TYPE_COMMON: u8 = 1;
const TYPE_NOTIFY: u8 = 2;
const TYPE_DEVICE: u8 = 4;

/// Bytes of the common configuration up to and with `queue_device`.
pub const COMMON_BYTES: u32 = 0x38;
/// Bytes of the network device configuration up to and with `mac`.
pub const DEVICE_BYTES: u32 = 6;

/// A stretch of a base address register's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The base address register, 0 to 5.
    pub bar: u8,
    /// First byte.
    pub offset: u32,
    /// Length in bytes.
    pub length: u32,
}

/// The function's structures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Common configuration; at least [`COMMON_BYTES`].
    pub common: Window,
    /// Notification structure.
    pub notify: Window,
    /// `notify_off_multiplier`: bytes between the doorbells of queues.
    pub notify_multiplier: u32,
    /// Device configuration; at least [`DEVICE_BYTES`].
    pub device: Window,
    /// Entries of the MSI-X table; 0 without MSI-X.
    pub msix_entries: u16,
}

/// Why a function's configuration space cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The function has no list of capabilities.
    NoCapabilities,
    /// The list leads to a place that is no capability's.
    Pointer {
        /// The pointer.
        at: u8,
    },
    /// The list comes to the same capability again.
    Loop {
        /// Where it comes to again.
        at: u8,
    },
    /// A virtio structure is missing or too short.
    Missing {
        /// Its `cfg_type`.
        structure: u8,
    },
}

impl fmt::Display for Malformed {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCapabilities => write!(text, "the function has no list of PCI capabilities"),
            Self::Pointer { at } => write!(text, "the list of PCI capabilities leads to {at:#x}"),
            Self::Loop { at } => {
                write!(text, "the list of PCI capabilities comes to {at:#x} twice")
            }
            Self::Missing { structure } => {
                write!(text, "no usable virtio structure of type {structure}")
            }
        }
    }
}

/// Finds the function's structures in a snapshot of its configuration space.
///
/// Of several structures of one type the first that can be used counts, as 4.1.4.1 asks of drivers.
///
/// # Errors
///
/// What is wrong with the list, or which structure is missing.
pub fn parse(configuration: &[u8; CONFIGURATION_BYTES]) -> Result<Capabilities, Malformed> {
    let (mut common, mut notify, mut device) = (None, None, None);
    let mut msix_entries = 0;
    for at in capabilities(configuration) {
        let at = at?;
        match configuration[at] {
            CAPABILITY_MSIX => {
                msix_entries =
                    (u16_at(configuration, at + 2).unwrap_or(0) & MSIX_TABLE_SIZE_MASK) + 1
            }
            CAPABILITY_VENDOR => {
                let Some((structure, window)) = virtio_structure(configuration, at) else {
                    continue;
                };
                match structure {
                    TYPE_COMMON if window.length >= COMMON_BYTES => {
                        common = common.or(Some(window))
                    }
                    TYPE_NOTIFY if window.length >= 2 => {
                        notify = notify
                            .or(u32_at(configuration, at + 16)
                                .map(|multiplier| (window, multiplier)));
                    }
                    TYPE_DEVICE if window.length >= DEVICE_BYTES => {
                        device = device.or(Some(window))
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
    let (notify, notify_multiplier) = notify.ok_or(Malformed::Missing {
        structure: TYPE_NOTIFY,
    })?;
    Ok(Capabilities {
        common: common.ok_or(Malformed::Missing {
            structure: TYPE_COMMON,
        })?,
        notify,
        notify_multiplier,
        device: device.ok_or(Malformed::Missing {
            structure: TYPE_DEVICE,
        })?,
        msix_entries,
    })
}

/// The address in a memory base address register, without its flag bits; `None` for an I/O register.
pub fn bar_address(configuration: &[u8; CONFIGURATION_BYTES], bar: u8) -> Option<u64> {
    const IO: u32 = 1;
    const TYPE_MASK: u32 = 6;
    const TYPE_64_BIT: u32 = 4;
    let register =
        |bar: u8| u32_at(configuration, FIRST_BAR + 4 * usize::from(bar)).filter(|_| bar < BARS);
    let low = register(bar).filter(|value| value & IO == 0)?;
    let high = if low & TYPE_MASK == TYPE_64_BIT {
        register(bar + 1)?
    } else {
        0
    };
    Some(u64::from(high) << 32 | u64::from(low & !0xF))
}

/// The places of the function's capabilities, each once.
fn capabilities(
    configuration: &[u8; CONFIGURATION_BYTES],
) -> impl Iterator<Item = Result<usize, Malformed>> {
    let has_list =
        u16_at(configuration, STATUS).is_some_and(|status| status & STATUS_CAPABILITIES != 0);
    let mut next = if has_list {
        Ok(configuration[CAPABILITIES_POINTER] & !3)
    } else {
        Err(Malformed::NoCapabilities)
    };
    // One bit for every place at which a capability can start.
    let mut visited = 0_u64;
    core::iter::from_fn(move || {
        let at = match next {
            Ok(0) => return None,
            Ok(at) => at,
            Err(malformed) => {
                next = Ok(0);
                return Some(Err(malformed));
            }
        };
        let place = 1 << (at / 4);
        let malformed = if usize::from(at) < HEADER_BYTES {
            Some(Malformed::Pointer { at })
        } else if visited & place != 0 {
            Some(Malformed::Loop { at })
        } else {
            None
        };
        visited |= place;
        next = Ok(if malformed.is_some() {
            0
        } else {
            configuration[usize::from(at) + 1] & !3
        });
        Some(malformed.map_or(Ok(usize::from(at)), Err))
    })
}

/// The `cfg_type` and place of a `virtio_pci_cap`; `None` when it is cut off or impossible.
fn virtio_structure(configuration: &[u8; CONFIGURATION_BYTES], at: usize) -> Option<(u8, Window)> {
    let structure = *configuration.get(at + 3)?;
    let bar = *configuration.get(at + 4)?;
    let (offset, length) = (
        u32_at(configuration, at + 8)?,
        u32_at(configuration, at + 12)?,
    );
    let possible = bar < BARS && offset.checked_add(length).is_some();
    possible.then_some((
        structure,
        Window {
            bar,
            offset,
            length,
        },
    ))
}

fn u16_at(configuration: &[u8; CONFIGURATION_BYTES], at: usize) -> Option<u16> {
    configuration
        .get(at..at + 2)
        .and_then(|bytes| bytes.try_into().ok())
        .map(u16::from_le_bytes)
}

fn u32_at(configuration: &[u8; CONFIGURATION_BYTES], at: usize) -> Option<u32> {
    configuration
        .get(at..at + 4)
        .and_then(|bytes| bytes.try_into().ok())
        .map(u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Function {
        bytes: [u8; CONFIGURATION_BYTES],
        last: usize,
        end: usize,
    }

    impl Function {
        fn new() -> Self {
            let mut bytes = [0; CONFIGURATION_BYTES];
            bytes[STATUS] = STATUS_CAPABILITIES as u8;
            Self {
                bytes,
                last: CAPABILITIES_POINTER,
                end: HEADER_BYTES,
            }
        }

        fn capability(mut self, body: &[u8]) -> Self {
            self.bytes[self.last] = self.end as u8;
            self.bytes[self.end] = body[0];
            self.bytes[self.end + 2..self.end + 1 + body.len()].copy_from_slice(&body[1..]);
            self.last = self.end + 1;
            self.end += (body.len() + 1).next_multiple_of(4);
            self
        }

        fn structure(self, structure: u8, bar: u8, offset: u32, length: u32) -> Self {
            let mut body = vec![CAPABILITY_VENDOR, 20, structure, bar, 0, 0, 0];
            body.extend(offset.to_le_bytes());
            body.extend(length.to_le_bytes());
            body.extend(4_u32.to_le_bytes());
            self.capability(&body)
        }

        fn complete() -> Self {
            Self::new()
                .capability(&[CAPABILITY_MSIX, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0])
                .structure(TYPE_COMMON, 4, 0, 0x40)
                .structure(TYPE_DEVICE, 4, 0x2000, 0x40)
                .structure(TYPE_NOTIFY, 4, 0x3000, 0x1000)
        }
    }

    #[test]
    fn the_structures_are_found() {
        assert_eq!(
            parse(&Function::complete().bytes),
            Ok(Capabilities {
                common: Window {
                    bar: 4,
                    offset: 0,
                    length: 0x40
                },
                notify: Window {
                    bar: 4,
                    offset: 0x3000,
                    length: 0x1000
                },
                notify_multiplier: 4,
                device: Window {
                    bar: 4,
                    offset: 0x2000,
                    length: 0x40
                },
                msix_entries: 8,
            })
        );
    }

    #[test]
    fn the_first_usable_structure_of_a_type_counts() {
        let function = Function::new()
            .structure(TYPE_COMMON, 0, 0, COMMON_BYTES - 1)
            .structure(TYPE_COMMON, 6, 0, 0x40)
            .structure(TYPE_COMMON, 2, 0, 0x40)
            .structure(TYPE_COMMON, 3, 0, 0x40)
            .structure(TYPE_NOTIFY, 1, 0, 0x40)
            .structure(TYPE_DEVICE, 1, 0, 0x40);
        assert_eq!(parse(&function.bytes).unwrap().common.bar, 2);
    }

    #[test]
    fn a_list_that_runs_in_circles_is_refused() {
        let mut function = Function::complete();
        function.bytes[function.last] = HEADER_BYTES as u8;
        assert_eq!(
            parse(&function.bytes),
            Err(Malformed::Loop {
                at: HEADER_BYTES as u8
            })
        );
    }

    #[test]
    fn a_list_that_leads_into_the_header_is_refused() {
        let mut function = Function::complete();
        function.bytes[function.last] = 0x10;
        assert_eq!(parse(&function.bytes), Err(Malformed::Pointer { at: 0x10 }));
    }

    #[test]
    fn a_function_without_a_list_is_refused() {
        assert_eq!(
            parse(&[0; CONFIGURATION_BYTES]),
            Err(Malformed::NoCapabilities)
        );
    }

    #[test]
    fn a_missing_structure_is_named() {
        let function =
            Function::new()
                .structure(TYPE_NOTIFY, 0, 0, 2)
                .structure(TYPE_DEVICE, 0, 0, 6);
        assert_eq!(
            parse(&function.bytes),
            Err(Malformed::Missing {
                structure: TYPE_COMMON
            })
        );
    }

    #[test]
    fn a_structure_cut_off_by_the_end_of_configuration_space_does_not_count() {
        let mut function = Function::complete();
        function.bytes[function.last] = 0xFC;
        function.bytes[0xFC] = CAPABILITY_VENDOR;
        assert!(parse(&function.bytes).is_ok());
    }

    #[test]
    fn a_64_bit_register_takes_two_slots() {
        let mut bytes = [0; CONFIGURATION_BYTES];
        bytes[FIRST_BAR..FIRST_BAR + 8].copy_from_slice(&[0x0C, 0x40, 0, 0, 2, 0, 0, 0]);
        bytes[FIRST_BAR + 8] = 1;
        assert_eq!(bar_address(&bytes, 0), Some(0x2_0000_4000));
        assert_eq!(bar_address(&bytes, 2), None, "an I/O register");
        bytes[FIRST_BAR + 20] = 4;
        assert_eq!(bar_address(&bytes, 5), None, "the upper half is missing");
    }

    proptest! {
        #[test]
        fn any_configuration_space_is_parsed_to_an_end(
            bytes in prop::collection::vec(any::<u8>(), CONFIGURATION_BYTES),
            bar in any::<u8>(),
        ) {
            let mut bytes: [u8; CONFIGURATION_BYTES] = bytes.try_into().unwrap();
            bytes[STATUS] |= STATUS_CAPABILITIES as u8;
            let _ = parse(&bytes);
            let _ = bar_address(&bytes, bar);
        }
    }
}
