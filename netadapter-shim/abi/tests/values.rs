//! Enumerators, constants, status codes, GUIDs, property keys and extension names.

mod common;

use common::{assert_none, by_name, facts, number, text};
use netadapter_abi::{net, nt, wdf};
use serde_json::Value;
use std::collections::BTreeMap;

#[test]
fn every_enumerator_has_the_recorded_value() {
    let mut differences = Vec::new();
    for (module, enums) in [("nt", nt::ENUMS), ("wdf", wdf::ENUMS), ("net", net::ENUMS)] {
        let recorded = by_name(facts(module), "enums");
        for (name, size, enumerators) in enums {
            let Some(fact) = recorded.get(*name) else {
                differences.push(format!("{name} is not recorded"));
                continue;
            };
            let found: BTreeMap<_, _> = enumerators
                .iter()
                .map(|(name, value)| ((*name).to_owned(), i128::from(*value)))
                .collect();
            let expected: BTreeMap<_, _> = fact["values"]
                .as_object()
                .expect("enumerators are a map")
                .iter()
                .map(|(name, value)| (name.clone(), number(value)))
                .collect();
            if found != expected || *size as i128 != number(&fact["size"]) {
                differences.push(format!(
                    "{name} of {size} bytes is {found:?}, recorded {fact}"
                ));
            }
        }
    }
    assert_none(&differences);
}

#[test]
fn the_states_of_a_processor_change_have_the_recorded_values() {
    let recorded =
        by_name(facts("nt"), "enums")["KE_PROCESSOR_CHANGE_NOTIFY_STATE"]["values"].clone();
    for (name, value) in [
        ("KeProcessorAddStartNotify", nt::KeProcessorAddStartNotify),
        (
            "KeProcessorAddCompleteNotify",
            nt::KeProcessorAddCompleteNotify,
        ),
        (
            "KeProcessorAddFailureNotify",
            nt::KeProcessorAddFailureNotify,
        ),
    ] {
        assert_eq!(i128::from(value), number(&recorded[name]), "{name}");
    }
    assert_eq!(size_of::<nt::KE_PROCESSOR_CHANGE_NOTIFY_STATE>(), 4);
}

#[test]
fn a_disconnected_link_has_the_recorded_state() {
    let recorded = facts("net")["init_defaults"]
        .as_array()
        .expect("initialisers are a list")
        .iter()
        .find(|recorded| recorded["function"] == "NET_ADAPTER_LINK_STATE_INIT_DISCONNECTED")
        .expect("the initialiser is recorded")["sets"]["MediaConnectState"]["value"]
        .clone();
    assert_eq!(
        i128::from(net::MediaConnectStateDisconnected),
        number(&recorded)
    );
}

/// The recorded integer constants of a module.
fn recorded_constants(module: &str) -> BTreeMap<String, i128> {
    let facts = facts(module);
    let constants = facts["constants"].as_object().expect("constants are a map");
    if module == "nt" {
        let groups = constants.values().filter_map(Value::as_object).flatten();
        return groups
            .map(|(name, value)| (name.clone(), number(value)))
            .collect();
    }
    let typed = constants
        .iter()
        .filter(|(_, constant)| constant["value"].is_number());
    typed
        .map(|(name, constant)| (name.clone(), number(&constant["value"])))
        .collect()
}

#[test]
fn every_constant_has_the_recorded_value() {
    let mut differences = Vec::new();
    for (module, constants) in [
        ("nt", nt::CONSTANTS),
        ("wdf", wdf::CONSTANTS),
        ("net", net::CONSTANTS),
    ] {
        let recorded = recorded_constants(module);
        for (name, value) in constants {
            if recorded.get(*name) != Some(value) {
                differences.push(format!(
                    "{name} is {value:#x}, recorded {:?}",
                    recorded.get(*name)
                ));
            }
        }
    }
    assert_none(&differences);
}

#[test]
fn the_status_codes_are_all_those_recorded() {
    let facts = facts("nt");
    // Some are recorded as unsigned numbers: what counts are the 32 bits.
    let recorded: BTreeMap<_, _> = facts["ntstatus"]
        .as_object()
        .expect("status codes are a map")
        .iter()
        .map(|(name, status)| (name.as_str(), number(&status["value"]) as u32 as i32))
        .collect();
    let found: BTreeMap<_, _> = nt::STATUSES
        .iter()
        .map(|(name, status)| (*name, *status))
        .collect();
    assert_eq!(found, recorded);
}

#[test]
fn informational_codes_are_successes_and_warnings_are_not() {
    assert!(nt::nt_success(nt::STATUS_SUCCESS));
    assert!(nt::nt_success(0x4000_0000));
    assert!(!nt::nt_success(0x8000_0005_u32 as i32));
    assert!(!nt::nt_success(nt::STATUS_INSUFFICIENT_RESOURCES));
}

/// The digits of a GUID in its written form.
fn digits(value: &Value) -> u128 {
    let hexadecimal: String = text(value)
        .chars()
        .filter(char::is_ascii_hexdigit)
        .collect();
    u128::from_str_radix(&hexadecimal, 16).expect("a GUID has 32 digits")
}

#[test]
fn guids_and_property_keys_are_the_recorded_ones() {
    let facts = facts("nt");
    for (name, guid) in nt::GUIDS {
        assert_eq!(
            guid.to_u128(),
            digits(&facts["guids"][name]["value"]),
            "{name}"
        );
    }
    let keys = facts["devpkeys"]
        .as_object()
        .expect("property keys are a map");
    assert_eq!(nt::DEVPKEYS.len(), keys.len());
    for (name, key) in nt::DEVPKEYS {
        assert_eq!(key.fmtid.to_u128(), digits(&keys[*name]["fmtid"]), "{name}");
        assert_eq!(i128::from(key.pid), number(&keys[*name]["pid"]), "{name}");
    }
}

#[test]
fn a_guid_lies_in_memory_as_its_structure_says() {
    let guid = nt::GUID::from_u128(0x97fadb10_4e33_40ae_359c_8bef029dbdd0);
    assert_eq!(guid, nt::GUID_DEVICE_PROCESSOR);
    assert_eq!(
        (guid.Data1, guid.Data2, guid.Data3),
        (0x97fa_db10, 0x4e33, 0x40ae)
    );
    assert_eq!(guid.Data4, [0x35, 0x9c, 0x8b, 0xef, 0x02, 0x9d, 0xbd, 0xd0]);
}

#[test]
fn extension_names_and_versions_are_the_recorded_ones() {
    let facts = facts("net");
    for (name_constant, name, version_constant, version) in net::EXTENSIONS {
        let recorded = facts["extensions"]
            .as_array()
            .expect("extensions are a list")
            .iter()
            .find(|recorded| recorded["name_macro"] == *name_constant)
            .unwrap_or_else(|| panic!("{name_constant} is recorded"));
        let expected: Vec<u16> = text(&recorded["name"]).encode_utf16().chain([0]).collect();
        assert_eq!(*name, expected, "{name_constant}");
        assert_eq!(text(&recorded["version_macro"]), *version_constant);
        assert_eq!(
            i128::from(*version),
            number(&recorded["version"]),
            "{version_constant}"
        );
    }
}

#[test]
fn utf16_constants_have_surrogates_and_a_terminator() {
    const TEXT: &str = "aé€😀";
    let expected: Vec<u16> = TEXT.encode_utf16().chain([0]).collect();
    assert_eq!(netadapter_abi::utf16!(TEXT), expected.as_slice());
}
