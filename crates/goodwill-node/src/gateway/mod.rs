//! A node's HTTP side: everybody can read everything, and push transactions.

mod events;
mod problem;
mod read;
mod submit;

use crate::{admission::Admission, chain::Chain};
use axum::{
    Router,
    error_handling::HandleErrorLayer,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, StatusCode, header, uri::Authority},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use goodwill_engine::Engine;
pub use problem::Problem;
use std::{net::IpAddr, sync::Arc, time::Duration};
use tower::{BoxError, ServiceBuilder, limit::ConcurrencyLimitLayer, load_shed::LoadShedLayer};
use tower_http::timeout::TimeoutLayer;

/// The largest request body, in bytes.
pub const BODY_SIZE_MAX: usize = 2 << 20;
/// Requests that are answered at once; more are turned away with 503.
const CONCURRENT_MAX: usize = 1_024;
/// The longest that an answer may take; `?wait=final` ends earlier by itself.
const TIMEOUT: Duration = Duration::from_secs(70);

/// What the handlers know.
#[derive(Debug)]
pub struct Gateway {
    /// The chain.
    pub chain: Arc<Chain>,
    /// The engine.
    pub engine: Engine,
    /// The door to the mempool.
    pub admission: Admission,
    /// The manifest as it was written.
    pub manifest_text: String,
    /// Host names that requests may name, besides loopback and addresses.
    pub hosts: Vec<String>,
}

type Shared = State<Arc<Gateway>>;

/// All routes, with their limits.
pub fn router(gateway: Gateway) -> Router {
    let gateway = Arc::new(gateway);
    let limits = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(overloaded))
        .layer(LoadShedLayer::new())
        .layer(ConcurrencyLimitLayer::new(CONCURRENT_MAX))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, TIMEOUT));
    Router::new()
        .route("/v1/status", get(read::status))
        .route("/v1/manifest", get(read::manifest))
        .route("/v1/blocks/{height}", get(read::block))
        .route("/v1/transactions/{id}", get(read::transaction))
        .route("/v1/transactions", post(submit::submit))
        .route("/v1/accounts/{address}", get(read::account))
        .route("/v1/supply", get(read::supply))
        .route("/v1/mempool", get(read::mempool))
        .route("/v1/checkpoint", get(read::checkpoint))
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(read::ready))
        .layer(limits)
        // Streams are long by nature, and bounded by the feed.
        .route("/v1/events", get(events::events))
        .fallback(|| async {
            Problem::not_found("there is nothing at this path", "The paths are in docs/api.md.")
        })
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_SIZE_MAX))
        .layer(from_fn_with_state(gateway.clone(), check_host))
        .with_state(gateway)
}

async fn method_not_allowed() -> Problem {
    let title = "The path does not take this method";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", title, title, "Read with GET, submit with POST.")
}

async fn overloaded(error: BoxError) -> Problem {
    Problem::unavailable("busy", format!("too many requests at once: {error}"))
}

/// A page on another site may point its name at this machine and have a browser ask us in that name.
async fn check_host(State(gateway): Shared, headers: HeaderMap, request: Request, next: Next) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let name =
        host.and_then(|host| host.parse::<Authority>().ok()).map(|authority| authority.host().to_owned());
    match name {
        Some(name) if !is_allowed(&name, &gateway.hosts) => {
            let detail = format!("this node does not answer for the host {name:?}");
            let next = "Ask it by its address, or add the name to http_hosts in node.toml.";
            Problem::new(StatusCode::MISDIRECTED_REQUEST, "host", "Unknown host", detail, next)
                .into_response()
        }
        Some(_) => next.run(request).await,
        None => {
            Problem::malformed("host", "the request names no host", "Send a Host header.").into_response()
        }
    }
}

fn is_allowed(name: &str, hosts: &[String]) -> bool {
    let address = name.trim_start_matches('[').trim_end_matches(']');
    address.parse::<IpAddr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || hosts.iter().any(|host| host.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_localhost_and_named_hosts_are_answered() {
        let hosts = ["node.example.org".to_owned()];
        for name in ["127.0.0.1", "[::1]", "localhost", "LocalHost", "192.168.1.9", "Node.Example.org"] {
            assert!(is_allowed(name, &hosts), "{name}");
        }
        for name in ["evil.example.org", "localhost.evil.org", "127.0.0.1.evil.org", ""] {
            assert!(!is_allowed(name, &hosts), "{name}");
        }
    }
}
