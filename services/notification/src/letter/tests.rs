use std::collections::BTreeSet;
use std::path::Path;

use contracts::events::order::CancelReason;
use contracts::events::payment::DisputeStatus;
use contracts::order::{Customer, Line, LineQuantity};
use contracts::{
    Currency, CustomerId, DisputeId, LocationId, Money, OrderId, Quantity, RefundId, Sku, Timestamp,
};

use super::*;
use crate::domain::{Facts, Milestone};

fn order(locale: &str) -> Order {
    Order {
        customer_id: CustomerId::new("c-1").unwrap(),
        customer: Customer { name: "Ada".into(), email: String::new(), locale: locale.into() },
        currency: Currency::EUR,
        lines: vec![Line {
            sku: Sku::new("a").unwrap(),
            quantity: Quantity::new(1_200).unwrap(),
            unit_price_minor: 100,
        }],
        shipping_fee_minor: 495,
        discount_minor: 0,
        tax_minor: 0,
        total_minor: 120_495,
    }
}

fn letter(order: &Order, facts: Facts) -> Message {
    let order_id = OrderId::new("536365").unwrap();
    let house = House { shop: "Shop & <Co>", locale: "en-GB" };
    let to = Address::new("ada@example.org").unwrap();
    write(house, to, Some(About { order_id: &order_id, order }), &Story { facts, at: Timestamp::EPOCH })
        .unwrap()
}

fn dispatched(carrier: &str, url: Option<&str>) -> Facts {
    Facts::Dispatched {
        carrier: carrier.to_owned(),
        tracking_number: "T1".to_owned(),
        tracking_url: url.map(str::to_owned),
        parcel: vec![LineQuantity { sku: Sku::new("a").unwrap(), quantity: Quantity::ONE }],
    }
}

#[test]
fn every_template_is_listed_and_parsed() {
    let mut files = BTreeSet::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    for language in Language::ALL {
        for entry in std::fs::read_dir(root.join(language.folder())).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            files.insert(format!("{}/{name}", language.folder()));
        }
    }
    let listed: BTreeSet<String> = templates::ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(files, listed);
    let letters = parsed().unwrap();
    for (language, milestone) in
        Language::ALL.iter().flat_map(|language| Milestone::ALL.iter().map(move |m| (language.folder(), m)))
    {
        for form in ["subject", "txt", "html"] {
            letters.get_template(&format!("{language}/{}.{form}", milestone.name())).unwrap();
        }
    }
}

#[test]
fn a_name_that_no_context_has_is_an_error_and_not_a_blank() {
    let mut letters = parsed().unwrap();
    letters.add_template("x.txt", "Dear {{ nmae }}").unwrap();
    let error = letters.get_template("x.txt").unwrap().render(minijinja::context! { name => "Ada" });
    assert_eq!(error.unwrap_err().kind(), minijinja::ErrorKind::UndefinedError);
}

#[test]
fn whatever_comes_from_outside_is_escaped_in_html_and_plain_in_text() {
    let mut order = order("en");
    order.customer.name = "<b>Ada</b>".to_owned();
    let letter = letter(&order, dispatched("<script>alert(1)</script>", Some("javascript:alert(1)")));
    assert!(letter.html.contains("&lt;b&gt;Ada&lt;&#x2f;b&gt;"), "{}", letter.html);
    assert!(letter.html.contains("Shop &amp; &lt;Co&gt;"));
    assert!(!letter.html.contains("<script") && !letter.html.contains("javascript"), "{}", letter.html);
    assert!(letter.text.contains("Hello <b>Ada</b>,"), "{}", letter.text);
}

#[test]
fn a_page_to_follow_the_parcel_is_linked_when_there_is_one() {
    let with = letter(&order("en"), dispatched("c", Some("https://c.example/t?a=1&b=2")));
    assert!(with.html.contains("href=\"https:&#x2f;&#x2f;c.example&#x2f;t?a=1&amp;b=2\""), "{}", with.html);
    assert!(with.text.contains("https://c.example/t?a=1&b=2"));
    let without = letter(&order("en"), dispatched("c", None));
    assert!(!without.html.contains("href") && !without.text.contains("Follow"), "{}", without.text);
}

#[test]
fn every_reason_and_every_state_of_a_dispute_has_its_sentence_in_every_language() {
    let money = Money::new(100, Currency::EUR);
    for language in Language::ALL {
        let order = order(language.folder());
        let reasons = CancelReason::ALL.iter().filter(|reason| **reason != CancelReason::InvalidOrder);
        let cancelled: BTreeSet<String> =
            reasons.clone().map(|&reason| letter(&order, Facts::Cancelled { reason }).text).collect();
        assert_eq!(cancelled.len(), reasons.count(), "{language:?}");
        // What this version does not know gets a sentence that is true of everything.
        let unknown = letter(&order, Facts::Cancelled { reason: CancelReason::Unrecognised }).text;
        assert!(!cancelled.contains(&unknown));
        assert_eq!(unknown, letter(&order, Facts::Cancelled { reason: CancelReason::InvalidOrder }).text);
        let dispute_id = DisputeId::new("d").unwrap();
        let disputed = |status| Facts::Disputed { dispute_id: dispute_id.clone(), status, money };
        let known = DisputeStatus::ALL.iter().chain(&[DisputeStatus::Unrecognised]);
        let told: BTreeSet<String> = known.map(|&status| letter(&order, disputed(status)).text).collect();
        assert_eq!(told.len(), DisputeStatus::ALL.len() + 1, "{language:?}");
    }
}

#[test]
fn a_letter_is_written_as_its_reader_writes() {
    for (locale, subject, total) in [
        ("de-AT", "Ihre Bestellung 536365", "€\u{a0}1.204,95"),
        ("de-DE", "Ihre Bestellung 536365", "1.204,95\u{a0}€"),
        ("fr-FR", "Votre commande 536365", "1\u{202f}204,95\u{a0}€"),
        ("en-US", "Your order 536365", "€1,204.95"),
        ("nl-NL", "Your order 536365", "€1,204.95"),
    ] {
        let letter = letter(&order(locale), Facts::Placed);
        assert_eq!(letter.subject, subject, "{locale}");
        assert!(letter.text.contains(total) && letter.html.contains(total), "{locale}: {}", letter.text);
    }
}

#[test]
fn discounts_and_tax_are_written_where_there_are_any() {
    let plain = letter(&order("en"), Facts::Placed);
    assert!(!plain.text.contains("Discounts") && !plain.text.contains("Tax"), "{}", plain.text);
    assert!(plain.html.contains("<p>\nShipping") || plain.html.contains("<p>Shipping"), "{}", plain.html);
    for (locale, discount, tax) in [
        ("en-US", "Discounts: -€5.00", "Tax: €12.34"),
        ("de-DE", "Rabatte: -5,00\u{a0}€", "Steuer: 12,34\u{a0}€"),
        ("fr-FR", "Remises\u{a0}: -5,00\u{a0}€", "TVA\u{a0}: 12,34\u{a0}€"),
    ] {
        let order = Order { discount_minor: 500, tax_minor: 1_234, ..order(locale) };
        let letter = letter(&order, Facts::Placed);
        for written in [&letter.text, &letter.html] {
            assert!(written.contains(discount) && written.contains(tax), "{locale}: {written}");
        }
    }
}

#[test]
fn an_operator_hears_of_no_customer() {
    let house = House { shop: "Shop", locale: "de" };
    let facts = Facts::Short {
        sku: Sku::new("a").unwrap(),
        location: LocationId::new("main").unwrap(),
        missing: 1_234,
        order_id: None,
    };
    let to = Address::new("ops@example.org").unwrap();
    let letter = write(house, to, None, &Story { facts, at: Timestamp::EPOCH }).unwrap();
    assert_eq!(letter.subject, "Fehlbestand: a in main");
    assert!(letter.text.contains("1.234 zugesagte Stück"), "{}", letter.text);
    assert!(letter.text.contains("Betrieb von Shop") && letter.text.contains("nur Reservierungen"));
}

#[test]
fn a_subject_is_one_line() {
    assert_eq!(one_line(" Your\r\nBcc: eve@example.org\torder\n"), "Your Bcc: eve@example.org order");
    let refund =
        Facts::Refunded { refund_id: RefundId::new("r").unwrap(), money: Money::new(1, Currency::EUR) };
    assert_eq!(letter(&order("fr"), refund).subject, "Remboursement de votre commande 536365");
}
