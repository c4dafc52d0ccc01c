//! What several processes do to the same keys at once. Each store here has connections of its own, as a process has.

use super::*;

const ROUNDS: u64 = 20;

async fn stores(place: &Place, n: usize) -> Vec<DynamoDb> {
    together((0..n).map(|_| place.open()).collect()).await
}

async fn both(stores: &[DynamoDb], units: [Unit; 2]) -> Vec<Outcome> {
    let ends = stores.iter().zip(units).map(|(store, unit)| async move { store.commit(unit).await.unwrap() });
    together(ends.collect()).await
}

#[test]
fn of_two_processes_that_put_one_absent_key_exactly_one_wins() {
    let Some(endpoint) = endpoint() else { return };
    let place = Place::new(&endpoint);
    run(async {
        let stores = stores(&place, 2).await;
        for round in 0..ROUNDS {
            let id = format!("key{round}");
            let ends =
                both(&stores, [1, 2].map(|who| unit(round * 2 + who, vec![put(&id, 0), step("n", 1)]))).await;
            assert!(committed(&ends) == 1 && ends.contains(&Outcome::Conflict), "round {round}: {ends:?}");
        }
        assert_eq!(counter(&stores[0], "n").await, (ROUNDS.cast_signed(), ROUNDS));
    });
}

#[test]
fn of_two_executions_of_one_message_exactly_one_is_recorded() {
    let Some(endpoint) = endpoint() else { return };
    let place = Place::new(&endpoint);
    run(async {
        let stores = stores(&place, 2).await;
        for round in 0..ROUNDS {
            let id = round.to_string();
            let execution = |who: u64| handling(round * 2 + who, &id, vec![step("n", 1), put(&id, 0)]);
            let ends = both(&stores, [1, 2].map(execution)).await;
            assert!(committed(&ends) == 1 && ends.contains(&Outcome::Duplicate), "round {round}: {ends:?}");
        }
        assert_eq!(counter(&stores[0], "n").await.0, ROUNDS.cast_signed());
    });
}

/// A cancel and a booking that each see that the other is not there must not both be committed.
#[test]
fn write_skew_on_absent_keys_is_impossible() {
    let Some(endpoint) = endpoint() else { return };
    let place = Place::new(&endpoint);
    run(async {
        let stores = stores(&place, 2).await;
        for round in 0..ROUNDS {
            let (cancel, booking) = (format!("cancel{round}"), format!("booking{round}"));
            let units = [
                unit(round * 2 + 1, vec![absent(&cancel), put(&booking, 0)]),
                unit(round * 2 + 2, vec![absent(&booking), put(&cancel, 0)]),
            ];
            let ends = both(&stores, units).await;
            assert_eq!(committed(&ends), 1, "round {round}: {ends:?}");
        }
    });
}

#[test]
fn sixty_four_steps_of_one_counter_at_once_all_add_up() {
    let Some(endpoint) = endpoint() else { return };
    let place = Place::new(&endpoint);
    run(async {
        let stores = &stores(&place, 2).await;
        let steps = (1..=64).map(|n: u64| async move {
            stores[usize::from(n.is_multiple_of(2))]
                .commit(unit(n, vec![step("n", n.cast_signed())]))
                .await
                .unwrap()
        });
        let ends = together(steps.collect()).await;
        assert_eq!(committed(&ends), 64, "{ends:?}");
        assert_eq!(counter(&stores[1], "n").await, (64 * 65 / 2, 64));
    });
}

/// Each uses another new index first: all of them, and no two in one slot.
#[test]
fn processes_that_use_new_indexes_at_once_agree_where_they_are() {
    let Some(endpoint) = endpoint() else { return };
    let place = Place::new(&endpoint);
    run(async {
        let stores = stores(&place, 5).await;
        let names = ["by", "on", "at", "due", "in"];
        let puts = stores.iter().zip(names).zip(1..).map(|((store, index), n)| async move {
            let Change::Put { key, version, body, .. } = put(index, 0) else { unreachable!() };
            let entries = vec![store::Entry::new(index, "p", "s")];
            store
                .commit(unit(n, vec![Change::Put { key, version, body, entries, expires: None }]))
                .await
                .unwrap()
        });
        assert_eq!(committed(&together(puts.collect()).await), 5);
        for store in &stores {
            for index in names {
                let page = store.query(Query::new("t.doc", index, "p"), NOW).await.unwrap();
                let ids: Vec<_> = page.rows.iter().map(|row| row.id.as_str()).collect();
                assert_eq!(ids, [index]);
            }
        }
    });
}
