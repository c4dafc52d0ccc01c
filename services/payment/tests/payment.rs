//! The gateway against the simulated provider, over real sockets and real disks; and the service where time jumps.

#[cfg(test)]
#[path = "payment/desk.rs"]
mod desk;
#[cfg(test)]
#[path = "payment/disputes.rs"]
mod disputes;
#[cfg(test)]
#[path = "payment/ear.rs"]
mod ear;
#[cfg(test)]
#[path = "payment/hearing.rs"]
mod hearing;
#[cfg(test)]
#[path = "payment/http.rs"]
mod http;
#[cfg(test)]
#[path = "payment/journey.rs"]
mod journey;
#[cfg(test)]
#[path = "payment/kill.rs"]
mod kill;
#[cfg(test)]
#[path = "payment/ledger.rs"]
mod ledger;
#[cfg(test)]
#[path = "payment/mishaps.rs"]
mod mishaps;
#[cfg(test)]
#[path = "payment/patience.rs"]
mod patience;
#[cfg(test)]
#[path = "payment/races.rs"]
mod races;
#[cfg(test)]
#[path = "payment/rate.rs"]
mod rate;
#[cfg(test)]
#[path = "payment/shop.rs"]
mod shop;
#[cfg(test)]
#[path = "payment/support.rs"]
mod support;
#[cfg(test)]
#[path = "payment/table.rs"]
mod table;
#[cfg(test)]
#[path = "payment/webhooks.rs"]
mod webhooks;
