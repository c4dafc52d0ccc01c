//! The published files: schemas, frozen examples and their checksums.

#[cfg(test)]
mod examples;
#[cfg(test)]
mod schemas;
#[cfg(test)]
mod support;
