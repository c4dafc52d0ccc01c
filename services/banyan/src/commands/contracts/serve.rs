//! `banyan contracts serve`: the site of the contracts on a port of this machine.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::{Place, docs};
use crate::cli::{Context, Exit};
use crate::config::Origin;

/// Where it is when no port is named: not where `banyan dev` is.
const PORT: u16 = 8090;

/// Show the site of the contracts on a port of this machine.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
On loopback only, on port 8090 unless --port says another; 0 takes a free one. Ctrl-C ends it.

Examples:
  banyan contracts serve
  banyan contracts serve --port 0")]
pub struct Args {
    /// Where the contracts are.
    #[command(flatten)]
    pub place: Place,
}

/// The files by their path.
type Files = Arc<BTreeMap<String, String>>;

/// Serves until it is told to stop.
///
/// # Errors
/// The contracts cannot be read, or the port is taken.
pub async fn run(args: &Args, context: &Context) -> Result<Exit> {
    let contracts = args.place.contracts.clone();
    let files = tokio::task::spawn_blocking(move || docs::made(&contracts)).await??;
    let files: Files = Arc::new(files.into_iter().map(|file| (file.path, file.text)).collect());
    let is_named = context.config.origins.get("port").is_some_and(|(_, origin)| *origin != Origin::Default);
    let port = if is_named { context.config.port } else { PORT };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .with_context(|| format!("{address} cannot be used: choose another with --port"))?;
    let url = format!("http://{}/", listener.local_addr()?);
    context.output.answer(&json!({ "url": url }), |_| url.clone());
    let stop = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
    axum::serve(listener, router(files)).with_graceful_shutdown(stop).await?;
    Ok(Exit::Ok)
}

fn router(files: Files) -> Router {
    Router::new().fallback(file).with_state(files)
}

async fn file(State(files): State<Files>, uri: Uri) -> Response {
    let path = match uri.path().trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    let Some(text) = files.get(path) else {
        return (StatusCode::NOT_FOUND, "there is no such file; the contracts are at /\n").into_response();
    };
    let kind = match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("json") => "application/json",
        _ => "text/plain; charset=utf-8",
    };
    let headers = [(header::CONTENT_TYPE, kind), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, text.clone()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_page_is_at_the_root_and_files_have_their_type() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts");
        let files = docs::made(&folder).unwrap().into_iter().map(|file| (file.path, file.text)).collect();
        let files: Files = Arc::new(files);
        for (path, status, kind) in [
            ("/", 200, "text/html; charset=utf-8"),
            ("/schemas/order.placed.v1.json", 200, "application/json"),
            ("/../Cargo.toml", 404, "text/plain; charset=utf-8"),
        ] {
            let answer = file(State(files.clone()), path.parse().unwrap()).await;
            assert_eq!(answer.status(), status, "{path}");
            assert_eq!(answer.headers()["content-type"], kind, "{path}");
        }
    }
}
