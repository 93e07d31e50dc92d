# Everything that must hold before a change is committed.
check: fmt clippy test deny

fmt:
    cargo fmt --all --check

clippy:
    cargo clippy --workspace --all-targets --locked -- -D warnings

test:
    cargo test --workspace --locked

deny:
    cargo deny --offline check licenses bans sources

# Needs a network.
advisories:
    cargo deny check advisories

# Seeded networks with faults, each seed twice: `just simulate 100`.
simulate seeds="100":
    GOODWILL_SEEDS={{seeds}} cargo test -p goodwill-node --test simulation -- --nocapture

# Disks that fail, one a seed, under the ledger and under its index: `just disk-faults 1000`.
disk-faults faults="1000":
    GOODWILL_DISK_FAULTS={{faults}} cargo test --workspace --locked --test simulation disk -- --nocapture
    GOODWILL_DISK_FAULTS={{faults}} cargo test --workspace --locked --lib index::faults

# Processes killed at random moments under a stream of payments: `just kills 300`.
kills kills="300":
    cargo build --release --locked
    GOODWILL_KILLS={{kills}} GOODWILL_BIN="$PWD/target/release/goodwill" cargo test --workspace --locked --test goodwill kills -- --nocapture

# Miners as processes over so many epochs: they buy, serve, are killed, equivocate: `just mine 20`.
mine epochs="20":
    cargo build --release --locked
    GOODWILL_EPOCHS={{epochs}} GOODWILL_BIN="$PWD/target/release/goodwill" cargo test --workspace --locked --test goodwill mining -- --nocapture

# All fuzz targets, so many seconds each: `just fuzz 600`.
fuzz seconds="10":
    tools/fuzz {{seconds}}

# A chain asked what its OpenAPI document allows, and what it does not: `just schemathesis 1000`.
schemathesis examples="20":
    cargo build --locked
    tools/schemathesis {{examples}}

# The Python package, its types, and the examples' contracts.
python:
    tools/python-tests

# Our transfers beside those of others, in one run: `just peers`.
peers transfers="20000":
    benches/peers/run {{transfers}}

# Writes the golden vectors anew. Only for a deliberate change of the protocol.
bless:
    GOODWILL_BLESS=1 cargo test -p goodwill-ledger --test ledger vectors
    GOODWILL_BLESS=1 cargo test -p goodwill-proof --test proofs vectors
    GOODWILL_BLESS=1 cargo test -p goodwill-vm --test vectors
    GOODWILL_BLESS=1 cargo test --workspace --locked --test corpus the_corpus_begins
