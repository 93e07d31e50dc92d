//! The authenticated state: which database, and reading it for a machine that asks.

use crate::{
    config::STORAGE_BUFFER,
    machine::{Executed, Execution, Refused},
};
use commonware_codec::RangeCfg;
use commonware_cryptography::Sha256;
use commonware_glue::stateful::db::{DatabaseSet, Reader, Shared};
use commonware_parallel::Sequential;
use commonware_runtime::{Spawner, buffer::paged::CacheRef};
use commonware_storage::{
    Context as StorageContext,
    journal::contiguous::variable::Config as LogConfig,
    mmr::full::Config as TreeConfig,
    qmdb::current::{VariableConfig, batch::Slot, ordered::variable},
    translator::EightCap,
};
use commonware_utils::{NZU64, NZUsize};
use goodwill_proof::scheme::{CHUNK_SIZE, Family};
use goodwill_types::{Key, Known, Progress, Value, state::VALUE_SIZE_MAX};

/// The state's database.
pub(crate) type Database<E> = variable::Db<Family, E, Key, Value, Sha256, EightCap, CHUNK_SIZE, Sequential>;
/// The database, shared between tasks.
pub(crate) type State<E> = Shared<Database<E>>;
/// Changes on their way into the database.
pub(crate) type Batch<E> = <State<E> as DatabaseSet<E>>::Unmerkleized;
/// Changes whose root is known.
pub(crate) type Sealed<E> = <State<E> as DatabaseSet<E>>::Merkleized;
/// How the database is laid out on disk.
pub(crate) type StateConfig<E> = <State<E> as DatabaseSet<E>>::Config;

/// How often a machine may ask for keys while it executes one block.
const ROUNDS_MAX: usize = 200_000;
/// How many keys it may ask for at once.
const KEYS_PER_ROUND_MAX: usize = 1 << 20;

/// Somewhere to read values from.
pub(crate) enum Source<'a, E: StorageContext + Spawner> {
    /// The state before the first block.
    Empty,
    /// The state of the newest final block, while that block is handled.
    Applied(&'a Reader<Database<E>>),
    /// The state of the newest final block, held still.
    Held(&'a Database<E>),
}

impl<E: StorageContext + Spawner> Source<'_, E> {
    /// The values of `keys`, in their order. Storage that cannot be read stops the node.
    async fn values(&self, keys: &[Key]) -> Vec<Option<Value>> {
        let asked: Vec<_> = keys.iter().collect();
        match self {
            Self::Empty => vec![None; keys.len()],
            Self::Applied(reader) => reader.read().await.get_many(&asked).await.expect(READABLE),
            Self::Held(state) => state.get_many(&asked).await.expect(READABLE),
        }
    }
}

const READABLE: &str = "the state can be read";

/// Takes what was fetched for a machine that asked.
fn supply(known: &mut Known, keys: impl IntoIterator<Item = Key>, values: Vec<Option<Value>>) {
    for (key, value) in keys.into_iter().zip(values) {
        known.insert(key, value);
    }
}

/// Asks `question` until it is answered.
///
/// # Errors
/// A machine that asks for too much, which is a fault of the machine.
pub(crate) async fn answer<T, E: StorageContext + Spawner>(
    source: Source<'_, E>,
    mut question: impl FnMut(&mut Known) -> Progress<T> + Send,
) -> Result<T, Refused> {
    let mut known = Known::new();
    for _ in 0..ROUNDS_MAX {
        match question(&mut known) {
            Progress::Done(done) => return Ok(done),
            Progress::Need(keys) => {
                let keys = check_keys(keys)?;
                let values = source.values(&keys).await;
                supply(&mut known, keys, values);
            }
        }
    }
    Err(too_many_rounds())
}

/// Runs `execution` on the state of the newest final block, for what it returns.
///
/// # Errors
/// The block breaks a rule, or the machine asks or writes too much.
pub(crate) async fn replay<E: StorageContext + Spawner>(
    before: &Reader<Database<E>>,
    mut execution: Box<dyn Execution>,
) -> Result<Executed, Refused> {
    answer(Source::Applied(before), |known| execution.run(known)).await?.and_then(check_changes)
}

/// Runs `execution` on the state of `batch`, and computes the root of the state after it, on a thread that
/// may take its time.
///
/// # Errors
/// The block breaks a rule, or the machine asks or writes too much.
pub(crate) async fn execute<E: StorageContext + Spawner>(
    context: &E,
    batch: Batch<E>,
    execution: Box<dyn Execution>,
) -> Result<(Executed, Sealed<E>), Refused> {
    let worker = context.child("execution").shared(true).spawn(move |_| execute_here::<E>(batch, execution));
    match worker.await {
        Ok(done) => done,
        // Whoever asked has gone, and its tasks with it; or the rules panicked, which stops the node.
        Err(_) => std::future::pending().await,
    }
}

/// What was read is not looked up again when it is written. What is in memory is read without leaving the
/// thread: contracts can ask for one key after the other.
async fn execute_here<E: StorageContext + Spawner>(
    batch: Batch<E>,
    mut execution: Box<dyn Execution>,
) -> Result<(Executed, Sealed<E>), Refused> {
    let (_, mut staged) = batch.stage(&[]).await.expect(READABLE);
    let (mut known, mut keys) = (Known::new(), Vec::<Key>::new());
    for _ in 0..ROUNDS_MAX {
        match execution.run(&mut known) {
            Progress::Done(done) => {
                let mut executed = done.and_then(check_changes)?;
                let mut changes = std::mem::take(&mut executed.changes);
                let slots = keys.iter().map(|key| slot(changes.take(key))).collect();
                let unread = changes.into_sorted();
                let sealed = staged.merkleize(slots, unread).await.expect(READABLE);
                return Ok((executed, sealed));
            }
            Progress::Need(more) => {
                let more = check_keys(more)?;
                let asked: Vec<_> = more.iter().collect();
                let values;
                (_, values, staged) = staged.expand(&asked).await.expect(READABLE);
                supply(&mut known, more.iter().copied(), values);
                keys.extend(more);
            }
        }
    }
    Err(too_many_rounds())
}

/// What becomes of a key that was read.
fn slot(change: Option<Option<Value>>) -> Slot<Value> {
    match change {
        None => Slot::Keep,
        Some(Some(value)) => Slot::Put(value),
        Some(None) => Slot::Delete,
    }
}

fn too_many_rounds() -> Refused {
    Refused(format!("the rules asked for the state more than {ROUNDS_MAX} times"))
}

fn check_keys(keys: Vec<Key>) -> Result<Vec<Key>, Refused> {
    match keys.len() {
        0 => Err(Refused("the rules asked for no key".into())),
        count if count > KEYS_PER_ROUND_MAX => Err(Refused(format!("the rules asked for {count} keys"))),
        _ => Ok(keys),
    }
}

/// A value that is too large could be written, but never read again.
fn check_changes(executed: Executed) -> Result<Executed, Refused> {
    let oversized =
        executed.changes.unsorted().find(|(_, value)| value.is_some_and(|v| v.len() > VALUE_SIZE_MAX));
    match oversized {
        Some((key, _)) => Err(Refused(format!("the value of {key:?} is larger than {VALUE_SIZE_MAX} bytes"))),
        None => Ok(executed),
    }
}

/// How the names of all its parts on disk begin.
pub(crate) fn prefix(prefix: &str) -> String {
    format!("{prefix}-state-")
}

/// Where one of its parts lies: there from the first start on.
pub(crate) fn tree_partition(prefix: &str) -> String {
    format!("{prefix}-state-tree-metadata")
}

/// Where and how the database lies on disk.
pub(crate) fn config<E: StorageContext + Spawner>(prefix: &str, cache: CacheRef) -> StateConfig<E> {
    VariableConfig {
        merkle_config: TreeConfig {
            journal_partition: format!("{prefix}-state-tree-journal"),
            metadata_partition: tree_partition(prefix),
            items_per_blob: NZU64!(65_536),
            write_buffer: STORAGE_BUFFER,
            replay_buffer: STORAGE_BUFFER,
            strategy: Sequential,
            page_cache: cache.clone(),
        },
        journal_config: LogConfig {
            partition: format!("{prefix}-state-log"),
            items_per_section: NZU64!(65_536),
            compression: None,
            codec_config: ((), RangeCfg::new(0..=VALUE_SIZE_MAX)),
            page_cache: cache,
            write_buffer: STORAGE_BUFFER,
            replay_buffer: STORAGE_BUFFER,
        },
        grafted_metadata_partition: format!("{prefix}-state-activity"),
        translator: EightCap,
        init_cache: Some(NZUsize!(1024)),
        init_buffer: NZUsize!(1 << 21),
        init_concurrency: (),
    }
}
