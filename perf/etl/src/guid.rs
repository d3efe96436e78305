//! Names of providers as GUIDs.

use sha1::{Digest, Sha1};
use uuid::Uuid;

/// What the names of providers are hashed behind.
const NAMESPACE: [u8; 16] = [
    0x48, 0x2C, 0x2D, 0xB2, 0xC3, 0x90, 0x47, 0xC8, 0x87, 0xF8, 0x1A, 0x15, 0xBF, 0xC1, 0x30, 0xFB,
];

/// The GUID that stands for a provider's name: the one that tools compute for `*name`.
///
/// ```
/// let guid = etl::provider_guid("MyProvider");
/// assert_eq!(guid.to_string(), "b3864c38-4273-58c5-545b-8b3608343471");
/// ```
///
/// *TraceLogging for Event Tracing for Windows*, "Provider Name and Id".
pub fn provider_guid(name: &str) -> Uuid {
    let mut hash = Sha1::new();
    hash.update(NAMESPACE);
    for unit in name.to_uppercase().encode_utf16() {
        hash.update(unit.to_be_bytes());
    }
    let digest = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    // Version 5 of RFC 4122, in the order of memory.
    bytes[7] = (bytes[7] & 0x0F) | 0x50;
    Uuid::from_bytes_le(bytes)
}

#[cfg(test)]
mod tests {
    use super::provider_guid;

    #[test]
    fn names_hash_to_their_published_guids() {
        let cases = [
            ("MyProvider", "b3864c38-4273-58c5-545b-8b3608343471"),
            ("Contoso.Net.Driver", "4229f554-37de-522d-bf9b-255107907694"),
            ("contoso.NET.driver", "4229f554-37de-522d-bf9b-255107907694"),
        ];
        for (name, guid) in cases {
            assert_eq!(provider_guid(name).to_string(), guid);
        }
    }
}
