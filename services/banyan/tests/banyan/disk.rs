//! A full disk, and a directory that two processes want.

use std::process::Stdio;

use serde_json::Value;

use crate::shop::{Answer, Dev, Shop, banyan, block_on, folder, order, until};

/// Pages beside which a few hundred orders do not fit.
const SMALL: u32 = 120;
/// More orders than the small file has room for.
const MANY: usize = 2_000;

/// Places orders until one is refused; those that were taken, and the refusal.
async fn fill(shop: &Shop) -> (Vec<String>, Answer) {
    let mut taken = Vec::new();
    for n in 0..MANY {
        let answer = shop.place(&format!("key-{n}"), &order("c-1", "85123A", 1)).await.unwrap();
        if answer.status != 201 {
            return (taken, answer);
        }
        taken.push(answer.order_id());
    }
    panic!("{MANY} orders fit into {SMALL} pages");
}

#[test]
fn a_full_disk_refuses_writes_and_goes_on_where_it_was_once_there_is_room() {
    let folder = folder();
    let data = folder.path().join("data");
    let mut dev = Dev::start_with(&data, &["--page-limit", &SMALL.to_string()]);
    let shop = dev.shop();
    let taken = block_on(async {
        shop.receive("85123A", 1_000).await;
        let (taken, refusal) = fill(&shop).await;
        assert_eq!(refusal.status, 503, "{refusal:?}");
        assert_eq!(refusal.json()["type"], "urn:banyan:problem:storage-full");
        assert!(refusal.header("retry-after").parse::<u32>().is_ok_and(|s| s > 0), "{refusal:?}");
        until("readiness says so", async || {
            let ready = shop.get("/healthz/ready").await;
            ready.status == 503 && ready.text.contains("full")
        })
        .await;
        assert_eq!(shop.get("/healthz/live").await.status, 200);
        for id in &taken {
            assert_eq!(shop.get(&format!("/orders/{id}")).await.status, 200, "reads go on");
        }
        taken
    });
    dev.kill();
    let dev = Dev::start(&data);
    let shop = dev.shop();
    block_on(async {
        until("it is ready again", async || shop.get("/healthz/ready").await.status == 200).await;
        shop.is_sound().await;
        for id in &taken {
            assert_eq!(shop.status_of(id).await, "completed");
        }
        let next = format!("key-{}", taken.len());
        assert_eq!(shop.place(&next, &order("c-1", "85123A", 1)).await.unwrap().status, 201);
        shop.is_sound().await;
        assert_eq!(shop.orders(None).await.len(), taken.len() + 1, "what was refused was not kept");
    });
}

#[test]
fn a_second_process_on_one_directory_is_told_who_holds_the_lock() {
    let folder = folder();
    let data = folder.path().join("data");
    let dev = Dev::start(&data);
    let second = banyan(&data).arg("dev").stdin(Stdio::null()).output().unwrap();
    assert_eq!(second.status.code(), Some(1), "{second:?}");
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    let lock = data.join("banyan.lock");
    let said: Value = serde_json::from_str(&said).unwrap();
    let said = said["error"].as_str().unwrap();
    let holder = std::fs::read_to_string(&lock).unwrap();
    assert!(said.contains(lock.to_str().unwrap()) && said.contains(holder.trim()), "{said}");
    assert_eq!(block_on(dev.shop().get("/healthz/ready")).status, 200, "the first goes on");
    assert!(dev.stop(), "the first stops as it should");
}
