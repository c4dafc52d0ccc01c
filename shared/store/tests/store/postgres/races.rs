//! What several processes do to the same keys at once. Each store here has connections of its own, as a process has.

use std::time::Duration;

use super::*;

const ROUNDS: u64 = 60;

/// Pools at once, each with its own connections.
async fn pools(place: &Place, n: usize) -> Vec<Postgres> {
    together((0..n).map(|_| place.open()).collect()).await
}

async fn commit(store: &Postgres, unit: Unit) -> Outcome {
    store.commit(unit).await.unwrap()
}

#[test]
fn of_two_processes_that_put_one_absent_key_exactly_one_wins() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    run(async {
        let pools = pools(&place, 2).await;
        for round in 0..ROUNDS {
            let id = format!("key{round}");
            let units = [0, 1].map(|who| unit(round * 2 + who + 1, vec![put(&id, 0), step("n", 1)]));
            let ends =
                together(pools.iter().zip(units).map(|(store, unit)| commit(store, unit)).collect()).await;
            assert_eq!(committed(&ends), 1, "round {round}: {ends:?}");
            assert!(ends.contains(&Outcome::Conflict), "round {round}: {ends:?}");
        }
        assert_eq!(counter(&pools[0], "n").await, (ROUNDS.cast_signed(), ROUNDS));
    });
}

#[test]
fn of_two_executions_of_one_message_exactly_one_is_recorded() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    run(async {
        let pools = pools(&place, 2).await;
        for round in 0..ROUNDS {
            let units = [0, 1].map(|who| Unit {
                record: Some(record(&round.to_string())),
                ..unit(round * 2 + who + 1, vec![step("n", 1), put(&format!("{round}"), 0)])
            });
            let ends =
                together(pools.iter().zip(units).map(|(store, unit)| commit(store, unit)).collect()).await;
            assert_eq!(committed(&ends), 1, "round {round}: {ends:?}");
            assert!(ends.contains(&Outcome::Duplicate), "round {round}: {ends:?}");
        }
        assert_eq!(counter(&pools[0], "n").await.0, ROUNDS.cast_signed());
    });
}

/// A cancel and a booking that each see that the other is not there must not both be committed.
#[test]
fn write_skew_on_absent_keys_is_impossible() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    run(async {
        let pools = pools(&place, 2).await;
        for round in 0..ROUNDS {
            let (cancel, booking) = (format!("cancel{round}"), format!("booking{round}"));
            let units = [
                unit(round * 2 + 1, vec![absent(&cancel), put(&booking, 0)]),
                unit(round * 2 + 2, vec![absent(&booking), put(&cancel, 0)]),
            ];
            let ends =
                together(pools.iter().zip(units).map(|(store, unit)| commit(store, unit)).collect()).await;
            assert_eq!(committed(&ends), 1, "round {round}: {ends:?}");
        }
    });
}

#[test]
fn sixty_four_steps_of_one_counter_at_once_all_add_up() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    run(async {
        let pools = pools(&place, 2).await;
        let steps = (1..=64)
            .map(|n| commit(&pools[usize::from(n % 2 == 0)], unit(n, vec![step("n", n.cast_signed())])));
        let ends = together(steps.collect()).await;
        assert_eq!(committed(&ends), 64, "{ends:?}");
        assert_eq!(counter(&pools[1], "n").await, (64 * 65 / 2, 64));
    });
}

/// One statement has many units; what is wrong with one is nobody else's trouble.
#[test]
fn of_units_that_come_at_once_each_is_judged_for_itself() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    run(async {
        let store = place.open().await;
        assert_eq!(commit(&store, handling(1, "had", vec![put("taken", 0)])).await, Outcome::Committed);
        let mut units = Vec::new();
        let mut expected = Vec::new();
        for n in 0..60_u64 {
            let (mine, nonce) = (format!("doc{n}"), 100 + n);
            let (unit, end) = match n % 6 {
                0 => (handling(nonce, "had", vec![put(&mine, 0)]), Outcome::Duplicate),
                1 => (handling(nonce, &mine, vec![put(&mine, 0), absent("taken")]), Outcome::Conflict),
                2 => {
                    let twice = vec![put(&mine, 0), put(&mine, 0)];
                    (unit(nonce, twice), Outcome::TooLarge(store::Limit::SameItemTwice))
                }
                // An id that no index can hold: the server refuses the whole statement.
                3 => {
                    let noise: String = (0..9_000_u64).map(|at| char::from(b'a' + hash(n + at))).collect();
                    (unit(nonce, vec![put(&noise, 0)]), Outcome::TooLarge(store::Limit::Bytes))
                }
                _ => (handling(nonce, &mine, vec![put(&mine, 0), step("all", 1)]), Outcome::Committed),
            };
            units.push(commit(&store, unit));
            expected.push(end);
        }
        assert_eq!(together(units).await, expected);
        assert_eq!(counter(&store, "all").await, (20, 20));
        for n in 0..60_u64 {
            assert_eq!(read(&store, doc(&format!("doc{n}"))).await.is_some(), n % 6 > 3, "doc{n}");
        }
    });
}

/// A caller that goes away while it has others' units under way leaves them without an answer, not without an end.
#[test]
fn who_goes_away_with_others_under_way_leaves_them_unknown_or_undone() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    run(async {
        let store = Postgres::open(place.named()).await.unwrap();
        for round in 0..ROUNDS {
            let mut units: Vec<_> = (0..16_u64)
                .map(|n| {
                    let name = format!("{round}-{n}");
                    Box::pin(commit(&store, handling(round * 16 + n + 1, &name, vec![put(&name, 0)])))
                })
                .collect();
            let gone = units.split_off(8);
            let staying = together(units);
            let leaving = async {
                let all = Box::pin(together(gone));
                futures_util::future::select(all, Box::pin(turns(round % 10 * 8))).await;
            };
            let (ends, ()) = futures_util::future::join(staying, leaving).await;
            for (n, end) in (0..16_u64).zip(ends) {
                let is_there = read(&store, Key::new("t.record", format!("{round}-{n}"))).await.is_some();
                assert!(
                    end == Outcome::Unknown || end == Outcome::Committed && is_there,
                    "{round}-{n}: {end:?}"
                );
            }
        }
        // What nobody waits for any more is still done.
        let at_work =
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = '@' AND state <> 'idle'";
        while place.sql(at_work).await != ["0"] {}
        let torn = "SELECT id FROM @.item GROUP BY id HAVING count(*) <> 2";
        assert_eq!(place.sql(torn).await, Vec::<String>::new());
    });
}

/// Units name the same keys in every order; whoever waits for one has none that another waits for.
#[test]
fn units_with_the_same_keys_in_any_order_never_deadlock() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    run(async {
        let pools = pools(&place, 3).await;
        let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
        let before = place.sql(deadlocks).await;
        let worker = |who: u64| {
            let store = &pools[usize::try_from(who % 3).unwrap()];
            async move {
                let mut rng = fastrand::Rng::with_seed(who);
                let mut done = 0;
                for round in 0..25 {
                    let mut changes: Vec<Change> = (0..12).map(|key| step(&format!("k{key}"), 1)).collect();
                    changes.push(absent("a"));
                    changes.push(absent("b"));
                    rng.shuffle(&mut changes);
                    changes.truncate(8);
                    let steps = changes.iter().filter(|change| matches!(change, Change::Step { .. })).count();
                    assert_eq!(commit(store, unit(who * 100 + round + 1, changes)).await, Outcome::Committed);
                    done += steps;
                }
                done
            }
        };
        let done: usize = together((0..24).map(worker).collect()).await.into_iter().sum();
        let mut sum = 0;
        for key in 0..12 {
            sum += counter(&pools[0], &format!("k{key}")).await.0;
        }
        assert_eq!(sum, i64::try_from(done).unwrap());
        assert_eq!(place.sql(deadlocks).await, before);
    });
}

/// The store itself is not out of service because one item is: the others go on, and the wait has a bound.
#[test]
fn a_key_that_somebody_keeps_locked_is_waited_for_no_longer_than_was_said() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    run(async {
        let mut settings = place.settings();
        settings.waits.lock = Duration::from_millis(200);
        let store = Postgres::open(settings).await.unwrap();
        assert_eq!(commit(&store, unit(1, vec![put("a", 0)])).await, Outcome::Committed);
        let (client, connection) = tokio_postgres::connect(&place.url, NoTls).await.unwrap();
        let locks = format!("BEGIN; LOCK TABLE {}.item IN SHARE MODE", place.schema);
        let held = async {
            client.batch_execute(&locks).await.unwrap();
            let outage = store.commit(unit(2, vec![put("b", 0)])).await.unwrap_err();
            assert_eq!(outage.kind, store::OutageKind::Throttled, "{outage}");
            assert!(read(&store, doc("a")).await.is_some());
            client.batch_execute("ROLLBACK").await.unwrap();
        };
        futures_util::future::select(Box::pin(held), connection).await;
        assert_eq!(commit(&store, unit(3, vec![put("b", 0)])).await, Outcome::Committed);
    });
}

/// As long as others are polled so many times.
async fn turns(many: u64) {
    for _ in 0..many {
        tokio::task::yield_now().await;
    }
}

/// Letters that no compression makes short.
fn hash(n: u64) -> u8 {
    let mixed = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    u8::try_from((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32 & 15).unwrap()
}
