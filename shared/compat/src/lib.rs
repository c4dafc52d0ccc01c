#![doc = include_str!("../README.md")]

mod alike;
mod changes;
mod contain;
mod document;
mod expand;
mod format;
mod judge;
mod keyword;
mod make;
mod mode;
mod node;
mod number;
mod pattern;
mod rule;

pub use changes::{Change, Kind, changes};
pub use contain::{Decision, MAX_BREAKS, decide};
pub use document::{Schema, View};
pub use judge::{Doubt, Judgement, Refusal};
pub use mode::{Direction, Mode, Reading, UnknownMode, compare};
pub use rule::{Break, Rule};
