//! Whatever the bytes, there is an installation or an error, never a panic.

use proptest::prelude::*;

use super::super::{Inf, Installation, Target};
use super::{SMALL, device, dhpnic};

fn read(bytes: &[u8]) {
    if let Ok(inf) = Inf::parse(bytes)
        && let Ok(mut installation) =
            Installation::plan(&inf, &device(), &Target::windows_server_2025())
    {
        let _ = installation.set_keyword("*NumRSSQueues", "4");
        let _ = installation.takes_part_in_rebalance();
    }
}

/// Pieces that INF syntax is made of, so that random files get past the first line.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "[Version]",
        "[Strings]",
        "[Manufacturer]",
        "[Small.NT]",
        "[Reg]",
        "HKR",
        ",",
        ",,",
        "=",
        "\n",
        "\r\n",
        "\\",
        "\"",
        "\"\"",
        "%",
        "%%",
        "%13%",
        "%Maker%",
        ";",
        " ",
        "AddReg",
        "AddProperty",
        "Needs",
        "Small.NT",
        "Reg",
        "0x10001",
        "-1",
        "{",
        "é",
        "\u{feff}",
        "Ndi\\params\\K",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 256,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn random_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        read(&bytes);
        read(&[b"\xFF\xFE", bytes.as_slice()].concat());
    }

    #[test]
    fn random_syntax_does_not_panic(pieces in prop::collection::vec(piece(), 0..64)) {
        read(pieces.concat().as_bytes());
        let text = SMALL.replacen(";reg", &pieces.concat(), 1);
        read(text.as_bytes());
        let text = SMALL.replacen(";more", &pieces.concat(), 1);
        read(text.as_bytes());
    }

    #[test]
    fn mutated_bytes_of_the_real_inf_do_not_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = dhpnic::stamped().into_bytes();
        for (index, byte) in edits {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        read(&bytes);
        read(&bytes[..cut.index(bytes.len())]);
    }

    #[test]
    fn mutated_lines_of_the_real_inf_do_not_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), piece()), 1..6),
    ) {
        let text = dhpnic::stamped();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for (from, to, piece) in edits {
            let line = lines[from.index(lines.len())].clone();
            let at = to.index(lines.len());
            lines[at] = format!("{piece}{line}");
        }
        read(lines.join("\n").as_bytes());
    }
}
