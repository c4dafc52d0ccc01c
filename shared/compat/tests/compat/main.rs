//! The engine against a table of edits, against another validator, and against documents by the hundred thousand.

#[cfg(test)]
mod documents;
#[cfg(test)]
mod judging;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod schemas;
#[cfg(test)]
mod table;
