//! The way into the mempool: transactions from the gateway and from other nodes, checked in batches.

use crate::{
    chain::{Chain, Gossip, Outbox},
    mempool::NotPooled,
};
use bytes::Bytes;
use goodwill_engine::{Engine, GOSSIP_SIZE_MAX, QueryError};
use goodwill_ledger::{ChainState, InvalidTransaction, chain_key, check_transaction};
use goodwill_types::{
    Account, Key, SignedTransaction, TransactionId, Value,
    codec::{Encode, EncodeSize, List, decode},
};
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::{mpsc, oneshot};

/// Transactions verified in one batch, at most.
const BATCH_MAX: usize = 512;
/// Requests that may wait.
const REQUESTS_MAX: usize = 256;

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

impl From<InvalidTransaction> for NotAdmitted {
    fn from(invalid: InvalidTransaction) -> Self {
        Self::NotPooled(invalid.into())
    }
}

/// What became of one submitted transaction.
pub type Admitted = Result<TransactionId, NotAdmitted>;

struct Request {
    transactions: Vec<SignedTransaction>,
    local: bool,
    answer: Option<oneshot::Sender<Vec<Admitted>>>,
}

/// The door to the mempool. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Admission {
    requests: mpsc::Sender<Request>,
}

impl Admission {
    /// Starts admitting, on the runtime of the caller, until the engine stops.
    pub fn start(chain: Arc<Chain>, engine: Engine, outbox: Outbox) -> Self {
        let (requests, receiver) = mpsc::channel(REQUESTS_MAX);
        let admission = Self { requests };
        tokio::spawn(listen(admission.clone(), outbox, engine.clone()));
        tokio::spawn(Admitter { chain, engine }.run(receiver));
        admission
    }

    /// Submits transactions of this node's users: they are offered to other nodes until they are
    /// final. Answers in their order.
    pub async fn submit(&self, transactions: Vec<SignedTransaction>) -> Vec<Admitted> {
        let count = transactions.len();
        let (answer, answered) = oneshot::channel();
        let request = Request { transactions, local: true, answer: Some(answer) };
        if self.requests.try_send(request).is_err() {
            return vec![Err(NotAdmitted::Busy); count];
        }
        answered.await.unwrap_or_else(|_| vec![Err(NotAdmitted::NotReady("it is stopping".into())); count])
    }
}

/// Takes what other nodes say, and says again what they may have missed.
async fn listen(admission: Admission, mut outbox: Outbox, engine: Engine) {
    loop {
        tokio::select! {
            Some(message) = outbox.heard.recv() => {
                let Ok(gossip) = decode::<Gossip>(&message) else { continue };
                let request = Request { transactions: gossip.to_vec(), local: false, answer: None };
                let _ = admission.requests.try_send(request);
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
}

type Named = Vec<(TransactionId, SignedTransaction)>;

impl Admitter {
    async fn run(self, mut requests: mpsc::Receiver<Request>) {
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

    async fn admit_batch(&self, batch: Vec<Request>) {
        let transactions: Vec<_> = batch
            .iter()
            .flat_map(|request| request.transactions.iter().map(|t| (t.clone(), request.local)))
            .collect();
        let mut admitted = Vec::with_capacity(transactions.len());
        let mut fresh = Vec::new();
        for chunk in transactions.chunks(BATCH_MAX) {
            admitted.extend(self.admit(chunk, &mut fresh).await);
        }
        spread(&self.engine, fresh);
        let mut admitted = admitted.into_iter();
        for request in batch {
            let answers = admitted.by_ref().take(request.transactions.len()).collect();
            if let Some(answer) = request.answer {
                let _ = answer.send(answers);
            }
        }
    }

    /// Admits at most [`BATCH_MAX`] transactions; local ones that are new go to `fresh`.
    async fn admit(
        &self,
        transactions: &[(SignedTransaction, bool)],
        fresh: &mut Vec<SignedTransaction>,
    ) -> Vec<Admitted> {
        let named: Named = transactions.iter().map(|(t, _)| (t.id(), t.clone())).collect();
        let mut verdicts: Vec<Option<Admitted>> = named.iter().map(|(id, t)| self.decided(id, t)).collect();
        let open: Named = named
            .iter()
            .zip(&verdicts)
            .filter(|(_, verdict)| verdict.is_none())
            .map(|(named, _)| named.clone())
            .collect();
        let mut results = self.verify_and_pool(open, transactions).await.into_iter();
        for (i, verdict) in verdicts.iter_mut().enumerate().filter(|(_, verdict)| verdict.is_none()) {
            let (result, new) = results.next().expect("one result for each open transaction");
            if new && transactions[i].1 {
                fresh.push(named[i].1.clone());
            }
            *verdict = Some(result);
        }
        verdicts.into_iter().flatten().collect()
    }

    /// The verdict on what is known, or wrong whatever the state is.
    fn decided(&self, id: &TransactionId, signed: &SignedTransaction) -> Option<Admitted> {
        if self.chain.mempool().get(id).is_some() {
            return Some(Ok(*id));
        }
        match self.chain.index.find(id) {
            Ok(Some(_)) => Some(Ok(*id)),
            Ok(None) => {
                check_transaction(signed, &self.chain.manifest.parameters).err().map(|e| Err(e.into()))
            }
            Err(error) => Some(Err(NotAdmitted::NotReady(error.to_string()))),
        }
    }

    async fn verify_and_pool(
        &self,
        open: Named,
        transactions: &[(SignedTransaction, bool)],
    ) -> Vec<(Admitted, bool)> {
        if open.is_empty() {
            return Vec::new();
        }
        let local: BTreeMap<TransactionId, bool> =
            transactions.iter().map(|(t, local)| (t.id(), *local)).collect();
        let signatures = self.chain.signatures.clone();
        let verified = tokio::task::spawn_blocking(move || {
            let holds = signatures.verify(&open);
            (open, holds)
        });
        let count = transactions.len();
        let failed = |reason: String| vec![(Err(NotAdmitted::NotReady(reason)), false); count];
        let (open, holds) = match verified.await {
            Ok(verified) => verified,
            Err(error) => return failed(error.to_string()),
        };
        let (accounts, state) = match self.read(&open).await {
            Ok(read) => read,
            Err(error) => return failed(error.to_string()),
        };
        let mut mempool = self.chain.mempool();
        open.into_iter()
            .zip(holds)
            .map(|((id, signed), holds)| {
                if !holds {
                    return (Err(InvalidTransaction::Signature.into()), false);
                }
                let account = accounts.get(&account_key(&signed)).copied().unwrap_or_default();
                match mempool.add(id, signed, &account, &state, local[&id]) {
                    Ok(new) => (Ok(id), new),
                    Err(error) => (Err(error.into()), false),
                }
            })
            .collect()
    }

    /// The senders' accounts and the chain's record, of one state.
    async fn read(&self, transactions: &Named) -> Result<(BTreeMap<Key, Account>, ChainState), QueryError> {
        let keys: std::collections::BTreeSet<Key> =
            transactions.iter().map(|(_, t)| account_key(t)).collect();
        let keys: Vec<Key> = [chain_key()].into_iter().chain(keys).collect();
        let (_, values) = self.engine.read(keys.clone()).await?;
        let state = decode_value(values[0].as_ref()).ok_or(QueryError::NotYet)?;
        let accounts = keys.into_iter().zip(&values).skip(1);
        Ok((accounts.filter_map(|(key, value)| Some((key, decode_value(value.as_ref())?))).collect(), state))
    }
}

fn account_key(signed: &SignedTransaction) -> Key {
    Account::key(&signed.transaction.sender_address())
}

/// Decodes a record of the state; `None` where there is none.
///
/// # Panics
/// When the ledger did not write it: the state is damaged.
pub(crate) fn decode_value<T: goodwill_types::codec::Read<Cfg = ()>>(value: Option<&Value>) -> Option<T> {
    value.map(|value| decode(value).unwrap_or_else(|e| panic!("a record of the state is damaged: {e}")))
}
