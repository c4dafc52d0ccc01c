//! The whole service on a simulated store and bus; and the simulated carrier over real sockets and real disks.

#[cfg(test)]
mod events;
#[cfg(test)]
mod http;
#[cfg(test)]
mod peer;
#[cfg(test)]
mod races;
#[cfg(test)]
mod support;
#[cfg(test)]
mod table;
#[cfg(test)]
mod webhook;
