//! Server-sent events: each final block as it comes.

use super::Shared;
use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures::{Stream, StreamExt};
use std::convert::Infallible;
use tokio_stream::wrappers::BroadcastStream;

/// `event: block`, its height as `id`, and the block as `/v1/blocks/{height}` shows it, without its
/// certificate. A listener that is too slow is let go, and can read what it missed by height.
pub(super) async fn events(State(gateway): Shared) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let blocks = BroadcastStream::new(gateway.chain.feed.blocks());
    let events =
        blocks.take_while(|block| std::future::ready(block.is_ok())).filter_map(|block| async move {
            let block = block.ok()?;
            let event = Event::default().event("block").id(block.height.to_string());
            event.json_data(&*block).ok().map(Ok)
        });
    Sse::new(events).keep_alive(KeepAlive::default())
}
