//! Signed transactions, and how they are sent.

use super::{
    BenchError,
    accounts::parallel,
    watch::{Finals, watch},
};
use goodwill_types::{SignedTransaction, TransactionId, api::SubmitResult, codec::Encode as _};
use std::{
    collections::VecDeque,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use ureq::{Agent, http::StatusCode};

/// Transactions in a request.
pub(super) const BATCH: usize = 512;
/// The same while accounts are prepared: little is sent then, and soon.
const PREPARING: usize = 64;
/// Requests at the same time.
const CONNECTIONS: usize = 4;
/// How long after a refusal it is tried again.
const RETRY: Duration = Duration::from_millis(20);
/// The longest that nothing may become final.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Some transactions in one request.
pub(super) struct Batch {
    /// Their places among the transactions of the load.
    places: Vec<usize>,
    body: Vec<u8>,
}

/// Transactions that are ready to be sent.
pub(super) struct Load {
    pub(super) ids: Vec<TransactionId>,
    /// Their signed bytes.
    pub(super) transactions: Vec<Vec<u8>>,
}

/// What became of a request.
enum Answer {
    /// All were taken.
    Taken,
    /// The node is busy: these were not taken.
    Busy(Vec<usize>),
}

impl Load {
    pub(super) fn of(signed: Vec<SignedTransaction>) -> Self {
        Self {
            ids: parallel(signed.len(), |place| signed[place].id()),
            transactions: signed.iter().map(|signed| signed.encode().to_vec()).collect(),
        }
    }

    fn batch(&self, places: Vec<usize>) -> Batch {
        let body = places.iter().flat_map(|place| &self.transactions[*place]).copied().collect();
        Batch { places, body }
    }

    /// All of it, in requests of `size` transactions.
    fn batches(&self, size: usize) -> VecDeque<Batch> {
        let places: Vec<usize> = (0..self.transactions.len()).collect();
        places.chunks(size).map(|places| self.batch(places.to_vec())).collect()
    }

    /// Sends all of it, each in the order made, to the gateways in turn. Gives when each was sent first.
    ///
    /// # Errors
    /// When a gateway refuses one for good, or does not answer.
    pub(super) fn send(&self, urls: &[String], size: usize) -> Result<Vec<Instant>, BenchError> {
        let began = Instant::now();
        let sent = Mutex::new(vec![began; self.transactions.len()]);
        let queue = Mutex::new(self.batches(size));
        thread::scope(|scope| {
            let senders: Vec<_> = (0..CONNECTIONS)
                .map(|number| {
                    let (url, sent, queue) = (&urls[number % urls.len()], &sent, &queue);
                    scope.spawn(move || self.send_queued(url, queue, sent))
                })
                .collect();
            senders.into_iter().try_for_each(|sender| sender.join().expect("sending does not panic"))
        })?;
        Ok(sent.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sends all of it and waits until it is final: what must be there before something is measured.
    ///
    /// # Errors
    /// As [`Load::send_until_final`].
    pub(super) fn prepare(&self, url: &str) -> Result<(), BenchError> {
        let mut finals = Finals::new(watch(url)?, self.ids.iter().copied());
        self.send_until_final(&[url.to_owned()], PREPARING, &mut finals).map(|_| ())
    }

    /// Sends all of it and waits until it is final. Gives when each was sent.
    ///
    /// # Errors
    /// As [`Load::send`], and when not all become final.
    pub(super) fn send_until_final(
        &self,
        urls: &[String],
        size: usize,
        finals: &mut Finals,
    ) -> Result<Vec<Instant>, BenchError> {
        let given_up = AtomicBool::new(false);
        thread::scope(|scope| {
            let sending = scope.spawn(|| {
                let sent = self.send(urls, size);
                given_up.store(sent.is_err(), Ordering::Relaxed);
                sent
            });
            let done = finals.wait(PATIENCE, &given_up);
            sending.join().expect("sending does not panic").and_then(|sent| done.map(|()| sent))
        })
    }

    fn send_queued(
        &self,
        url: &str,
        queue: &Mutex<VecDeque<Batch>>,
        sent: &Mutex<Vec<Instant>>,
    ) -> Result<(), BenchError> {
        let agent = agent();
        while let Some(batch) = pop(queue) {
            let now = Instant::now();
            {
                let mut sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
                batch.places.iter().for_each(|place| sent[*place] = now);
            }
            let (mut batch, deadline) = (batch, now + PATIENCE);
            while let Answer::Busy(places) = post(&agent, url, &batch)? {
                if Instant::now() > deadline {
                    return Err(BenchError::Unmeasured(format!("{url} was busy for a minute")));
                }
                thread::sleep(RETRY);
                batch = self.batch(places);
            }
        }
        Ok(())
    }

    /// Offers `rate` transactions a second for `time`, in requests of `size`, whatever the gateway says.
    /// Each `size` of its `accounts` have a connection, which offers what was refused again before what
    /// follows it.
    ///
    /// # Errors
    /// When a gateway refuses one for good, or does not answer.
    pub(super) fn offer(
        &self,
        url: &str,
        accounts: usize,
        size: usize,
        rate: f64,
        time: Duration,
    ) -> Result<Offered, BenchError> {
        let lanes = accounts.div_ceil(size);
        let pause = Duration::from_secs_f64((size * lanes) as f64 / rate);
        thread::scope(|scope| {
            let offering: Vec<_> = (0..lanes)
                .map(|lane| self.lane(lane * size, accounts, size))
                .map(|lane| scope.spawn(move || self.offer_lane(url, lane, pause, time)))
                .collect();
            let offered = offering.into_iter().map(|o| o.join().expect("offering does not panic"));
            offered.sum::<Result<Offered, BenchError>>()
        })
    }

    /// The transactions of `size` of the `accounts`, round after round.
    fn lane(&self, first: usize, accounts: usize, size: usize) -> VecDeque<Batch> {
        let rounds = (0..self.transactions.len()).step_by(accounts);
        let places = rounds.map(|round| (round + first..round + accounts.min(first + size)).collect());
        let known = |places: Vec<usize>| places.into_iter().filter(|place| *place < self.ids.len()).collect();
        places.map(|places| self.batch(known(places))).filter(|batch| !batch.places.is_empty()).collect()
    }

    fn offer_lane(
        &self,
        url: &str,
        mut lane: VecDeque<Batch>,
        pause: Duration,
        time: Duration,
    ) -> Result<Offered, BenchError> {
        let (agent, started, mut offered) = (agent(), Instant::now(), Offered::default());
        for turn in 0.. {
            let due = started + pause * turn;
            if due > started + time {
                break;
            }
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let Some(batch) = lane.pop_front() else { break };
            offered.offered += batch.places.len() as u64;
            if let Answer::Busy(places) = post(&agent, url, &batch)? {
                offered.refused += places.len() as u64;
                lane.push_front(self.batch(places));
            }
        }
        Ok(offered)
    }
}

/// How much was offered, and how much of it refused because the node was busy.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Offered {
    pub(super) offered: u64,
    pub(super) refused: u64,
}

impl std::iter::Sum for Offered {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            offered: sum.offered + one.offered,
            refused: sum.refused + one.refused,
        })
    }
}

pub(super) fn agent() -> Agent {
    Agent::config_builder().http_status_as_error(false).proxy(None).build().new_agent()
}

fn pop(queue: &Mutex<VecDeque<Batch>>) -> Option<Batch> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}

fn post(agent: &Agent, url: &str, batch: &Batch) -> Result<Answer, BenchError> {
    let failed = |error: String| BenchError::Unmeasured(format!("{url}: {error}"));
    let request = agent.post(format!("{url}/v1/transactions")).content_type("application/octet-stream");
    let mut response = request.send(&batch.body[..]).map_err(|error| failed(error.to_string()))?;
    let body = response.body_mut().read_to_string().map_err(|error| failed(error.to_string()))?;
    match response.status() {
        StatusCode::SERVICE_UNAVAILABLE => Ok(Answer::Busy(batch.places.clone())),
        status if !status.is_success() => Err(failed(body)),
        _ if !body.contains("\"error\"") => Ok(Answer::Taken),
        _ => {
            let results: Vec<SubmitResult> =
                serde_json::from_str(&body).map_err(|error| failed(error.to_string()))?;
            refused(batch, &results).map_err(failed)
        }
    }
}

/// Which of a batch to send again.
fn refused(batch: &Batch, results: &[SubmitResult]) -> Result<Answer, String> {
    let mut again = Vec::new();
    for (place, result) in batch.places.iter().zip(results) {
        match result {
            SubmitResult::Taken { .. } => {}
            SubmitResult::Refused { error }
                if matches!(
                    &*error.code,
                    "busy" | "mempool_full" | "nonce_ahead" | "nonce_gap" | "not_ready" | "sender_full"
                ) =>
            {
                again.push(*place);
            }
            SubmitResult::Refused { error } => return Err(error.detail.clone()),
        }
    }
    Ok(if again.is_empty() { Answer::Taken } else { Answer::Busy(again) })
}
