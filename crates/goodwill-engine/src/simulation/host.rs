//! The computer that a simulated node runs on: what the engine asks of its runtime, with a disk of the
//! node's own, and the end that a panic in any task makes of a real process.

use super::disk::{Blob, Disk, Files};
use crate::process::Failure;
use commonware_runtime::{
    BlobVersion, Clock, Error, Handle, ListenerOf, Metrics, Name, Network, SinkOf, Spawner, Storage,
    StreamOf, Supervisor,
    signal::Signal,
    telemetry::metrics::{Metric, Registered},
};
use futures::FutureExt as _;
use rand::{TryCryptoRng, TryRng};
use std::{
    net::SocketAddr,
    ops::RangeInclusive,
    panic::{AssertUnwindSafe, resume_unwind},
    time::{Duration, SystemTime},
};
use tokio::sync::watch;

/// One run of a node, from its start to its crash. Clones share it.
#[derive(Clone)]
pub(super) struct Life(watch::Sender<Option<End>>);

/// How a run ended, if not by the scenario's clock.
#[derive(Clone)]
enum End {
    /// The node stopped itself.
    Stopped(Failure),
    /// The power was cut.
    Cut,
}

impl Life {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    /// Why the node stopped itself, if it did.
    pub(super) fn failure(&self) -> Option<Failure> {
        match &*self.0.borrow() {
            Some(End::Stopped(failure)) => Some(failure.clone()),
            Some(End::Cut) | None => None,
        }
    }

    /// Whether the node runs no more.
    pub(super) fn is_over(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Cuts the power.
    pub(super) fn cut(&self) {
        self.end(End::Cut);
    }

    /// Waits until the node stops itself, or its power is cut.
    pub(super) async fn ended(&self) {
        let _ = self.0.subscribe().wait_for(Option::is_some).await;
    }

    fn end(&self, end: End) {
        self.0.send_if_modified(|ended| {
            let first = ended.is_none();
            if first {
                *ended = Some(end);
            }
            first
        });
    }
}

/// What a simulated node runs on.
pub(super) struct Host<E> {
    files: Files<E>,
    life: Life,
}

impl<E> Host<E> {
    pub(super) fn new(inner: E, disk: Disk, life: Life) -> Self {
        Self { files: Files { inner, disk }, life }
    }

    fn around(&self, inner: E) -> Self {
        Self::new(inner, self.files.disk.clone(), self.life.clone())
    }

    fn with(self, change: impl FnOnce(E) -> E) -> Self {
        Self::new(change(self.files.inner), self.files.disk, self.life)
    }
}

impl<E: Supervisor> Supervisor for Host<E> {
    fn name(&self) -> Name {
        self.files.inner.name()
    }

    fn child(&self, label: &'static str) -> Self {
        self.around(self.files.inner.child(label))
    }

    fn with_attribute(self, key: &'static str, value: impl std::fmt::Display) -> Self {
        self.with(|inner| inner.with_attribute(key, value))
    }
}

impl<E: Spawner> Spawner for Host<E> {
    fn shared(self, blocking: bool) -> Self {
        self.with(|inner| inner.shared(blocking))
    }

    fn dedicated(self) -> Self {
        self.with(|inner| inner.dedicated())
    }

    fn spawn<F, Fut, T>(self, task: F) -> Handle<T>
    where
        F: FnOnce(Self) -> Fut + Send + 'static,
        Fut: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let Self { files: Files { inner, disk }, life } = self;
        inner.spawn(move |inner| {
            let running = task(Self::new(inner, disk, life.clone()));
            async move {
                AssertUnwindSafe(running).catch_unwind().await.unwrap_or_else(|panic| {
                    life.end(End::Stopped(Failure::of_panic(&*panic)));
                    resume_unwind(panic)
                })
            }
        })
    }

    async fn stop(self, value: i32, timeout: Option<Duration>) -> Result<(), Error> {
        self.files.inner.stop(value, timeout).await
    }

    fn stopped(&self) -> Signal {
        self.files.inner.stopped()
    }
}

impl<E: Clock> Clock for Host<E> {
    fn current(&self) -> SystemTime {
        self.files.inner.current()
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static + use<E> {
        self.files.inner.sleep(duration)
    }

    fn sleep_until(&self, deadline: SystemTime) -> impl Future<Output = ()> + Send + 'static + use<E> {
        self.files.inner.sleep_until(deadline)
    }
}

impl<E: Clock> governor::clock::Clock for Host<E> {
    type Instant = SystemTime;

    fn now(&self) -> SystemTime {
        self.current()
    }
}

impl<E: Clock> governor::clock::ReasonablyRealtime for Host<E> {}

impl<E: Metrics> Metrics for Host<E> {
    fn register<N: Into<String>, H: Into<String>, M: Metric>(
        &self,
        name: N,
        help: H,
        metric: M,
    ) -> Registered<M> {
        self.files.inner.register(name, help, metric)
    }

    fn encode(&self) -> String {
        self.files.inner.encode()
    }
}

impl<E: Network> Network for Host<E> {
    type Listener = ListenerOf<E>;

    async fn bind(&self, socket: SocketAddr) -> Result<Self::Listener, Error> {
        self.files.inner.bind(socket).await
    }

    async fn dial(&self, socket: SocketAddr) -> Result<(SinkOf<Self>, StreamOf<Self>), Error> {
        self.files.inner.dial(socket).await
    }
}

impl<E: TryRng> TryRng for Host<E> {
    type Error = E::Error;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.files.inner.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.files.inner.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.files.inner.try_fill_bytes(bytes)
    }
}

impl<E: TryCryptoRng> TryCryptoRng for Host<E> {}

impl<E: Storage> Storage for Host<E> {
    type Blob = Blob<E::Blob>;

    async fn open_versioned(
        &self,
        partition: &str,
        name: &[u8],
        versions: RangeInclusive<BlobVersion>,
    ) -> Result<(Self::Blob, u64, BlobVersion), Error> {
        self.files.open(partition, name, versions).await
    }

    async fn remove(&self, partition: &str, name: Option<&[u8]>) -> Result<(), Error> {
        self.files.remove(partition, name).await
    }

    async fn scan(&self, partition: &str) -> Result<Vec<Vec<u8>>, Error> {
        self.files.scan(partition).await
    }
}
