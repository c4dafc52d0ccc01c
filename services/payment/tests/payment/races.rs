//! A cancel and a capture meet in one document, whatever the network and the store do, and money ends where the events
//! say.

use std::time::Duration;

use payment::simulated::faults::{Chance, Odds};
use store::sim::Rates;

use crate::shop::{Mishap, Shop, TOTAL, cancelled, placed, refund_due, reserved, secret, shipment_ready};

fn count(told: &[String], name: &str) -> usize {
    told.iter().filter(|told| *told == name).count()
}

#[test]
fn of_a_cancel_and_a_capture_the_money_ends_on_one_side() {
    use Mishap::{Down, Late, LostAfter, LostBefore};
    let mut ends = [0, 0];
    for seed in 0..60 {
        let shop = Shop::with(seed, vec![secret()]);
        shop.order("o-1", "tok_ok");
        let mishaps = [LostAfter, LostBefore, Down, Late];
        let nth = |n: u64| mishaps[usize::try_from((seed / n) % 4).unwrap()];
        shop.road.lose(&[nth(1), nth(4), nth(16)][..usize::try_from(seed % 4).unwrap().min(3)]);
        shop.publish("1", "o-1", &shipment_ready("o-1"));
        shop.wait(Duration::from_micros(seed * 500));
        shop.publish("1", "o-1", &cancelled("o-1"));
        shop.wait(Duration::from_millis(seed * 20));
        if seed % 2 == 0 {
            shop.deliver();
        }
        shop.wait(Duration::from_secs(900));
        let told = shop.told();
        let (is_taken, is_let_go) = (count(&told, "captured"), count(&told, "voided"));
        assert_eq!(is_taken + is_let_go, 1, "seed {seed}: {told:?}");
        let books = shop.road.books("o-1");
        assert_eq!(books.captured_minor > 0, is_taken == 1, "seed {seed}: {told:?}");
        assert_eq!(books.held_minor, 0, "seed {seed}");
        shop.is_sound("o-1");
        ends[is_taken] += 1;
    }
    assert!(ends[0] > 5 && ends[1] > 5, "{ends:?}");
}

#[test]
fn whatever_store_and_provider_do_every_payment_ends_as_the_provider_has_it() {
    let chance = Chance::percent(8);
    let odds = Odds {
        decline: chance,
        timeout_before: chance,
        timeout_after: chance,
        capture_declined: chance,
        dispute: Chance::percent(30),
        dispute_lost: Chance::percent(50),
        told_late: Chance::percent(50),
        told_twice: Chance::percent(50),
        ..Odds::default()
    };
    for seed in 0..6 {
        let shop = Shop::unlucky(seed, odds.clone(), vec![secret()]);
        shop.disturb(Rates::steady());
        for n in 0..6 {
            let id = format!("o-{seed}-{n}");
            shop.publish("1", &id, &placed(&id, "tok_any"));
            shop.publish("1", &id, &reserved(&id));
            shop.publish("1", &id, &shipment_ready(&id));
            if n % 2 == 0 {
                shop.publish("1", &id, &cancelled(&id));
            } else {
                shop.publish("1", &id, &refund_due(&id, (1, 100)));
                shop.publish("2", &id, &refund_due(&id, (2, TOTAL - 100)));
            }
        }
        shop.wait(Duration::from_secs(60));
        shop.calm_for(Duration::from_secs(1_200));
        for _ in 0..40 {
            shop.deliver();
            shop.wait(Duration::from_secs(600));
        }
        for n in 0..6 {
            let id = format!("o-{seed}-{n}");
            shop.is_sound(&id);
            let books = shop.road.books(&id);
            let back = books.refunded_minor + books.charged_back_minor;
            assert!(back <= books.captured_minor, "{id}: {books:?}");
        }
        let facts = shop.findings().facts;
        assert_eq!(facts["payments"].len(), 6);
        assert!(facts["payments"].values().all(|fact| fact["asking"] == false), "{facts:?}");
    }
}
