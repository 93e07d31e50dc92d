//! Where the state comes from: from executing every block. The state's log is not fetched from
//! other nodes, though headers commit to it (`operations_root`).

use crate::state::Database;
use commonware_glue::stateful::db::{AttachableResolver, Shared};
use commonware_storage::qmdb::{
    any::ordered::variable::Operation,
    sync::{Request, Source, source},
};
use goodwill_proof::scheme::Family;
use goodwill_types::{Digest, Key, Value};

/// Offers no state.
#[derive(Clone)]
pub(crate) struct Replay;

/// There is nothing to fetch.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("this node executes every block and fetches no state")]
pub(crate) struct NothingToFetch;

impl Source for Replay {
    type Family = Family;
    type Digest = Digest;
    type Op = Operation<Family, Key, Value>;
    type Error = NothingToFetch;

    async fn serve(&self, _: Request<Family>) -> source::Result<Self> {
        Err(NothingToFetch)
    }
}

impl<E: commonware_storage::Context + commonware_runtime::Spawner> AttachableResolver<Database<E>>
    for Replay
{
    async fn attach_database(&self, _: Shared<Database<E>>) {}
}
