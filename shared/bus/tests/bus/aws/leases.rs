//! Leases: what is in hand is kept, what is not is given back.

use std::time::Duration;

use bus::conformance::trial::{HEARD, LEFT, numbered, texts, to_topic, wiring};
use bus::{Bus, Settle, World};

use super::{declared, is_empty, publish, settle, take, with_account};
use crate::world::Real;

#[test]
fn what_is_in_hand_stays_away_from_others_for_longer_than_its_lease() {
    with_account(async |account| {
        account.renew(|settings| settings.visibility = Duration::from_secs(3)).await;
        let (holder, other) = (account.join(), account.join());
        holder.declare(wiring()).await.unwrap();
        publish(&holder, numbered(12).iter().map(|text| to_topic(HEARD, text)).collect()).await;
        let taken = take(&holder, LEFT, 12).await;
        account.proxy.counted();
        let begun = Real.now().as_micros();
        // A receive waits for a second.
        assert!(is_empty(&other, LEFT, 8).await, "the lease ended");
        let calls = account.proxy.counted()["ChangeMessageVisibilityBatch"];
        let most = usize::try_from((Real.now().as_micros() - begun) / 1_000_000).unwrap() * 2 + 4;
        assert!((4..=most).contains(&calls), "{calls} calls for 12 messages: two a second");
        settle(&holder, taken, Settle::Acknowledge).await;
        // One beat may have been on its way.
        assert!(is_empty(&other, LEFT, 1).await);
        account.proxy.counted();
        assert!(is_empty(&other, LEFT, 4).await);
        assert_eq!(
            account.proxy.counted().get("ChangeMessageVisibilityBatch"),
            None,
            "nothing is in hand any more"
        );
    });
}

#[test]
fn who_stops_asking_gives_back_what_it_has_not_handed_out() {
    with_account(async |account| {
        account.renew(|settings| settings.hold_wait = Duration::from_millis(50)).await;
        let (idle, busy) = (account.join(), account.join());
        idle.declare(wiring()).await.unwrap();
        // Asks and goes away; what its call brings lies here.
        let asking = idle.receive(LEFT.into(), 10);
        tokio::select! {
            biased;
            _ = asking => panic!("nothing is there yet"),
            () = Real.sleep(Duration::from_millis(200)) => {}
        }
        publish(&idle, numbered(5).iter().map(|text| to_topic(HEARD, text)).collect()).await;
        assert_eq!(texts(&take(&busy, LEFT, 5).await), numbered(5));
    });
}

#[test]
fn who_closes_gives_back_all_that_is_not_settled_at_once() {
    with_account(async |account| {
        account.renew(|settings| settings.visibility = Duration::from_secs(600)).await;
        let (first, second) = (account.join(), account.join());
        first.declare(wiring()).await.unwrap();
        publish(&first, numbered(15).iter().map(|text| to_topic(HEARD, text)).collect()).await;
        take(&first, LEFT, 15).await;
        first.close().await;
        let taken = take(&second, LEFT, 15).await;
        assert_eq!(texts(&taken), numbered(15));
        settle(&second, taken, Settle::Acknowledge).await;
        let closed = first.receive(LEFT.into(), 1).await.unwrap_err();
        assert!(closed.detail.contains("closed"), "{closed}");
    });
}

#[test]
fn a_message_whose_lease_was_lost_is_not_kept_and_its_settlement_makes_no_copy() {
    with_account(async |account| {
        let bus = declared(&account).await;
        publish(&bus, vec![to_topic(HEARD, "a")]).await;
        let first = take(&bus, LEFT, 1).await;
        account.proxy.starve(true);
        let second = take(&bus, LEFT, 1).await;
        account.proxy.starve(false);
        assert!(second[0].redelivered);
        settle(&bus, first, Settle::Acknowledge).await;
        settle(&bus, second, Settle::Acknowledge).await;
        assert!(is_empty(&bus, LEFT, 6).await);
    });
}
