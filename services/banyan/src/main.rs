//! The one binary: `dev` and the command line.

use std::process::ExitCode;

/// What one thread allocates is freed by another all the time here: a handler makes a unit of work, the writer's answer
/// frees it. The system's allocator spends a third of a busy process on that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    banyan::cli::main()
}
