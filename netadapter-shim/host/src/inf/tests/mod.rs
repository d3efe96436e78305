//! Claims about INF files, small ones written for the claim and the project's own.

mod dhpnic;
mod install;
mod keywords;
mod models;
mod registry;
mod robustness;
mod syntax;

use super::{DeviceIds, Inf, InfError, Installation, Target};

/// A complete INF that installs the device of [`device`]; tests change one thing in it.
const SMALL: &str = r#"[Version]
Signature = "$Windows NT$"
Class = Net
ClassGuid = {4D36E972-E325-11CE-BFC1-08002BE10318}
Provider = %Maker%
CatalogFile = small.cat
DriverVer = 07/01/2025,1.2.3.4
[SourceDisksNames]
1 = "Disk"
[SourceDisksFiles]
small.sys = 1
[DestinationDirs]
DefaultDestDir = 13
[Manufacturer]
%Maker% = Models, NTamd64
[Models.NTamd64]
"Small adapter" = Small, PCI\VEN_1AF4&DEV_1041, PCI\CC_0200
[Small.NT]
CopyFiles = @small.sys
Characteristics = 0x84
BusType = 5
*IfType = 6
*MediaType = 0
*PhysicalMediaType = 14
*IfConnectorPresent = TRUE
*ConnectionType = 1
*DirectionType = 0
*AccessType = 2
*HardwareLoopback = 0
AddReg = Reg
;more
[Reg]
HKR, Ndi, Service, 0, "small"
HKR, Ndi\Interfaces, UpperRange, 0, "ndis5"
HKR, Ndi\Interfaces, LowerRange, 0, "ethernet"
;reg
[Small.NT.HW]
;hw
[Small.NT.Services]
AddService = small, 2, Service
[Service]
ServiceType = 1
StartType = 3
ErrorControl = 1
ServiceBinary = %13%\small.sys
[Small.NT.Wdf]
KmdfService = small, Wdf
[Wdf]
KmdfLibraryVersion = 1.33
[Strings]
Maker = "The maker"
"#;

/// [`SMALL`] with one passage replaced, which has to be there.
fn small_with(old: &str, new: &str) -> String {
    assert!(SMALL.contains(old), "{old} is not in the small INF");
    SMALL.replacen(old, new, 1)
}

fn device() -> DeviceIds {
    DeviceIds {
        hardware_ids: vec![
            r"PCI\VEN_1AF4&DEV_1041&SUBSYS_11001AF4&REV_01".to_owned(),
            r"PCI\VEN_1AF4&DEV_1041".to_owned(),
        ],
        compatible_ids: vec![r"PCI\VEN_1AF4".to_owned(), r"PCI\CC_0200".to_owned()],
    }
}

fn plan(text: &str) -> Result<Installation, InfError> {
    let inf = Inf::parse(text.as_bytes())?.with_file_name("small.inf");
    Installation::plan(&inf, &device(), &Target::windows_server_2025())
}

#[track_caller]
fn installed(text: &str) -> Installation {
    plan(text).unwrap_or_else(|error| panic!("{error}"))
}

/// The error of an INF that must fail, with the line at which it fails checked against the text
/// that stands there.
#[track_caller]
fn error_at(text: &str, line_with: &str) -> InfError {
    let error = plan(text).expect_err("this INF must not install");
    let position = error
        .position()
        .unwrap_or_else(|| panic!("no position in: {error}"));
    let line = text.lines().nth(position.line as usize - 1).unwrap_or("");
    assert!(
        line.contains(line_with),
        "the error names line {line:?}, expected one with {line_with:?}: {error}"
    );
    error
}

#[track_caller]
fn assert_says(error: &InfError, part: &str) {
    let text = error.to_string();
    assert!(text.contains(part), "expected {part:?} in {text:?}");
}

#[test]
fn the_small_inf_installs_without_warnings() {
    let installation = installed(SMALL);
    assert_eq!(installation.warnings, []);
    assert_eq!(installation.description, "Small adapter");
    assert_eq!(installation.manufacturer, "The maker");
}
