//! The runtime on a simulated store and bus, with a service that is made for each test.

#[cfg(test)]
mod cards;
#[cfg(test)]
mod claims;
#[cfg(test)]
mod dead_queue;
#[cfg(test)]
mod long;
#[cfg(test)]
mod newer;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod redrive;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod rest;
#[cfg(test)]
mod support;
#[cfg(test)]
mod suspects;
#[cfg(test)]
mod twins;
#[cfg(test)]
mod validation;
#[cfg(test)]
mod versions;
