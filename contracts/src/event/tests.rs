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

/// [`PLACED`] with other words for its data.
fn placed_with(data: &str) -> Result<Envelope, DecodeError> {
    let event = PLACED.replace(r#""data":{"a":1}"#, data);
    assert_ne!(event, PLACED);
    Envelope::decode(event.as_bytes())
}

#[test]
fn data_may_lie_elsewhere_when_the_event_says_where() {
    let name = DataRef::of(b"{\"a\":1}");
    let event = placed_with(&format!(r#""dataref":"{name}""#)).unwrap();
    assert_eq!((event.claim(), event.body_text()), (Some(name), "null"));
    assert!(matches!(event.read::<serde_json::Value>(), Err(DecodeError::Apart)));
}

#[test]
fn data_that_is_here_is_not_fetched() {
    let name = DataRef::of(b"{}");
    for place in [name.to_string(), "https://elsewhere.example/7".to_owned()] {
        let event = placed_with(&format!(r#""data":{{}},"dataref":"{place}""#)).unwrap();
        assert_eq!((event.claim(), event.body_text()), (None, "{}"));
    }
}

#[test]
fn an_event_without_data_must_name_one_of_our_places() {
    for (data, name) in [
        (r#""datacontenttype":"application/json""#, "data"),
        (r#""data":null"#, "data"),
        (r#""dataref":"https://elsewhere.example/7""#, "dataref"),
        (r#""dataref":"urn:banyan:blob:sha256:7""#, "dataref"),
        (r#""dataref":"""#, "dataref"),
    ] {
        let error = placed_with(data).unwrap_err();
        assert!(matches!(error, DecodeError::Attribute { name: n, .. } if n == name), "{data}: {error:?}");
    }
}

#[test]
fn an_event_is_taken_apart_and_put_together_with_all_that_it_had() {
    let event = PLACED.replace(r#""id":"7""#, r#""id":"7","shopextension":{"b": [1,  2]}"#);
    let Apart { event: claimed, name, data } = apart(event.as_bytes()).unwrap();
    assert_eq!((data.as_slice(), name), (br#"{"a":1}"#.as_slice(), DataRef::of(br#"{"a":1}"#)));
    let read = Envelope::decode(&claimed).unwrap();
    assert_eq!((read.claim(), read.subject.as_str()), (Some(name), "536365"));
    let again: serde_json::Value = serde_json::from_slice(&together(&claimed, &data).unwrap()).unwrap();
    assert_eq!(again, serde_json::from_str::<serde_json::Value>(&event).unwrap());
    assert_eq!(apart(&claimed), None);
    assert_eq!((apart(b"[1]"), together(b"{}", b"\xff")), (None, None));
}
