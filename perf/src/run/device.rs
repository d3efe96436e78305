//! The device that a driver is run with, by what its INF is for.

use super::options::Options;
use crate::failure::Failure;
use netadapter_host::machine::HARDWARE_IDS;

/// Buses whose devices are hardware: only the network function is here.
const HARDWARE_BUSES: [&str; 9] = [
    "PCI", "USB", "ACPI", "HID", "HDAUDIO", "PCMCIA", "SD", "1394", "ISAPNP",
];

/// What the driver gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Device {
    /// The virtio network function.
    VirtioNet,
    /// Devices without hardware.
    Software {
        /// The ID by which the INF knows them.
        hardware_id: String,
    },
}

impl Device {
    /// Chooses among the IDs of an INF: the network function if it is for that, else the first that
    /// needs no hardware.
    ///
    /// # Errors
    /// If the INF is for neither, or the options do not fit the device.
    pub fn choose(ids: &[String], options: &Options) -> Result<Self, Failure> {
        let is_function = |id: &String| HARDWARE_IDS.iter().any(|own| own.eq_ignore_ascii_case(id));
        if ids.iter().any(is_function) {
            return if options.pair {
                Err(Failure::Input(
                    "--pair: this INF is for the network function, and a machine has one of it; \
                     pairs are for devices without hardware"
                        .to_owned(),
                ))
            } else {
                Ok(Self::VirtioNet)
            };
        }
        match ids.iter().find(|id| !is_hardware(id)) {
            Some(id) => Ok(Self::Software {
                hardware_id: id.clone(),
            }),
            None => Err(Failure::Input(format!(
                "--inf {}: {}; this host has {} and devices without hardware",
                options.inf.display(),
                match ids {
                    [] => "it lists no device for this system".to_owned(),
                    [first, ..] => format!("it is for hardware such as {first}"),
                },
                HARDWARE_IDS[HARDWARE_IDS.len() - 1],
            ))),
        }
    }
}

fn is_hardware(id: &str) -> bool {
    let bus = id.split('\\').next().unwrap_or(id);
    HARDWARE_BUSES
        .iter()
        .any(|hardware| hardware.eq_ignore_ascii_case(bus))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn choice(ids: &[&str], more: &[&str]) -> Result<Device, String> {
        let line = ["run", "--image", "x.sys", "--inf", "x.inf"];
        let line = Line::parse_from(line.iter().chain(more));
        let ids: Vec<_> = ids.iter().map(|&id| id.to_owned()).collect();
        Device::choose(&ids, &line.options).map_err(|failure| failure.to_string())
    }

    #[test]
    fn the_network_function_is_chosen_if_the_inf_is_for_it() {
        let ids = ["Root\\Other", "pci\\ven_1af4&dev_1041"];
        assert_eq!(choice(&ids, &[]), Ok(Device::VirtioNet));
        assert!(choice(&ids, &["--pair"]).unwrap_err().contains("--pair"));
    }

    #[test]
    fn else_the_first_id_that_needs_no_hardware_is() {
        let device = choice(
            &["PCI\\VEN_8086&DEV_1533", "root\\netvadapter"],
            &["--pair"],
        );
        let hardware_id = "root\\netvadapter".to_owned();
        assert_eq!(device, Ok(Device::Software { hardware_id }));
        let other = choice(&["PCI\\VEN_8086&DEV_1533"], &[]).unwrap_err();
        assert!(
            other.contains("VEN_8086") && other.contains("x.inf"),
            "{other}"
        );
        assert!(choice(&[], &[]).unwrap_err().contains("no device"));
    }
}
