//! A simulated world: one store and its queues behind every node, and everything that can go wrong with them.
//!
//! All that happens is decided by one seed. [`World::store`] and `bus::sim` give out the ports; every node's calls
//! go through its [`Link`].

mod blobs;
mod dice;
mod link;
mod manners;
mod queues;
mod store;
mod time;
mod traffic;
mod world;

pub use blobs::SimBlobs;
pub use dice::{Dice, Fault, Rates};
pub use link::Link;
pub use manners::Manners;
pub use queues::Taken;
pub use store::SimStore;
pub use time::{JumpingTime, SimTime};
pub use traffic::Sent;
pub use world::{Setup, World};

#[cfg(test)]
mod tests;
