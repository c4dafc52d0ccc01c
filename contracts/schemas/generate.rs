//! Writes this folder anew from the Rust types:
//! `cargo run -p contracts --features schema --bin generate-schemas`.

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    for file in contracts::schema::files() {
        fs::write(folder.join(&file.name), &file.text)?;
    }
    Ok(())
}
