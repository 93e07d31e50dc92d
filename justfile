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

# Writes the golden vectors anew. Only for a deliberate change of the protocol.
bless:
    GOODWILL_BLESS=1 cargo test -p goodwill-ledger --test ledger vectors
