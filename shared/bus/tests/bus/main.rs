//! The buses, each by the cases that only it can have, and all by the shared list.

#[cfg(test)]
mod assumptions;
#[cfg(test)]
#[cfg(feature = "aws")]
mod aws;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod embedded;
#[cfg(test)]
#[cfg(any(feature = "aws", feature = "rabbitmq"))]
mod look;
#[cfg(test)]
#[cfg(any(feature = "aws", feature = "rabbitmq"))]
mod network;
#[cfg(test)]
#[cfg(feature = "rabbitmq")]
mod rabbitmq;
#[cfg(test)]
mod world;
