//! `AddReg`, `AddProperty`, and the values they leave.

use super::super::{
    DEVPROP_TYPE_BINARY, DEVPROP_TYPE_BOOLEAN, DEVPROP_TYPE_STRING, DEVPROP_TYPE_STRING_LIST,
    DEVPROP_TYPE_UINT32, DeviceProperty, Guid, Key, PropertyKey, RegistryValue,
};
use super::{assert_says, error_at, installed, small_with};

/// The software key after the entries.
fn software(entries: &str) -> Key {
    installed(&small_with(";reg", entries)).software
}

fn value(entries: &str, name: &str) -> Option<RegistryValue> {
    software(entries).value(name).cloned()
}

fn multi(strings: &[&str]) -> RegistryValue {
    RegistryValue::MultiString(strings.iter().map(|text| (*text).to_owned()).collect())
}

fn properties(entries: &str) -> Vec<DeviceProperty> {
    installed(&small_with(
        ";more",
        &format!("AddProperty = Prop\n[Prop]\n{entries}"),
    ))
    .properties
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn each_type_flag_gives_its_registry_type() {
    for (entry, expected, type_code) in [
        ("HKR,,A,,\"x\"", RegistryValue::String("x".into()), 1),
        ("HKR,,A", RegistryValue::String(String::new()), 1),
        (
            "HKR,,A,0x20000,%%SystemRoot%%",
            RegistryValue::ExpandString("%SystemRoot%".into()),
            2,
        ),
        (
            "HKR,,A,1,0,1f,0xFF",
            RegistryValue::Binary(vec![0, 0x1F, 0xFF]),
            3,
        ),
        ("HKR,,A,0x10001,0x10", RegistryValue::Dword(16), 4),
        ("HKR,,A,65537,-1", RegistryValue::Dword(u32::MAX), 4),
        ("HKR,,A,0x10000,a,\"b c\"", multi(&["a", "b c"]), 7),
        (
            "HKR,,A,0x20001",
            RegistryValue::Typed {
                type_code: 0,
                data: vec![],
            },
            0,
        ),
        (
            "HKR,,A,0x00380001,1,A",
            RegistryValue::Typed {
                type_code: 0x38,
                data: vec![1, 10],
            },
            0x38,
        ),
    ] {
        let found = value(entry, "a").unwrap_or_else(|| panic!("{entry} writes nothing"));
        assert_eq!(found, expected, "{entry}");
        assert_eq!(found.type_code(), type_code, "{entry}");
    }
}

#[test]
fn values_have_the_bytes_that_the_registry_stores() {
    assert_eq!(RegistryValue::Dword(0x0102).to_bytes(), [2, 1, 0, 0]);
    assert_eq!(RegistryValue::String("é".into()).to_bytes(), utf16("é\0"));
    assert_eq!(multi(&["a", "b"]).to_bytes(), utf16("a\0b\0\0"));
}

#[test]
fn the_flags_control_what_happens_to_an_existing_value() {
    let text = |text: &str| Some(RegistryValue::String(text.to_owned()));
    assert_eq!(value("HKR,,A,,1\nHKR,,A,,2", "A"), text("2"));
    assert_eq!(value("HKR,,A,,1\nHKR,,A,2,2", "A"), text("1"));
    assert_eq!(value("HKR,,A,0x20,2", "A"), None);
    assert_eq!(value("HKR,,A,,1\nHKR,,A,0x20,2", "A"), text("2"));
    assert_eq!(value("HKR,,A,,1\nHKR,,A,4", "A"), None);
    assert_eq!(
        value(
            "HKR,,A,0x10000,x\nHKR,,A,0x10008,y,x\nHKR,,A,0x10008,z",
            "A"
        ),
        Some(multi(&["x", "y", "z"]))
    );
}

#[test]
fn keys_are_created_removed_and_compared_without_case() {
    let key = software("HKR,One\\Two,,0x10,ignored\nHKR,ONE\\Three\nHKR,one,\"\",,unnamed");
    assert!(
        key.subkey(r"one\two")
            .is_some_and(|two| two.values().next().is_none())
    );
    let names: Vec<&str> = key
        .subkey("One")
        .expect("it exists")
        .subkeys()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["Three", "Two"]);
    assert_eq!(
        key.subkey("One").and_then(|one| one.value("")),
        Some(&RegistryValue::String("unnamed".into()))
    );
    let key = software("HKR,One\\Two,A,,b\nHKR,One\\Two,,4");
    assert!(
        key.subkey("One")
            .is_some_and(|one| one.subkeys().next().is_none())
    );
}

#[test]
fn only_the_relative_root_is_open_to_an_isolated_package() {
    for root in ["HKLM", "HKCR", "hkcu", "HKU"] {
        let entry = format!("{root},Software\\X,A,,b");
        assert_says(&error_at(&small_with(";reg", &entry), &entry), "below HKR");
    }
    assert_says(
        &error_at(&small_with(";reg", "HKX,,A"), "HKX"),
        "found 'HKX'",
    );
    assert_says(
        &error_at(&small_with(";reg", "HKR=,A"), "HKR="),
        "expected 'HKR, subkey",
    );
}

#[test]
fn wrong_registry_entries_say_what_was_expected() {
    for (entry, part) in [
        ("HKR,,A,0x10001", "expected a number as value 5"),
        ("HKR,,A,0x10001,ten", "found 'ten'"),
        ("HKR,,A,0x10001,0x100000000", "32 bits"),
        ("HKR,,A,0x10001,0x+1", "32 bits"),
        ("HKR,,A,flags,1", "found 'flags'"),
        ("HKR,,A,1,100", "two hexadecimal digits"),
        ("HKR,,A,0x40,1", "0x40"),
        ("HKR,,A,8,x", "append flag"),
        ("HKR,,A,0x30000,x", "no registry type"),
    ] {
        assert_says(&error_at(&small_with(";reg", entry), entry), part);
    }
    let deep = format!("HKR,{}", "k\\".repeat(33));
    assert_says(&error_at(&small_with(";reg", &deep), "k\\"), "32 levels");
    let long = format!("HKR,{}", "k".repeat(256));
    assert_says(&error_at(&small_with(";reg", &long), "k"), "255 characters");
    let missing = small_with("AddReg = Reg", "AddReg = Reg, Gone");
    assert_says(&error_at(&missing, "Gone"), "no section 'Gone'");
}

#[test]
fn each_property_type_is_stored_as_the_property_store_keeps_it() {
    let category = "{C22189E4-8BF3-4E6D-8467-8DC6D95E2A7E}";
    let key = PropertyKey {
        category: Guid(0xc22189e4_8bf3_4e6d_8467_8dc6d95e2a7e),
        pid: 2,
    };
    for (entry, property_type, data) in [
        ("18,,\"text\"", DEVPROP_TYPE_STRING, utf16("text\0")),
        ("0x2012,,a,b", DEVPROP_TYPE_STRING_LIST, utf16("a\0b\0\0")),
        ("4099,,1,ff", DEVPROP_TYPE_BINARY, vec![1, 0xFF]),
        ("17,,1", DEVPROP_TYPE_BOOLEAN, vec![0xFF]),
        ("17,,0", DEVPROP_TYPE_BOOLEAN, vec![0]),
        ("7,,0x102", DEVPROP_TYPE_UINT32, vec![2, 1, 0, 0]),
    ] {
        let found = properties(&format!("{category}, 2, {entry}"));
        let expected = DeviceProperty {
            key,
            property_type,
            data,
        };
        assert_eq!(found, [expected], "{entry}");
    }
    let named = properties("DeviceModel,,,,\"Model\"");
    assert_eq!(named[0].key.pid, 2);
    assert_eq!(named[0].data, utf16("Model\0"));
}

#[test]
fn property_flags_combine_with_what_is_there() {
    let combined = |entries: &[&str]| -> Vec<Vec<u8>> {
        let lines: Vec<String> = entries
            .iter()
            .map(|entry| format!("{{c22189e4-8bf3-4e6d-8467-8dc6d95e2a7e}}, 2, {entry}"))
            .collect();
        properties(&lines.join("\n"))
            .into_iter()
            .map(|property| property.data)
            .collect()
    };
    assert_eq!(combined(&["7,,1", "7,,2"]), [[2, 0, 0, 0]]);
    assert_eq!(combined(&["7,,1", "7,1,2"]), [[1, 0, 0, 0]]);
    assert_eq!(combined(&["7,2,1"]), Vec::<Vec<u8>>::new());
    assert_eq!(combined(&["7,,1", "7,8,2"]), [[3, 0, 0, 0]]);
    assert_eq!(combined(&["7,,3", "7,0x10,6"]), [[2, 0, 0, 0]]);
    assert_eq!(
        combined(&["8210,,a,b", "8210,4,b,c"]),
        [utf16("a\0b\0c\0\0")]
    );
}

#[test]
fn wrong_property_entries_say_what_was_expected() {
    let category = "{c22189e4-8bf3-4e6d-8467-8dc6d95e2a7e}";
    for (entry, part) in [
        (format!("{category}, 1, 7,, 2"), "2 or above"),
        (
            format!("{category}, 2, 6,, 2"),
            "cannot write the property type 0x6",
        ),
        (format!("{category}, 2, 7"), "expected a number as value 5"),
        (format!("{category}, 2, 7, 4, 2"), "list of strings"),
        (format!("{category}, 2, 18, 8, x"), "unsigned number"),
        (
            format!("{category}, 2, 7, 0x100, 2"),
            "not among those of AddProperty",
        ),
        ("{c22189e4}, 2, 7,, 2".to_owned(), "expected a GUID"),
        ("DeviceShape,,,,x".to_owned(), "found 'DeviceShape'"),
    ] {
        let text = small_with(";more", &format!("AddProperty = Prop\n[Prop]\n{entry}"));
        assert_says(&error_at(&text, &entry), part);
    }
}

#[test]
fn guids_read_and_print_in_the_registry_form() {
    let text = "{4d36e972-e325-11ce-bfc1-08002be10318}";
    let guid: Guid = text.parse().expect("a GUID");
    assert_eq!(guid.to_string(), text);
    assert_eq!(
        guid.to_fields(),
        (
            0x4d36e972,
            0xe325,
            0x11ce,
            [0xbf, 0xc1, 0x08, 0x00, 0x2b, 0xe1, 0x03, 0x18]
        )
    );
    for wrong in [
        "",
        "{}",
        "4d36e972-e325-11ce-bfc1-08002be10318",
        "{4d36e972-e325-11ce-bfc108002be10318-}",
    ] {
        assert!(wrong.parse::<Guid>().is_err(), "{wrong}");
    }
}
