//! What an Idempotency-Key promises, also when the process dies between the commit and the answer.

use std::io::Write;
use std::net::TcpStream;

use futures_util::future::join_all;
use serde_json::Value;

use crate::shop::{Dev, block_on, folder, order, until};

/// Sends `order` and leaves the answer unread; the connection stays open as long as the stream lives.
fn send(dev: &Dev, key: &str, order: &Value) -> TcpStream {
    let address = dev.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let body = order.to_string();
    let head = format!(
        "POST /orders HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Idempotency-Key: {key}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    stream
}

#[test]
fn an_order_whose_answer_died_with_the_process_is_placed_once() {
    let folder = folder();
    let data = folder.path().join("data");
    let mut dev = Dev::start(&data);
    for round in 0..6 {
        let (key, customer) = (format!("key-{round}"), format!("c-{round}"));
        let order = order(&customer, "85123A", 1);
        let unread = send(&dev, &key, &order);
        // Every other kill comes at once, before or after the commit; the rest come after it.
        if round % 2 == 0 {
            let shop = dev.shop();
            block_on(until("the order is there", async || !shop.orders(Some(&customer)).await.is_empty()));
        }
        dev.kill();
        drop(unread);
        dev = Dev::start(&data);
        let shop = dev.shop();
        block_on(async {
            let first = shop.place(&key, &order).await.unwrap();
            let again = shop.place(&key, &order).await.unwrap();
            assert_eq!((first.status.as_u16(), &first.text), (201, &again.text));
            let orders = shop.orders(Some(&customer)).await;
            assert_eq!(orders.len(), 1, "{orders:?}");
            assert_eq!(orders[0]["order_id"], first.order_id());
            let mut other = order.clone();
            other["lines"][0]["quantity"] = 2.into();
            let refused = shop.place(&key, &other).await.unwrap();
            assert_eq!(refused.status, 422);
            assert_eq!(refused.json()["type"], "urn:banyan:problem:idempotency-key-reused");
            assert_eq!(shop.orders(Some(&customer)).await.len(), 1);
        });
    }
    block_on(dev.shop().is_sound());
}

#[test]
fn equal_requests_at_once_get_equal_bytes_and_one_order() {
    let folder = folder();
    let dev = Dev::start(&folder.path().join("data"));
    let shop = dev.shop();
    block_on(async {
        for round in 0..5 {
            let (key, customer) = (format!("key-{round}"), format!("c-{round}"));
            let order = order(&customer, "85123A", 1);
            let answers = join_all((0..12).map(|_| shop.place(&key, &order))).await;
            let first = answers[0].as_ref().unwrap();
            for answer in answers.iter().flatten() {
                assert_eq!((answer.status.as_u16(), &answer.text), (201, &first.text));
                assert_eq!(answer.header("location"), first.header("location"));
            }
            assert_eq!((answers.iter().flatten().count(), shop.orders(Some(&customer)).await.len()), (12, 1));
        }
        shop.is_sound().await;
    });
}
