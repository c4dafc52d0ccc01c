use super::*;

const PLACED: &str = r#"{"specversion":"1.0","id":"7","source":"https://old.shop","type":"shop.banyan.order.placed.v1",
    "subject":"536365","time":"2026-11-22T20:00:00Z","data":{"a":1}}"#;

#[test]
fn another_applications_event_is_known_by_source_and_id_together() {
    let event = Envelope::decode(PLACED.as_bytes()).unwrap();
    assert_eq!(event.message_id(), MessageId::of("https://old.shop", "7"));
    assert_ne!(event.message_id(), MessageId::of("https://other.shop", "7"));
    assert_eq!(event.lane(), "536365");
}

#[test]
fn derived_ids_depend_on_cause_service_and_ordinal_only() {
    let cause = MessageId::of("https://old.shop", "7");
    assert_eq!(cause.derive("orders", 0), cause.derive("orders", 0));
    assert_ne!(cause.derive("orders", 0), cause.derive("orders", 1));
    assert_ne!(cause.derive("orders", 0), cause.derive("payment", 0));
    let derived = cause.derive("orders", 0);
    assert_eq!(MessageId::of("/banyan/orders", &derived.to_string()), derived);
}

#[test]
fn types_must_be_versioned() {
    for good in ["shop.banyan.order.placed.v1", "shop.banyan.stock.level-changed.v12"] {
        assert!(good.parse::<EventType>().is_ok(), "{good}");
    }
    for bad in [
        "",
        "order.placed",
        "shop.banyan.order.placed.v0",
        "shop.banyan.order.placed.v01",
        "Shop.x.y.v1",
        "a..b.v1",
    ] {
        assert!(bad.parse::<EventType>().is_err(), "{bad}");
    }
    let kind: EventType = "shop.banyan.order.placed.v2".parse().unwrap();
    assert_eq!((kind.family(), kind.major()), ("shop.banyan.order.placed", 2));
}

#[test]
fn attributes_out_of_bounds_are_refused_by_name() {
    for (from, to, name) in
        [("\"1.0\"", "\"0.3\"", "specversion"), ("\"536365\"", "\"\"", "subject"), ("\"7\"", "\"\"", "id")]
    {
        let error = Envelope::decode(PLACED.replace(from, to).as_bytes()).unwrap_err();
        assert!(matches!(error, DecodeError::Attribute { name: n, .. } if n == name), "{error:?}");
    }
}

#[test]
fn trace_context_follows_the_w3c_form() {
    let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let trace = TraceParent::try_from(text.to_owned()).unwrap();
    assert_eq!(trace.to_string(), text);
    for bad in
        ["", "00-0-0-0", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", &text.to_uppercase()]
    {
        assert!(TraceParent::try_from(bad.to_owned()).is_err(), "{bad}");
    }
    let zeros = "00-00000000000000000000000000000000-b7ad6b7169203331-01";
    assert!(TraceParent::try_from(zeros.to_owned()).is_err());
}
