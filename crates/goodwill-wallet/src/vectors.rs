//! The shape of `vectors/wallet.json`, for the tests that read it.

use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub(crate) struct Vectors {
    pub(crate) bip39: Vec<Bip39>,
    pub(crate) slip10: Vec<Slip10>,
    pub(crate) development: Development,
}

#[derive(Deserialize)]
pub(crate) struct Bip39 {
    pub(crate) entropy: String,
    pub(crate) words: String,
    pub(crate) seed: String,
}

#[derive(Deserialize)]
pub(crate) struct Slip10 {
    pub(crate) seed: String,
    pub(crate) keys: Vec<(Vec<u32>, String)>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Development {
    pub(crate) words: String,
    pub(crate) seed: String,
    pub(crate) prefix: String,
    pub(crate) accounts: Vec<Account>,
    pub(crate) miners: Vec<Account>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) public_key: String,
    pub(crate) address: String,
}

pub(crate) fn vectors() -> Vectors {
    let text = include_str!("../../../vectors/wallet.json");
    serde_json::from_str(text).expect("vectors/wallet.json has this shape")
}
