//! What a check found, for a person, for a program, and for what shows findings beside the lines that were changed.

mod abridged;
mod github;
mod sarif;
mod text;

pub use github::github;
pub use sarif::sarif;
pub use text::text;

#[cfg(test)]
mod tests;
