//! How a store is opened and closed, and what is told where it cannot be.

use store::OutageKind;
use store::dynamodb::OpenError;

use super::*;
use crate::wire::{Fault, WRITE, Wire};

async fn failing(config: &SdkConfig, settings: Settings) -> OpenError {
    DynamoDb::open(config, settings).await.err().unwrap()
}

#[test]
fn processes_that_start_at_once_make_the_table_once() {
    let Some(endpoint) = endpoint() else { return };
    let place = Place::new(&endpoint);
    run(async {
        let stores = together((0..4).map(|_| place.open()).collect()).await;
        for (n, store) in (1..).zip(&stores) {
            assert_eq!(store.commit(unit(n, vec![step("n", 1)])).await, Ok(Outcome::Committed));
        }
        assert_eq!(counter(&stores[0], "n").await, (4, 4));
        // Who may not make it uses it as it is.
        let settings = Settings { creates: false, ..place.settings() };
        let store = DynamoDb::open(&config(&endpoint), settings).await.unwrap();
        assert_eq!(counter(&store, "n").await, (4, 4));
    });
}

#[test]
fn stores_in_two_tables_do_not_see_each_other() {
    let Some(endpoint) = endpoint() else { return };
    let (one, other) = (Place::new(&endpoint), Place::new(&endpoint));
    run(async {
        let (one, other) = (one.open().await, other.open().await);
        assert_eq!(one.commit(unit(1, vec![put("a", 0)])).await, Ok(Outcome::Committed));
        assert_eq!(read(&other, doc("a")).await, None);
        assert_eq!(other.commit(unit(1, vec![put("a", 0)])).await, Ok(Outcome::Committed));
    });
}

#[test]
fn a_missing_table_says_what_to_do() {
    let Some(endpoint) = endpoint() else { return };
    let place = Place::new(&endpoint);
    run(async {
        let error = failing(&config(&endpoint), Settings { creates: false, ..place.settings() }).await;
        let told = error.to_string();
        assert!(matches!(error, OpenError::Outage(_)), "{error:?}");
        assert!(
            told.contains(&place.table) && told.contains("docs/backends.md") && !told.contains('\n'),
            "{told}"
        );
        // Gone while it is used.
        let store = place.open().await;
        place.client().delete_table().table_name(&place.table).send().await.unwrap();
        let outage = store.commit(unit(1, vec![put("a", 0)])).await.unwrap_err();
        assert!(outage.kind == OutageKind::Broken && outage.detail.contains("is missing"), "{outage}");
        let outage = store.read(vec![doc("a")], NOW).await.unwrap_err();
        assert!(outage.kind == OutageKind::Broken && outage.detail.contains("is missing"), "{outage}");
    });
}

/// A table with the keys `pk` and `sk` and nothing else.
async fn make_table(place: &Place, pk: &str) {
    use aws_sdk_dynamodb::types::{
        AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    };
    let client = place.client();
    let mut create = client.create_table().table_name(&place.table).billing_mode(BillingMode::PayPerRequest);
    for (name, kind) in [(pk, KeyType::Hash), ("sk", KeyType::Range)] {
        let attribute =
            AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
        let key = KeySchemaElement::builder().attribute_name(name).key_type(kind);
        create = create.attribute_definitions(attribute.build().unwrap()).key_schema(key.build().unwrap());
    }
    create.send().await.unwrap();
}

#[test]
fn a_table_of_another_shape_is_refused_in_words_and_never_deleted() {
    let Some(endpoint) = endpoint() else { return };
    for (pk, said) in [("id", "its key is not pk and sk"), ("pk", "no secondary index index1")] {
        let place = Place::new(&endpoint);
        run(async {
            make_table(&place, pk).await;
            let opened = failing(&config(&endpoint), place.settings()).await;
            let deleted = DynamoDb::demolish(&config(&endpoint), place.settings()).await.unwrap_err();
            for error in [opened, deleted] {
                assert!(
                    matches!(error, OpenError::Shape { .. }) && error.to_string().contains(said),
                    "{error}"
                );
            }
            place.client().describe_table().table_name(&place.table).send().await.unwrap();
        });
    }
}

#[test]
fn a_table_is_deleted_and_where_none_is_nothing_is_done() {
    let Some(endpoint) = endpoint() else { return };
    let place = Place::new(&endpoint);
    run(async {
        drop(place.open().await);
        for _ in 0..2 {
            DynamoDb::demolish(&config(&endpoint), place.settings()).await.unwrap();
            let found = place.client().describe_table().table_name(&place.table).send().await;
            assert!(found.unwrap_err().into_service_error().is_resource_not_found_exception());
        }
    });
}

/// Without it nothing is wrong but the room that is taken.
#[test]
fn whoever_may_not_ask_for_the_time_to_live_opens_the_table_all_the_same() {
    let Some(endpoint) = endpoint() else { return };
    let place = Place::new(&endpoint);
    let wire = Wire::new(&endpoint);
    run(async {
        drop(place.open().await);
        for (operation, fault) in [
            ("DescribeTimeToLive", Fault::error(400, "AccessDeniedException")),
            ("DescribeTimeToLive", Fault::Question),
            ("UpdateTimeToLive", Fault::error(400, "AccessDeniedException")),
        ] {
            // On a table that already forgets, nothing else is asked.
            wire.next("DescribeTimeToLive", [Fault::Refused(200, "{}".to_owned())]);
            wire.next(operation, vec![fault; 4]);
            let store = place.open_at(&wire.url).await;
            assert!(wire.asked(operation) > 0, "{operation}");
            assert_eq!(read(&store, doc("a")).await, None);
        }
    });
}

#[test]
fn wrong_settings_are_told_before_anything_is_asked() {
    run(async {
        let settings = Settings { table: "no table".to_owned(), ..Settings::default() };
        let error = failing(&config("http://127.0.0.1:1"), settings).await;
        assert!(matches!(error, OpenError::Settings(_)), "{error}");
    });
}

#[test]
fn an_endpoint_that_is_not_there_is_an_outage_and_so_is_a_closed_store() {
    run(async {
        let error = failing(&config("http://127.0.0.1:1"), Settings::default()).await;
        let OpenError::Outage(outage) = error else { panic!("{error:?}") };
        assert_eq!(outage.kind, OutageKind::Unreachable, "{outage}");
    });
    let Some(endpoint) = endpoint() else { return };
    let place = Place::new(&endpoint);
    run(async {
        let store = place.open().await;
        store.close();
        for end in [
            store.commit(unit(1, vec![put("a", 0)])).await.map(drop),
            store.read(vec![doc("a")], NOW).await.map(drop),
            store.query(Query::new("t.doc", "by", "p"), NOW).await.map(drop),
        ] {
            assert_eq!(end.unwrap_err().kind, OutageKind::Unreachable);
        }
    });
}

/// Nothing was sent, so that nothing is unknown.
#[test]
fn a_commit_that_never_left_is_an_outage_and_not_unknown() {
    let Some(endpoint) = endpoint() else { return };
    let place = Place::new(&endpoint);
    let wire = Wire::new(&endpoint);
    run(async {
        let store = place.open_at(&wire.url).await;
        assert_eq!(store.commit(unit(1, vec![put("a", 0)])).await, Ok(Outcome::Committed));
        wire.hang_up();
        let outage = store.commit(handling(2, "m", vec![put("b", 0)])).await.unwrap_err();
        assert_eq!(outage.kind, OutageKind::Unreachable, "{outage}");
        assert_eq!(store.read(vec![doc("a")], NOW).await.unwrap_err().kind, OutageKind::Unreachable);
    });
}

#[test]
fn a_store_without_credentials_is_an_outage_that_says_so() {
    let Some(endpoint) = endpoint() else { return };
    let place = Place::new(&endpoint);
    run(async {
        let nobody = config(&endpoint).to_builder();
        let nobody = {
            let mut nobody = nobody;
            nobody.set_credentials_provider(None);
            nobody.build()
        };
        let told = failing(&nobody, place.settings()).await.to_string();
        assert!(told.contains("auth") || told.contains("credentials"), "{told}");
    });
}

#[test]
fn an_answer_that_does_not_come_is_lost_after_a_while() {
    let Some(endpoint) = endpoint() else { return };
    let place = Place::new(&endpoint);
    let wire = Wire::new(&endpoint);
    run(async {
        let mut settings = place.settings();
        settings.waits.answer = Duration::from_millis(300);
        let store = DynamoDb::open(&config(&wire.url), settings).await.unwrap();
        wire.next(WRITE, [Fault::Silence]);
        assert_eq!(store.commit(unit(1, vec![step("n", 1)])).await, Ok(Outcome::Committed));
        wire.next(WRITE, vec![Fault::Silence; 4]);
        assert_eq!(store.commit(unit(2, vec![step("n", 1)])).await, Ok(Outcome::Unknown));
        assert_eq!(counter(&store, "n").await, (1, 1));
    });
}
