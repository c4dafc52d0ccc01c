//! One order as each service and each peer sees it.

use std::collections::BTreeMap;

use runtime::Findings;
use serde_json::Value;

use super::books::{Books, Money, Parcel};

/// What a service said of something; a field that it did not name is not compared.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fact<'a>(Option<&'a Value>);

impl<'a> Fact<'a> {
    pub(super) fn of(value: &'a Value) -> Self {
        Self(Some(value))
    }

    pub(super) fn is_there(self) -> bool {
        self.0.is_some()
    }

    fn field(self, name: &str) -> Option<&'a Value> {
        self.0.and_then(|fact| fact.get(name)).filter(|value| !value.is_null())
    }

    /// The word under `name`; `absent` when there is none.
    pub(super) fn text(self, name: &str) -> &'a str {
        self.field(name).and_then(Value::as_str).unwrap_or("absent")
    }

    pub(super) fn number(self, name: &str) -> Option<i64> {
        self.field(name).and_then(Value::as_i64)
    }

    pub(super) fn flag(self, name: &str) -> Option<bool> {
        self.field(name).and_then(Value::as_bool)
    }

    /// Numbers by name, such as pieces by SKU.
    pub(super) fn numbers(self, name: &str) -> Option<BTreeMap<&'a str, i64>> {
        let numbers = self.field(name)?.as_object()?.iter();
        Some(numbers.filter_map(|(name, n)| Some((name.as_str(), n.as_i64()?))).collect())
    }

    /// The facts within, by name.
    pub(super) fn each(self, name: &str) -> Vec<(&'a str, Fact<'a>)> {
        let inner = self.field(name).and_then(Value::as_object).into_iter().flatten();
        inner.map(|(name, value)| (name.as_str(), Fact::of(value))).collect()
    }
}

/// One order from every side.
#[derive(Debug, Clone, Default)]
pub(super) struct Sides<'a> {
    pub(super) order: Fact<'a>,
    pub(super) reservation: Fact<'a>,
    pub(super) payment: Fact<'a>,
    pub(super) shipment: Fact<'a>,
    /// What notification knows of whom to tell, and what it told.
    pub(super) told: Fact<'a>,
    /// Pieces that came back with the customer's returns, by SKU, as inventory booked them.
    pub(super) came_back: BTreeMap<&'a str, i64>,
    /// The provider's own books.
    pub(super) money: Money,
    /// The carrier's own books.
    pub(super) parcel: Parcel,
}

/// What `service` says under `kind`, by id.
pub(super) fn facts<'a>(
    findings: &'a [(&'static str, Findings)],
    service: &'static str,
    kind: &'static str,
) -> impl Iterator<Item = (&'a str, Fact<'a>)> {
    let of = findings.iter().filter(move |(name, _)| *name == service);
    let kinds = of.filter_map(move |(_, found)| found.facts.get(kind));
    kinds.flatten().map(|(id, value)| (id.as_str(), Fact::of(value)))
}

/// Every order that anybody knows of.
pub(super) fn gather<'a>(
    findings: &'a [(&'static str, Findings)],
    books: &'a Books,
) -> BTreeMap<&'a str, Sides<'a>> {
    let mut sides: BTreeMap<&str, Sides<'_>> = BTreeMap::new();
    for (service, found) in findings {
        for (kind, facts) in &found.facts {
            for (id, value) in facts {
                let fact = Fact::of(value);
                match (*service, kind.as_str()) {
                    ("orders", "orders") => sides.entry(id).or_default().order = fact,
                    ("inventory", "reservations") => sides.entry(id).or_default().reservation = fact,
                    ("payment", "payments") => sides.entry(id).or_default().payment = fact,
                    ("shipping", "shipments") => {
                        let side = sides.entry(id).or_default();
                        side.shipment = fact;
                        side.parcel = books.parcels.get(fact.text("parcel")).copied().unwrap_or_default();
                    }
                    ("notification", "told") => sides.entry(id).or_default().told = fact,
                    ("inventory", "returns") => {
                        let side = sides.entry(fact.text("order_id")).or_default();
                        for (sku, pieces) in fact.numbers("lines").unwrap_or_default() {
                            *side.came_back.entry(sku).or_default() += pieces;
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    // Also what only the provider knows of.
    for (id, money) in &books.money {
        sides.entry(id).or_default().money = *money;
    }
    sides
}
