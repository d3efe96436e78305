//! Advanced keywords: their declarations below `Ndi\params`, their defaults, and changes to them.
//!
//! *Specifying Configuration Parameters for the Advanced Properties Page*.

use super::error::Quoted;
use super::installation::Installation;
use super::reading::parse_number;
use super::registry::{Key, RegistryValue};

/// Names in the software key that no keyword may have; same page.
const RESERVED: [&str; 20] = [
    "BundleId",
    "BusType",
    "Characteristics",
    "ComponentId",
    "Description",
    "DeviceInstanceId",
    "DriverDate",
    "DriverDesc",
    "DriverVersion",
    "InfPath",
    "InfSection",
    "InfSectionExt",
    "*IfType",
    "InstallTimeStamp",
    "*MediaType",
    "NetCfgInstanceId",
    "NetLuidIndex",
    "*PhysicalMediaType",
    "Provider",
    "ProviderName",
];

/// A keyword is declared wrongly, or a value does not fit its declaration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("keyword {keyword}: {message}")]
pub struct KeywordError {
    keyword: String,
    message: String,
}

impl KeywordError {
    fn new(keyword: &str, message: impl Into<String>) -> Self {
        Self {
            keyword: keyword.to_owned(),
            message: message.into(),
        }
    }
}

impl Installation {
    /// The current value of a keyword, or `None` if it is absent or not a string.
    pub fn keyword(&self, name: &str) -> Option<&str> {
        match self.software.value(name) {
            Some(RegistryValue::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Changes a keyword after the installation, as the Advanced page does. A keyword that the INF
    /// does not declare can be set too, as with a registry editor.
    ///
    /// # Errors
    ///
    /// The name is reserved, or the value does not fit the type, range or choices that the INF
    /// declares.
    pub fn set_keyword(&mut self, name: &str, value: &str) -> Result<(), KeywordError> {
        check_name(name)?;
        let params = self.software.subkey(r"Ndi\params");
        if let Some(declaration) = params.and_then(|params| params.subkey(name)) {
            Declaration::read(name, declaration)?.check(value)?;
        }
        self.software
            .set_value(name, RegistryValue::String(value.to_owned()));
        Ok(())
    }
}

/// Checks every declaration below `Ndi\params` and gives each required keyword its default, unless
/// the INF has written a value already.
///
/// A parameter with `Optional` = 0 or none has to have a value, and that is the default until a
/// user chooses another; with `Optional` = 1 it stays absent.
pub(super) fn apply_defaults(software: &mut Key) -> Result<(), KeywordError> {
    let mut defaults = Vec::new();
    let params = software.subkey(r"Ndi\params").into_iter();
    for (name, declaration) in params.flat_map(Key::subkeys) {
        check_name(name)?;
        let declaration = Declaration::read(name, declaration)?;
        if let Some(default) = declaration.required_default()?
            && software.value(name).is_none()
        {
            defaults.push((name.to_owned(), default.to_owned()));
        }
    }
    for (name, default) in defaults {
        software.set_value(&name, RegistryValue::String(default));
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), KeywordError> {
    if name.is_empty() || name.contains('\\') {
        Err(KeywordError::new(
            name,
            "expected a name without a backslash",
        ))
    } else if RESERVED
        .iter()
        .any(|reserved| reserved.eq_ignore_ascii_case(name))
    {
        Err(KeywordError::new(name, "the name is reserved"))
    } else {
        Ok(())
    }
}

/// The declared type of a keyword.
enum Type<'a> {
    Number {
        minimum: i64,
        maximum: i64,
        step: i64,
    },
    Choice(Option<&'a Key>),
    Text {
        chars_max: usize,
    },
}

/// One key below `Ndi\params`.
struct Declaration<'a> {
    name: &'a str,
    value_type: Type<'a>,
    default: Option<&'a str>,
    optional: bool,
}

impl<'a> Declaration<'a> {
    fn read(name: &'a str, key: &'a Key) -> Result<Self, KeywordError> {
        let text = |entry: &str| match key.value(entry) {
            Some(RegistryValue::String(text)) => Some(text.as_str()),
            _ => None,
        };
        if text("ParamDesc").is_none() {
            return Err(KeywordError::new(name, "expected a string ParamDesc"));
        }
        let value_type = text("Type").unwrap_or_default().to_ascii_lowercase();
        // The widths of the types: a signed 16-bit, a signed 32-bit and the unsigned ones.
        let value_type = match value_type.as_str() {
            "int" | "long" => read_range(name, key, i64::from(i32::MIN), i64::from(i32::MAX))?,
            "word" => read_range(name, key, 0, i64::from(u16::MAX))?,
            "dword" => read_range(name, key, 0, i64::from(u32::MAX))?,
            "enum" => Type::Choice(key.subkey("enum")),
            "edit" => Type::Text {
                chars_max: text("LimitText")
                    .and_then(parse_number)
                    .map_or(usize::MAX, |limit| limit as usize),
            },
            other => {
                return Err(KeywordError::new(
                    name,
                    format!(
                        "expected Type int, long, word, dword, enum or edit, found {}",
                        Quoted(other)
                    ),
                ));
            }
        };
        Ok(Self {
            name,
            value_type,
            default: text("Default"),
            optional: text("Optional") == Some("1"),
        })
    }

    /// The default of a keyword that must have a value.
    fn required_default(&self) -> Result<Option<&'a str>, KeywordError> {
        match self.default {
            _ if self.optional => Ok(None),
            Some(default) => {
                self.check(default)?;
                Ok(Some(default))
            }
            None => Err(KeywordError::new(
                self.name,
                "expected a Default, because the keyword is not optional",
            )),
        }
    }

    fn check(&self, value: &str) -> Result<(), KeywordError> {
        let fault = match &self.value_type {
            Type::Number {
                minimum,
                maximum,
                step,
            } => number_fault(value, *minimum, *maximum, *step),
            Type::Choice(choices) => choice_fault(value, *choices),
            Type::Text { chars_max } => (value.chars().count() > *chars_max)
                .then(|| format!("expected at most {chars_max} characters")),
        };
        match fault {
            None => Ok(()),
            Some(expected) => Err(KeywordError::new(
                self.name,
                format!("{expected}, found {}", Quoted(value)),
            )),
        }
    }
}

fn read_range<'a>(
    name: &str,
    key: &Key,
    lowest: i64,
    highest: i64,
) -> Result<Type<'a>, KeywordError> {
    let number = |entry: &str, absent: i64| match key.value(entry) {
        None => Ok(absent),
        Some(RegistryValue::String(text)) => text.parse().map_err(|_| {
            KeywordError::new(
                name,
                format!(
                    "expected a decimal number as {entry}, found {}",
                    Quoted(text)
                ),
            )
        }),
        Some(_) => Err(KeywordError::new(
            name,
            format!("expected a string as {entry}"),
        )),
    };
    let minimum = number("Min", lowest)?;
    let maximum = number("Max", highest)?;
    let step = number("Step", 1)?;
    if minimum < lowest || maximum > highest || minimum > maximum || step < 1 {
        return Err(KeywordError::new(
            name,
            format!("Min {minimum}, Max {maximum} and Step {step} allow no sensible value"),
        ));
    }
    Ok(Type::Number {
        minimum,
        maximum,
        step,
    })
}

/// What is wrong with a number. `minimum` is where the steps start; all three come from
/// [`read_range`], so that the subtraction cannot overflow.
fn number_fault(value: &str, minimum: i64, maximum: i64, step: i64) -> Option<String> {
    match value.parse::<i64>() {
        Ok(number) if number < minimum || number > maximum => {
            Some(format!("expected a number from {minimum} to {maximum}"))
        }
        Ok(number) if (number - minimum) % step != 0 => {
            Some(format!("expected {minimum} plus a multiple of {step}"))
        }
        Ok(_) => None,
        Err(_) => Some(format!("expected a number from {minimum} to {maximum}")),
    }
}

fn choice_fault(value: &str, choices: Option<&Key>) -> Option<String> {
    if choices.is_some_and(|choices| choices.value(value).is_some()) {
        return None;
    }
    let names: Vec<String> = choices
        .into_iter()
        .flat_map(Key::values)
        .take(16)
        .map(|(name, _)| Quoted(name).to_string())
        .collect();
    Some(format!("expected one of {}", names.join(", ")))
}
