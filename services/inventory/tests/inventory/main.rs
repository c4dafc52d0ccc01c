//! The whole service on a simulated store and bus: events in, events out, HTTP, audit.

#[cfg(test)]
mod events;
#[cfg(test)]
mod holds;
#[cfg(test)]
mod http;
#[cfg(test)]
mod journeys;
#[cfg(test)]
mod moving;
#[cfg(test)]
mod shortfalls;
#[cfg(test)]
mod support;
#[cfg(test)]
mod trouble;
