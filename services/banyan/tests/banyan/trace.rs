//! One order is one trace, through every service.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use reqwest::Method;
use serde_json::Value;

use crate::shop::{Dev, answered, block_on, folder, order};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const STEPS: [&str; 4] = ["order.placed", "stock.reserved", "payment.authorized", "order.confirmed"];

#[test]
fn an_order_keeps_its_trace_through_every_service() {
    let folder = folder();
    let dev = Dev::start(&folder.path().join("data"));
    let shop = dev.shop();
    block_on(async {
        shop.receive("85123A", 10).await;
        let events = shop.request(Method::GET, "/events?follow=1").send().await.unwrap();
        let request = shop.request(Method::POST, "/orders").json(&order("c-1", "85123A", 1));
        let request = request.header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"));
        assert_eq!(answered(request).await.unwrap().status, 201);
        let traces = followed(events).await;
        for step in STEPS {
            let trace = &traces[&format!("shop.banyan.{step}.v1")];
            assert_eq!(trace.split('-').nth(1), Some(TRACE), "{step}: {trace}");
        }
        let spans: std::collections::BTreeSet<&str> =
            traces.values().filter_map(|trace| trace.split('-').nth(2)).collect();
        assert_eq!(spans.len(), traces.len(), "each event is a span of its own: {traces:?}");
    });
}

/// The `traceparent` of every event until the order is confirmed, by type.
async fn followed(events: reqwest::Response) -> BTreeMap<String, String> {
    let (mut stream, mut text, mut traces) = (events.bytes_stream(), String::new(), BTreeMap::new());
    while let Some(piece) = stream.next().await {
        text.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
        while let Some((line, rest)) = text.split_once('\n') {
            if let Some(event) = line.strip_prefix("data:") {
                let event: Value = serde_json::from_str(event).unwrap();
                let field = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
                // The same fact in another major is the same event, and so the same span.
                if STEPS.iter().any(|step| field("type") == format!("shop.banyan.{step}.v1")) {
                    traces.insert(field("type"), field("traceparent"));
                }
            }
            text = rest.to_owned();
        }
        if traces.len() == STEPS.len() {
            break;
        }
    }
    traces
}
