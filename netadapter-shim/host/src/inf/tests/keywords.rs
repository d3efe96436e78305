//! Keyword declarations, defaults and changes, and the rebalance policy.

use super::super::{
    CLASS_NET, DEVPROP_TYPE_INT32, DHP_REBALANCE_POLICY, DeviceProperty, Guid, RebalancePolicy,
    dhp_rebalance_opt_out,
};
use super::{SMALL, assert_says, error_at, installed, small_with};

/// An entry that declares keyword `K` by the values given as `name=value`.
fn declaration(values: &[&str]) -> String {
    let lines: Vec<String> = values
        .iter()
        .filter_map(|value| value.split_once('='))
        .map(|(name, value)| match name.strip_prefix("enum ") {
            None => format!("HKR,Ndi\\params\\K,{name},0,\"{value}\""),
            Some(choice) => format!("HKR,Ndi\\params\\K\\enum,\"{choice}\",0,\"{value}\""),
        })
        .collect();
    small_with(";reg", &lines.join("\n"))
}

const NUMBER: [&str; 6] = [
    "ParamDesc=d",
    "type=int",
    "default=4",
    "min=-2",
    "max=10",
    "step=3",
];

#[test]
fn a_required_keyword_has_its_default_and_an_optional_one_is_absent() {
    assert_eq!(installed(&declaration(&NUMBER)).keyword("k"), Some("4"));
    let optional = [NUMBER.as_slice(), &["optional=1"]].concat();
    assert_eq!(installed(&declaration(&optional)).keyword("K"), None);
    let written = declaration(&NUMBER).replace("HKR, Ndi, Service", "HKR,,K,,7\nHKR, Ndi, Service");
    assert_eq!(installed(&written).keyword("K"), Some("7"));
}

#[test]
fn a_declaration_that_cannot_be_is_an_error() {
    for (values, part) in [
        (&["type=int", "default=1"][..], "ParamDesc"),
        (&["ParamDesc=d", "default=1"], "expected Type"),
        (&["ParamDesc=d", "type=float", "default=1"], "found 'float'"),
        (&["ParamDesc=d", "type=int"], "expected a Default"),
        (&["ParamDesc=d", "type=int", "default=x"], "found 'x'"),
        (
            &["ParamDesc=d", "type=int", "default=1", "min=low"],
            "decimal number as Min",
        ),
        (
            &["ParamDesc=d", "type=int", "default=1", "min=5", "max=1"],
            "no sensible value",
        ),
        (
            &["ParamDesc=d", "type=word", "default=1", "max=65536"],
            "no sensible value",
        ),
        (
            &["ParamDesc=d", "type=int", "default=1", "step=0"],
            "no sensible value",
        ),
        (
            &["ParamDesc=d", "type=dword", "default=-1"],
            "from 0 to 4294967295",
        ),
        (
            &["ParamDesc=d", "type=enum", "default=2", "enum 1=one"],
            "expected one of '1', found '2'",
        ),
    ] {
        assert_says(&error_at(&declaration(values), "[Small.NT]"), part);
    }
    let reserved = declaration(&NUMBER).replace("params\\K", "params\\*IfType");
    assert_says(&error_at(&reserved, "[Small.NT]"), "reserved");
}

#[test]
fn changes_have_to_fit_the_declared_range_and_step() {
    let mut installation = installed(&declaration(&NUMBER));
    for good in ["-2", "1", "10"] {
        installation.set_keyword("K", good).expect(good);
        assert_eq!(installation.keyword("K"), Some(good));
    }
    for bad in ["-3", "11", "2", "", "four", "9223372036854775808"] {
        assert!(installation.set_keyword("k", bad).is_err(), "{bad}");
    }
    assert_eq!(installation.keyword("K"), Some("10"));
}

#[test]
fn changes_have_to_be_one_of_the_choices_or_short_enough() {
    let mut installation = installed(&declaration(&[
        "ParamDesc=d",
        "type=enum",
        "default=1",
        "enum 0=off",
        "enum 1=on",
    ]));
    installation.set_keyword("K", "0").expect("a choice");
    let error = installation.set_keyword("K", "2").expect_err("no choice");
    assert_eq!(
        error.to_string(),
        "keyword K: expected one of '0', '1', found '2'"
    );
    let mut installation = installed(&declaration(&[
        "ParamDesc=d",
        "type=edit",
        "default=",
        "LimitText=3",
    ]));
    installation.set_keyword("K", "abc").expect("short enough");
    assert!(installation.set_keyword("K", "abcd").is_err());
}

#[test]
fn an_undeclared_keyword_can_be_set_unless_its_name_is_reserved() {
    let mut installation = installed(SMALL);
    installation
        .set_keyword("Undeclared", "1")
        .expect("as with a registry editor");
    assert_eq!(installation.keyword("undeclared"), Some("1"));
    for name in ["NetCfgInstanceId", "*iftype", "", r"a\b"] {
        assert!(installation.set_keyword(name, "1").is_err(), "{name}");
    }
}

#[test]
fn the_class_decides_only_where_the_policy_is_not_set() {
    assert!(dhp_rebalance_opt_out(CLASS_NET));
    assert!(!dhp_rebalance_opt_out(Guid(1)));
    let mut installation = installed(SMALL);
    assert_eq!(
        installation.rebalance_policy(),
        RebalancePolicy::ClassDefault
    );
    assert!(!installation.takes_part_in_rebalance());
    for (policy, takes_part) in [
        (RebalancePolicy::Participate, true),
        (RebalancePolicy::StayOut, false),
        (RebalancePolicy::ClassDefault, false),
    ] {
        installation.set_rebalance_policy(policy);
        assert_eq!(installation.rebalance_policy(), policy);
        assert_eq!(installation.takes_part_in_rebalance(), takes_part);
    }
    assert_eq!(installation.properties, []);
}

#[test]
fn the_policy_counts_only_as_a_number_with_a_documented_value() {
    let read = |property_type, data: &[u8]| {
        RebalancePolicy::from_properties(&[DeviceProperty {
            key: DHP_REBALANCE_POLICY,
            property_type,
            data: data.to_vec(),
        }])
    };
    assert_eq!(
        read(DEVPROP_TYPE_INT32, &[2, 0, 0, 0]),
        RebalancePolicy::Participate
    );
    assert_eq!(
        read(DEVPROP_TYPE_INT32, &[1, 0, 0, 0]),
        RebalancePolicy::StayOut
    );
    assert_eq!(
        read(DEVPROP_TYPE_INT32, &[3, 0, 0, 0]),
        RebalancePolicy::ClassDefault
    );
    assert_eq!(
        read(DEVPROP_TYPE_INT32, &[2]),
        RebalancePolicy::ClassDefault
    );
    assert_eq!(read(0x11, &[2, 0, 0, 0]), RebalancePolicy::ClassDefault);
}
