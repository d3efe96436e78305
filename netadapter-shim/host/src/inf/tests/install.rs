//! The Version section, files, services, interfaces, and what isolation forbids.

use super::super::{KmdfVersion, RegistryValue};
use super::{SMALL, assert_says, error_at, installed, plan, small_with};

#[track_caller]
fn warned(text: &str, part: &str) {
    let warnings = installed(text).warnings;
    let found = warnings
        .iter()
        .any(|warning| warning.to_string().contains(part));
    assert!(found, "expected {part:?} among {warnings:?}");
}

#[test]
fn a_file_without_version_section_is_not_an_inf() {
    let error = plan("[Manufacturer]\n").expect_err("no version");
    assert_eq!(error.position(), None);
    assert_says(&error, "no [Version] section");
    assert_says(&plan("").expect_err("empty"), "no [Version] section");
}

#[test]
fn the_version_section_is_checked_entry_by_entry() {
    for entry in ["Signature", "ClassGuid", "Provider", "DriverVer"] {
        let text = small_with(&format!("{entry} ="), "Nothing =");
        assert_says(&error_at(&text, "[Version]"), &format!("expected {entry}"));
    }
    let text = small_with("$Windows NT$", "$Windows 95$");
    assert_says(&error_at(&text, "Signature"), "found '$Windows 95$'");
    let text = small_with("CatalogFile =", "Catalogue =");
    warned(&text, "unsigned");
}

#[test]
fn a_device_of_another_class_is_refused() {
    let text = small_with("4D36E972", "4D36E97D").replace("Class = Net", "Class = System");
    let error = error_at(&text, "ClassGuid");
    assert_says(
        &error,
        "class 'System' {4d36e97d-e325-11ce-bfc1-08002be10318}; expected class Net",
    );
    let text = small_with("Class = Net", "Class = System");
    assert_says(&error_at(&text, "Class = System"), "does not go with");
    let text = small_with("{4D36E972", "{4D36E9");
    assert_says(&error_at(&text, "ClassGuid"), "expected a GUID");
}

#[test]
fn the_driver_version_is_a_date_and_four_numbers() {
    let installation = installed(SMALL);
    assert_eq!(installation.driver_version.date, "7-1-2025");
    assert_eq!(installation.driver_version.version, [1, 2, 3, 4]);
    assert_eq!(
        installed(&small_with("07/01/2025", "07-01-2025"))
            .driver_version
            .date,
        "7-1-2025"
    );
    for (wrong, part) in [
        ("", "stamp the .inx file"),
        ("; stamped", "stamp the .inx file"),
        ("7/1/2025,1.0.0.0", "mm/dd/yyyy"),
        ("13/01/2025,1.0.0.0", "mm/dd/yyyy"),
        ("07/00/2025,1.0.0.0", "mm/dd/yyyy"),
        ("07/01/2025", "expected a version as w.x.y.z"),
        ("07/01/2025,1.0.0", "w.x.y.z"),
        ("07/01/2025,1.0.0.65535", "below 65535"),
        ("07/01/2025,1.0.0.0.0", "w.x.y.z"),
    ] {
        let text = small_with(
            "DriverVer = 07/01/2025,1.2.3.4",
            &format!("DriverVer = {wrong}"),
        );
        assert_says(&error_at(&text, "DriverVer"), part);
    }
    let text = small_with(";more", "DriverVer = 12/31/2025,9.0.0.1");
    assert_eq!(installed(&text).driver_version.dotted(), "9.0.0.1");
}

#[test]
fn the_driver_is_recorded_in_the_software_key() {
    let software = installed(SMALL).software;
    for (name, text) in [
        ("DriverDesc", "Small adapter"),
        ("ProviderName", "The maker"),
        ("DriverVersion", "1.2.3.4"),
        ("MatchingDeviceId", r"pci\ven_1af4&dev_1041"),
        ("InfSection", "Small"),
        ("InfSectionExt", ".NT"),
        ("BusType", "5"),
    ] {
        assert_eq!(
            software.value(name),
            Some(&RegistryValue::String(text.into())),
            "{name}"
        );
    }
    assert_eq!(
        software.value("*ifconnectorpresent"),
        Some(&RegistryValue::Dword(1))
    );
    assert_eq!(
        software.value("Characteristics"),
        Some(&RegistryValue::Dword(0x84))
    );
}

#[test]
fn a_network_adapter_needs_its_entries_and_its_ndi_key() {
    let text = small_with("*IfType = 6\n*MediaType", "*MediaTypo");
    assert_says(
        &error_at(&text, "[Small.NT]"),
        "expected *IfType, *MediaType in",
    );
    let text = small_with("\"small\"\n", "\"other\"\n");
    assert_says(&error_at(&text, "[Small.NT]"), "expected 'small'");
    let text = small_with("UpperRange", "TopRange");
    assert_says(&error_at(&text, "[Small.NT]"), "UpperRange");
    for wrong in ["0x85", "0x14", "0x80"] {
        let text = small_with("0x84", wrong);
        assert_says(&error_at(&text, "Characteristics"), "NCF_PHYSICAL");
    }
}

#[test]
fn files_go_to_the_driver_store_and_the_service_runs_from_there() {
    let installation = installed(SMALL);
    let path = &installation.service.binary_path;
    assert!(
        path.starts_with(r"\SystemRoot\System32\DriverStore\FileRepository\small.inf_amd64_"),
        "{path}"
    );
    assert!(path.ends_with(r"\small.sys"), "{path}");
    assert_eq!(installation.files.len(), 1);
    assert_eq!(&installation.files[0].destination, path);
    // Another content is another driver package.
    let other = installed(&small_with("The maker", "Another maker"));
    assert_ne!(&other.service.binary_path, path);
}

#[test]
fn file_lists_directories_and_disks_are_checked() {
    let list = |line: &str| {
        small_with("CopyFiles = @small.sys", "CopyFiles = List")
            .replace("[Reg]", &format!("[List]\n{line}\n[Reg]"))
    };
    assert_eq!(installed(&list("small.sys")).files[0].source, "small.sys");
    let text = list("small.sys,other.sys") + "[SourceDisksFiles]\nother.sys = 1\n";
    assert_says(&error_at(&text, "small.sys,other.sys"), "may not rename");
    assert_says(
        &error_at(&list("gone.sys"), "gone.sys"),
        "not listed in [SourceDisksFiles]",
    );
    assert_says(&error_at(&list(r"a\b.sys"), r"a\b.sys"), "without a path");
    let text = small_with("small.sys = 1", "small.sys = 2");
    assert_says(&error_at(&text, "small.sys = 2"), "disk '2'");
    let text = small_with("small.sys = 1", "small.sys = 1,x64");
    assert_says(&error_at(&text, "@small.sys"), "subdirectory");
    let text = small_with("small.sys = 1", "small.sys = 1,x64")
        .replace("DefaultDestDir = 13", "DefaultDestDir = 13,x64")
        .replace(r"%13%\small.sys", r"%13%\x64\small.sys");
    assert!(
        installed(&text)
            .service
            .binary_path
            .ends_with(r"\x64\small.sys")
    );
    let text = small_with("DefaultDestDir", "Other");
    assert_says(&error_at(&text, "@small.sys"), "no directory");
    let text = small_with("DefaultDestDir = 13", "DefaultDestDir = 20");
    assert_says(&error_at(&text, "DefaultDestDir"), "use 13");
    let text = small_with("DefaultDestDir = 13", "DefaultDestDir = 12").replace("%13%", "%12%");
    warned(&text, "breaks driver package isolation");
    let text = small_with("[SourceDisksFiles]", "[SourceDisksFiles.amd64]");
    installed(&text);
}

#[test]
fn the_service_is_what_the_service_install_section_says() {
    let text = small_with(
        "ServiceType = 1",
        "ServiceType = 1\nDisplayName = %Maker%\nDescription = \"What it is\"\nLoadOrderGroup = NDIS\n\
         Dependencies = NetAdapterCx, +Group\nAddReg = Par\n[Par]\nHKR,Parameters,A,0x10001,7\n[Service]",
    );
    let service = installed(&text).service;
    assert_eq!(service.name, "small");
    assert_eq!(
        (
            service.service_type,
            service.start_type,
            service.error_control
        ),
        (1, 3, 1)
    );
    assert_eq!(service.flags, 2);
    assert_eq!(service.display_name.as_deref(), Some("The maker"));
    assert_eq!(service.description.as_deref(), Some("What it is"));
    assert_eq!(service.load_order_group.as_deref(), Some("NDIS"));
    assert_eq!(service.dependencies, ["NetAdapterCx", "+Group"]);
    let parameters = service.key.subkey("Parameters").expect("the key exists");
    assert_eq!(parameters.value("A"), Some(&RegistryValue::Dword(7)));
}

#[test]
fn services_that_cannot_drive_the_device_are_refused() {
    for (old, new, line, part) in [
        (
            "small, 2, Service",
            "small, 0, Service",
            "[Small.NT.Services]",
            "needs a function driver",
        ),
        ("small, 2, Service", ", 2", "AddService", "section name"),
        (
            "small, 2, Service",
            "small, 2, Gone",
            "AddService",
            "'Gone'",
        ),
        ("StartType = 3\n", "", "[Service]", "expected StartType in"),
        (
            "StartType = 3",
            "StartType = 4",
            "StartType",
            "no device can be installed",
        ),
        (
            "ServiceType = 1",
            "ServiceType = 16",
            "ServiceType",
            "kernel driver",
        ),
        (
            "ErrorControl = 1",
            "ErrorControl = 4",
            "ErrorControl",
            "0 to 3",
        ),
        (
            r"%13%\small.sys",
            r"%13%\gone.sys",
            "ServiceBinary",
            "no CopyFiles",
        ),
        (
            "AddService = small, 2, Service",
            "AddService = small, 2, Service\nAddService = second, 2, Service",
            "second",
            "exactly one",
        ),
    ] {
        assert_says(&error_at(&small_with(old, new), line), part);
    }
    warned(
        &small_with("StartType = 3", "StartType = 2"),
        "not for plug and play",
    );
    let error = plan(&small_with("[Small.NT.Services]", "[Elsewhere]")).expect_err("no services");
    assert_says(&error, "'Small.NT.Services'");
}

#[test]
fn the_framework_version_comes_from_the_wdf_sections() {
    assert_eq!(
        installed(SMALL).kmdf_version,
        KmdfVersion {
            major: 1,
            minor: 33
        }
    );
    assert_eq!(installed(SMALL).kmdf_version.to_string(), "1.33");
    for (old, new, line, part) in [
        (
            "= 1.33",
            "= $KMDFVERSION$",
            "KmdfLibraryVersion",
            "found '$KMDFVERSION$'",
        ),
        ("= 1.33", "= 1.+3", "KmdfLibraryVersion", "found '1.+3'"),
        (
            "KmdfLibraryVersion",
            "Version",
            "[Wdf]",
            "expected KmdfLibraryVersion",
        ),
        (
            "KmdfService = small",
            "KmdfService = big",
            "KmdfService",
            "'big'",
        ),
        ("KmdfService", "UmdfService", "UmdfService", "user-mode"),
        (
            "KmdfService = small, Wdf",
            "",
            "[Small.NT.Wdf]",
            "expected 'KmdfService",
        ),
    ] {
        assert_says(&error_at(&small_with(old, new), line), part);
    }
}

#[test]
fn what_driver_package_isolation_forbids_is_named_with_its_line() {
    for directive in [
        "DelReg",
        "delfiles",
        "RenFiles",
        "BitReg",
        "DelProperty",
        "LogConfig",
        "ProfileItems",
        "Ini2Reg",
        "RegisterDlls",
        "UnregisterDlls",
        "UpdateInis",
        "UpdateIniFields",
    ] {
        let text = small_with(";more", &format!("{directive} = Something"));
        let error = error_at(&text, directive);
        assert_says(
            &error,
            &format!("'{directive}' is not valid in a universal INF"),
        );
    }
    let text = small_with("AddService =", "DelService = old\nAddService =");
    assert_says(&error_at(&text, "DelService"), "DelService");
    for section in [
        "Small.NT.CoInstallers",
        "Small.nt.FACTDEF",
        "Small.NT.LogConfigOverride",
        "ClassInstall32.ntamd64",
    ] {
        let text = format!("{SMALL}[{section}]\n");
        assert_says(&error_at(&text, section), "not valid in a universal INF");
    }
}

#[test]
fn directives_without_effect_are_collected_as_warnings() {
    let text = small_with(";more", "Reboot\nFeatureScore = 0x40\nCopyInf = x.inf\n");
    let warnings = installed(&text).warnings;
    let texts: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts[0].contains("without '='"), "{texts:?}");
    assert!(texts[1].contains("'copyinf' is ignored"), "{texts:?}");
    warned(
        &format!("{SMALL}[Small.NT.Events]\n"),
        "does not act on [Small.NT.Events]",
    );
    warned(
        &small_with("ServiceType = 1", "ServiceType = 1\nSecurity = x"),
        "'security'",
    );
}

#[test]
fn needs_takes_sections_of_the_file_after_the_own_directives() {
    let text = small_with(
        ";more",
        "Needs = Extra\nAddReg = Own\n[Own]\nHKR,,A,,own\n[Extra]\nAddReg = ExtraReg\nNeeds = Deep\n[ExtraReg]\nHKR,,A,,needed\n",
    );
    assert_eq!(
        installed(&text).software.value("A"),
        Some(&RegistryValue::String("needed".into()))
    );
    warned(&text, "cannot be nested");
    let text = small_with(";more", "Needs = Gone");
    assert_says(&error_at(&text, "Gone"), "'Gone'");
    let text = small_with(";more", "Include = machine.inf\nNeeds = PciSection");
    warned(&text, "'PciSection' of a system INF is skipped");
}

#[test]
fn interfaces_are_provisioned_with_their_state() {
    let text = format!(
        "{SMALL}[Small.NT.Interfaces]\nAddInterface = {{97fadb10-4e33-40ae-359c-8bef029dbdd0}}, ref, If\n\
         [If]\nAddReg = IfReg\nAddProperty = IfProp\n[IfReg]\nHKR,,FriendlyName,,x\n\
         [IfProp]\n{{c22189e4-8bf3-4e6d-8467-8dc6d95e2a7e}}, 2, 7,, 2\n"
    );
    let interfaces = installed(&text).interfaces;
    assert_eq!(interfaces.len(), 1);
    assert_eq!(interfaces[0].reference, "ref");
    assert!(interfaces[0].key.value("friendlyname").is_some());
    assert_eq!(interfaces[0].properties.len(), 1);
    let text = format!(
        "{SMALL}[Small.NT.Interfaces]\nAddInterface = {{97fadb10-4e33-40ae-359c-8bef029dbdd0}},,,1\n"
    );
    assert_says(&error_at(&text, "AddInterface"), "expected 0");
}
