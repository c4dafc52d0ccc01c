//! What every request passes: only this origin writes, every refusal is a problem document.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::BytesMut;
use futures_util::StreamExt;
use runtime::Problem;
use runtime::signature::Secret;

use super::BODY_LIMIT;

/// The names under which this is served.
pub(super) struct Place {
    hosts: Vec<String>,
}

impl Place {
    pub(super) fn of(address: SocketAddr) -> Self {
        let port = address.port();
        let hosts =
            ["127.0.0.1".to_owned(), "localhost".to_owned(), "[::1]".to_owned(), address.ip().to_string()];
        Self { hosts: hosts.iter().map(|host| format!("{host}:{port}")).collect() }
    }

    fn is_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|known| known == host)
    }
}

/// Who may come in.
pub(super) enum Door {
    /// Whoever is on this machine, but no page of another site.
    Origin(Place),
    /// Whoever shows the token; without it, only to what is `free`. A browser shows none by itself.
    Token { token: Secret, free: fn(&Method, &str) -> bool },
}

impl Door {
    pub(super) fn new(address: SocketAddr, token: Option<&Secret>, free: fn(&Method, &str) -> bool) -> Self {
        match token {
            Some(token) => Self::Token { token: token.clone(), free },
            None => Self::Origin(Place::of(address)),
        }
    }

    /// Why it stays closed.
    fn refuses(&self, method: &Method, path: &str, headers: &HeaderMap) -> Option<Problem> {
        match self {
            Self::Origin(place) => (!reads(method)).then(|| foreign(place, headers)).flatten(),
            Self::Token { token, free } => (!free(method, path)).then(|| stranger(token, headers)).flatten(),
        }
    }
}

/// Reads are free where customers come in, and so is what a peer signs: that is its token.
pub(super) fn is_free_at_intake(method: &Method, path: &str) -> bool {
    let desks = ["/providers/", "/carriers/"];
    let is_signed = path.ends_with("/webhooks") && desks.iter().any(|desk| path.starts_with(desk));
    reads(method) || is_signed
}

/// What whoever runs the process asks, and has no token.
pub(super) fn is_free_for_all(method: &Method, path: &str) -> bool {
    reads(method) && (path.starts_with("/healthz/") || path == "/metrics")
}

fn reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Refuses writes that a page of another site makes in somebody's browser, also by way of its own DNS; and whoever has no
/// token, where one is asked for.
pub(super) async fn may_enter(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let refusal = door.refuses(request.method(), request.uri().path(), request.headers());
    let Some(problem) = refusal else { return next.run(request).await };
    let mut response = problem.into_response();
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// RFC 6750, section 2.1; the name of the scheme is in any case (RFC 9110, section 11.1).
fn stranger(token: &Secret, headers: &HeaderMap) -> Option<Problem> {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown = shown.and_then(|text| text.split_once(' '));
    let is_known = shown.is_some_and(|(scheme, shown)| {
        scheme.eq_ignore_ascii_case("bearer") && token.is(shown.trim_start_matches(' '))
    });
    if is_known {
        return None;
    }
    let detail = "this needs the token that the service was started with";
    let problem = Problem::new(401, "token-required", "Token required", detail);
    Some(problem.hint("send the header Authorization: Bearer TOKEN, or set BANYAN_TOKEN for this program"))
}

fn foreign(place: &Place, headers: &HeaderMap) -> Option<Problem> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let refused = |detail: String| Some(Problem::new(403, "foreign-origin", "Foreign origin", detail));
    match text(header::HOST) {
        Some(host) if place.is_host(host) => {}
        host => return refused(format!("writes must be sent to this host, not to {host:?}")),
    }
    match text(header::ORIGIN) {
        Some(origin) if !origin.strip_prefix("http://").is_some_and(|host| place.is_host(host)) => {
            refused(format!("writes from pages of {origin} are refused"))
        }
        _ => None,
    }
}

/// A body that is too long is read to its end and thrown away, up to so many bytes: who is cut off while sending sees a
/// broken connection and not the answer.
const THROWN_AWAY: usize = 32 * 1024 * 1024;

/// Refuses bodies that are too long, whether they say so or turn out to be.
pub(super) async fn not_too_long(request: Request, next: Next) -> Response {
    let length = request.body().size_hint();
    if length.upper().is_some_and(|most| most <= LIMIT) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let mut pieces = body.into_data_stream();
    let mut kept = BytesMut::new();
    let mut read = 0;
    while let Some(piece) = pieces.next().await {
        // Who stops in the middle hears nothing any more.
        let Ok(piece) = piece else { return StatusCode::BAD_REQUEST.into_response() };
        read += piece.len();
        if read <= BODY_LIMIT && length.lower() <= LIMIT {
            kept.extend_from_slice(&piece);
        } else if read > THROWN_AWAY {
            return ([(header::CONNECTION, "close")], StatusCode::PAYLOAD_TOO_LARGE).into_response();
        }
    }
    if read > BODY_LIMIT {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    next.run(Request::from_parts(parts, Body::from(kept.freeze()))).await
}

/// The longest body, as bodies tell their lengths.
const LIMIT: u64 = BODY_LIMIT as u64;

/// Turns refusals of the framework (unknown routes, methods, bodies) into problem documents.
pub(super) async fn problems(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let status = response.status();
    let is_problem = response.headers().get(header::CONTENT_TYPE).is_some_and(|media| {
        media.as_bytes().starts_with(b"application/problem+json")
            || media.as_bytes().starts_with(b"application/json")
    });
    if is_problem || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let mut problem = match status {
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(
            405,
            "method-not-allowed",
            "Method not allowed",
            format!("{path} does not take this method"),
        ),
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(413, "body-too-large", "Body too large", "the body has more than 1 MiB")
                .hint("send several smaller requests")
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            Problem::new(415, "unsupported-media-type", "Unsupported media type", "the body must be JSON")
                .hint("send the header Content-Type: application/json")
        }
        StatusCode::BAD_REQUEST => {
            Problem::new(400, "bad-request", "Bad request", format!("{path} does not take these parameters"))
        }
        other => Problem::new(other.as_u16(), "failed", "Failed", format!("{path} answered {other}")),
    };
    problem.instance = Some(path);
    problem.into_response()
}

/// For paths that nothing is at.
pub(super) async fn nothing_here(uri: Uri) -> Problem {
    Problem::new(404, "not-found", "Not found", format!("there is nothing at {}", uri.path()))
        .hint("GET /openapi.json lists what there is")
}

/// Browsers must not guess what an answer is.
pub(super) async fn never_sniff(mut response: Response) -> Response {
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(host: &'static str, origin: Option<&'static str>) -> HeaderMap {
        let mut headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
        headers.extend(origin.map(|origin| (header::ORIGIN, HeaderValue::from_static(origin))));
        headers
    }

    /// Programs, such as a carrier that tells what it saw, name no origin; what they write is signed or is refused.
    #[test]
    fn pages_of_others_do_not_write_and_programs_do() {
        let place = Place::of(SocketAddr::from(([127, 0, 0, 1], 8080)));
        for (host, origin, may) in [
            ("127.0.0.1:8080", None, true),
            ("localhost:8080", Some("http://localhost:8080"), true),
            ("127.0.0.1:8080", Some("https://evil.example"), false),
            ("evil.example", None, false),
        ] {
            assert_eq!(foreign(&place, &asked(host, origin)).is_none(), may, "{host} {origin:?}");
        }
    }

    #[test]
    fn without_the_token_only_what_is_free_is_answered() {
        let address = SocketAddr::from(([0, 0, 0, 0], 8080));
        let token = Secret::new("0123456789abcdef");
        let intake = Door::new(address, Some(&token), is_free_at_intake);
        let operators = Door::new(address, Some(&token), is_free_for_all);
        let (get, post) = (Method::GET, Method::POST);
        for (door, method, path, is_free) in [
            (&intake, &get, "/orders/1", true),
            (&intake, &post, "/orders", false),
            (&intake, &Method::DELETE, "/holds/1", false),
            (&intake, &post, "/carriers/simulated/webhooks", true),
            (&intake, &post, "/orders/webhooks", false),
            (&operators, &get, "/healthz/ready", true),
            (&operators, &get, "/metrics", true),
            (&operators, &get, "/dead-letters", false),
            (&operators, &get, "/audit", false),
            (&operators, &get, "/orders/1", false),
            (&operators, &post, "/carriers/simulated/webhooks", false),
            (&operators, &post, "/metrics", false),
        ] {
            assert_eq!(door.refuses(method, path, &HeaderMap::new()).is_none(), is_free, "{method} {path}");
        }
        for (shown, may) in [
            ("Bearer 0123456789abcdef", true),
            ("bearer  0123456789abcdef", true),
            ("Bearer 0123456789abcde", false),
            ("Bearer", false),
            ("Basic 0123456789abcdef", false),
            ("0123456789abcdef", false),
        ] {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(shown))]);
            assert_eq!(operators.refuses(&get, "/audit", &headers).is_none(), may, "{shown}");
        }
    }
}
