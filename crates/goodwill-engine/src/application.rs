//! Fills, checks and applies blocks: joins the machine to the database.

use crate::{
    FinalizedBlock, StateMachine,
    block::{Block, Context},
    committees::Committees,
    expected::Expected,
    machine::{Executed, Execution, Refused},
    queries::entry,
    receipts::Receipts,
    rules::{self, Targets},
    state::{self, Batch, Database, Sealed, Source, State},
};
use bytes::Bytes;
use commonware_consensus::marshal::ancestry::Ancestry;
use commonware_cryptography::Digested;
use commonware_glue::stateful::{
    Application, Finality, Input, Proposed,
    db::{DatabaseSet, Reader},
};
use commonware_runtime::{Clock, Spawner};
use commonware_storage::{Context as StorageContext, qmdb::sync::Target};
use commonware_utils::non_empty_range;
use futures::StreamExt as _;
use goodwill_proof::scheme::{Family, Scheme};
use goodwill_types::{BlockContext, Committee, Header, PublicKey};
use std::sync::Arc;
use tokio::sync::watch;
use tracing::{debug, error};

/// The chain's state machine with what it needs to make blocks. Clones share everything.
pub(crate) struct Chain<E: commonware_storage::Context> {
    pub(crate) genesis: Block,
    pub(crate) rules: rules::Rules,
    pub(crate) machine: Arc<dyn StateMachine>,
    pub(crate) committees: Committees<E>,
    pub(crate) expected: Expected,
    pub(crate) receipts: Receipts,
    pub(crate) tip: Arc<watch::Sender<Option<Header>>>,
}

impl<E: commonware_storage::Context> Clone for Chain<E> {
    fn clone(&self) -> Self {
        Self {
            genesis: self.genesis.clone(),
            rules: self.rules.clone(),
            machine: self.machine.clone(),
            committees: self.committees.clone(),
            expected: self.expected.clone(),
            receipts: self.receipts.clone(),
            tip: self.tip.clone(),
        }
    }
}

impl<E: Spawner + StorageContext> Chain<E> {
    /// Fills a block on top of `parent`.
    async fn fill(
        &self,
        runtime: &E,
        context: &Context,
        parent: &Header,
        batch: Batch<E>,
    ) -> Result<(Block, Sealed<E>), Refused> {
        let place = BlockContext {
            height: parent.height + 1,
            epoch: context.round.epoch().get(),
            view: context.round.view().get(),
            parent_view: context.parent.0.get(),
            timestamp_ms: self.rules.timestamp_ms(parent, rules::now_ms(runtime)),
        };
        let (executed, sealed) = state::execute(runtime, batch, self.machine.propose(&place)).await?;
        let Executed { body, receipts, .. } = executed;
        self.rules.check_body_size(&body)?;
        let header = header(context, &place, parent, &body, &receipts, &sealed)?;
        let block = Block::new(header, body).map_err(|e| Refused(e.to_string()))?;
        self.receipts.keep(&block.header, receipts);
        Ok((block, sealed))
    }

    /// Checks `block` against all rules but those of the clock, on the state of its parent.
    async fn check(
        &self,
        runtime: &E,
        context: &Context,
        block: &Block,
        parent: Option<&Header>,
        batch: Batch<E>,
        finality: Finality,
    ) -> Result<Sealed<E>, Refused> {
        if let Some(parent) = parent {
            rules::check_context(context, block, parent)?;
            self.check_leader(&block.header)?;
            self.rules.check_timestamp(&block.header, parent)?;
        }
        let execution = self.execution(block, finality == Finality::Finalized);
        let (executed, sealed) = state::execute(runtime, batch, execution).await?;
        rules::check_roots(&block.header, &executed.receipts, &targets(&sealed))?;
        self.receipts.keep(&block.header, executed.receipts);
        Ok(sealed)
    }

    /// Votes are asked for blocks of epochs whose committee is known.
    fn check_leader(&self, header: &Header) -> Result<(), Refused> {
        let seated = self.committees.get(header.epoch);
        let seated = seated.ok_or_else(|| Refused("a block of an epoch without a committee".into()))?;
        rules::check_leader(header, &seated.committee)
    }

    /// The execution of a block that was received.
    fn execution(&self, block: &Block, finalized: bool) -> Box<dyn Execution> {
        self.machine.verify(&rules::place(&block.header), block.body.clone(), finalized)
    }

    /// The block with its receipts. They are kept from its execution; executed again where so many
    /// blocks waited to be final that they were dropped.
    async fn with_receipts(&self, block: &Block, before: &Reader<Database<E>>) -> FinalizedBlock {
        let receipts = match self.receipts.take(&block.header) {
            Some(receipts) => receipts,
            None => {
                state::replay(before, self.execution(block, true))
                    .await
                    .unwrap_or_else(|Refused(why)| panic!("a final block was refused: {why}"))
                    .receipts
            }
        };
        FinalizedBlock { header: block.header.clone(), body: block.body.clone(), receipts }
    }

    /// After the last block of an epoch, its state says who makes the blocks of the next.
    async fn install_committee(&self, header: &Header, after: &Reader<Database<E>>) {
        if self.rules.is_last(header) {
            let epoch = header.epoch + 1;
            let committee =
                state::answer(Source::Applied(after), |known| self.machine.committee(epoch, known)).await;
            let committee = committee.unwrap_or_else(|Refused(why)| panic!("no committee: {why}"));
            self.committees.install(epoch, committee).await;
            let next = entry(&*after.read().await, Committee::key(epoch)).await;
            self.machine.handed_over(header, next);
        }
    }
}

/// What the database says about a batch that is about to become a block's state.
fn targets<E: Spawner + StorageContext>(sealed: &Sealed<E>) -> Targets {
    use commonware_glue::stateful::db::Merkleized as _;
    Targets {
        state_root: sealed.root(),
        operations_root: sealed.ops_root(),
        operations_start: *sealed.sync_boundary(),
        operations_end: *sealed.bounds().tip.size,
    }
}

fn header<E: Spawner + StorageContext>(
    context: &Context,
    place: &BlockContext,
    parent: &Header,
    body: &Bytes,
    receipts: &[Bytes],
    sealed: &Sealed<E>,
) -> Result<Header, Refused> {
    let Targets { state_root, operations_root, operations_start, operations_end } = targets(sealed);
    Ok(Header {
        height: place.height,
        epoch: place.epoch,
        view: place.view,
        parent_view: place.parent_view,
        leader: PublicKey::try_from(&context.leader).map_err(|e| Refused(e.to_string()))?,
        parent: parent.digest(),
        timestamp_ms: place.timestamp_ms,
        body_hash: Header::hash_body(body),
        receipts_root: goodwill_proof::receipts_root(receipts),
        state_root,
        operations_root,
        operations_start,
        operations_end,
    })
}

impl<E: Spawner + StorageContext + Clock> Application<E> for Chain<E> {
    type SigningScheme = Scheme;
    type Context = Context;
    type Block = Block;
    type Databases = State<E>;
    type Captured = FinalizedBlock;
    type Provider = ();
    type Input = ();

    fn sync_targets(block: &Block) -> <State<E> as DatabaseSet<E>>::SyncTargets {
        let Header { operations_root, operations_start, operations_end, .. } = block.header;
        let at = commonware_storage::merkle::Location::<Family>::new;
        Target::new(operations_root, non_empty_range!(at(operations_start), at(operations_end)))
    }

    async fn genesis(&mut self) -> Block {
        self.genesis.clone()
    }

    async fn propose(
        &mut self,
        (runtime, context): (E, Context),
        mut ancestry: impl Ancestry<Block>,
        batch: Batch<E>,
        _: Input<(), ()>,
    ) -> Option<Proposed<Self, E>> {
        let parent = ancestry.next().await?;
        let filled = self.fill(&runtime, &context, &parent.inner().header, batch).await;
        filled
            .inspect_err(|Refused(why)| error!(why, "our own block breaks the rules: none proposed"))
            .ok()
            .map(|(block, merkleized)| Proposed { block, merkleized })
    }

    async fn process(
        &mut self,
        (runtime, context): (E, Context),
        mut ancestry: impl Ancestry<Block>,
        batch: Batch<E>,
        finality: Finality,
    ) -> Option<Sealed<E>> {
        let block = ancestry.next().await?;
        // What the network accepted needs its parent no more, which may be pruned.
        let parent = match finality {
            Finality::Candidate => Some(ancestry.next().await?),
            Finality::Finalized => None,
        };
        let parent = parent.as_ref().map(|parent| &parent.inner().header);
        let checked = self.check(&runtime, &context, block.inner(), parent, batch, finality).await;
        checked
            .inspect_err(|Refused(why)| debug!(height = block.inner().header.height, why, "refused a block"))
            .ok()
    }

    async fn capture(
        &mut self,
        _: (E, Context),
        block: &Block,
        _: &Sealed<E>,
        before: Reader<Database<E>>,
    ) -> FinalizedBlock {
        let block = self.with_receipts(block, &before).await;
        let kept = self.machine.commit(&block).await;
        kept.unwrap_or_else(|why| panic!("{}{why}", crate::failure::COMMIT));
        block
    }

    async fn finalized(
        &mut self,
        _: (E, Context),
        _: &Block,
        block: FinalizedBlock,
        after: Reader<Database<E>>,
    ) {
        self.install_committee(&block.header, &after).await;
        self.expected.ask(&block.header, Source::Applied(&after)).await;
        // In this order: whoever learns of the block from the machine may ask for it at once.
        self.tip.send_replace(Some(block.header.clone()));
        self.machine.applied(&block);
    }
}

/// The first block, which nobody made: the state is empty, and the machine begins with block 1.
pub(crate) fn genesis<E: Spawner + StorageContext>(
    chain: &crate::ChainConfig,
    leader: PublicKey,
) -> Digested<Block> {
    let target = <State<E> as DatabaseSet<E>>::initial_sync_targets();
    let header = Header {
        height: 0,
        epoch: 0,
        view: 0,
        parent_view: 0,
        leader,
        parent: chain.chain_id,
        timestamp_ms: chain.genesis_time_ms,
        body_hash: Header::hash_body(&[]),
        receipts_root: goodwill_proof::receipts_root(&[]),
        state_root: target.root,
        operations_root: target.root,
        operations_start: *target.range.start(),
        operations_end: *target.range.end(),
    };
    let digest = header.digest();
    let block = Block::new(header, Bytes::new()).expect("a seat's key is on the curve");
    Digested::precomputed(block, digest)
}
