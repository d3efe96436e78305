//! The event trace as text: one line an event.

use super::{NAME, Trace};
use std::fmt::Write;

/// The words for each kind of event, by its number, with `{}` for each operand.
const KINDS: [(&str, &[Operand]); 13] = [
    ("calls", &[Operand::Name]),
    ("is called:", &[Operand::Name]),
    ("returns from", &[Operand::Name]),
    ("interrupt", &[]),
    ("DPC", &[]),
    ("thread", &[Operand::Name]),
    ("timer", &[]),
    ("reads", &REGISTER),
    ("writes", &REGISTER),
    ("message", &[Operand::Number("")]),
    (
        "ring",
        &[
            Operand::Number("queue"),
            Operand::Number("packets"),
            Operand::Number("fragments"),
        ],
    ),
    (
        "milestone",
        &[Operand::Name, Operand::Processor("processor")],
    ),
    ("fault", &[Operand::Name]),
];

const REGISTER: [Operand; 3] = [
    Operand::Number("BAR"),
    Operand::Hexadecimal("offset"),
    Operand::Hexadecimal("value"),
];

enum Operand {
    /// The number of a name.
    Name,
    /// A number with a label.
    Number(&'static str),
    /// A number with a label, better read in hexadecimal.
    Hexadecimal(&'static str),
    /// An index plus one, or 0 for none.
    Processor(&'static str),
}

/// Reads a trace from its beginning.
struct Reader<'a> {
    bytes: &'a [u8],
    names: Vec<String>,
    now_ns: u64,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(first)
    }

    fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        Some(value)
    }

    fn name(&mut self) -> Option<()> {
        let length = self.number()? as usize;
        let (name, rest) = self.bytes.split_at_checked(length)?;
        self.names.push(String::from_utf8_lossy(name).into_owned());
        self.bytes = rest;
        Some(())
    }

    fn line(&mut self) -> Option<String> {
        let mut kind = self.byte()?;
        while kind == NAME {
            self.name()?;
            kind = self.byte()?;
        }
        self.now_ns += self.number()?;
        let place = match self.number()? {
            0 => "-".to_owned(),
            index => format!("{}/{}", index - 1, self.bytes.first()?),
        };
        self.byte()?;
        let (words, operands) = KINDS.get(usize::from(kind))?;
        let mut line = format!("{:>14} ns {place:>6} {words}", self.now_ns);
        for operand in *operands {
            let value = self.number()?;
            let written = match operand {
                Operand::Name => write!(line, " {}", self.names.get(value as usize)?),
                Operand::Number(label) => write!(line, " {label} {value}"),
                Operand::Hexadecimal(label) => write!(line, " {label} {value:#x}"),
                Operand::Processor(_) if value == 0 => Ok(()),
                Operand::Processor(label) => write!(line, " {label} {}", value - 1),
            };
            written.expect("a string takes all text");
        }
        Some(line)
    }
}

impl Trace {
    /// The events as text: virtual time, processor and IRQL (`-` outside of all processors), and
    /// what happened.
    pub fn lines(&self) -> impl Iterator<Item = String> + '_ {
        let mut reader = Reader {
            bytes: &self.bytes,
            names: Vec::new(),
            now_ns: 0,
        };
        std::iter::from_fn(move || reader.line())
    }
}
