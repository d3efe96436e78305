//! The `dhpnic` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    dhpnic::cli::run()
}
