//! XPRESS, plain LZ77: how buffers are compressed (\[MS-XCA\], 2.3 and 2.4).

mod compress;
mod expand;

pub use compress::compress;
pub(crate) use expand::Expander;

/// The farthest back that a match can reach: 13 bits, counted from 1.
pub(crate) const DISTANCE_MAX: usize = 1 << 13;

/// The shortest match.
const MATCH_MIN: usize = 3;

/// Lengths below stand in the match's own word, from here on more follows.
const SHORT_LENGTHS: usize = 7;

/// Lengths below end with the shared half byte.
const NIBBLE_LENGTHS: usize = SHORT_LENGTHS + 15;

/// Why compressed bytes cannot be expanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// A match begins before the first byte.
    #[error("a match reaches back before the start")]
    DistanceTooFar,
    /// A length's long form is shorter than its short form could be.
    #[error("a match's length is coded in a longer form than it needs")]
    BadLength,
    /// The input ended before the output was complete.
    #[error("the compressed bytes end early")]
    InputTooShort,
}

/// Expands `input` to exactly `size` bytes. What lies behind is ignored.
///
/// # Errors
/// If the input is damaged or too short.
pub fn expand(input: &[u8], size: usize) -> Result<Vec<u8>, ExpandError> {
    // Every byte of input gives at most what one long match gives; memory follows the output that
    // there really is.
    let mut out = Vec::with_capacity(size.min(input.len().saturating_mul(8)));
    let mut expander = Expander::default();
    let mut input = input;
    while out.len() < size {
        let before = out.len();
        let most = (size - before).min(1 << 16);
        expander.expand(&mut input, true, &mut out, before + most)?;
        if out.len() == before {
            return Err(ExpandError::InputTooShort);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The examples of \[MS-XCA\] 3.1.
    const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz";

    #[test]
    fn published_examples_expand() {
        let mut letters = vec![0x3F, 0, 0, 0];
        letters.extend_from_slice(ALPHABET);
        assert_eq!(expand(&letters, 26).as_deref(), Ok(ALPHABET));
        let abc = [
            0xFF, 0xFF, 0xFF, 0x1F, 0x61, 0x62, 0x63, 0x17, 0x00, 0x0F, 0xFF, 0x26, 0x01,
        ];
        assert_eq!(expand(&abc, 300), Ok(b"abc".repeat(100)));
    }

    #[test]
    fn a_match_before_the_start_is_an_error() {
        let bytes = [0xFF, 0xFF, 0xFF, 0xFF, 0x08, 0x00, 0, 0, 0, 0];
        assert_eq!(expand(&bytes, 10), Err(ExpandError::DistanceTooFar));
    }

    #[test]
    fn input_that_ends_early_is_an_error() {
        for length in 0..29 {
            let mut letters = vec![0x3F, 0, 0, 0];
            letters.extend_from_slice(ALPHABET);
            letters.truncate(length);
            assert_eq!(expand(&letters, 26), Err(ExpandError::InputTooShort));
        }
    }

    #[test]
    fn a_lie_about_the_size_allocates_no_more_than_there_is() {
        assert_eq!(
            expand(&[0, 0, 0, 0, 1], usize::MAX),
            Err(ExpandError::InputTooShort)
        );
    }

    fn texts() -> impl Strategy<Value = Vec<u8>> {
        let repeated = (prop::collection::vec(any::<u8>(), 1..40), 1..3000_usize)
            .prop_map(|(piece, times)| piece.repeat(times));
        let few = prop::collection::vec(0..3_u8, 0..5000);
        let noise = prop::collection::vec(any::<u8>(), 0..2000);
        let long = (any::<u8>(), 60_000..80_000_usize).prop_map(|(byte, n)| vec![byte; n]);
        prop::collection::vec(prop_oneof![repeated, few, noise, long], 0..4)
            .prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_compressed_expands_to_itself(text in texts()) {
            let packed = compress(&text);
            prop_assert_eq!(expand(&packed, text.len()), Ok(text));
        }

        #[test]
        fn expanding_in_pieces_is_expanding_at_once(
            text in texts(), input_step in 1..700_usize, output_step in 1..900_usize,
        ) {
            let packed = compress(&text);
            let mut expander = Expander::default();
            let mut out = Vec::new();
            let mut given = 0;
            let mut used = 0;
            while out.len() < text.len() {
                let is_final = given == packed.len();
                let mut input = &packed[used..given];
                let target = (out.len() + output_step).min(text.len());
                expander.expand(&mut input, is_final, &mut out, target).expect("it is sound");
                used = given - input.len();
                given = (given + input_step).min(packed.len());
            }
            prop_assert_eq!(out, text);
        }

        #[test]
        fn any_bytes_expand_or_fail(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(out) = expand(&bytes, 5000) {
                prop_assert_eq!(out.len(), 5000);
            }
        }
    }
}
