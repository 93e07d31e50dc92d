//! What went wrong, and what the operator can do.

use std::{
    any::Any,
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// Bytes written to find out whether there is room.
const PROBE_SIZE: usize = 256 * 1024;

/// Begins the message of a panic that the machine asked for.
pub(crate) const COMMIT: &str = "the node could not store a final block: ";

/// Begins the message of a panic because another node votes with this node's keys.
pub(crate) const ELSEWHERE: &str = "this seat votes elsewhere too: ";

/// Why a node ended other than by being asked to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Something was wrong before the node touched its data.
    #[error("the node did not start: {0}")]
    Start(String),
    /// Another process uses the same folder.
    #[error(
        "another node is running on {}; its data is safe. Stop that node, or give this one a folder of its own",
        .0.display()
    )]
    Locked(PathBuf),
    /// The disk is full.
    #[error("the disk is full ({0}). What was final is safe. Free some space, then start the node again")]
    DiskFull(String),
    /// The node may not read or write its files.
    #[error(
        "the node may not use its files ({0}). What was final is safe. Give its user the right to read \
         and write the folder, then start the node again"
    )]
    NotPermitted(String),
    /// The disk refused to read or write.
    #[error(
        "the disk failed ({0}). What was final is safe. Look at the system's log and check the disk, then \
         start the node again"
    )]
    Disk(String),
    /// Stored data cannot be read back.
    #[error(
        "stored data is damaged ({0}). Do not trust it: move the folder away, check the disk, and start \
         the node again with a backup or an empty folder; it then fetches the chain from other nodes"
    )]
    Damaged(String),
    /// The node's own storage refused a final block.
    #[error("{COMMIT}{0}. What was final before is safe. Remove the cause, then start the node again")]
    Commit(String),
    /// Somebody votes with the keys of this node's seats.
    #[error(
        "{ELSEWHERE}{0}. To go on would be to vote against it, and that costs all that the seat earned. Its \
         keys are in use on another machine, or this node's folder was put back from an old copy. Find and \
         stop the other node, and let this one rest until the epoch is over"
    )]
    Elsewhere(String),
    /// Something that must always hold did not.
    #[error(
        "the node stopped itself, since something that must always hold did not: {0}. What was final is \
         safe. Start the node again; if it stops again, report this message"
    )]
    Broken(String),
    /// The part of the node beside the engine failed.
    #[error("{0}")]
    App(String),
}

/// A failure, and what its message contains.
type Cause = (fn(String) -> Failure, &'static [&'static str]);

/// How a message betrays its cause. Storage errors reach us as text only. In this order: a disk that is
/// full says also that it could not write.
const CAUSES: [Cause; 4] = [
    (Failure::DiskFull, &["StorageFull", "No space left", "QuotaExceeded", "quota exceeded"]),
    (Failure::NotPermitted, &["PermissionDenied", "Permission denied", "ReadOnlyFilesystem", "Read-only"]),
    (
        Failure::Damaged,
        &[
            "orrupt",
            "hecksum",
            "BlobInsufficientLength",
            "BlobMissing",
            "PartitionMissing",
            "Mismatch",
            "insufficient length",
            "blob missing",
            "partition missing",
            "mismatch",
            "backed by a stored block",
            "failed to initialize",
        ],
    ),
    (
        Failure::Disk,
        &[
            "ReadFailed",
            "WriteFailed",
            "SyncFailed",
            "ResizeFailed",
            "OpenFailed",
            "Io(",
            "read failed",
            "write failed",
            "sync failed",
            "resize failed",
            "open failed",
            "io error",
        ],
    ),
];

impl Failure {
    /// Whether the cause lies in the folder after all: not every message tells.
    pub(crate) fn or_folder(self, folder: &Path) -> Self {
        match (self, probe(folder).err()) {
            (Self::Broken(what) | Self::Damaged(what) | Self::Disk(what), Some(cause)) => {
                match cause.kind() {
                    ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull(cause.to_string()),
                    ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                        Self::NotPermitted(cause.to_string())
                    }
                    _ => Self::Damaged(format!("{what}; {cause}")),
                }
            }
            (failure, _) => failure,
        }
    }

    /// What a panic inside the engine means for the operator.
    pub(crate) fn of_panic(panic: &(dyn Any + Send)) -> Self {
        let message = message(panic);
        let cause = CAUSES.iter().find(|(_, signs)| signs.iter().any(|sign| message.contains(sign)));
        if let Some(what) = message.strip_prefix(ELSEWHERE) {
            return Self::Elsewhere(what.into());
        }
        match (cause, message.strip_prefix(COMMIT)) {
            (Some((failure, _)), _) => failure(message),
            (None, Some(why)) => Self::Commit(why.into()),
            (None, None) => Self::Broken(message),
        }
    }
}

/// Tries whether the folder can be written at all.
fn probe(folder: &Path) -> std::io::Result<()> {
    let path = folder.join("probe");
    let written = std::fs::write(&path, vec![1; PROBE_SIZE]);
    let _ = std::fs::remove_file(path);
    written
}

/// What a panic said.
pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let broken = || Failure::Broken("why".into());
        assert_eq!(broken().or_folder(folder.path()), broken());
        let gone = folder.path().join("gone");
        assert!(matches!(broken().or_folder(&gone), Failure::Damaged(_)));
    }

    #[test]
    fn tells_causes_apart() {
        let of = |text: &str| Failure::of_panic(&text.to_owned());
        let full = r#"BlobSyncFailed("a", "b", Os { code: 28, kind: StorageFull, message: "No space" })"#;
        assert_eq!(of(full), Failure::DiskFull(full.into()));
        let denied = r#"Os { code: 13, kind: PermissionDenied, message: "Permission denied" }"#;
        assert_eq!(of(denied), Failure::NotPermitted(denied.into()));
        assert_eq!(of("invalid or missing checksum"), Failure::Damaged("invalid or missing checksum".into()));
        let failed =
            r#"BlobSyncFailed("a", "b", Os { code: 5, kind: Uncategorized, message: "Input/output" })"#;
        assert_eq!(of(failed), Failure::Disk(failed.into()));
        for told in ["Runtime(WriteFailed)", "journal error: runtime error: write failed"] {
            assert_eq!(of(told), Failure::Disk(told.into()));
        }
        assert_eq!(of(&format!("{COMMIT}why")), Failure::Commit("why".into()));
        assert_eq!(of(&format!("{ELSEWHERE}seat")), Failure::Elsewhere("seat".into()));
        assert_eq!(of("a boundary was skipped"), Failure::Broken("a boundary was skipped".into()));
        assert_eq!(Failure::of_panic(&"static"), Failure::Broken("static".into()));
    }
}
