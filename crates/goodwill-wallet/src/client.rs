//! Speaks with a gateway over HTTP. Blocking: call it from a thread that may wait.
//!
//! What a gateway answers is only its word. [`crate::light`] checks what can be checked.

use goodwill_types::{
    Address, Prefix, SignedTransaction, TransactionId,
    api::{
        Account, Amendments, Answer, Association, Block, Checkpoint, Contract, Donations, Energy, Epoch,
        Guide, Handover, Hex, Mempool, Miner, Problem, Query, Receipt, Simulation, Status, Submission,
        Submit, SubmitResult, Supply, Transaction, TransactionStatus,
    },
    codec::Encode as _,
};
use serde::de::DeserializeOwned;
use std::{
    thread,
    time::{Duration, Instant},
};
use ureq::{
    Agent, Body,
    http::{Response, StatusCode, Uri, header},
};

/// The largest answer that is read, in bytes.
pub const ANSWER_SIZE_MAX: u64 = 8 << 20;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// A gateway.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Agent,
    base: String,
}

/// Why a gateway's answer is not the one hoped for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// Not the URL of a gateway.
    #[error("{url:?} is not a gateway's URL ({reason}): write it like http://127.0.0.1:8080")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No answer.
    #[error(
        "no answer from {url} ({reason}): check that the node runs (`goodwill dev` starts one) and the URL"
    )]
    Network {
        /// What was asked.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// The gateway cannot answer at the moment.
    #[error("the gateway cannot answer now: {}", said(.0))]
    Unavailable(Box<Problem>),
    /// The gateway knows no such thing.
    #[error("{}", said(.0))]
    NotFound(Box<Problem>),
    /// The gateway, or the rules of its chain, refuse.
    #[error("{}", said(.0))]
    Rejected(Box<Problem>),
    /// What came back is not what a gateway says.
    #[error("the answer from {url} is not a gateway's ({reason}): check the URL, or update this program")]
    Malformed {
        /// What was asked.
        url: String,
        /// What is wrong with the answer.
        reason: String,
    },
}

/// A problem in one line: what happened, and what to do where the gateway says it.
fn said(problem: &Problem) -> String {
    let what = if problem.detail.is_empty() { &problem.title } else { &problem.detail };
    match &problem.next {
        Some(next) => format!("{}. {next}", what.trim_end_matches('.')),
        None => what.clone(),
    }
}

impl Client {
    /// A client of the gateway at `url`, such as `http://127.0.0.1:8080`. Connects to nothing yet.
    ///
    /// # Errors
    /// When that is no URL of a gateway.
    pub fn new(url: &str) -> Result<Self, ClientError> {
        let error = |reason: &str| ClientError::Url { url: url.into(), reason: reason.into() };
        let uri: Uri = url.parse().map_err(|_| error("it is no URL"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(error("it begins with neither http:// nor https://"));
        }
        if uri.authority().is_none_or(|authority| authority.as_str().contains('@')) || uri.query().is_some() {
            return Err(error("it has a user name or a question mark"));
        }
        Ok(Self { agent: agent(&uri), base: url.trim_end_matches('/').into() })
    }

    /// The gateway's URL.
    pub fn url(&self) -> &str {
        &self.base
    }

    /// Which chain this is, and how the node is doing.
    ///
    /// # Errors
    /// As all calls: see [`ClientError`].
    pub fn status(&self) -> Result<Status, ClientError> {
        self.get("/v1/status")
    }

    /// The chain's manifest, in TOML.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn manifest(&self) -> Result<String, ClientError> {
        let call = self.call("/v1/manifest", CALL_TIMEOUT);
        let bytes = call.get()?;
        String::from_utf8(bytes).map_err(|_| call.malformed("it is not UTF-8"))
    }

    /// An account, with a proof for [`crate::light`] if wished.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn account(&self, address: &Address, prefix: &Prefix, proof: bool) -> Result<Account, ClientError> {
        let address = address.display(prefix);
        let question = if proof { "?proof=true" } else { "" };
        let path = format!("/v1/accounts/{address}{question}");
        let account: Account = self.get(&path)?;
        let same = account.address == address;
        same.then_some(account).ok_or_else(|| self.malformed(&path, "it is about another account"))
    }

    /// A transaction.
    ///
    /// # Errors
    /// [`ClientError::NotFound`] for one that this gateway never saw, or forgot.
    pub fn transaction(&self, id: TransactionId) -> Result<Transaction, ClientError> {
        let path = format!("/v1/transactions/{id}");
        self.check_transaction(&path, id, self.get(&path)?)
    }

    /// A transaction, with a proof for [`crate::light`] once it is in a final block.
    ///
    /// # Errors
    /// As [`Client::transaction`].
    pub fn transaction_with_proof(&self, id: TransactionId) -> Result<Transaction, ClientError> {
        let path = format!("/v1/transactions/{id}?proof=true");
        self.check_transaction(&path, id, self.get(&path)?)
    }

    /// The final block at a height.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn block(&self, height: u64) -> Result<Block, ClientError> {
        self.get(&format!("/v1/blocks/{height}"))
    }

    /// The newest final block.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn latest_block(&self) -> Result<Block, ClientError> {
        self.get("/v1/blocks/latest")
    }

    /// All money there is.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn supply(&self) -> Result<Supply, ClientError> {
        self.get("/v1/supply")
    }

    /// What waits in the node.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn mempool(&self) -> Result<Mempool, ClientError> {
        self.get("/v1/mempool")
    }

    /// What is known of an epoch; `None` for the present one.
    ///
    /// # Errors
    /// [`ClientError::NotFound`] for one that is too far ahead.
    pub fn epoch(&self, number: Option<u64>) -> Result<Epoch, ClientError> {
        let number = number.map_or_else(|| "current".into(), |number| number.to_string());
        self.get(&format!("/v1/epochs/{number}"))
    }

    /// An epoch with a proof for [`crate::light`].
    ///
    /// # Errors
    /// As [`Client::epoch`].
    pub fn epoch_with_proof(&self, number: u64) -> Result<Epoch, ClientError> {
        self.get(&format!("/v1/epochs/{number}?proof=true"))
    }

    /// The associations from number `from` on, as many as the gateway lists at once.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn associations(&self, from: u32) -> Result<Vec<Association>, ClientError> {
        self.get(&format!("/v1/associations?from={from}&limit=1024"))
    }

    /// One association with its evidence.
    ///
    /// # Errors
    /// [`ClientError::NotFound`] for a number that is none's.
    pub fn association(&self, id: u32) -> Result<Association, ClientError> {
        self.get(&format!("/v1/associations/{id}"))
    }

    /// The numbers in force, and the amendments.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn amendments(&self) -> Result<Amendments, ClientError> {
        self.get("/v1/amendments?limit=1024")
    }

    /// The donations of the epochs from `from` on, as many as the gateway lists at once.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn donations(&self, from: u64) -> Result<Vec<Donations>, ClientError> {
        self.get(&format!("/v1/donations?from={from}"))
    }

    /// How the chain works, in the language `en` or `fr`.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn guide(&self, language: &str) -> Result<Guide, ClientError> {
        self.get(&format!("/v1/guide?lang={language}"))
    }

    /// What the chain draws.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn energy(&self) -> Result<Energy, ClientError> {
        self.get("/v1/energy")
    }

    /// The miners that have seats now.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn miners(&self) -> Result<Vec<Miner>, ClientError> {
        self.get("/v1/miners")
    }

    /// An account as a miner.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn miner(&self, address: &Address, prefix: &Prefix) -> Result<Miner, ClientError> {
        self.get(&format!("/v1/miners/{}", address.display(prefix)))
    }

    /// The proof that the committee of `epoch` made final who comes after it.
    ///
    /// # Errors
    /// [`ClientError::NotFound`] where this gateway does not have it.
    pub fn handover(&self, epoch: u64) -> Result<Handover, ClientError> {
        self.get(&format!("/v1/handovers/{epoch}"))
    }

    /// A recent final block with its committee.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn checkpoint(&self) -> Result<Checkpoint, ClientError> {
        self.get("/v1/checkpoint")
    }

    /// What a transaction would do in the next block. Nothing is sent on.
    ///
    /// # Errors
    /// [`ClientError::Rejected`] when it can't be included.
    pub fn simulate(&self, simulation: &Simulation) -> Result<Receipt, ClientError> {
        let json = serde_json::to_vec(simulation).expect("strings are JSON");
        self.post("/v1/simulate", "application/json", &json, CALL_TIMEOUT)
    }

    /// A contract at the newest final block.
    ///
    /// # Errors
    /// [`ClientError::NotFound`] when there is none.
    pub fn contract(&self, address: &Address, prefix: &Prefix) -> Result<Contract, ClientError> {
        self.get(&format!("/v1/contracts/{}", address.display(prefix)))
    }

    /// What a method of a contract answers now.
    ///
    /// # Errors
    /// When there is no such contract, or the question is malformed. A failure of the method is an answer.
    pub fn query(&self, address: &Address, prefix: &Prefix, query: &Query) -> Result<Answer, ClientError> {
        let json = serde_json::to_vec(query).expect("strings are JSON");
        let path = format!("/v1/contracts/{}/query", address.display(prefix));
        self.post(&path, "application/json", &json, CALL_TIMEOUT)
    }

    /// Sends a transaction, and returns when the gateway has taken it. Sending it again is harmless.
    ///
    /// # Errors
    /// [`ClientError::Rejected`] when it can't be included.
    pub fn submit(&self, signed: &SignedTransaction) -> Result<TransactionId, ClientError> {
        let (path, id) = ("/v1/transactions", signed.id());
        let answer: Submit = self.post(path, "application/octet-stream", &signed.encode(), CALL_TIMEOUT)?;
        let same = answer.id.0 == id;
        same.then_some(id).ok_or_else(|| self.malformed(path, "it is about another transaction"))
    }

    /// Sends many transactions in one call: what became of each, in their order.
    ///
    /// # Errors
    /// When the call as a whole fails; some may have been taken then, and sending all again is
    /// harmless.
    pub fn submit_batch(&self, batch: &[SignedTransaction]) -> Result<Vec<SubmitResult>, ClientError> {
        let path = "/v1/transactions";
        let batch: Vec<_> = batch.iter().map(|signed| Submission { raw: Hex(signed.clone()) }).collect();
        let json = serde_json::to_vec(&batch).expect("strings are JSON");
        let results: Vec<SubmitResult> = self.post(path, "application/json", &json, CALL_TIMEOUT)?;
        let complete = results.len() == batch.len();
        complete.then_some(results).ok_or_else(|| self.malformed(path, "it has not one result for each"))
    }

    /// Sends a transaction, and waits until it is settled, or for `timeout`. The answer's status is
    /// [`TransactionStatus::Pending`] when time ran out: it may still be included.
    ///
    /// # Errors
    /// [`ClientError::Rejected`] when it can't be included.
    pub fn submit_and_wait(
        &self,
        signed: &SignedTransaction,
        timeout: Duration,
    ) -> Result<Transaction, ClientError> {
        let (deadline, id) = (Instant::now() + timeout, signed.id());
        let path = format!("/v1/transactions?wait=final&timeout_ms={}", timeout.as_millis());
        let answer: Waited =
            self.post(&path, "application/octet-stream", &signed.encode(), timeout + CALL_TIMEOUT)?;
        match answer {
            Waited::Transaction(transaction) if transaction.status != TransactionStatus::Pending => {
                self.check_transaction(&path, id, *transaction)
            }
            // The gateway's patience may end before ours.
            _ => self.wait_until(id, deadline),
        }
    }

    /// Waits until a transaction is settled, or for `timeout`.
    ///
    /// # Errors
    /// See [`ClientError`]; a gateway that does not answer, or does not know the transaction, is
    /// asked again until the time is over.
    pub fn wait(&self, id: TransactionId, timeout: Duration) -> Result<Transaction, ClientError> {
        self.wait_until(id, Instant::now() + timeout)
    }

    fn wait_until(&self, id: TransactionId, deadline: Instant) -> Result<Transaction, ClientError> {
        loop {
            let answer = self.transaction(id);
            let settled = match &answer {
                Ok(transaction) => transaction.status != TransactionStatus::Pending,
                Err(ClientError::Network { .. } | ClientError::Unavailable(_) | ClientError::NotFound(_)) => {
                    false
                }
                Err(_) => true,
            };
            if settled || Instant::now() >= deadline {
                return answer;
            }
            thread::sleep(POLL_INTERVAL);
        }
    }

    fn check_transaction(
        &self,
        path: &str,
        id: TransactionId,
        answer: Transaction,
    ) -> Result<Transaction, ClientError> {
        let included = matches!(answer.status, TransactionStatus::Final | TransactionStatus::Failed);
        match (answer.id.0 == id, included == answer.inclusion.is_some()) {
            (true, true) => Ok(answer),
            (false, _) => Err(self.malformed(path, "it is about another transaction")),
            (true, false) => Err(self.malformed(path, "its status does not fit the rest of it")),
        }
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let call = self.call(path, CALL_TIMEOUT);
        call.parse(&call.get()?)
    }

    fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        content_type: &str,
        body: &[u8],
        timeout: Duration,
    ) -> Result<T, ClientError> {
        let call = self.call(path, timeout);
        call.parse(&call.post(content_type, body)?)
    }

    fn call(&self, path: &str, timeout: Duration) -> Call<'_> {
        Call { agent: &self.agent, url: format!("{}{path}", self.base), timeout }
    }

    fn malformed(&self, path: &str, reason: &str) -> ClientError {
        self.call(path, CALL_TIMEOUT).malformed(reason)
    }
}

/// What is answered to a transaction that is waited for.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Waited {
    Transaction(Box<Transaction>),
    #[expect(dead_code, reason = "that it has this shape is all that matters")]
    Submit(Submit),
}

fn agent(uri: &Uri) -> Agent {
    let mut config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .user_agent(concat!("goodwill/", env!("CARGO_PKG_VERSION")));
    // A proxy would look for the node on its own machine.
    if matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]")) {
        config = config.proxy(None);
    }
    config.build().new_agent()
}

/// One request and its answer.
struct Call<'a> {
    agent: &'a Agent,
    url: String,
    timeout: Duration,
}

impl Call<'_> {
    fn get(&self) -> Result<Vec<u8>, ClientError> {
        let request = self.agent.get(&self.url).config().timeout_global(Some(self.timeout)).build();
        self.read(request.call())
    }

    fn post(&self, content_type: &str, body: &[u8]) -> Result<Vec<u8>, ClientError> {
        let request = self.agent.post(&self.url).config().timeout_global(Some(self.timeout)).build();
        self.read(request.content_type(content_type).send(body))
    }

    fn read(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<Vec<u8>, ClientError> {
        let mut answer = answer.map_err(|error| self.failed(error))?;
        let bytes = answer.body_mut().with_config().limit(ANSWER_SIZE_MAX).read_to_vec();
        let bytes = bytes.map_err(|error| self.failed(error))?;
        match answer.status() {
            status if status.is_success() => Ok(bytes),
            status if status.is_redirection() => {
                let to = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
                Err(self.malformed(format!("it points to {}", to.unwrap_or("nowhere"))))
            }
            status => Err(self.problem(status, &bytes)),
        }
    }

    fn problem(&self, status: StatusCode, bytes: &[u8]) -> ClientError {
        let Ok(problem) = serde_json::from_slice::<Box<Problem>>(bytes) else {
            return self.malformed(format!("status {status} without a reason"));
        };
        match status {
            StatusCode::NOT_FOUND => ClientError::NotFound(problem),
            StatusCode::TOO_MANY_REQUESTS => ClientError::Unavailable(problem),
            status if status.is_server_error() => ClientError::Unavailable(problem),
            _ => ClientError::Rejected(problem),
        }
    }

    fn parse<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, ClientError> {
        serde_json::from_slice(bytes).map_err(|error| self.malformed(error))
    }

    fn failed(&self, error: ureq::Error) -> ClientError {
        match error {
            ureq::Error::BodyExceedsLimit(limit) => self.malformed(format!("it has more than {limit} bytes")),
            ureq::Error::Protocol(error) => self.malformed(error),
            error => ClientError::Network { url: self.url.clone(), reason: error.to_string() },
        }
    }

    fn malformed(&self, reason: impl ToString) -> ClientError {
        ClientError::Malformed { url: self.url.clone(), reason: reason.to_string() }
    }
}

#[cfg(test)]
mod tests;
