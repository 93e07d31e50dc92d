//! What uses the processor or much memory: on threads of its own, and few at once, since blocks come
//! first.

use super::Problem;
use tokio::{sync::Semaphore, task::spawn_blocking};

/// Jobs of this process that run at once; others wait for their turn, as many as requests may.
const WORKING_MAX: usize = 2;

static WORKING: Semaphore = Semaphore::const_new(WORKING_MAX);

/// Runs `job` where it may take its time.
pub(super) async fn work<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    let _working = WORKING.acquire().await.expect("never closed");
    spawn_blocking(job)
        .await
        .map_err(|e| Problem::unavailable("stopping", format!("the work ended early: {e}")))
}
