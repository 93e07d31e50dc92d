//! A node's HTTP side: everybody can read everything, and push transactions.

mod associations;
mod contracts;
mod donations;
mod events;
mod guide;
mod metrics;
mod mining;
mod openapi;
mod problem;
mod prove;
mod rates;
mod read;
mod simulate;
mod submit;
mod view;
mod work;

use crate::{admission::Admission, chain::Chain, meter::Meter};
use axum::{
    Router,
    error_handling::HandleErrorLayer,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, StatusCode, header, uri::Authority},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
pub use events::Streams;
use goodwill_engine::Engine;
pub use metrics::Metrics;
use openapi::Document;
pub use problem::Problem;
pub use rates::Rates;
pub use read::gas_prices;
use std::{net::IpAddr, sync::Arc, time::Duration};
use tower::{
    BoxError, ServiceBuilder, limit::ConcurrencyLimitLayer, load_shed::LoadShedLayer, timeout::TimeoutLayer,
};
use utoipa::OpenApi as _;
use utoipa_axum::{router::OpenApiRouter, routes};

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
    /// How often each client asked lately.
    pub rates: Arc<Rates>,
    /// The places for open streams.
    pub streams: Streams,
    /// What is counted.
    pub metrics: Metrics,
    /// What the node draws.
    pub meter: Arc<Meter>,
}

type Shared = State<Arc<Gateway>>;

/// The routes and the document of them.
fn routes() -> OpenApiRouter<Arc<Gateway>> {
    let limits = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(overloaded))
        .layer(LoadShedLayer::new())
        .layer(ConcurrencyLimitLayer::new(CONCURRENT_MAX))
        .layer(TimeoutLayer::new(TIMEOUT));
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(read::status))
        .routes(routes!(read::manifest))
        .routes(routes!(read::block))
        .routes(routes!(read::transaction))
        .routes(routes!(submit::submit))
        .routes(routes!(simulate::simulate))
        .routes(routes!(read::account))
        .routes(routes!(read::supply))
        .routes(routes!(read::mempool))
        .routes(routes!(read::checkpoint))
        .routes(routes!(mining::epoch))
        .routes(routes!(mining::miners))
        .routes(routes!(mining::miner))
        .routes(routes!(mining::handover))
        .routes(routes!(associations::associations))
        .routes(routes!(associations::association))
        .routes(routes!(associations::amendments))
        .routes(routes!(donations::donations))
        .routes(routes!(donations::energy))
        .routes(routes!(guide::guide))
        .routes(routes!(contracts::contract))
        .routes(routes!(contracts::events))
        .routes(routes!(contracts::query))
        .routes(routes!(openapi::openapi))
        .routes(routes!(metrics::metrics))
        .routes(routes!(read::live))
        .routes(routes!(read::ready))
        .layer(limits)
        // Streams are long by nature, and have a limit of their own.
        .routes(routes!(events::events))
}

/// All routes, with their limits. Needs the addresses of those who connect.
pub fn router(gateway: Gateway) -> Router {
    let gateway = Arc::new(gateway);
    let (routes, _) = routes().split_for_parts();
    routes
        .fallback(|| async {
            Problem::not_found("there is nothing at this path", "The paths are in /v1/openapi.json.")
        })
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_SIZE_MAX))
        .layer(from_fn_with_state(gateway.clone(), check_host))
        .layer(from_fn_with_state(gateway.rates.clone(), rates::check_rate))
        .layer(from_fn_with_state(gateway.clone(), metrics::count))
        .with_state(gateway)
}

async fn method_not_allowed() -> Problem {
    let title = "The path does not take this method";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", title, title, "Read with GET, submit with POST.")
}

async fn overloaded(error: BoxError) -> Problem {
    Problem::unavailable("busy", format!("too many requests at once, or this one takes too long: {error}"))
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
    use std::collections::BTreeSet;

    #[test]
    fn the_document_has_the_routes_and_no_others() {
        let (router, document) = routes().split_for_parts();
        let documented: BTreeSet<&str> = document.paths.paths.keys().map(String::as_str).collect();
        // The router shows its paths to nobody but the debugger.
        let shown = format!("{router:?}");
        let (shown, _) = shown.split_once("fallback_router").unwrap();
        let routed: BTreeSet<&str> = shown.split('"').filter(|part| part.starts_with('/')).collect();
        assert_eq!(documented, routed);
        assert!(documented.contains("/v1/blocks/{height}"));
    }

    #[test]
    fn the_document_says_what_every_path_answers() {
        let (_, document) = routes().split_for_parts();
        let json = serde_json::to_value(&document).unwrap();
        assert_eq!(json["openapi"], "3.1.0");
        for (path, methods) in json["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let responses = &operation["responses"];
                assert!(responses["200"]["description"].is_string(), "{method} {path}");
                for status in ["400", "421", "429", "503"] {
                    let content = &responses[status]["content"]["application/problem+json"];
                    assert_eq!(content["schema"]["$ref"], "#/components/schemas/Problem", "{path} {status}");
                }
            }
        }
        let text = json.to_string();
        let named = text.split("\"#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next());
        let named: BTreeSet<&str> = named.collect();
        let schemas = json["components"]["schemas"].as_object().unwrap();
        assert!(named.iter().all(|name| schemas.contains_key(*name)), "{named:?}");
        assert!(schemas["Digest"]["pattern"].is_string() && schemas["Units"]["pattern"].is_string());
    }

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
