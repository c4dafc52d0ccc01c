//! The one binary: `dev` and the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    banyan::cli::main()
}
