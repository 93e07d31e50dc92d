//! What operators watch: counters and gauges in the text format of OpenMetrics.

use super::{Gateway, Problem, Shared, openapi::Always};
use crate::admission::Admitted;
use axum::{
    extract::{MatchedPath, Request, State},
    http::header,
    middleware::Next,
    response::{IntoResponse, Response},
};
use goodwill_types::Header;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use std::sync::atomic::AtomicU64;

/// The last line of a text; the engine's text has it, too.
const END: &str = "# EOF\n";

/// How the engine labels what belongs to an epoch.
const EPOCH: &str = "epoch=\"";
/// So many epochs are told apart: they come for ever, and each new label stays in its reader's memory.
const EPOCHS_TOLD_APART: u64 = 8;

/// The metrics of a gateway.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    taken: Counter,
    refused: Family<Refused, Counter>,
    height: Gauge<u64, AtomicU64>,
    timestamp: Gauge<f64, AtomicU64>,
    peers: Gauge<u64, AtomicU64>,
    mempool_transactions: Gauge<u64, AtomicU64>,
    mempool_bytes: Gauge<u64, AtomicU64>,
}

/// The path is a route's template, so that there are few.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    path: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    code: String,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("goodwill"),
            requests: Family::default(),
            taken: Counter::default(),
            refused: Family::default(),
            height: Gauge::default(),
            timestamp: Gauge::default(),
            peers: Gauge::default(),
            mempool_transactions: Gauge::default(),
            mempool_bytes: Gauge::default(),
        };
        let registry = &mut metrics.registry;
        registry.register("requests", "Requests by route and status", metrics.requests.clone());
        registry.register("transactions_taken", "Submissions that were taken", metrics.taken.clone());
        registry.register("transactions_refused", "Submissions by code of refusal", metrics.refused.clone());
        registry.register("height", "Height of the newest final block", metrics.height.clone());
        registry.register(
            "finalized_timestamp_seconds",
            "Time of the newest final block, since 1970",
            metrics.timestamp.clone(),
        );
        registry.register("peers", "Nodes heard from lately", metrics.peers.clone());
        let waiting = "Transactions that wait in the mempool";
        registry.register("mempool_transactions", waiting, metrics.mempool_transactions.clone());
        let size = "Size of the transactions that wait in the mempool";
        registry.register("mempool_bytes", size, metrics.mempool_bytes.clone());
        metrics
    }
}

impl Metrics {
    /// Counts what became of submissions.
    pub(super) fn submitted(&self, admitted: &[Admitted]) {
        for admitted in admitted {
            match admitted {
                Ok(_) => self.taken.inc(),
                Err(error) => {
                    let code = Problem::from(error.clone()).0.code;
                    self.refused.get_or_create(&Refused { code }).inc()
                }
            };
        }
    }

    /// Looks at what changes by itself.
    fn observe(&self, gateway: &Gateway, tip: Option<&Header>) {
        if let Some(tip) = tip {
            self.height.set(tip.height);
            self.timestamp.set(tip.timestamp_ms as f64 / 1_000.0);
        }
        self.peers.set(gateway.engine.peers() as u64);
        let mempool = gateway.chain.mempool();
        self.mempool_transactions.set(mempool.len() as u64);
        self.mempool_bytes.set(mempool.bytes() as u64);
    }
}

/// Counters and gauges of the gateway and of the engine.
#[utoipa::path(get, path = "/metrics", responses(
    (status = 200, description = "The text format of OpenMetrics", body = String,
        content_type = "application/openmetrics-text"),
    Always,
))]
pub(super) async fn metrics(State(gateway): Shared) -> Result<impl IntoResponse, Problem> {
    let tip = gateway.engine.tip().await;
    gateway.metrics.observe(&gateway, tip.as_ref());
    // The engine answers questions once its state is open.
    let mut text = match tip {
        Some(_) => bound_epochs(&gateway.engine.metrics().await?),
        None => END.into(),
    };
    text.truncate(text.strip_suffix(END).map_or(text.len(), str::len));
    encode(&mut text, &gateway.metrics.registry).expect("a string takes everything");
    Ok(([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text))
}

/// Says of each epoch only its place among those that are told apart.
fn bound_epochs(text: &str) -> String {
    let mut parts = text.split(EPOCH);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (epoch, rest) = part.split_once('"').unwrap_or((part, ""));
        let epoch = epoch.parse::<u64>().unwrap_or_default() % EPOCHS_TOLD_APART;
        text + EPOCH + &epoch.to_string() + "\"" + rest
    })
}

/// Counts requests by their routes.
pub(super) async fn count(
    State(gateway): Shared,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let path = path.map_or_else(|| "none".into(), |path| path.as_str().to_owned());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    gateway.metrics.requests.get_or_create(&Answered { path, status }).inc();
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_make_few_labels() {
        let text = "a{epoch=\"7\",le=\"1.0\"} 2\na{epoch=\"8\"} 3\nb 4\n";
        assert_eq!(bound_epochs(text), "a{epoch=\"7\",le=\"1.0\"} 2\na{epoch=\"0\"} 3\nb 4\n");
    }
}
