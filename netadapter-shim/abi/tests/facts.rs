//! The recorded facts are those of the source they were copied from.

mod common;

/// Where the facts are kept beside the repository, on machines that have them.
const ORIGINALS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/abi");

#[test]
fn the_facts_are_byte_for_byte_those_kept_beside_the_repository() {
    let originals = std::path::Path::new(ORIGINALS);
    if !originals.is_dir() {
        return;
    }
    for (_, file) in common::FACTS {
        let original = std::fs::read(originals.join(file)).expect("the original is readable");
        let copy =
            std::fs::read(common::facts_directory().join(file)).expect("the copy is readable");
        assert!(original == copy, "facts/{file} differs from its original");
    }
}
