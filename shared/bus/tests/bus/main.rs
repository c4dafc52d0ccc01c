//! The buses, each by the cases that only it can have, and all by the shared list.

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod embedded;
#[cfg(test)]
#[cfg(feature = "rabbitmq")]
mod rabbitmq;
