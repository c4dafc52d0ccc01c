//! Everything that `dev` serves, behind one port.

mod audit;
mod events;
mod guard;
mod openapi;
mod store;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::Result;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use axum::{Router, middleware};
use bus::{Bus, Embedded};
use runtime::operate::{health_routes, operator_routes, peek_routes};
use runtime::{Env, Node};

use crate::backends::{File, Tap};
use crate::peer::Addresses;

/// Bytes of a request's body: 80 lines of an order take about 10 KB.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// What the routes work on.
#[derive(Clone)]
pub struct Site {
    /// The running services.
    pub node: Arc<Node>,
    /// For following events.
    pub tap: Tap,
    /// Store and bus, where they are one file.
    pub file: Option<File>,
    /// For publishing what other applications send.
    pub bus: Arc<dyn Bus>,
    /// Time and tasks.
    pub env: Env,
    /// Where the simulated peers are, for the audit.
    pub peers: Addresses,
    /// Where this is served.
    pub address: SocketAddr,
}

/// All routes, guarded, with every refusal as a problem document.
pub fn router(site: Site) -> Router {
    // Not every broker lets anybody look into a queue without taking from it.
    let peek = site.file.as_ref().map(|file| peek_routes(Arc::new(Embedded::new(file.engine.clone()))));
    Router::new()
        .route("/events", post(events::publish).get(events::follow))
        .route("/audit", get(audit::show))
        .route("/store", get(store::show))
        .route("/openapi.json", get(openapi::show))
        .with_state(site.clone())
        .merge(site.node.routes())
        .merge(health_routes(site.node.clone()))
        .merge(operator_routes(site.node.clone()))
        .merge(peek.unwrap_or_else(|| Router::new().route("/queues/{queue}/messages", get(guard::no_peek))))
        .fallback(guard::nothing_here)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(Arc::new(guard::Place::of(site.address)), guard::same_origin))
        .layer(from_fn(guard::not_too_long))
        .layer(from_fn(guard::problems))
        .layer(middleware::map_response(guard::never_sniff))
}

/// Serves until `stop`, then finishes the requests that have begun.
///
/// # Errors
/// The socket cannot be used.
pub async fn serve(
    site: Site,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let (stopping, stopped) = tokio::sync::oneshot::channel::<()>();
    let clock = site.env.clock.clone();
    let graceful = async move {
        stop.await;
        stopping.send(()).ok();
    };
    let serving = axum::serve(listener, router(site)).with_graceful_shutdown(graceful).into_future();
    // Followers of events never end by themselves: a little patience, then they are cut.
    let patience = async move {
        stopped.await.ok();
        clock.sleep(std::time::Duration::from_secs(3)).await;
    };
    tokio::select! {
        biased;
        served = serving => served?,
        () = patience => {}
    }
    Ok(())
}
