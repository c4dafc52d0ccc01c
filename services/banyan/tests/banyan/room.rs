//! A disk that is full for a while: the same process says so, and goes on by itself once there is room.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use banyan::backends::{File, Tap};
use banyan::http::{self, Site};
use banyan::peer::Addresses;
use banyan::wiring::{self, Options};
use bus::Embedded;
use futures_util::future::join_all;
use runtime::{Env, Node, Policy, Ports, Quirks};
use serde_json::Value;
use shipping::simulated::faults::Pace;
use store::blobs::Memory;
use store::sqlite::{self, Engine, vfs};

use crate::shop::{Shop, block_on, folder, order, until};

fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

const HOLD: Duration = Duration::from_secs(5);

/// The peers, in this process and in memory.
fn peers(env: &Env) -> Addresses {
    let (desk, provider) = listener();
    let config = payment::simulated::Config {
        storage: payment::simulated::Storage::Memory,
        faults: payment::simulated::faults::Faults::new(1, Default::default(), Duration::ZERO).unwrap(),
        env: env.clone(),
        hold: HOLD,
        webhook: None,
    };
    let serving = async { payment::simulated::serve(config, desk, std::future::pending()).await.unwrap() };
    env.spawn.spawn("provider".into(), Box::pin(serving));

    let (desk, carrier) = listener();
    let pace = Pace { step: Duration::ZERO, late_up_to: Duration::ZERO, slow_up_to: Duration::ZERO };
    let config = shipping::simulated::Config {
        storage: shipping::simulated::Storage::Memory,
        faults: shipping::simulated::faults::Faults::new(1, Default::default(), pace).unwrap(),
        env: env.clone(),
        hold: HOLD,
        webhook: None,
    };
    let serving = async { shipping::simulated::serve(config, desk, std::future::pending()).await.unwrap() };
    env.spawn.spawn("carrier".into(), Box::pin(serving));

    let (desk, mailbox) = listener();
    let config = notification::simulated::Config {
        storage: notification::simulated::Storage::Memory,
        faults: notification::simulated::faults::Faults::new(1, Default::default(), Duration::ZERO).unwrap(),
        env: env.clone(),
        hold: HOLD,
        webhook: None,
    };
    let serving =
        async { notification::simulated::serve(config, desk, std::future::pending()).await.unwrap() };
    env.spawn.spawn("mailbox".into(), Box::pin(serving));
    Addresses { provider, carrier, mailbox }
}

/// What `dev` starts, in this process and with a disk that can be broken; its peers have none.
async fn dev(data: &Path) -> (Shop, vfs::Controls) {
    let env = runtime::real::env();
    let peers = peers(&env);
    let disk = vfs::register("a-disk-with-room-again").unwrap();
    let engine = Engine::open(sqlite::Config { vfs: Some(disk), ..sqlite::Config::file(data) });
    let engine = Arc::new(engine.unwrap());
    let bus = Arc::new(Embedded::new(engine.clone()));
    let ports = Ports {
        store: engine.clone(),
        bus: bus.clone(),
        blobs: Arc::new(Memory::default()),
        env: env.clone(),
        quirks: Quirks::default(),
    };
    // Nobody tells where a parcel is, so it is asked often.
    let often = Duration::from_millis(100);
    let pace = Some(shipping::Pace { first: often, most: often, ..shipping::Pace::default() });
    let services = wiring::services(peers.reach().unwrap(), Options { pace, ..Options::default() });
    let node = Node::start(services, ports, Policy::default(), wiring::wiring()).await.unwrap();
    let (door, url) = listener();
    let address = door.local_addr().unwrap();
    let tap = Tap::File(engine.clone());
    let file = Some(File { engine, disk: Some(disk) });
    let site = Site { node: Arc::new(node), tap, file, bus, env: env.clone(), peers: peers.all() };
    let (routes, time) = (http::router(&site, address), env.clone());
    let serving = async move { http::serve(routes, door, &time, std::future::pending()).await.unwrap() };
    env.spawn.spawn("door".into(), Box::pin(serving));
    (Shop::at(url), disk)
}

fn no_room() -> vfs::Fault {
    vfs::Fault {
        target: vfs::Target::Any,
        operation: vfs::Operation::Write,
        damage: vfs::Damage::Full,
        after: 0,
        times: vfs::Fault::FOREVER,
    }
}

/// Places orders of these numbers at once; answers the keys of those that were refused, all for want of room.
async fn place(shop: &Shop, numbers: std::ops::Range<u32>) -> Vec<String> {
    let placed = join_all(numbers.map(|n| async move {
        let key = format!("key-{n}");
        let answer = shop.place(&key, &order("c-1", "85123A", 1)).await.unwrap();
        if answer.status == 201 {
            return None;
        }
        assert_eq!(answer.json()["type"], "urn:banyan:problem:storage-full", "{answer:?}");
        Some(key)
    }));
    placed.await.into_iter().flatten().collect()
}

#[test]
fn a_process_on_a_full_disk_says_so_and_goes_on_once_there_is_room() {
    let folder = folder();
    block_on(async {
        let (shop, disk) = dev(&folder.path().join("banyan.db")).await;
        shop.receive("85123A", 1_000).await;
        let mut refused = Vec::new();
        for round in 0..3u32 {
            // Some are on their way when there is no room any more.
            refused.extend(place(&shop, round * 100..round * 100 + 40).await);
            disk.fail(no_room());
            let at_full = place(&shop, round * 100 + 40..round * 100 + 60).await;
            assert_eq!(at_full.len(), 20, "nothing is taken that cannot be kept");
            refused.extend(at_full);
            until("readiness says why", async || {
                let ready = shop.get("/healthz/ready").await;
                ready.status == 503 && ready.text.contains("full")
            })
            .await;
            assert_eq!(shop.get("/healthz/live").await.status, 200, "a restart would not help");
            assert_eq!(shop.get("/orders?limit=1").await.status, 200, "reads go on");
            disk.heal();
            until("it is ready again", async || shop.get("/healthz/ready").await.status == 200).await;
        }
        shop.is_sound().await;
        let taken = shop.orders(None).await;
        assert_eq!((taken.len(), refused.len()), (120, 60));
        assert!(taken.iter().all(|order| order["status"] == "completed"), "{taken:?}");
        for key in refused {
            assert_eq!(shop.place(&key, &order("c-1", "85123A", 1)).await.unwrap().status, 201);
        }
        shop.is_sound().await;
        assert_eq!(shop.orders(None).await.len(), 180);
        assert_eq!(shop.audit().await["counts"]["completed"], Value::from(180));
    });
}
