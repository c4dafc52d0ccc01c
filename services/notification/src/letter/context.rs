//! What the templates may name. Everything is text already, written as the reader's language writes it.

use contracts::order::{Line, LineQuantity};
use contracts::{Currency, Money};
use minijinja::{Value, context};

use super::About;
use super::locale::Locale;
use super::money::{amount, count};
use crate::domain::{Facts, Story};

/// The longest name that a letter begins with, in characters.
const LONGEST_NAME: usize = 64;

/// The context of the letter that tells `story`.
pub(super) fn of(shop: &str, locale: Locale, about: Option<About<'_>>, story: &Story) -> Value {
    let every = context! {
        shop,
        lang => locale.language.folder(),
        date => locale.date(story.at),
        name => about.map(|about| name(&about.order.customer.name)).unwrap_or_default(),
    };
    let about = about.map_or_else(|| context! {}, |about| of_order(about, locale));
    context! { ..facts(&story.facts, locale), ..about, ..every }
}

fn of_order(About { order_id, order }: About<'_>, locale: Locale) -> Value {
    let money = |minor| amount(Money::new(minor, order.currency), locale);
    let lines: Vec<Value> = order.lines.iter().map(|line| priced(line, order.currency, locale)).collect();
    context! {
        order_id => order_id.to_string(),
        lines,
        shipping_fee => money(order.shipping_fee_minor),
        // Empty, and so not written, where there is none.
        discount => if order.discount_minor == 0 { String::new() } else { money(order.discount_minor) },
        tax => if order.tax_minor == 0 { String::new() } else { money(order.tax_minor) },
        total => money(order.total_minor),
    }
}

fn priced(line: &Line, currency: Currency, locale: Locale) -> Value {
    let money = |minor| amount(Money::new(minor, currency), locale);
    context! {
        sku => line.sku.to_string(),
        quantity => count(line.quantity.get().into(), locale),
        price => money(line.unit_price_minor),
        // A line whose sum does not fit is nobody's honest order; it is shown without one.
        total => line.goods_minor().map(money).unwrap_or_default(),
    }
}

fn facts(facts: &Facts, locale: Locale) -> Value {
    match facts {
        Facts::Placed | Facts::Confirmed | Facts::Completed | Facts::Delivered => context! {},
        Facts::Cancelled { reason } => context! { reason => reason.as_str() },
        Facts::Dispatched { carrier, tracking_number, tracking_url, parcel } => context! {
            carrier,
            tracking_number,
            tracking_url => tracking_url.as_deref().filter(|url| is_link(url)).unwrap_or_default(),
            parcel => parcel.iter().map(|line| pieces(line, locale)).collect::<Vec<Value>>(),
        },
        Facts::Refunded { money, .. } | Facts::Voided { money } => {
            context! { amount => amount(*money, locale) }
        }
        Facts::Disputed { status, money, .. } => {
            context! { status => status.as_str(), amount => amount(*money, locale) }
        }
        Facts::Low { sku, location, available, threshold } => context! {
            sku => sku.to_string(),
            location => location.to_string(),
            available => count(*available, locale),
            threshold => count(*threshold, locale),
        },
        Facts::Short { sku, location, missing, order_id } => context! {
            sku => sku.to_string(),
            location => location.to_string(),
            missing => count(*missing, locale),
            order_id => order_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        },
    }
}

fn pieces(line: &LineQuantity, locale: Locale) -> Value {
    context! { sku => line.sku.to_string(), quantity => count(line.quantity.get().into(), locale) }
}

/// Only what a browser opens as a page: a carrier's word must not become a script.
fn is_link(url: &str) -> bool {
    let scheme = url.starts_with("https://") || url.starts_with("http://");
    scheme && url.len() <= 2_048 && url.bytes().all(|b| b.is_ascii_graphic() && b != b'"')
}

/// The name as a letter may begin with it; empty when it is none. Whoever orders chooses the name, and may order in
/// somebody else's: what reads like an advertisement is not sent on.
fn name(name: &str) -> &str {
    let name = name.trim();
    let reads_like_a_link = ["://", "www.", "http"].iter().any(|part| name.contains(part));
    let is_name = name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control);
    if is_name && !reads_like_a_link { name } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_begin_a_letter_and_only_pages_are_linked() {
        assert_eq!(name("  Ada Byron "), "Ada Byron");
        for bad in ["win at https://x.example", "see www.x.example", "a\nb", &"x".repeat(65)] {
            assert_eq!(name(bad), "", "{bad}");
        }
        assert!(is_link("https://carrier.example/track/1?a=b"));
        for bad in ["javascript:alert(1)", "https://x/\"onclick", "//x", "https://x y", "ftp://x"] {
            assert!(!is_link(bad), "{bad}");
        }
    }
}
