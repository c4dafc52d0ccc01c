//! What became of the lines of a file.

use std::collections::BTreeMap;

/// Why a line that can be read is not part of an order or a return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ignored {
    /// Postage, fees, discounts, corrections, samples, gift vouchers: nothing that lies in a stock.
    NonProduct,
    /// An invoice line of 0 or fewer pieces: a correction of the stock.
    QuantityNotPositive,
    /// A price of 0 or less: a gift, a sample, a write-off.
    PriceNotPositive,
    /// A line of a C-invoice whose quantity is not negative.
    ReturnedQuantityNotNegative,
    /// Goods come back that no earlier order of this customer has sold, as far as the file knows.
    ReturnWithoutOrder,
}

impl Ignored {
    /// The name in reports. These names stay.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NonProduct => "non_product",
            Self::QuantityNotPositive => "quantity_not_positive",
            Self::PriceNotPositive => "price_not_positive",
            Self::ReturnedQuantityNotNegative => "returned_quantity_not_negative",
            Self::ReturnWithoutOrder => "return_without_order",
        }
    }
}

/// The sums of what an import has given so far.
///
/// Behind the last item, `lines` = `order_lines` + `return_lines` + all of `ignored` + `bad_lines`. Before it, and after
/// [`Import::limit`](super::Import::limit), what belongs to invoices that were not given is in none of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines that became part of what was given, or were left out of it.
    pub lines: u64,
    /// Lines that are in an order (equal SKUs are summed: an order may have fewer).
    pub order_lines: u64,
    /// Lines that are in a return with an order.
    pub return_lines: u64,
    /// Lines that were reported as bad.
    pub bad_lines: u64,
    /// Lines that were left out, by reason ([`Ignored::name`]); a reason that did not occur is absent.
    pub ignored: BTreeMap<String, u64>,
    /// Orders, every part of a split invoice being one.
    pub orders: u64,
    /// Invoices that became more than one order.
    pub split_invoices: u64,
    /// Returns with an order.
    pub returns_matched: u64,
    /// Returns without one.
    pub returns_unmatched: u64,
    /// Orders whose country is a stand-in: unspecified, unknown, or no single country.
    pub countries_assumed: u64,
}

impl Counts {
    pub(super) fn ignore(&mut self, why: Ignored, lines: u64) {
        self.lines += lines;
        *self.ignored.entry(why.name().to_owned()).or_default() += lines;
    }

    /// Adds what another import has counted.
    pub(super) fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        self.order_lines += other.order_lines;
        self.return_lines += other.return_lines;
        self.bad_lines += other.bad_lines;
        self.orders += other.orders;
        self.split_invoices += other.split_invoices;
        self.returns_matched += other.returns_matched;
        self.returns_unmatched += other.returns_unmatched;
        self.countries_assumed += other.countries_assumed;
        for (reason, lines) in &other.ignored {
            *self.ignored.entry(reason.clone()).or_default() += lines;
        }
    }
}
