//! What a wallet reads from a gateway, which may be anybody's.

use goodwill_types::api;
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// The JSON of an answer, read as everything that it can be.
pub fn answer(json: &[u8]) -> bool {
    let read = [
        same::<api::Status>(json),
        same::<api::Account>(json),
        same::<api::Transaction>(json),
        same::<api::Block>(json),
        same::<api::Checkpoint>(json),
        same::<api::Supply>(json),
        same::<api::Mempool>(json),
        same::<api::Epoch>(json),
        same::<api::Miner>(json),
        same::<api::Handover>(json),
        same::<api::Submission>(json),
        same::<Vec<api::SubmitResult>>(json),
    ];
    // Nearly everything is a problem.
    same::<api::Problem>(json);
    read.contains(&true)
}

/// What is read says the same when it is written.
fn same<T: DeserializeOwned + Serialize + PartialEq + Debug>(json: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice::<T>(json) else { return false };
    let written = serde_json::to_vec(&value).expect("JSON");
    assert_eq!(serde_json::from_slice::<T>(&written).expect("what was written"), value);
    true
}
