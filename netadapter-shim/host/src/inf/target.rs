//! What an installation is for: a device, and a system with its *TargetOSVersion* decorations.

/// The identification strings that a device reports, the most specific first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceIds {
    /// Hardware IDs.
    pub hardware_ids: Vec<String>,
    /// Compatible IDs.
    pub compatible_ids: Vec<String>,
}

/// A processor architecture that a decoration can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// 32-bit x86.
    X86,
    /// Itanium.
    Ia64,
    /// 64-bit x86.
    Amd64,
    /// 32-bit Arm.
    Arm,
    /// 64-bit Arm.
    Arm64,
}

impl Architecture {
    const ALL: [Self; 5] = [Self::X86, Self::Ia64, Self::Amd64, Self::Arm, Self::Arm64];

    /// The name as decorations write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::X86 => "x86",
            Self::Ia64 => "ia64",
            Self::Amd64 => "amd64",
            Self::Arm => "arm",
            Self::Arm64 => "arm64",
        }
    }
}

/// The version of a Windows system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OsVersion {
    /// 10 for Windows 10, Windows 11 and the servers of their time.
    pub major: u32,
    /// 0 for the same.
    pub minor: u32,
    /// The build number, for instance 26100.
    pub build: u32,
}

/// The `VER_NT_…` product type of a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductType {
    /// A client edition.
    Workstation = 1,
    /// A server that is a domain controller.
    DomainController = 2,
    /// Any other server.
    Server = 3,
}

/// The system that the driver is installed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The architecture of its kernel.
    pub architecture: Architecture,
    /// Its version.
    pub version: OsVersion,
    /// Its product type.
    pub product_type: ProductType,
    /// Its product suites, a combination of `VER_SUITE_…` flags.
    pub suites: u32,
}

impl Target {
    /// Windows Server 2025 on a 64-bit x86 machine, the system that this host resembles.
    pub fn windows_server_2025() -> Self {
        Self {
            architecture: Architecture::Amd64,
            version: OsVersion {
                major: 10,
                minor: 0,
                build: 26100,
            },
            product_type: ProductType::Server,
            suites: 0,
        }
    }
}

/// How closely a decoration fits a target; the greatest wins.
///
/// *INF Manufacturer Section*: the highest version that is not above the system's comes first, and
/// "a specific version number takes precedence over the product type and suite mask".
pub(super) type Closeness = ((u32, u32), u32, bool, u32);

/// The first build that reads a build number in a decoration (*INF Manufacturer Section*).
const FIRST_BUILD_WITH_DECORATION: u32 = 14310;

/// A *TargetOSVersion* decoration:
/// `nt[Architecture][.[Major][.[Minor][.[ProductType][.[SuiteMask][.[Build]]]]]]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decoration {
    architecture: Option<Architecture>,
    version: Option<(u32, u32)>,
    product_type: Option<u32>,
    suites: Option<u32>,
    build: Option<u32>,
}

impl Decoration {
    /// Reads a decoration; the error says what was expected.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut parts = text.split('.');
        let platform = parts.next().unwrap_or_default().to_ascii_lowercase();
        let architecture = match platform.strip_prefix("nt") {
            None => return Err("expected a decoration that starts with NT"),
            Some("") => None,
            Some(name) => Some(
                Architecture::ALL
                    .into_iter()
                    .find(|architecture| architecture.name() == name)
                    .ok_or("expected NT followed by x86, ia64, amd64, arm or arm64")?,
            ),
        };
        let mut numbers = [None; 5];
        for (index, part) in parts.enumerate() {
            let slot = numbers
                .get_mut(index)
                .ok_or("expected at most five numbers after the platform")?;
            if !part.is_empty() {
                let number = super::reading::parse_number(part);
                *slot = Some(number.ok_or("expected numbers between the dots")?);
            }
        }
        let [major, minor, product_type, suites, build] = numbers;
        let version = match (major, minor) {
            (Some(major), minor) => Some((major, minor.unwrap_or(0))),
            (None, None) => None,
            (None, Some(_)) => return Err("expected a major version before the minor one"),
        };
        if let Some(build) = build
            && (version.is_none_or(|version| version < (10, 0))
                || build < FIRST_BUILD_WITH_DECORATION)
        {
            return Err("a build number needs version 10.0 and has to be 14310 or above");
        }
        Ok(Self {
            architecture,
            version,
            product_type,
            suites,
            build,
        })
    }

    /// Whether a universal INF may use it: product type and suite mask are not allowed there.
    pub(super) fn is_universal(&self) -> bool {
        self.product_type.is_none() && self.suites.is_none()
    }

    /// How well it fits, or `None` if it excludes the target.
    pub(super) fn closeness(&self, target: &Target) -> Option<Closeness> {
        // Since Windows Server 2003 SP1 a Models section without an architecture serves x86 only.
        let architecture = self.architecture.unwrap_or(Architecture::X86);
        let system = (target.version.major, target.version.minor);
        // The build number counts only where the version matches exactly; a later version accepts
        // any build.
        let version_fits = self.version.is_none_or(|version| {
            version < system
                || (version == system
                    && self.build.is_none_or(|build| build <= target.version.build))
        });
        let product_fits = self
            .product_type
            .is_none_or(|product_type| product_type == target.product_type as u32);
        let suites_fit = self
            .suites
            .is_none_or(|suites| suites & target.suites == suites);
        let fits =
            architecture == target.architecture && version_fits && product_fits && suites_fit;
        fits.then(|| {
            (
                self.version.unwrap_or((0, 0)),
                self.build.unwrap_or(0),
                self.product_type.is_some(),
                self.suites.map_or(0, u32::count_ones),
            )
        })
    }
}
