//! What is restarted while orders are on their way.

use anyhow::{Context as _, Result, ensure};
use tokio::process::Command;

use super::order::{End, Order, comes_to};
use super::shop::Shop;

/// Who is killed: without it no order gets on.
const VICTIM: &str = "payment";
/// Orders before, and as many again after.
const ORDERS: usize = 3;

/// SIGKILL for one service under way, and the next one on what it left.
pub(super) async fn service(shop: &mut Shop) -> Result<Vec<String>> {
    let mut orders = place(shop, "e2e-killed").await?;
    shop.kill(VICTIM).await?;
    // On the embedded bus nobody takes orders meanwhile.
    if shop.has_broker() {
        orders.extend(place(shop, "e2e-meanwhile").await?);
    }
    shop.start_again(VICTIM).await?;
    orders.extend(place(shop, "e2e-restarted").await?);
    all_completed(shop, orders).await
}

/// The broker goes and comes under way.
pub(super) async fn broker(shop: &mut Shop, command: &str) -> Result<Vec<String>> {
    let mut orders = place(shop, "e2e-broker-before").await?;
    let status = Command::new("sh").args(["-c", command]).status().await;
    ensure!(status.context("there is no shell")?.success(), "the broker was not restarted by: {command}");
    orders.extend(place(shop, "e2e-broker-after").await?);
    all_completed(shop, orders).await
}

async fn place(shop: &mut Shop, name: &str) -> Result<Vec<(String, Order)>> {
    let mut orders = Vec::new();
    for nth in 0..ORDERS {
        let order = Order::of(&format!("{name}-{nth}"), 1);
        shop.receive(&order.sku).await?;
        orders.push((order.place(shop, &order.sku).await?, order));
    }
    Ok(orders)
}

async fn all_completed(shop: &Shop, orders: Vec<(String, Order)>) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    for (id, order) in orders {
        wrong.extend(comes_to(shop, &id, &order.sku, End::completed(&order)).await?);
    }
    Ok(wrong)
}
