//! The machine (*SystemConfig class*): logged when a session ends, so it is the machine after every
//! change.

use crate::bytes::{Bytes, put_pointer, put_utf16};

const COMPUTER_NAME_UNITS: usize = 256;
const DOMAIN_NAME_UNITS: usize = 134;
const PROCESSOR_NAME_UNITS: usize = 64;
const VENDOR_UNITS: usize = 16;
const IDENTIFIER_UNITS: usize = 128;

/// The machine as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cpu {
    /// Frequency of its processors.
    pub mhz: u32,
    /// How many processors it has.
    pub number_of_processors: u32,
    /// MiB of memory.
    pub memory_mb: u32,
    /// Bytes of a page.
    pub page_size: u32,
    /// Bytes by which memory is given out.
    pub allocation_granularity: u32,
    /// Its name.
    pub computer_name: String,
    /// Its domain.
    pub domain_name: String,
}

impl Cpu {
    pub(super) fn decode(bytes: &mut Bytes<'_>) -> Option<Self> {
        Some(Self {
            mhz: bytes.u32()?,
            number_of_processors: bytes.u32()?,
            memory_mb: bytes.u32()?,
            page_size: bytes.u32()?,
            allocation_granularity: bytes.u32()?,
            computer_name: fixed(bytes, COMPUTER_NAME_UNITS)?,
            domain_name: fixed(bytes, DOMAIN_NAME_UNITS)?,
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>, pointer: u8) {
        for value in [
            self.mhz,
            self.number_of_processors,
            self.memory_mb,
            self.page_size,
            self.allocation_granularity,
        ] {
            out.extend_from_slice(&value.to_le_bytes());
        }
        put_fixed(out, &self.computer_name, COMPUTER_NAME_UNITS);
        put_fixed(out, &self.domain_name, DOMAIN_NAME_UNITS);
        let (hyper_threading, highest_user_address) = (0, 0x7FFF_FFFE_FFFF);
        put_pointer(out, hyper_threading, pointer);
        put_pointer(out, highest_user_address, pointer);
        let (architecture_amd64, level, revision) = (9_u16, 6_u16, 0_u16);
        for value in [architecture_amd64, level, revision] {
            out.extend_from_slice(&value.to_le_bytes());
        }
        let (no_execute, physical_address_extension) = (1, 1);
        out.extend_from_slice(&[no_execute, physical_address_extension]);
        let memory_speed = 0_u32;
        out.extend_from_slice(&memory_speed.to_le_bytes());
    }
}

/// A network adapter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nic {
    /// Its address, the first byte in the lowest bits.
    pub physical_address: u64,
    /// Bytes of the address.
    pub physical_address_length: u32,
    /// Its number to IPv4.
    pub ipv4_index: u32,
    /// Its number to IPv6.
    pub ipv6_index: u32,
    /// What it is.
    pub description: String,
    /// Its IP addresses.
    pub ip_addresses: String,
    /// Its name servers.
    pub dns_server_addresses: String,
}

impl Nic {
    pub(super) fn decode(bytes: &mut Bytes<'_>) -> Option<Self> {
        Some(Self {
            physical_address: bytes.u64()?,
            physical_address_length: bytes.u32()?,
            ipv4_index: bytes.u32()?,
            ipv6_index: bytes.u32()?,
            description: bytes.utf16(),
            ip_addresses: bytes.utf16(),
            dns_server_addresses: bytes.utf16(),
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.physical_address.to_le_bytes());
        for value in [
            self.physical_address_length,
            self.ipv4_index,
            self.ipv6_index,
        ] {
            out.extend_from_slice(&value.to_le_bytes());
        }
        put_utf16(out, &self.description);
        put_utf16(out, &self.ip_addresses);
        put_utf16(out, &self.dns_server_addresses);
    }
}

/// One processor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Processor {
    /// Its index over all groups.
    pub index: u32,
    /// What it can do.
    pub feature_set: u32,
    /// Its frequency.
    pub mhz: u32,
    /// Its name.
    pub name: String,
    /// Who made it.
    pub vendor: String,
    /// Its family, model and stepping.
    pub identifier: String,
}

impl Processor {
    pub(super) fn decode(bytes: &mut Bytes<'_>) -> Option<Self> {
        Some(Self {
            index: bytes.u32()?,
            feature_set: bytes.u32()?,
            mhz: bytes.u32()?,
            name: fixed(bytes, PROCESSOR_NAME_UNITS)?,
            vendor: fixed(bytes, VENDOR_UNITS)?,
            identifier: fixed(bytes, IDENTIFIER_UNITS)?,
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        for value in [self.index, self.feature_set, self.mhz] {
            out.extend_from_slice(&value.to_le_bytes());
        }
        put_fixed(out, &self.name, PROCESSOR_NAME_UNITS);
        put_fixed(out, &self.vendor, VENDOR_UNITS);
        put_fixed(out, &self.identifier, IDENTIFIER_UNITS);
    }
}

/// A processor's group and its number there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ProcessorNumber {
    /// The group.
    pub group: u16,
    /// The number in the group.
    pub number: u8,
}

/// Affinities of the groups; a count that is longer than the event counts no further.
pub(super) fn decode_groups(bytes: &mut Bytes<'_>) -> Option<Vec<u64>> {
    let count = bytes.u32()? as usize;
    let most = bytes.remaining() / size_of::<u64>();
    (0..count.min(most)).map(|_| bytes.u64()).collect()
}

pub(super) fn encode_groups(groups: &[u64], out: &mut Vec<u8>) {
    out.extend_from_slice(&(groups.len() as u32).to_le_bytes());
    for affinity in groups {
        out.extend_from_slice(&affinity.to_le_bytes());
    }
}

/// Group and number of each processor; a count that is longer than the event counts no further.
pub(super) fn decode_numbers(bytes: &mut Bytes<'_>) -> Option<Vec<ProcessorNumber>> {
    const ENTRY_BYTES: usize = 4;
    let count = bytes.u32()? as usize;
    let most = bytes.remaining() / ENTRY_BYTES;
    let entry = |_| {
        let (group, number) = (bytes.u16()?, bytes.u8()?);
        bytes.skip(1)?;
        Some(ProcessorNumber { group, number })
    };
    (0..count.min(most)).map(entry).collect()
}

pub(super) fn encode_numbers(numbers: &[ProcessorNumber], out: &mut Vec<u8>) {
    out.extend_from_slice(&(numbers.len() as u32).to_le_bytes());
    for ProcessorNumber { group, number } in numbers {
        out.extend_from_slice(&group.to_le_bytes());
        out.extend_from_slice(&[*number, 0]);
    }
}

fn fixed(bytes: &mut Bytes<'_>, units: usize) -> Option<String> {
    bytes.take(units * 2).map(|text| Bytes::new(text).utf16())
}

fn put_fixed(out: &mut Vec<u8>, text: &str, units: usize) {
    let end = out.len() + units * 2;
    // The last unit is the NUL.
    for unit in text.encode_utf16().take(units - 1) {
        out.extend_from_slice(&unit.to_le_bytes());
    }
    out.resize(end, 0);
}
