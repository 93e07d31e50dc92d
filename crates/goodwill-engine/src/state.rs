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
    qmdb::current::{VariableConfig, ordered::variable},
    translator::EightCap,
};
use commonware_utils::{NZU64, NZUsize};
use goodwill_proof::scheme::{CHUNK_SIZE, Family};
use goodwill_types::{Changes, Key, Known, Progress, Value, state::VALUE_SIZE_MAX};

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
const ROUNDS_MAX: usize = 64;
/// How many keys it may ask for at once.
const KEYS_PER_ROUND_MAX: usize = 1 << 20;

/// Somewhere to read values from.
pub(crate) enum Source<'a, E: StorageContext + Spawner> {
    /// The state before the first block.
    Empty,
    /// The state on which a block is built.
    Batch(&'a Batch<E>),
    /// The state of the newest final block.
    Applied(&'a Reader<Database<E>>),
}

impl<E: StorageContext + Spawner> Source<'_, E> {
    /// The values of `keys`, in their order. Storage that cannot be read stops the node.
    async fn values(&self, keys: &[Key]) -> Vec<Option<Value>> {
        let asked: Vec<_> = keys.iter().collect();
        let values = match self {
            Self::Empty => return vec![None; keys.len()],
            Self::Batch(batch) => batch.get_many(&asked).await,
            Self::Applied(reader) => reader.read().await.get_many(&asked).await,
        };
        values.expect("the state can be read")
    }
}

/// Fetches what a machine asked for, so that it can go on.
async fn supply<E: StorageContext + Spawner>(source: &Source<'_, E>, known: &mut Known, keys: Vec<Key>) {
    let values = source.values(&keys).await;
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
            Progress::Need(keys) => supply(&source, &mut known, check_keys(keys)?).await,
        }
    }
    Err(Refused(format!("the rules asked for the state more than {ROUNDS_MAX} times")))
}

/// Runs `execution` to its end, on threads where it may take its time.
///
/// # Errors
/// The block breaks a rule, or the machine asks or writes too much.
pub(crate) async fn execute<E: StorageContext + Spawner>(
    context: &E,
    source: Source<'_, E>,
    mut execution: Box<dyn Execution>,
) -> Result<Executed, Refused> {
    let mut known = Known::new();
    for _ in 0..ROUNDS_MAX {
        let worker = context.child("execution").shared(true).spawn(move |_| async move {
            let progress = execution.run(&mut known);
            (execution, known, progress)
        });
        let progress;
        (execution, known, progress) = worker.await.expect("the rules do not panic");
        match progress {
            Progress::Done(done) => return done.and_then(check_changes),
            Progress::Need(keys) => supply(&source, &mut known, check_keys(keys)?).await,
        }
    }
    Err(Refused(format!("the rules asked for the state more than {ROUNDS_MAX} times")))
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
        executed.changes.iter().find(|(_, value)| value.as_ref().is_some_and(|v| v.len() > VALUE_SIZE_MAX));
    match oversized {
        Some((key, _)) => Err(Refused(format!("the value of {key:?} is larger than {VALUE_SIZE_MAX} bytes"))),
        None => Ok(executed),
    }
}

/// Applies `changes` and computes the new root. In the order of the keys: the root commits to the
/// order of the operations.
pub(crate) async fn seal<E: StorageContext + Spawner>(mut batch: Batch<E>, changes: Changes) -> Sealed<E> {
    use commonware_glue::stateful::db::Unmerkleized as _;
    for (key, value) in changes {
        batch = batch.write(key, value);
    }
    batch.merkleize().await.expect("the state can be read")
}

/// Where and how the database lies on disk.
pub(crate) fn config<E: StorageContext + Spawner>(prefix: &str, cache: CacheRef) -> StateConfig<E> {
    VariableConfig {
        merkle_config: TreeConfig {
            journal_partition: format!("{prefix}-state-tree-journal"),
            metadata_partition: format!("{prefix}-state-tree-metadata"),
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
