//! The whole service on a simulated store and bus: events in, letters out, HTTP, audit; and the simulated mailbox over
//! real sockets and real disks.

#[cfg(test)]
mod events;
#[cfg(test)]
mod http;
#[cfg(test)]
mod letters;
#[cfg(test)]
mod mailbox;
#[cfg(test)]
mod server;
#[cfg(test)]
mod support;
#[cfg(test)]
mod table;
#[cfg(test)]
mod trouble;
