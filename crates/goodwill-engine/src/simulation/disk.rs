//! A node's disk, which fails as real ones do. It lies between the engine and the disk that
//! commonware simulates, whose faults come by chance and to all nodes alike: here each node has its
//! own, at an operation that the scenario names.

use super::{DiskFault, Trouble};
use bytes::Bytes;
use commonware_runtime::{
    Blob as _, BlobVersion, Error, Handle, IoBuf, IoBufs, IoBufsMut, ReadOptions, Storage, WriteOptions,
};
use commonware_utils::sync::Mutex;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::{
    collections::BTreeMap,
    future::pending,
    io::Error as IoError,
    ops::RangeInclusive,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// What a disk writes as a whole: a torn write keeps some of these.
const SECTOR_SIZE: usize = 512;
/// The most bits that turn while a disk rests.
const BITS_MAX: usize = 3;
/// `EIO`, `ENOSPC`: numbers that all systems agree on.
const IO_ERROR: i32 = 5;
const NO_SPACE: i32 = 28;

/// A blob's partition and name.
type Name = (String, Vec<u8>);

/// One node's disk. It outlives the node's crashes.
#[derive(Clone)]
pub(super) struct Disk(Arc<Mutex<State>>);

struct State {
    trouble: Option<Trouble>,
    /// At which operation the trouble begins.
    operation: u64,
    operations: u64,
    /// Shared by the disks that suffer together.
    struck: Arc<AtomicBool>,
    phase: Phase,
    random: StdRng,
    blobs: BTreeMap<Name, Kept>,
}

/// A disk has trouble once in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    New,
    Running,
    Restarted,
}

/// What is known of a blob.
struct Kept {
    version: BlobVersion,
    /// Since the last sync, in order.
    unsynced: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    /// Bytes at an offset; the flag: they are stored already, and lie over what came before.
    Write(u64, Bytes, bool),
    Resize(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Create,
    Open,
    Read,
    Write,
    Resize,
    Sync,
    Remove,
    Scan,
}

/// What the disk does with an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Obey,
    /// Says that it obeyed.
    Pretend,
    /// The operation fails, with this error of the operating system.
    Refuse(i32),
    /// One bit of what is read is wrong.
    Misread,
    /// There is no power.
    Silence,
}

impl Disk {
    /// A disk that `fault` strikes, if any does. `struck` is shared by those that suffer together.
    pub(super) fn new(fault: Option<&DiskFault>, struck: Arc<AtomicBool>, seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            trouble: fault.map(|fault| fault.trouble),
            operation: fault.map_or(0, |fault| fault.operation),
            operations: 0,
            struck,
            phase: Phase::New,
            random: StdRng::seed_from_u64(seed),
            blobs: BTreeMap::new(),
        })))
    }

    /// Whether the fault came to pass.
    pub(super) fn is_struck(&self) -> bool {
        self.0.lock().struck.load(Ordering::Relaxed)
    }

    /// A node starts on the disk: what a crash left of what was not synced is what it finds.
    pub(super) async fn start<S: Storage>(&self, storage: &S) {
        let (left, flips) = self.0.lock().settle();
        for (name, version, changes) in left {
            restore(storage, &name, version, &changes).await;
        }
        if flips > 0 {
            self.flip(storage, flips).await;
        }
    }

    /// Turns bits of one of the blobs.
    async fn flip<S: Storage>(&self, storage: &S, bits: usize) {
        let names: Vec<_> =
            self.0.lock().blobs.iter().map(|(name, kept)| (name.clone(), kept.version)).collect();
        let mut filled = Vec::new();
        for (name, version) in names {
            let (_, size) = reopen(storage, &name, version).await;
            if size > 0 {
                filled.push((name, version, size));
            }
        }
        let chosen = self.0.lock().choose(filled.len());
        let Some((name, version, size)) = chosen.map(|index| filled.swap_remove(index)) else { return };
        let (blob, _) = reopen(storage, &name, version).await;
        for _ in 0..bits {
            let (offset, bit) = self.0.lock().place(size);
            let byte = blob.read_at(offset, 1, ReadOptions::default()).await.expect(MEMORY).coalesce();
            let turned = vec![byte.as_ref()[0] ^ (1 << bit)];
            blob.write_at(offset, IoBuf::from(turned), WriteOptions::SYNC).await.expect(MEMORY);
        }
    }

    async fn admit(&self, operation: Operation) -> Result<Answer, i32> {
        let answer = self.0.lock().answer(operation);
        match answer {
            Answer::Refuse(code) => Err(code),
            Answer::Silence => pending().await,
            obeyed => Ok(obeyed),
        }
    }

    fn change(&self, name: &Name, change: Change) {
        if let Some(kept) = self.0.lock().blobs.get_mut(name) {
            kept.unsynced.push(change);
        }
    }

    /// The newest change is stored, whatever becomes of those before.
    fn stored(&self, name: &Name) {
        if let Some(kept) = self.0.lock().blobs.get_mut(name) {
            match &mut kept.unsynced[..] {
                [_] => kept.unsynced.clear(),
                [.., Change::Write(_, _, stored)] => *stored = true,
                _ => {}
            }
        }
    }

    fn synced(&self, name: &Name) {
        if let Some(kept) = self.0.lock().blobs.get_mut(name) {
            kept.unsynced.clear();
        }
    }

    fn misread(&self, bytes: IoBufsMut) -> IoBufsMut {
        let mut bytes = bytes.coalesce().as_ref().to_vec();
        if !bytes.is_empty() {
            let (offset, bit) = self.0.lock().place(bytes.len() as u64);
            bytes[offset as usize] ^= 1 << bit;
        }
        IoBufsMut::from(bytes)
    }
}

/// The disk below is memory.
const MEMORY: &str = "memory does not fail";

async fn reopen<S: Storage>(storage: &S, (partition, name): &Name, version: BlobVersion) -> (S::Blob, u64) {
    let (blob, size, _) = storage.open_versioned(partition, name, version..=version).await.expect(MEMORY);
    (blob, size)
}

/// Stores what survived of `changes`.
async fn restore<S: Storage>(storage: &S, name: &Name, version: BlobVersion, changes: &[Change]) {
    let (blob, _) = reopen(storage, name, version).await;
    for change in changes {
        match change {
            Change::Write(offset, bytes, _) => {
                blob.write_at(*offset, IoBuf::from(bytes.clone()), WriteOptions::default())
                    .await
                    .expect(MEMORY);
            }
            Change::Resize(size) => blob.resize(*size).await.expect(MEMORY),
        }
    }
    blob.sync().await.expect(MEMORY);
}

impl State {
    /// What the disk does. Counts operations until the trouble: those before the restart, but for
    /// [`Trouble::Misread`] the reads after it.
    fn answer(&mut self, operation: Operation) -> Answer {
        let Some(trouble) = self.trouble else { return Answer::Obey };
        let (phase, counted) = match trouble {
            Trouble::Misread => (Phase::Restarted, operation == Operation::Read),
            _ => (Phase::Running, true),
        };
        if self.phase != phase || !counted {
            return Answer::Obey;
        }
        self.operations += 1;
        let now = self.operations == self.operation;
        if now {
            self.struck.store(true, Ordering::Relaxed);
        }
        match trouble {
            Trouble::Failed if now => Answer::Refuse(IO_ERROR),
            Trouble::Misread if now => Answer::Misread,
            Trouble::Failed | Trouble::Misread => Answer::Obey,
            _ if !self.struck.load(Ordering::Relaxed) => Answer::Obey,
            Trouble::Lying if operation == Operation::Sync => Answer::Pretend,
            Trouble::Full
                if matches!(operation, Operation::Write | Operation::Resize | Operation::Create) =>
            {
                Answer::Refuse(NO_SPACE)
            }
            Trouble::Full | Trouble::Lying => Answer::Obey,
            _ => Answer::Silence,
        }
    }

    /// Begins the node's next life: what survived of what was not synced, and how many bits turn.
    fn settle(&mut self) -> (Vec<(Name, BlobVersion, Vec<Change>)>, usize) {
        let crashed = self.phase == Phase::Running;
        self.phase = if self.phase == Phase::New { Phase::Running } else { Phase::Restarted };
        let Self { blobs, random, .. } = self;
        let unsynced: Vec<_> = blobs
            .iter_mut()
            .map(|(name, kept)| (name.clone(), kept.version, std::mem::take(&mut kept.unsynced)))
            .filter(|(_, _, changes)| !changes.is_empty())
            .collect();
        let left = match self.trouble {
            Some(Trouble::Torn) if crashed => unsynced
                .into_iter()
                .map(|(name, version, changes)| (name, version, torn(random, &changes)))
                .collect(),
            _ => Vec::new(),
        };
        if crashed && self.trouble.is_some_and(|trouble| trouble.is_power()) {
            self.struck.store(true, Ordering::Relaxed);
        }
        let flips = crashed && self.trouble == Some(Trouble::Flipped);
        (left, if flips { random.random_range(1..=BITS_MAX) } else { 0 })
    }

    fn choose(&mut self, count: usize) -> Option<usize> {
        (count > 0).then(|| self.random.random_range(0..count))
    }

    /// A bit of something of `size` bytes.
    fn place(&mut self, size: u64) -> (u64, u32) {
        (self.random.random_range(0..size), self.random.random_range(0..8))
    }
}

/// What survives of changes that were not synced: of each, all, nothing, its beginning or some of its
/// sectors.
fn torn(random: &mut StdRng, changes: &[Change]) -> Vec<Change> {
    let mut left = Vec::new();
    for change in changes {
        match change {
            Change::Write(offset, bytes, false) => left.extend(
                fragments(random, bytes.len())
                    .into_iter()
                    .map(|range| Change::Write(offset + range.start as u64, bytes.slice(range), false)),
            ),
            Change::Write(_, _, true) => left.push(change.clone()),
            Change::Resize(_) if random.random_bool(0.5) => left.push(change.clone()),
            Change::Resize(_) => {}
        }
    }
    left
}

/// The parts of a write that survive: all, none, the beginning, or some sectors.
fn fragments(random: &mut StdRng, size: usize) -> Vec<std::ops::Range<usize>> {
    let beginning = |end: usize| std::iter::once(0..end).collect();
    match random.random_range(0..4) {
        0 => beginning(size),
        1 => Vec::new(),
        2 => beginning(random.random_range(0..=size)),
        _ => (0..size)
            .step_by(SECTOR_SIZE)
            .filter(|_| random.random_bool(0.5))
            .map(|start| start..size.min(start + SECTOR_SIZE))
            .collect(),
    }
}

/// What a node sees of its disk.
#[derive(Clone)]
pub(super) struct Files<S> {
    pub(super) inner: S,
    pub(super) disk: Disk,
}

impl<S: Storage> Files<S> {
    pub(super) async fn open(
        &self,
        partition: &str,
        name: &[u8],
        versions: RangeInclusive<BlobVersion>,
    ) -> Result<(Blob<S::Blob>, u64, BlobVersion), Error> {
        let key = (partition.to_owned(), name.to_vec());
        let known = self.disk.0.lock().blobs.contains_key(&key);
        self.disk
            .admit(if known { Operation::Open } else { Operation::Create })
            .await
            .map_err(|code| Error::BlobOpenFailed(key.0.clone(), hex(name), cause(code)))?;
        let (inner, size, version) = self.inner.open_versioned(partition, name, versions).await?;
        self.disk.0.lock().blobs.insert(key.clone(), Kept { version, unsynced: Vec::new() });
        Ok((Blob { inner, disk: self.disk.clone(), name: key }, size, version))
    }

    pub(super) async fn remove(&self, partition: &str, name: Option<&[u8]>) -> Result<(), Error> {
        self.disk.admit(Operation::Remove).await.map_err(io)?;
        self.inner.remove(partition, name).await?;
        let gone = |key: &Name| key.0 == partition && name.is_none_or(|name| name == key.1);
        self.disk.0.lock().blobs.retain(|key, _| !gone(key));
        Ok(())
    }

    pub(super) async fn scan(&self, partition: &str) -> Result<Vec<Vec<u8>>, Error> {
        self.disk.admit(Operation::Scan).await.map_err(|_| Error::ReadFailed)?;
        self.inner.scan(partition).await
    }
}

/// A file of a node's disk. Its errors are those of the file system of a real node.
pub(super) struct Blob<B> {
    inner: B,
    disk: Disk,
    name: Name,
}

impl<B> Blob<B> {
    async fn admit_sync(&self) -> Result<Answer, Error> {
        let answer = self.disk.admit(Operation::Sync).await;
        answer.map_err(|code| Error::BlobSyncFailed(self.name.0.clone(), hex(&self.name.1), cause(code)))
    }
}

impl<B: commonware_runtime::Blob> commonware_runtime::Blob for Blob<B> {
    async fn read_at_buf(
        &self,
        offset: u64,
        size: usize,
        buffers: impl Into<IoBufsMut> + Send,
        options: ReadOptions,
    ) -> Result<IoBufsMut, Error> {
        let answer = self.disk.admit(Operation::Read).await.map_err(|_| Error::ReadFailed)?;
        let read = self.inner.read_at_buf(offset, size, buffers, options).await?;
        Ok(if answer == Answer::Misread { self.disk.misread(read) } else { read })
    }

    async fn read_at(&self, offset: u64, size: usize, options: ReadOptions) -> Result<IoBufsMut, Error> {
        let answer = self.disk.admit(Operation::Read).await.map_err(|_| Error::ReadFailed)?;
        let read = self.inner.read_at(offset, size, options).await?;
        Ok(if answer == Answer::Misread { self.disk.misread(read) } else { read })
    }

    async fn write_at(
        &self,
        offset: u64,
        buffers: impl Into<IoBufs> + Send,
        options: WriteOptions,
    ) -> Result<(), Error> {
        self.disk.admit(Operation::Write).await.map_err(|_| Error::WriteFailed)?;
        let bytes = Bytes::from(buffers.into().coalesce());
        let written = options.without(WriteOptions::SYNC);
        self.inner.write_at(offset, IoBuf::from(bytes.clone()), written).await?;
        self.disk.change(&self.name, Change::Write(offset, bytes.clone(), false));
        // The power may be cut before the bytes are stored.
        if written != options && self.admit_sync().await? == Answer::Obey {
            self.inner.write_at(offset, IoBuf::from(bytes), options).await?;
            self.disk.stored(&self.name);
        }
        Ok(())
    }

    async fn resize(&self, size: u64) -> Result<(), Error> {
        self.disk
            .admit(Operation::Resize)
            .await
            .map_err(|code| Error::BlobResizeFailed(self.name.0.clone(), hex(&self.name.1), cause(code)))?;
        self.inner.resize(size).await?;
        self.disk.change(&self.name, Change::Resize(size));
        Ok(())
    }

    async fn sync(&self) -> Result<(), Error> {
        if self.admit_sync().await? == Answer::Obey {
            self.inner.sync().await?;
            self.disk.synced(&self.name);
        }
        Ok(())
    }

    async fn start_sync(&self) -> Handle<()> {
        Handle::ready(self.sync().await)
    }
}

fn hex(name: &[u8]) -> String {
    name.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn cause(code: i32) -> Arc<IoError> {
    Arc::new(IoError::from_raw_os_error(code))
}

fn io(code: i32) -> Error {
    Error::Io(cause(code))
}
