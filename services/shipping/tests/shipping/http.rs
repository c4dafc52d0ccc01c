//! What can be asked over HTTP.

use std::collections::BTreeSet;
use std::time::Duration;

use shipping::Pace;
use shipping::domain::State;

use crate::support::{Mishap, Refused as _, Shop, captured, confirmed, returning};

#[test]
fn a_shipment_shows_how_it_stands_and_nobodys_address() {
    let shop = Shop::new();
    assert_eq!(shop.get("/shipments/o-1-s1").problem(), (404, "not-found".to_owned()));
    shop.tell("c", "o-1", &confirmed("o-1", "12 St James's Square"));
    shop.tell("p", "o-1", &captured("o-1"));
    shop.wait(Duration::from_secs(300));
    let shown = shop.get("/shipments/o-1-s1");
    assert_eq!(shown.body["status"], "delivered");
    assert_eq!(shown.body["lines"][0]["quantity"], 6);
    assert!(shown.body["tracking"].as_array().unwrap().len() >= 4, "{}", shown.body);
    let text = shown.body.to_string();
    assert!(!text.contains("James") && !text.contains("Ada"), "{text}");
}

#[test]
fn a_label_can_be_printed_while_it_stands() {
    let shop = Shop::new();
    shop.tell("c", "o-1", &confirmed("o-1", "12 St James's Square"));
    shop.tell("r", "o-1", &returning("o-1", "o-1-rt1"));
    let shown = shop.get("/shipments/o-1-s1").body;
    for (path, parcel) in [("/shipments/o-1-s1", "shipment/o-1-s1"), ("/returns/o-1-rt1", "return/o-1-rt1")] {
        let label = shop.get(&format!("{path}/label"));
        assert_eq!((label.status, label.headers["content-type"].as_str()), (200, "application/pdf"));
        let text = String::from_utf8(label.bytes.to_vec()).unwrap();
        assert!(
            text.starts_with("%PDF-1.4") && text.contains(parcel) && text.contains("12 St James"),
            "{text}"
        );
    }
    let label = shop.get("/shipments/o-1-s1/label");
    let number = shown["tracking_number"].as_str().unwrap();
    assert!(String::from_utf8_lossy(&label.bytes).contains(number));
    assert_eq!(label.headers["content-disposition"], format!("inline; filename=\"{number}.pdf\""));

    shop.tell("x", "o-1", &crate::support::cancelling("o-1"));
    assert_eq!(shop.get("/shipments/o-1-s1/label").problem(), (404, "no-label".to_owned()));
    assert_eq!(shop.get("/shipments/o-2-s1/label").problem(), (404, "not-found".to_owned()));
}

#[test]
fn a_label_is_forgotten_with_the_address_on_it() {
    let shop = Shop::new();
    shop.tell("c", "o-1", &confirmed("o-1", ""));
    assert!(shop.has_label("shipment/o-1-s1", Duration::from_secs(89 * 86_400)));
    assert!(!shop.has_label("shipment/o-1-s1", Duration::from_secs(91 * 86_400)));
}

#[test]
fn shipments_are_listed_newest_first_page_by_page_by_order_and_by_status() {
    let shop = Shop::new();
    for n in 0..7 {
        let id = format!("o-{n}");
        shop.tell(&format!("c{n}"), &id, &confirmed(&id, ""));
    }
    shop.tell("p", "o-3", &captured("o-3"));
    let ids = |body: &serde_json::Value| -> Vec<String> {
        let page = body["shipments"].as_array().unwrap();
        page.iter().map(|shipment| shipment["order_id"].as_str().unwrap().to_owned()).collect()
    };
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = shop.get(&format!("/shipments?limit=3{cursor}")).body;
        all.extend(ids(&page));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(all, ["o-6", "o-5", "o-4", "o-3", "o-2", "o-1", "o-0"]);
    let ready = ids(&shop.get("/shipments?status=ready").body);
    assert_eq!(ready, ["o-6", "o-5", "o-4", "o-2", "o-1", "o-0"]);
    assert_eq!(ids(&shop.get("/shipments?order_id=o-3").body), ["o-3"]);
    assert_eq!(ids(&shop.get("/shipments?order_id=o-3&status=ready").body), [""; 0]);
    for bad in ["limit=0", "limit=x", "status=nonsense", "cursor=zz", "order_id=a%20b"] {
        assert_eq!(
            shop.get(&format!("/shipments?{bad}")).problem(),
            (400, "invalid-query".to_owned()),
            "{bad}"
        );
    }
}

#[test]
fn every_status_that_is_listed_has_a_name_of_its_own() {
    assert_eq!(BTreeSet::from(State::NAMES).len(), State::NAMES.len());
}

#[test]
fn what_was_given_up_is_listed_and_can_be_asked_again() {
    let pace = Pace { until: Duration::from_secs(600), ..Pace::default() };
    let shop = Shop::with(1, pace);
    shop.tell("c", "o-1", &confirmed("o-1", ""));
    assert_eq!(shop.post("/shipments/o-1-s1/ask").problem(), (409, "not-given-up".to_owned()));
    shop.tell("p", "o-1", &captured("o-1"));
    shop.road.lose(&[Mishap::LostBefore; 20]);
    shop.wait(Duration::from_secs(1_200));
    let listed = shop.get("/shipments?status=trouble").body;
    assert_eq!(listed["shipments"][0]["trouble"], "no_end", "{listed}");
    assert_eq!(shop.audit().facts["shipments"]["o-1"]["stuck"], true);
    let asked = shop.post("/shipments/o-1-s1/ask");
    assert_eq!(asked.status, 202, "{asked:?}");
    assert_eq!(shop.get("/shipments?status=trouble").body["shipments"].as_array().unwrap().len(), 0);
    assert_eq!(shop.post("/shipments/none/ask").problem().0, 404);
    assert_eq!(shop.post("/returns/none/ask").problem().0, 404);
}

#[test]
fn the_description_names_every_route() {
    let described = shipping::openapi();
    let paths: Vec<&String> = described["paths"].as_object().unwrap().keys().collect();
    assert_eq!(paths.len(), 8, "{paths:?}");
}
