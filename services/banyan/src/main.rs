//! The one binary: `dev`, `serve` and the command line.

fn main() {}
