//! The payment service: the gateway port, its adapters, and the simulated provider they are tried against.

pub mod gateway;
pub mod simulated;
