//! Compiled programs, kept by the hash of their source. A memory of a pure function: what is in it
//! changes how fast a block is executed, never what it does.

use super::records::{Contract, source_hash};
use goodwill_types::Digest;
use goodwill_vm::{Program, Refusal, compile};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Programs that are kept.
const PROGRAMS_MAX: usize = 4_096;
/// Bytes of their sources together.
const SOURCES_SIZE_MAX: usize = 32 << 20;
/// The file's name in tracebacks.
const FILE: &str = "contract.py";

struct Programs {
    kept: BTreeMap<Digest, Kept>,
    /// Counts uses.
    now: u64,
    size: usize,
}

struct Kept {
    program: Arc<Program>,
    used: u64,
}

static PROGRAMS: Mutex<Programs> = Mutex::new(Programs { kept: BTreeMap::new(), now: 0, size: 0 });

fn programs() -> MutexGuard<'static, Programs> {
    PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the contract's program is kept: then its source is not needed.
pub(crate) fn is_kept(contract: &Contract) -> bool {
    kept(&contract.source_hash).is_some()
}

/// The program of the source with this hash, if it is kept.
pub(super) fn kept(source_hash: &Digest) -> Option<Arc<Program>> {
    let mut programs = programs();
    programs.now += 1;
    let now = programs.now;
    let kept = programs.kept.get_mut(source_hash)?;
    kept.used = now;
    Some(kept.program.clone())
}

/// The program of a source.
///
/// # Errors
/// What in it is refused.
pub(super) fn compiled(source: &str) -> Result<Arc<Program>, Refusal> {
    let hash = source_hash(source);
    if let Some(program) = kept(&hash) {
        return Ok(program);
    }
    let program = compile(source, FILE)?;
    programs().keep(hash, program.clone());
    Ok(program)
}

impl Programs {
    fn keep(&mut self, hash: Digest, program: Arc<Program>) {
        self.now += 1;
        self.size += program.source.len();
        if let Some(old) = self.kept.insert(hash, Kept { program, used: self.now }) {
            self.size -= old.program.source.len();
        }
        while self.kept.len() > PROGRAMS_MAX || self.size > SOURCES_SIZE_MAX {
            let oldest = self.kept.iter().min_by_key(|(_, kept)| kept.used).map(|(hash, _)| *hash);
            let Some(removed) = oldest.and_then(|hash| self.kept.remove(&hash)) else { return };
            self.size -= removed.program.source.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_kept_within_bounds() {
        let source = |n: usize| {
            format!(
                "from goodwill import Contract\n\nclass C{n}(Contract):\n    pass\n#{}\n",
                "x".repeat(60_000)
            )
        };
        let program = compile(&source(0), FILE).unwrap();
        let mut programs = Programs { kept: BTreeMap::new(), now: 0, size: 0 };
        for n in 0..700 {
            programs.keep(source_hash(&source(n)), program.clone());
        }
        assert!(programs.size <= SOURCES_SIZE_MAX && programs.kept.len() > 500);
        assert!(!programs.kept.contains_key(&source_hash(&source(0))));
        assert!(programs.kept.contains_key(&source_hash(&source(699))));
    }
}
