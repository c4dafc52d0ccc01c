//! Everything that `dev` serves behind one port, and `serve` behind two.

mod audit;
mod events;
mod guard;
mod openapi;
mod store;

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::Result;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use axum::{Router, middleware};
use bus::{Bus, ByDelivery, Embedded, Peek};
use runtime::operate::{health_routes, operator_routes, peek_routes};
use runtime::signature::Secret;
use runtime::{Env, Node};

use crate::backends::{File, Tap};
use crate::peer::Kind;
pub(crate) use openapi::services_by_segment;

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
    /// Where the simulated peers are that the services here ask, for the audit.
    pub peers: BTreeMap<Kind, String>,
}

/// All routes of all services, served at `address`, for whoever is on this machine.
pub fn router(site: &Site, address: SocketAddr) -> Router {
    let routes = operations(site).route("/audit", get(audit::show).with_state(site.clone()));
    guarded(routes, guard::Door::Origin(guard::Place::of(address)))
}

/// What a service on its own serves at `address`: its own routes. With a `token`, who writes has to show it.
pub fn intake(site: &Site, address: SocketAddr, token: Option<&Secret>) -> Router {
    guarded(site.node.routes(), guard::Door::new(address, token, guard::is_free_at_intake))
}

/// The same for operators: everything, so that one address is enough for them. With a `token`, whoever wants more than
/// health and counts has to show it.
pub fn operators(site: &Site, address: SocketAddr, token: Option<&Secret>) -> Router {
    let routes = operations(site).route("/audit", get(audit::part).with_state(site.clone()));
    guarded(routes, guard::Door::new(address, token, guard::is_free_for_all))
}

fn operations(site: &Site) -> Router {
    let peek: Arc<dyn Peek> = match &site.file {
        Some(file) => Arc::new(Embedded::new(file.engine.clone())),
        None => Arc::new(ByDelivery::new(site.bus.clone(), Arc::new(site.env.clone()))),
    };
    Router::new()
        .route("/events", post(events::publish).get(events::follow))
        .route("/store", get(store::show))
        .route("/openapi.json", get(openapi::show))
        .with_state(site.clone())
        .merge(site.node.routes())
        .merge(health_routes(site.node.clone()))
        .merge(operator_routes(site.node.clone()))
        .merge(peek_routes(peek))
}

/// With every refusal as a problem document.
fn guarded(routes: Router, door: guard::Door) -> Router {
    routes
        .fallback(guard::nothing_here)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(Arc::new(door), guard::may_enter))
        .layer(from_fn(guard::not_too_long))
        .layer(from_fn(guard::problems))
        .layer(middleware::map_response(guard::never_sniff))
}

/// Serves until `stop`, then finishes the requests that have begun.
///
/// # Errors
/// The socket cannot be used.
pub async fn serve(
    routes: Router,
    listener: TcpListener,
    env: &Env,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let (stopping, stopped) = tokio::sync::oneshot::channel::<()>();
    let clock = env.clock.clone();
    let graceful = async move {
        stop.await;
        stopping.send(()).ok();
    };
    let serving = axum::serve(listener, routes).with_graceful_shutdown(graceful).into_future();
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
