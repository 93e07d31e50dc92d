//! Keeps the block time. The waiting is done here, outside of the application, which would hold up
//! everything behind it.

use crate::{
    block::{Block, Context},
    committees::Seated,
    rules::{Judgement, Rules, now_ms},
};
use commonware_consensus::{
    Automaton, CertifiableAutomaton,
    marshal::{
        core::{CommitmentFallback, Mailbox},
        standard::Standard,
    },
    types::Round,
};
use commonware_macros::select;
use commonware_runtime::{Clock, Spawner};
use commonware_utils::channel::oneshot;
use goodwill_proof::scheme::Scheme;
use goodwill_types::Digest;
use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

/// Where blocks and certificates are.
pub(crate) type Marshal = Mailbox<Scheme, Standard<Block>>;

/// Proposes when a block is due, and votes when a proposal's time has come.
pub(crate) struct Paced<E, A> {
    pub(crate) runtime: Arc<E>,
    pub(crate) rules: Rules,
    pub(crate) seats: Arc<Seated>,
    pub(crate) marshal: Marshal,
    pub(crate) inner: A,
}

impl<E, A: Clone> Clone for Paced<E, A> {
    fn clone(&self) -> Self {
        Self {
            runtime: self.runtime.clone(),
            rules: self.rules.clone(),
            seats: self.seats.clone(),
            marshal: self.marshal.clone(),
            inner: self.inner.clone(),
        }
    }
}

impl<E: Spawner + Clock, A: Send> Paced<E, A> {
    /// What consensus asks, with the seat whose turn it is in place of the one that runs its node's
    /// engine.
    fn by_turn(&self, context: Context) -> Context {
        let leader = self.seats.leader(context.round.view().get()).clone();
        Context { leader, ..context }
    }

    /// Gives `work` as the answer, unless nobody waits for it any more.
    fn answer<T: Send + 'static>(
        &self,
        work: impl Future<Output = Option<T>> + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let (mut answer, answered) = oneshot::channel();
        self.runtime.child("pace").spawn(move |_| async move {
            select! {
                _ = answer.closed() => {},
                result = work => {
                    if let Some(result) = result {
                        let _ = answer.send(result);
                    }
                },
            }
        });
        answered
    }
}

impl<E, A> Automaton for Paced<E, A>
where
    E: Spawner + Clock,
    A: Automaton<Context = Context, Digest = Digest> + Sync,
{
    type Context = Context;
    type Digest = Digest;

    async fn propose(&mut self, context: Context) -> oneshot::Receiver<Digest> {
        let context = self.by_turn(context);
        let (parent_view, parent) = context.parent;
        let round = Round::new(context.round.epoch(), parent_view);
        let parent = self.marshal.subscribe_by_commitment(parent, CommitmentFallback::FetchByRound { round });
        let Self { runtime, rules, mut inner, .. } = self.clone();
        self.answer(async move {
            let due_ms = rules.due_ms(&parent.await.ok()?.inner().header);
            runtime.sleep_until(UNIX_EPOCH + Duration::from_millis(due_ms)).await;
            inner.propose(context).await.await.ok()
        })
    }

    async fn verify(&mut self, context: Context, digest: Digest) -> oneshot::Receiver<bool> {
        let context = self.by_turn(context);
        // The last block of an epoch is proposed again until it is final: its time was judged then.
        if digest == context.parent.1 {
            return self.inner.verify(context, digest).await;
        }
        let block = self.marshal.subscribe_by_commitment(digest, CommitmentFallback::Wait);
        let Self { runtime, rules, mut inner, .. } = self.clone();
        self.answer(async move {
            let timestamp_ms = block.await.ok()?.inner().header.timestamp_ms;
            match rules.judge(timestamp_ms, now_ms(runtime.as_ref())) {
                Judgement::Refuse => return Some(false),
                Judgement::VoteIn(wait) => runtime.sleep(wait).await,
                Judgement::Vote => {}
            }
            inner.verify(context, digest).await.await.ok()
        })
    }
}

impl<E, A> CertifiableAutomaton for Paced<E, A>
where
    E: Spawner + Clock,
    A: CertifiableAutomaton<Context = Context, Digest = Digest> + Sync,
{
    async fn certify(&mut self, round: Round, digest: Digest) -> oneshot::Receiver<bool> {
        self.inner.certify(round, digest).await
    }
}
