//! The templates, by name. A file that is missing does not compile; one that is not listed fails a test.

macro_rules! templates {
    ($($name:literal)*) => {
        &[$(
            (concat!("en/", $name), include_str!(concat!("../../templates/en/", $name))),
            (concat!("de/", $name), include_str!(concat!("../../templates/de/", $name))),
            (concat!("fr/", $name), include_str!(concat!("../../templates/fr/", $name))),
        )*]
    };
}

/// Name and text of each, in every language.
pub(super) const ALL: &[(&str, &str)] = templates! {
    "layout.html" "layout.txt" "lines.html" "lines.txt"
    "order-placed.subject" "order-placed.txt" "order-placed.html"
    "order-confirmed.subject" "order-confirmed.txt" "order-confirmed.html"
    "order-cancelled.subject" "order-cancelled.txt" "order-cancelled.html"
    "order-completed.subject" "order-completed.txt" "order-completed.html"
    "shipment-dispatched.subject" "shipment-dispatched.txt" "shipment-dispatched.html"
    "shipment-delivered.subject" "shipment-delivered.txt" "shipment-delivered.html"
    "payment-refunded.subject" "payment-refunded.txt" "payment-refunded.html"
    "payment-voided.subject" "payment-voided.txt" "payment-voided.html"
    "payment-disputed.subject" "payment-disputed.txt" "payment-disputed.html"
    "stock-low.subject" "stock-low.txt" "stock-low.html"
    "stock-short.subject" "stock-short.txt" "stock-short.html"
};
