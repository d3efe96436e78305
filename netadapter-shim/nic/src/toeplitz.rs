//! The Toeplitz hash that spreads flows over receive queues.

/// Bytes of a hash key: enough for two IPv6 addresses and two ports.
pub const KEY_LENGTH: usize = 40;
/// Longest input: two IPv6 addresses and two ports.
pub const INPUT_LENGTH_MAX: usize = KEY_LENGTH - 4;

/// The hash of one key, with a table for each byte position of the input.
///
/// A set bit *i* of the input contributes the 32 bits of the key that begin at bit *i*. The
/// contribution of a whole byte depends on its value and its position only, so it is looked up.
pub struct Toeplitz {
    tables: Box<[[u32; 256]; INPUT_LENGTH_MAX]>,
}

impl Toeplitz {
    /// Prepares the tables of `key`.
    pub fn new(key: &[u8; KEY_LENGTH]) -> Self {
        let mut tables = Box::new([[0; 256]; INPUT_LENGTH_MAX]);
        for (position, table) in tables.iter_mut().enumerate() {
            let window = key[position..position + 5]
                .iter()
                .fold(0u64, |window, byte| window << 8 | u64::from(*byte));
            for (value, contribution) in table.iter_mut().enumerate() {
                *contribution = (0..8)
                    .filter(|bit| value & (0x80 >> bit) != 0)
                    .map(|bit| (window >> (8 - bit)) as u32)
                    .fold(0, |hash, bits| hash ^ bits);
            }
        }
        Self { tables }
    }

    /// The hash of `input`.
    ///
    /// # Panics
    ///
    /// If `input` is longer than [`INPUT_LENGTH_MAX`].
    pub fn hash(&self, input: &[u8]) -> u32 {
        assert!(
            input.len() <= INPUT_LENGTH_MAX,
            "hash input of {} bytes",
            input.len()
        );
        self.tables
            .iter()
            .zip(input)
            .fold(0, |hash, (table, byte)| hash ^ table[usize::from(*byte)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;
    use std::path::Path;

    fn vectors() -> serde_json::Value {
        let text = include_str!("../tests/data/rss-hash-vectors.json");
        serde_json::from_str(text).unwrap()
    }

    fn key(vectors: &serde_json::Value) -> [u8; KEY_LENGTH] {
        let digits = vectors["key"].as_str().unwrap();
        std::array::from_fn(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap())
    }

    fn octets(vector: &serde_json::Value, name: &str) -> Vec<u8> {
        match vector[name].as_str().unwrap().parse().unwrap() {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        }
    }

    fn expected(vector: &serde_json::Value, name: &str) -> u32 {
        let digits = vector[name].as_str().unwrap();
        u32::from_str_radix(digits.trim_start_matches("0x"), 16).unwrap()
    }

    fn port(vector: &serde_json::Value, name: &str) -> [u8; 2] {
        u16::try_from(vector[name].as_u64().unwrap())
            .unwrap()
            .to_be_bytes()
    }

    #[test]
    fn the_published_vectors_come_out() {
        let vectors = vectors();
        let toeplitz = Toeplitz::new(&key(&vectors));
        let mut checked = 0;
        for family in ["ipv4", "ipv6"] {
            for vector in vectors[family].as_array().unwrap() {
                let mut input = octets(vector, "source");
                input.extend(octets(vector, "destination"));
                assert_eq!(toeplitz.hash(&input), expected(vector, "hash_ip"));
                input.extend(port(vector, "source_port"));
                input.extend(port(vector, "destination_port"));
                assert_eq!(toeplitz.hash(&input), expected(vector, "hash_tcp"));
                checked += 1;
            }
        }
        assert_eq!(checked, 8);
    }

    #[test]
    fn the_copied_vectors_are_those_of_the_reference() {
        let reference = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../../shared/data/rss-hash-vectors.json");
        if let Ok(text) = std::fs::read_to_string(reference) {
            assert_eq!(text, include_str!("../tests/data/rss-hash-vectors.json"));
        }
    }

    #[test]
    fn an_empty_input_hashes_to_zero() {
        assert_eq!(Toeplitz::new(&[0xff; KEY_LENGTH]).hash(&[]), 0);
    }
}
