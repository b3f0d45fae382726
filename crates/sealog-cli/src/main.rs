//! The binary `sealog`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(sealog_cli::run(std::env::args_os()))
}
