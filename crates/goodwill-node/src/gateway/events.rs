//! Server-sent events: each final block as it comes, and those that a listener missed.

use super::{
    Gateway, Problem, Shared,
    openapi::{Always, problems},
    read::stored_block,
};
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode},
    response::sse::{Event, KeepAlive, Sse},
};
use futures::{Stream, stream::unfold};
use goodwill_types::api;
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::{
    OwnedSemaphorePermit, Semaphore,
    broadcast::{Receiver, error::RecvError},
};
use utoipa::{
    IntoParams, IntoResponses,
    openapi::{RefOr, Response},
};

/// Streams that can be open at once.
const STREAMS_MAX: usize = 256;
/// The most blocks that a listener may have missed.
const MISSED_MAX: u64 = 10_000;

/// The places for open streams.
#[derive(Clone, Debug)]
pub struct Streams(Arc<Semaphore>);

impl Default for Streams {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(STREAMS_MAX)))
    }
}

impl Streams {
    fn enter(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let full = |_| Problem::unavailable("streams", format!("{STREAMS_MAX} streams are open already"));
        self.0.clone().try_acquire_owned().map_err(full)
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct EventsQuery {
    /// Begin with the block after this height; a `Last-Event-ID` goes before it.
    after: Option<u64>,
}

/// The problem of whoever missed too much.
pub(super) enum Missed {}

impl IntoResponses for Missed {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[(410, "Too many blocks were missed, or this node no longer keeps them")])
    }
}

/// Final blocks as they come: `event: block`, the height as `id`, and as data the block as
/// `/v1/blocks/{height}` shows it, without its certificate. A listener that says what it saw last
/// gets what it missed first.
#[utoipa::path(get, path = "/v1/events",
    params(EventsQuery, ("Last-Event-ID" = Option<u64>, Header, description = "The height that was seen last")),
    responses(
        (status = 200, description = "A stream without end", body = String, content_type = "text/event-stream"),
        Missed, Always,
    ))]
pub(super) async fn events(
    State(gateway): Shared,
    query: Result<Query<EventsQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, axum::Error>>>, Problem> {
    let after = after(query, &headers)?;
    let place = gateway.streams.enter()?;
    let blocks = Blocks::after(gateway, after, place).await?;
    let events = unfold(blocks, |mut blocks| async move {
        let block = blocks.next().await?;
        let event = Event::default().event("block").id(block.height.to_string());
        Some((event.json_data(&*block), blocks))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// The height that the listener saw last.
fn after(
    query: Result<Query<EventsQuery>, QueryRejection>,
    headers: &HeaderMap,
) -> Result<Option<u64>, Problem> {
    let next = "Name the height of the last block that you saw, or nothing.";
    let Query(query) = query.map_err(|e| Problem::malformed("query", e.body_text(), next))?;
    let Some(id) = headers.get("last-event-id") else { return Ok(query.after) };
    let height = id.to_str().ok().and_then(|id| id.parse().ok());
    height.map(Some).ok_or_else(|| {
        Problem::malformed("last_event_id", format!("the Last-Event-ID {id:?} is not a height"), next)
    })
}

/// Final blocks in their order, each once: what does not come live is read from storage.
struct Blocks {
    gateway: Arc<Gateway>,
    live: Receiver<Arc<api::Block>>,
    /// The height to come next; any if `None`.
    next: Option<u64>,
    /// Up to here, all blocks are stored.
    stored: u64,
    _place: OwnedSemaphorePermit,
}

impl Blocks {
    async fn after(
        gateway: Arc<Gateway>,
        after: Option<u64>,
        _place: OwnedSemaphorePermit,
    ) -> Result<Self, Problem> {
        let live = gateway.chain.feed.blocks();
        let stored = gateway.engine.tip().await.map_or(0, |tip| tip.height);
        if let Some(after) = after {
            check_missed(&gateway, after, stored).await?;
        }
        Ok(Self { gateway, live, next: after.map(|after| after.saturating_add(1)), stored, _place })
    }

    /// `None` when the node stops, or no longer keeps the block.
    async fn next(&mut self) -> Option<Arc<api::Block>> {
        loop {
            if let Some(height) = self.next.filter(|next| *next <= self.stored) {
                self.next = Some(height + 1);
                return stored_block(&self.gateway, height).await.ok().flatten().map(Arc::new);
            }
            match self.live.recv().await {
                Ok(block) if self.next.is_none_or(|next| next == block.height) => {
                    self.next = Some(block.height + 1);
                    return Some(block);
                }
                Ok(block) => self.stored = self.stored.max(block.height),
                // The next block that comes tells how many were missed.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

async fn check_missed(gateway: &Gateway, after: u64, newest: u64) -> Result<(), Problem> {
    let missed = count_missed(after, newest)?;
    if missed > 0 && gateway.engine.block(after + 1).await?.is_none() {
        return Err(gone(format!("this node no longer keeps block {}", after + 1)));
    }
    Ok(())
}

/// A listener may have seen more at another node than this one holds.
fn count_missed(after: u64, newest: u64) -> Result<u64, Problem> {
    match newest.saturating_sub(after) {
        missed @ 0..=MISSED_MAX => Ok(missed),
        missed => Err(gone(format!("{missed} blocks were missed, and {MISSED_MAX} are the most"))),
    }
}

fn gone(detail: String) -> Problem {
    let next = "Read the blocks by height, then listen from the newest one.";
    Problem::new(StatusCode::GONE, "missed", "What was missed cannot be sent", detail, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_missed_blocks_are_sent() {
        assert_eq!(count_missed(5, 5).unwrap(), 0);
        assert_eq!(count_missed(u64::MAX, 5).unwrap(), 0);
        assert_eq!(count_missed(1, 1 + MISSED_MAX).unwrap(), MISSED_MAX);
        let problem = count_missed(0, 1 + MISSED_MAX).unwrap_err();
        assert_eq!((problem.0.status, problem.0.code.as_str()), (410, "missed"));
    }

    #[test]
    fn only_so_many_streams_are_open_at_once() {
        let streams = Streams::default();
        let mut open: Vec<_> = (0..STREAMS_MAX).map(|_| streams.enter().unwrap()).collect();
        assert_eq!(streams.enter().unwrap_err().0.code, "streams");
        open.pop();
        assert!(streams.enter().is_ok());
    }

    #[test]
    fn the_last_event_id_goes_before_the_query() {
        let query = || Ok(Query(EventsQuery { after: Some(3) }));
        let mut headers = HeaderMap::new();
        assert_eq!(after(query(), &headers).unwrap(), Some(3));
        headers.insert("last-event-id", "7".parse().unwrap());
        assert_eq!(after(query(), &headers).unwrap(), Some(7));
        headers.insert("last-event-id", "seven".parse().unwrap());
        assert_eq!(after(query(), &headers).unwrap_err().0.code, "last_event_id");
    }
}
