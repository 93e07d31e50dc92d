//! The way into the mempool: transactions from the gateway and from other nodes, checked in batches.

use crate::{
    chain::{Chain, Gossip, Outbox},
    journal::Journal,
    mempool::{Candidate, NotPooled},
};
use bytes::Bytes;
use goodwill_engine::{Engine, GOSSIP_SIZE_MAX, QueryError};
use goodwill_ledger::{ChainState, InvalidTransaction, chain_key, check_inner_signatures, check_shape};
use goodwill_types::{
    Account, Key, SignedTransaction, TransactionId, Value,
    codec::{Encode, EncodeSize, List, decode},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::timeout,
};
use tracing::warn;

/// Transactions checked in one batch, at most. Their accounts are read at once.
const BATCH_MAX: usize = 1_000;
/// Users' requests that are read or wait to be checked, at most: what they hold is in memory.
const PLACES: usize = 64;
/// Users' requests that wait for a place, at most, and how long. Whoever is turned away at once comes back
/// at once.
const WAITING_MAX: usize = 256;
const WAITING_TIME: Duration = Duration::from_millis(250);
/// Requests on their way to the check. Whoever comes later waits, in turn.
const REQUESTS_MAX: usize = 4;

/// Why a transaction was not admitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// It may not wait in the mempool.
    #[error(transparent)]
    NotPooled(#[from] NotPooled),
    /// More arrives than this node can check.
    #[error("this node is busy: try again in a second")]
    Busy,
    /// The node does not know the state yet, or stops.
    #[error("this node is not ready: {0}")]
    NotReady(String),
}

impl NotAdmitted {
    /// Whether the same may be admitted a little later.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::Busy
                | Self::NotReady(_)
                | Self::NotPooled(NotPooled::Ahead { .. } | NotPooled::Full { .. })
        )
    }
}

impl From<InvalidTransaction> for NotAdmitted {
    fn from(invalid: InvalidTransaction) -> Self {
        Self::NotPooled(invalid.into())
    }
}

/// What became of one submitted transaction.
pub type Admitted = Result<TransactionId, NotAdmitted>;

struct Request {
    transactions: Vec<SignedTransaction>,
    /// Whether this node's users submitted them.
    local: bool,
    answer: Option<oneshot::Sender<Vec<Admitted>>>,
}

/// The door to the mempool. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Admission {
    requests: mpsc::Sender<Request>,
    places: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// The right to submit something. Taken before the request is read, so that memory is bounded.
#[derive(Debug)]
pub struct Place(#[expect(dead_code, reason = "held until it is dropped")] OwnedSemaphorePermit);

impl Admission {
    /// Starts admitting, on the runtime of the caller, until the engine stops. Begins with what an
    /// earlier run of the node left in the journal.
    pub fn start(
        chain: Arc<Chain>,
        engine: Engine,
        outbox: Outbox,
        (journal, left): (Journal, Vec<SignedTransaction>),
    ) -> Self {
        let (requests, receiver) = mpsc::channel(REQUESTS_MAX);
        tokio::spawn(listen(requests.clone(), outbox, engine.clone()));
        tokio::spawn(Admitter { chain, engine, journal: Some(journal) }.run(left, receiver));
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Self { requests, places: semaphore(PLACES), waiting: semaphore(WAITING_MAX) }
    }

    /// A place for one request. Waits a little for it, in turn.
    ///
    /// # Errors
    /// [`NotAdmitted::Busy`].
    pub async fn enter(&self) -> Result<Place, NotAdmitted> {
        let _waiting = self.waiting.try_acquire().map_err(|_| NotAdmitted::Busy)?;
        match timeout(WAITING_TIME, self.places.clone().acquire_owned()).await {
            Ok(Ok(place)) => Ok(Place(place)),
            Ok(Err(_)) | Err(_) => Err(NotAdmitted::Busy),
        }
    }

    /// Submits transactions of this node's users: they are offered to other nodes until they are
    /// final. Answers in their order.
    pub async fn submit(&self, _: &Place, transactions: Vec<SignedTransaction>) -> Vec<Admitted> {
        let count = transactions.len();
        let (answer, answered) = oneshot::channel();
        // Fails only when the node stops; then there is no answer either.
        let _ = self.requests.send(Request { transactions, local: true, answer: Some(answer) }).await;
        answered.await.unwrap_or_else(|_| vec![Err(NotAdmitted::NotReady("it is stopping".into())); count])
    }
}

/// Takes what other nodes say, and says again what they may have missed.
async fn listen(requests: mpsc::Sender<Request>, mut outbox: Outbox, engine: Engine) {
    loop {
        tokio::select! {
            Some(message) = outbox.heard.recv() => {
                let Ok(gossip) = decode::<Gossip>(&message) else { continue };
                let request = Request { transactions: gossip.into_vec(), local: false, answer: None };
                if requests.send(request).await.is_err() { return }
            }
            Some(transactions) = outbox.reoffer.recv() => spread(&engine, transactions),
            else => return,
        }
    }
}

/// Sends transactions to all connected nodes, in messages of bounded size.
fn spread(engine: &Engine, transactions: Vec<SignedTransaction>) {
    let (mut message, mut size) = (Vec::new(), 0);
    for transaction in transactions {
        let more = transaction.encode_size();
        if size + more > GOSSIP_SIZE_MAX - 8 || message.len() == 1_024 {
            engine.gossip(encode_gossip(std::mem::take(&mut message)));
            size = 0;
        }
        size += more;
        message.push(transaction);
    }
    if !message.is_empty() {
        engine.gossip(encode_gossip(message));
    }
}

fn encode_gossip(transactions: Vec<SignedTransaction>) -> Bytes {
    Gossip::encode(&List::new(transactions).expect("counted"))
}

struct Admitter {
    chain: Arc<Chain>,
    engine: Engine,
    /// `None` once it could not be written.
    journal: Option<Journal>,
}

impl Admitter {
    async fn run(mut self, left: Vec<SignedTransaction>, mut requests: mpsc::Receiver<Request>) {
        if self.engine.reached(0).await.is_ok() {
            self.admit_batch(vec![Request { transactions: left, local: true, answer: None }]).await;
        }
        let mut stash = None;
        loop {
            let first = match stash.take() {
                Some(request) => request,
                None => match requests.recv().await {
                    Some(request) => request,
                    None => return,
                },
            };
            let mut batch = vec![first];
            let mut count = batch[0].transactions.len();
            while let Ok(request) = requests.try_recv() {
                if count + request.transactions.len() > BATCH_MAX {
                    stash = Some(request);
                    break;
                }
                count += request.transactions.len();
                batch.push(request);
            }
            self.admit_batch(batch).await;
        }
    }

    async fn admit_batch(&mut self, batch: Vec<Request>) {
        let (mut answers, mut transactions) = (Vec::with_capacity(batch.len()), Vec::new());
        for request in batch {
            answers.push((request.transactions.len(), request.answer));
            transactions.extend(request.transactions.into_iter().map(|signed| (signed, request.local)));
        }
        let (mut admitted, mut fresh) = (Vec::with_capacity(transactions.len()), Vec::new());
        let mut transactions = transactions.into_iter().peekable();
        while transactions.peek().is_some() {
            let chunk: Vec<_> = transactions.by_ref().take(BATCH_MAX).collect();
            admitted.extend(self.admit(chunk, &mut fresh).await);
        }
        let fresh = self.keep(fresh).await;
        spread(&self.engine, fresh);
        let mut admitted = admitted.into_iter();
        for (count, answer) in answers {
            let own: Vec<_> = admitted.by_ref().take(count).collect();
            if let Some(answer) = answer {
                let _ = answer.send(own);
            }
        }
    }

    /// Writes local transactions into the journal, which is not worth the node's life: when it cannot be
    /// written, the node goes on without.
    async fn keep(&mut self, fresh: Vec<SignedTransaction>) -> Vec<SignedTransaction> {
        let Some(mut journal) = self.journal.take_if(|_| !fresh.is_empty()) else { return fresh };
        let chain = self.chain.clone();
        let written = tokio::task::spawn_blocking(move || {
            let waiting = chain.mempool().bytes() as u64;
            let written = match journal.is_superfluous(waiting) {
                true => {
                    let local = chain.mempool().local(usize::MAX);
                    journal.replace(&local)
                }
                false => journal.append(&fresh),
            };
            (fresh, journal, written)
        });
        let Ok((fresh, journal, written)) = written.await else { return Vec::new() };
        match written {
            Ok(()) => self.journal = Some(journal),
            Err(error) => {
                warn!(%error, "the journal cannot be written: a restart will not offer again what was submitted here")
            }
        }
        fresh
    }

    /// Admits at most [`BATCH_MAX`] transactions; local ones that are new go to `fresh`. What costs
    /// little is checked first: under load most of what is refused never has its signature verified.
    async fn admit(
        &self,
        transactions: Vec<(SignedTransaction, bool)>,
        fresh: &mut Vec<SignedTransaction>,
    ) -> Vec<Admitted> {
        let mut verdicts = Verdicts(vec![None; transactions.len()]);
        let open = self.check_alone(transactions, &mut verdicts);
        if open.is_empty() {
            return verdicts.all();
        }
        let checked = match self.read(&open).await {
            Ok(view) => {
                let open = self.check_place(open, &view, &mut verdicts);
                let open = self.verify(open, &mut verdicts).await;
                self.add(open, view, &mut verdicts, fresh).await
            }
            Err(error) => Err(error),
        };
        verdicts.otherwise(NotAdmitted::NotReady(checked.err().map(|e| e.to_string()).unwrap_or_default()))
    }

    /// What needs no state: is there room for such a tip, is it known, is it well made.
    fn check_alone(
        &self,
        transactions: Vec<(SignedTransaction, bool)>,
        verdicts: &mut Verdicts,
    ) -> Vec<Open> {
        let mempool = self.chain.mempool();
        let mut open = Vec::with_capacity(transactions.len());
        for (place, (signed, local)) in transactions.into_iter().enumerate() {
            if let Err(full) = mempool.check_room(signed.transaction.tip_per_gas) {
                verdicts.set(place, Err(full.into()));
                continue;
            }
            let candidate = Candidate::new(signed, local);
            if mempool.get(&candidate.id).is_some() {
                verdicts.set(place, Ok(candidate.id));
                continue;
            }
            match check_shape(&candidate.signed, &self.chain.manifest) {
                Ok(()) => open.push(Open { place, candidate }),
                Err(invalid) => verdicts.set(place, Err(invalid.into())),
            }
        }
        open
    }

    /// What depends on the sender's account and on what waits.
    fn check_place(&self, open: Vec<Open>, view: &View, verdicts: &mut Verdicts) -> Vec<Open> {
        let mempool = self.chain.mempool();
        open.into_iter()
            .filter(|Open { place, candidate }| {
                let checked = mempool.check(candidate, &view.account(candidate), &view.chain);
                let holds = checked.is_ok();
                if let Err(error) = checked {
                    verdicts.set(*place, self.refused(candidate.id, error));
                }
                holds
            })
            .collect()
    }

    /// One whose nonce is used may be in a block itself: submitting it again is harmless.
    fn refused(&self, id: TransactionId, error: NotPooled) -> Admitted {
        let used = matches!(error, NotPooled::Invalid(InvalidTransaction::NonceUsed { .. }));
        match used && matches!(self.chain.index.find(&id), Ok(Some(_))) {
            true => Ok(id),
            false => Err(error.into()),
        }
    }

    /// Gives those whose signatures hold: the senders', then those that actions carry, so that nobody has
    /// these verified in another's name.
    async fn verify(&self, open: Vec<Open>, verdicts: &mut Verdicts) -> Vec<Open> {
        let (signatures, chain_id) = (self.chain.signatures.clone(), self.chain.manifest.chain_id());
        let verified = tokio::task::spawn_blocking(move || {
            let holds = signatures
                .verify(open.iter().map(|Open { candidate, .. }| (candidate.id, &candidate.signed)));
            let judge = |(open, holds): (Open, bool)| {
                let judged = match holds {
                    true => check_inner_signatures(&open.candidate.signed.transaction, &chain_id),
                    false => Err(InvalidTransaction::Signature),
                };
                (open, judged)
            };
            open.into_iter().zip(holds).map(judge).collect::<Vec<_>>()
        });
        let mut hold = Vec::new();
        for (open, judged) in verified.await.unwrap_or_default() {
            match judged {
                Ok(()) => hold.push(open),
                Err(invalid) => verdicts.set(open.place, Err(invalid.into())),
            }
        }
        hold
    }

    /// Adds them by their accounts in the newest state: blocks came while signatures were verified, and
    /// who waits for a nonce that is used would wait for ever.
    async fn add(
        &self,
        open: Vec<Open>,
        mut view: View,
        verdicts: &mut Verdicts,
        fresh: &mut Vec<SignedTransaction>,
    ) -> Result<(), QueryError> {
        let mut mempool = loop {
            {
                let mempool = self.chain.mempool();
                if mempool.height() <= view.chain.height {
                    break mempool;
                }
            }
            view = self.read(&open).await?;
        };
        for Open { place, candidate } in open {
            let (id, account) = (candidate.id, view.account(&candidate));
            let spread = candidate.local.then(|| candidate.signed.clone());
            let added = mempool.add(candidate, &account, &view.chain);
            if added == Ok(true) {
                fresh.extend(spread);
            }
            verdicts.set(place, added.map(|_| id).or_else(|error| self.refused(id, error)));
        }
        Ok(())
    }

    /// The senders' accounts and the chain's record, of one state.
    async fn read(&self, open: &[Open]) -> Result<View, QueryError> {
        let accounts: BTreeSet<Key> = open.iter().map(|open| Account::key(&open.candidate.sender)).collect();
        let keys: Vec<Key> = [chain_key()].into_iter().chain(accounts).collect();
        let (_, values) = self.engine.read(keys.clone()).await?;
        let chain = decode_value(values[0].as_ref()).ok_or(QueryError::NotYet)?;
        let accounts = keys.into_iter().zip(&values).skip(1);
        Ok(View {
            chain,
            accounts: accounts
                .filter_map(|(key, value)| Some((key, decode_value(value.as_ref())?)))
                .collect(),
        })
    }
}

/// A transaction about which nothing is decided, with its place in the batch.
struct Open {
    place: usize,
    candidate: Candidate,
}

/// The part of the state that admitting needs.
struct View {
    chain: ChainState,
    accounts: BTreeMap<Key, Account>,
}

impl View {
    fn account(&self, candidate: &Candidate) -> Account {
        self.accounts.get(&Account::key(&candidate.sender)).copied().unwrap_or_default()
    }
}

/// What is decided about each transaction of a batch.
struct Verdicts(Vec<Option<Admitted>>);

impl Verdicts {
    fn set(&mut self, place: usize, verdict: Admitted) {
        self.0[place] = Some(verdict);
    }

    fn all(self) -> Vec<Admitted> {
        self.0.into_iter().flatten().collect()
    }

    /// The same verdict on all that are not decided.
    fn otherwise(self, verdict: NotAdmitted) -> Vec<Admitted> {
        self.0.into_iter().map(|decided| decided.unwrap_or_else(|| Err(verdict.clone()))).collect()
    }
}

/// Decodes a record of the state; `None` where there is none.
///
/// # Panics
/// When the ledger did not write it: the state is damaged.
pub(crate) fn decode_value<T: goodwill_types::codec::Read<Cfg = ()>>(value: Option<&Value>) -> Option<T> {
    value.map(|value| decode(value).unwrap_or_else(|e| panic!("a record of the state is damaged: {e}")))
}
