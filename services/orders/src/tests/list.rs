//! Lists: by customer, by status, page by page.

use serde_json::{Value, json};

use super::shop::{Shop, an_order, run};

async fn place_many(shop: &Shop, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 0..count {
        let mut order = an_order();
        order["customer_id"] = json!(if n % 3 == 0 { "c-a" } else { "c-b" });
        let placed = shop.post("/orders", &format!("k{n}"), &order).await;
        ids.push(placed.body["order_id"].as_str().unwrap().to_owned());
        shop.pass(std::time::Duration::from_millis(5)).await;
    }
    ids.reverse();
    ids
}

fn ids_of(page: &Value) -> Vec<String> {
    page["orders"].as_array().unwrap().iter().map(|o| o["order_id"].as_str().unwrap().to_owned()).collect()
}

async fn all_pages(shop: &Shop, query: &str) -> (Vec<String>, usize) {
    let (mut ids, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let page = shop.get(&format!("/orders?{query}{cursor}")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        ids.extend(ids_of(&page.body));
        pages += 1;
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (ids, pages),
        }
    }
}

#[test]
fn pages_are_newest_first_and_show_every_order_once() {
    run(None, async |shop| {
        let ids = place_many(shop, 23).await;
        for limit in [1, 5, 22, 23, 24, 100] {
            let (seen, pages) = all_pages(shop, &format!("limit={limit}")).await;
            assert_eq!(seen, ids, "limit {limit}");
            assert_eq!(pages, 23usize.div_ceil(limit), "limit {limit}");
        }
        assert_eq!(ids_of(&shop.get("/orders").await.body), ids[..20]);
    });
}

#[test]
fn a_customers_orders_and_a_status_are_found() {
    run(None, async |shop| {
        let ids = place_many(shop, 12).await;
        let mine: Vec<String> = ids.iter().rev().step_by(3).rev().cloned().collect();
        assert_eq!(all_pages(shop, "customer_id=c-a&limit=2").await.0, mine);
        shop.post(&format!("/orders/{}/cancel", mine[1]), "c1", &json!({})).await;
        assert_eq!(all_pages(shop, "status=cancelled&limit=3").await.0, [mine[1].clone()]);
        assert_eq!(all_pages(shop, "customer_id=c-b&status=cancelled").await.0, Vec::<String>::new());
        let placed = all_pages(shop, "customer_id=c-a&status=placed&limit=1").await.0;
        assert_eq!(placed.len(), mine.len() - 1);
        assert_eq!(all_pages(shop, "customer_id=nobody").await.0, Vec::<String>::new());
    });
}

#[test]
fn queries_that_make_no_sense_are_refused() {
    run(None, async |shop| {
        for query in ["limit=0", "limit=101", "limit=x", "status=lost", "cursor=zz", "cursor=", "cursor=ff"] {
            let refused = shop.get(&format!("/orders?{query}")).await;
            assert_eq!((refused.status, refused.slug()), (400, "invalid-query"), "{query}");
        }
    });
}
