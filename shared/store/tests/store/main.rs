//! The stores, each by the cases that only it can have, and all by the shared list.

#[cfg(test)]
mod assumptions;
#[cfg(test)]
#[cfg(feature = "aws")]
mod aws;
#[cfg(test)]
mod blobs;
#[cfg(test)]
mod conformance;
#[cfg(test)]
#[cfg(feature = "aws")]
mod dynamodb;
#[cfg(test)]
mod keys;
#[cfg(test)]
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(test)]
mod sqlite;
#[cfg(test)]
#[cfg(any(feature = "aws", feature = "postgres"))]
mod units;
#[cfg(test)]
#[cfg(feature = "aws")]
mod wire;
