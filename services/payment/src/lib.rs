//! The payment service: so far the simulated payment provider that it is tried against.

pub mod simulated;
