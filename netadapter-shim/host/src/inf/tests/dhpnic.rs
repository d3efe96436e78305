//! The project's own INF, stamped as the build does it, installs on a Windows Server 2025.

use std::path::Path;

use super::super::{
    DEVPROP_TYPE_UINT32, DHP_REBALANCE_POLICY, DeviceProperty, Inf, Installation, KmdfVersion,
    OsVersion, RebalancePolicy, RegistryValue, Target,
};
use super::{assert_says, device};

/// The text of `dhpnic.inx`.
pub(super) fn source() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../inf/dhpnic.inx");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The INF that the build makes of it.
pub(super) fn stamped() -> String {
    source()
        .replace("$ARCH$", "amd64")
        .replace("DriverVer   = ; stamped", "DriverVer = 01/02/2026,0.1.0.0")
}

fn installation() -> Installation {
    let inf = Inf::parse(stamped().as_bytes())
        .unwrap_or_else(|error| panic!("{error}"))
        .with_file_name("dhpnic.inf");
    Installation::plan(&inf, &device(), &Target::windows_server_2025())
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn it_installs_without_a_warning() {
    let installation = installation();
    assert_eq!(installation.warnings, []);
    assert_eq!(installation.class, "Net");
    assert_eq!(installation.description, "dhpnic virtio network adapter");
    assert_eq!(installation.provider, "dhpnic authors");
    assert_eq!(installation.matching_id, r"PCI\VEN_1AF4&DEV_1041");
    assert_eq!(installation.driver_version.dotted(), "0.1.0.0");
    assert_eq!(installation.interfaces, []);
}

#[test]
fn its_service_is_a_demand_start_kernel_driver_in_the_driver_store() {
    let installation = installation();
    let service = &installation.service;
    assert_eq!(service.name, "dhpnic");
    assert_eq!(
        (
            service.service_type,
            service.start_type,
            service.error_control
        ),
        (1, 3, 1)
    );
    assert_eq!(service.load_order_group.as_deref(), Some("NDIS"));
    assert_eq!(service.dependencies, ["NetAdapterCx"]);
    assert!(
        service
            .binary_path
            .contains(r"\DriverStore\FileRepository\dhpnic.inf_amd64_")
    );
    assert!(service.binary_path.ends_with(r"\dhpnic.sys"));
    assert_eq!(
        installation.kmdf_version,
        KmdfVersion {
            major: 1,
            minor: 33
        }
    );
}

#[test]
fn its_keywords_have_these_values_after_the_installation() {
    let installation = installation();
    for (name, value) in [
        ("*RSS", Some("1")),
        ("*RSSProfile", Some("4")),
        ("*NumRSSQueues", Some("64")),
        ("*MaxRssProcessors", Some("64")),
        ("*RssBaseProcGroup", Some("0")),
        ("*RssBaseProcNumber", Some("0")),
        ("*RssMaxProcGroup", Some("0")),
        ("*RssMaxProcNumber", Some("63")),
        ("*NumaNodeId", None),
        ("ReceiveBuffers", Some("256")),
        ("NetworkAddress", None),
    ] {
        assert_eq!(installation.keyword(name), value, "{name}");
        let declaration = installation.software.subkey(&format!(r"Ndi\params\{name}"));
        assert!(declaration.is_some(), "{name} is not declared");
    }
}

#[test]
fn its_keywords_keep_their_ranges() {
    let mut installation = installation();
    for (name, good, bad) in [
        ("*RSS", "0", "2"),
        ("*RSSProfile", "1", "6"),
        ("*NumRSSQueues", "1", "65"),
        ("*RssBaseProcNumber", "63", "64"),
        ("*NumaNodeId", "1", "65536"),
        ("ReceiveBuffers", "4096", "100"),
        ("NetworkAddress", "020000000001", "02-00-00-00-00-01"),
    ] {
        installation.set_keyword(name, good).expect(name);
        assert!(installation.set_keyword(name, bad).is_err(), "{name}={bad}");
    }
}

#[test]
fn it_asks_for_message_signalled_interrupts_in_the_hardware_key() {
    let hardware = installation().hardware;
    let key = hardware
        .subkey(r"Interrupt Management\MessageSignaledInterruptProperties")
        .expect("the key exists");
    assert_eq!(key.value("MSISupported"), Some(&RegistryValue::Dword(1)));
    assert_eq!(
        key.value("MessageNumberLimit"),
        Some(&RegistryValue::Dword(65))
    );
}

#[test]
fn it_takes_part_in_the_rebalance_although_its_class_opts_out() {
    let mut installation = installation();
    let expected = DeviceProperty {
        key: DHP_REBALANCE_POLICY,
        property_type: DEVPROP_TYPE_UINT32,
        data: vec![2, 0, 0, 0],
    };
    assert_eq!(installation.properties, [expected]);
    assert_eq!(
        installation.rebalance_policy(),
        RebalancePolicy::Participate
    );
    assert!(installation.takes_part_in_rebalance());
    installation.set_rebalance_policy(RebalancePolicy::ClassDefault);
    assert!(!installation.takes_part_in_rebalance());
}

#[test]
fn it_describes_an_ethernet_adapter_on_pci() {
    let software = installation().software;
    for (name, value) in [
        ("Characteristics", 0x84),
        ("*IfType", 6),
        ("*MediaType", 0),
        ("*PhysicalMediaType", 14),
        ("*IfConnectorPresent", 1),
        ("*ConnectionType", 1),
        ("*DirectionType", 0),
        ("*AccessType", 2),
        ("*HardwareLoopback", 0),
    ] {
        assert_eq!(
            software.value(name),
            Some(&RegistryValue::Dword(value)),
            "{name}"
        );
    }
    let interfaces = software.subkey(r"Ndi\Interfaces").expect("the key exists");
    assert_eq!(
        interfaces.value("UpperRange"),
        Some(&RegistryValue::String("ndis5".into()))
    );
    assert_eq!(
        interfaces.value("LowerRange"),
        Some(&RegistryValue::String("ethernet".into()))
    );
}

#[test]
fn it_refuses_systems_before_netadaptercx_2_3_and_unstamped_text() {
    let inf = Inf::parse(stamped().as_bytes()).expect("it parses");
    let windows_11_21h2 = Target {
        version: OsVersion {
            major: 10,
            minor: 0,
            build: 22000,
        },
        ..Target::windows_server_2025()
    };
    let error = Installation::plan(&inf, &device(), &windows_11_21h2).expect_err("too old");
    assert_says(&error, "build 22000");
    let inf = Inf::parse(source().as_bytes()).expect("the source parses");
    let error = Installation::plan(&inf, &device(), &Target::windows_server_2025())
        .expect_err("not stamped");
    assert_says(&error, "stamp the .inx file");
}
