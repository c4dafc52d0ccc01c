//! `order.placed` in version 2, from another application: what it costs is what is set aside, taken and given back.

use std::time::Duration;

use contracts::events::majors::Succeeds;
use contracts::events::order::{Discount, OrderPlacedV2, PlannedDelivery};
use contracts::order::{LineQuantity, PlaceOrder, ShipTo};
use contracts::{Quantity, Timestamp};
use serde_json::json;

use super::bus::{authorized, id, reserved};
use super::shop::{an_order, is, names, run};

const APP: &str = "https://shop.example/legacy";

/// 3 x 2.55 less 1.00 and 0.50, with 1.23 tax, in two parcels for 2.00 and 1.00: 10.38.
fn discounted(order_id: &str) -> OrderPlacedV2 {
    let asked = PlaceOrder::from_json(an_order().to_string().as_bytes()).unwrap();
    let mut order = OrderPlacedV2::step_up(asked.check().unwrap().placed(id(order_id), Timestamp::EPOCH));
    let off = |amount_minor| vec![Discount { code: "SPRING".to_owned(), amount_minor }];
    (order.lines[0].discounts, order.discounts) = (off(100), off(50));
    (order.lines[0].tax_minor, order.lines[0].tax_rate_bp) = (123, 2_000);
    (order.discount_minor, order.tax_minor, order.total_minor) = (150, 123, 765 - 150 + 123 + 300);
    let ship_to = order.deliveries[0].ship_to.clone();
    let parcel = |pieces, fee_minor| PlannedDelivery {
        lines: vec![LineQuantity {
            sku: order.lines[0].sku.clone(),
            quantity: Quantity::new(pieces).unwrap(),
        }],
        ship_to: ship_to.clone(),
        fee_minor,
    };
    order.deliveries = vec![parcel(1, 200), parcel(2, 100)];
    order.allocation = None;
    order
}

#[test]
fn an_order_with_tax_and_discounts_costs_its_total_and_is_confirmed_with_its_parts() {
    run(None, async |shop| {
        shop.tell(APP, "1", &discounted("1")).await;
        shop.tell("inventory", "1", &reserved("1", 3)).await;
        shop.tell("payment", "1", &authorized("1", 1_038)).await;
        assert_eq!(shop.state("1").await, is("confirmed", None));
        let (name, data) = shop.published().await.pop().unwrap();
        assert_eq!(name, "order.confirmed");
        let part = |name: &str| data[name].as_i64().unwrap();
        let parts = ["discount_minor", "tax_minor", "shipping_fee_minor", "total_minor"].map(part);
        assert_eq!(parts, [150, 123, 300, 1_038]);
        assert_eq!(data["ship_to"]["city"], "Cambridge");
        let audit = shop.audit().await;
        assert_eq!(audit.violations, Vec::<String>::new());
        assert_eq!(audit.facts["orders"]["1"]["shares"], json!({ "85123A": 1_038 }));
    });
}

#[test]
fn an_order_to_several_addresses_is_cancelled_and_the_timeline_says_why() {
    run(None, async |shop| {
        let mut order = discounted("1");
        order.deliveries[1].ship_to = ShipTo { city: "Leeds".to_owned(), ..ShipTo::default() };
        shop.tell(APP, "1", &order).await;
        assert_eq!(shop.state("1").await, is("cancelled", Some("invalid_order")));
        assert_eq!((names(shop).await, shop.dead()), (vec!["order.cancelled".to_owned()], 0));
        let timeline = shop.get("/orders/1/timeline").await.body;
        let summary = timeline["entries"][0]["summary"].as_str().unwrap();
        assert!(summary.contains("/deliveries go to different addresses"), "{summary}");
    });
}

#[test]
fn an_order_that_is_told_in_both_majors_is_one_order() {
    run(None, async |shop| {
        let asked = PlaceOrder::from_json(an_order().to_string().as_bytes()).unwrap();
        let v1 = asked.check().unwrap().placed(id("1"), Timestamp::EPOCH);
        shop.tell_as(APP, "1", "told", &v1).await;
        shop.tell_as(APP, "1", "told", &OrderPlacedV2::step_up(v1.clone())).await;
        // And once more, as another event.
        shop.tell_as(APP, "1", "told again", &OrderPlacedV2::step_up(v1)).await;
        shop.settle().await;
        assert_eq!((shop.dead(), shop.state("1").await), (0, is("placed", None)));
        let timeline = shop.get("/orders/1/timeline").await.body;
        assert_eq!(timeline["entries"].as_array().unwrap().len(), 2, "{timeline}");
        shop.pass(Duration::from_secs(3_600)).await;
        assert_eq!(names(shop).await, ["order.cancelled"]);
    });
}
