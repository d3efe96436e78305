//! Selecting the Models section for the system and the entry for the device.

use super::super::target::Decoration;
use super::super::{Architecture, DeviceIds, Inf, Installation, OsVersion, ProductType, Target};
use super::{SMALL, assert_says, device, error_at, installed, small_with};

fn server(build: u32) -> Target {
    Target {
        version: OsVersion {
            major: 10,
            minor: 0,
            build,
        },
        ..Target::windows_server_2025()
    }
}

/// Which of the decorations a system selects, found out by the description of the entry.
fn selected(decorations: &[&str], target: &Target) -> Option<String> {
    let mut text = SMALL.replace(
        "Models, NTamd64",
        &format!("Models, {}", decorations.join(", ")),
    );
    text = text.replace("[Models.NTamd64]", "[Unused]");
    for decoration in decorations {
        text +=
            &format!("[Models.{decoration}]\n\"{decoration}\" = Small, PCI\\VEN_1AF4&DEV_1041\n");
    }
    let inf = Inf::parse(text.as_bytes()).expect("the text parses");
    match Installation::plan(&inf, &device(), target) {
        Ok(installation) => Some(installation.description),
        Err(error) => {
            assert_says(&error, "no Models section is for this system");
            None
        }
    }
}

#[test]
fn the_highest_version_that_is_not_above_the_system_wins() {
    let all = ["NTamd64.6.1", "NTamd64.10.0", "NTamd64.11.0", "NTamd64"];
    assert_eq!(
        selected(&all, &server(26100)).as_deref(),
        Some("NTamd64.10.0")
    );
}

#[test]
fn a_build_number_is_a_minimum_within_its_version() {
    let all = [
        "NTamd64.10.0...22621",
        "NTamd64.10.0...26100",
        "NTamd64.10.0",
    ];
    for (build, expected) in [
        (20348, "NTamd64.10.0"),
        (22621, "NTamd64.10.0...22621"),
        (26099, "NTamd64.10.0...22621"),
        (26100, "NTamd64.10.0...26100"),
    ] {
        assert_eq!(selected(&all, &server(build)).as_deref(), Some(expected));
    }
    let later = Target {
        version: OsVersion {
            major: 11,
            minor: 0,
            build: 1,
        },
        ..server(0)
    };
    assert_eq!(
        selected(&["NTamd64.10.0...22621"], &later).as_deref(),
        Some("NTamd64.10.0...22621")
    );
}

#[test]
fn another_architecture_or_none_does_not_serve_a_64_bit_system() {
    assert_eq!(
        selected(&["NTx86", "NTarm64.10.0", "NT.10.0", "NT"], &server(26100)),
        None
    );
    let text = small_with("Models, NTamd64", "Models").replace("[Models.NTamd64]", "[Models]");
    assert_says(&error_at(&text, "[Manufacturer]"), "needs the architecture");
}

#[test]
fn a_version_comes_before_product_type_and_suite() {
    let server = Target {
        suites: 0x80,
        ..server(26100)
    };
    let all = ["NTamd64...3", "NTamd64.10.0", "NTamd64....0x80"];
    assert_eq!(selected(&all, &server).as_deref(), Some("NTamd64.10.0"));
    let all = ["NTamd64", "NTamd64....0x80", "NTamd64...3", "NTamd64...1"];
    assert_eq!(selected(&all, &server).as_deref(), Some("NTamd64...3"));
    let workstation = Target {
        product_type: ProductType::Workstation,
        suites: 0,
        ..server
    };
    assert_eq!(selected(&all, &workstation).as_deref(), Some("NTamd64...1"));
}

#[test]
fn a_decoration_that_is_none_is_ignored_with_a_warning() {
    for (text, expected) in [
        ("amd64", "starts with NT"),
        ("NTriscv", "x86, ia64"),
        ("NTamd64.10.x", "numbers"),
        ("NTamd64..1", "major version"),
        ("NTamd64.10.0.1.2.3.4", "at most five"),
        ("NTamd64.10.0...14000", "14310"),
        ("NTamd64.....22621", "version 10.0"),
    ] {
        let error = Decoration::parse(text).expect_err(text);
        assert!(error.contains(expected), "{text}: {error}");
    }
    let installation = installed(&small_with("Models, NTamd64", "Models, NTriscv, NTamd64"));
    assert_eq!(installation.warnings.len(), 1);
    assert!(
        installation.warnings[0]
            .to_string()
            .contains("'NTriscv' is ignored")
    );
}

#[test]
fn a_placeholder_in_the_decoration_tells_to_stamp_the_file() {
    let text = small_with("Models, NTamd64", "Models, NT$ARCH$.10.0...22621");
    assert_says(&error_at(&text, "NT$ARCH$"), "stamp the .inx file");
}

#[test]
fn a_decoration_without_its_section_is_an_error() {
    let text = small_with("Models, NTamd64", "Models, NTamd64.10.0");
    assert_says(&error_at(&text, "NTamd64.10.0"), "'Models.NTamd64.10.0'");
}

#[test]
fn an_empty_models_section_excludes_its_systems() {
    let text =
        small_with("Models, NTamd64", "Models, NTamd64, NTamd64.10.0") + "[Models.NTamd64.10.0]\n";
    assert_says(&error_at(&text, "[Manufacturer]"), "lists no device");
}

#[test]
fn the_most_specific_id_wins_whatever_the_order_of_the_entries() {
    let by_id = [
        (r"PCI\CC_0200", "compatible"),
        (r"PCI\VEN_1AF4&DEV_1041", "hardware"),
        (r"pci\ven_1af4&dev_1041&subsys_11001af4&rev_01", "exact"),
    ];
    for present in 1..=by_id.len() {
        let entries: Vec<String> = by_id[..present]
            .iter()
            .map(|(id, name)| format!("\"{name}\" = Small, {id}"))
            .collect();
        let old = r#""Small adapter" = Small, PCI\VEN_1AF4&DEV_1041, PCI\CC_0200"#;
        let installation = installed(&small_with(old, &entries.join("\n")));
        assert_eq!(installation.description, by_id[present - 1].1);
    }
    // The INF's hardware ID counts more than its compatible IDs.
    let old = r#""Small adapter" = Small, PCI\VEN_1AF4&DEV_1041, PCI\CC_0200"#;
    let new = "\"a\" = Small, X, PCI\\VEN_1AF4&DEV_1041\n\"b\" = Small, PCI\\VEN_1AF4&DEV_1041";
    assert_eq!(installed(&small_with(old, new)).description, "b");
}

#[test]
fn a_device_that_the_inf_does_not_list_is_named_with_what_it_lists() {
    let inf = Inf::parse(SMALL.as_bytes()).expect("the small INF parses");
    let device = DeviceIds {
        hardware_ids: vec![r"PCI\VEN_8086&DEV_1572".to_owned()],
        compatible_ids: Vec::new(),
    };
    let error = Installation::plan(&inf, &device, &Target::windows_server_2025())
        .expect_err("another device");
    assert_says(&error, r"the device is PCI\VEN_8086&DEV_1572");
    assert_says(&error, r"'PCI\VEN_1AF4&DEV_1041', 'PCI\CC_0200'");
}

#[test]
fn install_sections_are_taken_from_the_most_specific_name() {
    let text = SMALL.replace("Small.NT", "Small.NTamd64");
    let installation = installed(&text);
    assert_eq!(installation.install_section, "Small.NTamd64");
    let text = SMALL.replace("Small.NT", "Small");
    assert_eq!(installed(&text).install_section, "Small");
    let text = SMALL.replace("[Small.NT]", "[Smell.NT]");
    assert_says(
        &error_at(&text, "Small adapter"),
        "'Small.NTamd64', 'Small.NT', 'Small'",
    );
}

#[test]
fn every_architecture_has_its_name_in_decorations() {
    let arm = Target {
        architecture: Architecture::Arm64,
        ..server(26100)
    };
    assert_eq!(
        selected(&["NTamd64", "ntARM64"], &arm).as_deref(),
        Some("ntARM64")
    );
}
