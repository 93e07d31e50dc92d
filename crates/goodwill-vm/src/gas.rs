//! What everything costs: one table.
//!
//! One gas is a nanosecond of a core of a Raspberry Pi 4 with a wide margin, and at most an eighth of
//! a nanosecond of a server's core: a call with [`CALL_GAS_MAX`] ends within a quarter of a second
//! there. Natives charge for the data that they touch before they touch it. `cargo bench -p
//! goodwill-vm` prints the time per gas of each.

/// Gas that one call may bring.
pub const CALL_GAS_MAX: u64 = 2_000_000_000;

/// Moves, jumps, loads of constants.
pub const MOVE: u64 = 70;
/// Arithmetic and comparison of small integers, tests of truth.
pub const ARITHMETIC: u64 = 140;
/// An operation on operands that are not both small integers.
pub const SLOW: u64 = 500;
/// Multiplication, division and power of 256 bits, for each.
pub const WIDE: u64 = 900;
/// One step of a loop.
pub const ITERATE: u64 = 160;
/// Reading an element or an attribute.
pub const ACCESS: u64 = 340;
/// Calling a function: a frame, besides its registers.
pub const CALL: u64 = 600;
/// A register that a new frame clears.
pub const REGISTER: u64 = 8;
/// Calling a native function or method, besides what it does.
pub const NATIVE: u64 = 500;
/// A new object.
pub const ALLOCATE: u64 = 500;
/// A value that is copied, scanned or compared.
pub const ELEMENT: u64 = 80;
/// A value that is compared, hashed or shown, besides its bytes.
pub const COMPARE: u64 = 160;
/// Eight bytes that are copied, scanned or compared.
pub const BYTES_8: u64 = 8;
/// A byte of text that is formatted, parsed or changed in case.
pub const BYTE: u64 = 24;
/// A byte that is searched for a part.
pub const SEARCH_BYTE: u64 = 8;
/// A byte of the part that is searched: the search prepares itself.
pub const PART_BYTE: u64 = 72;
/// A part that is found, besides its bytes.
pub const PIECE: u64 = 200;
/// Eight bytes of a new object.
pub const NEW_BYTES_8: u64 = 24;
/// One step in the search for a key.
pub const PROBE: u64 = 80;
/// An entry that is put into a dict or a set.
pub const INSERT: u64 = 700;
/// One comparison of a sort.
pub const SORT_COMPARE: u64 = 120;
/// Raising an exception, or passing a frame with it.
pub const RAISE: u64 = 2_000;

/// Entering a contract from outside or from another contract.
pub const ENTER: u64 = 4_000;
/// First touch of a storage cell in a call.
pub const STORAGE_READ: u64 = 20_000;
/// A storage cell that was already touched in this call.
pub const STORAGE_CACHED: u64 = 1_600;
/// Writing a storage cell.
pub const STORAGE_WRITE: u64 = 10_000;
/// A byte of a storage key or value that is read.
pub const STORAGE_READ_BYTE: u64 = 20;
/// A byte of a storage key or value that is written.
pub const STORAGE_WRITE_BYTE: u64 = 200;
/// An event, besides its bytes.
pub const EVENT: u64 = 8_000;
/// A byte of an event: every node stores it.
pub const EVENT_BYTE: u64 = 200;
/// Moving coins, or reading a balance.
pub const TRANSFER: u64 = 30_000;
/// A value encoded or decoded, besides its bytes.
pub const CODEC_VALUE: u64 = 300;
/// A byte encoded or decoded.
pub const CODEC_BYTE: u64 = 20;
/// A hash, besides its bytes.
pub const HASH: u64 = 4_000;
/// A byte that is hashed.
pub const HASH_BYTE: u64 = 40;
/// A signature that is checked.
pub const SIGNATURE: u64 = 800_000;
/// An address read from text or written to it.
pub const ADDRESS_TEXT: u64 = 20_000;
/// A byte of source that is compiled at deployment.
pub const COMPILE_BYTE: u64 = 2_000;

/// Steps of a search among `count` sorted keys.
pub fn search(count: usize) -> u64 {
    PROBE * u64::from(usize::BITS - count.leading_zeros() + 1)
}

/// Copying or scanning this many bytes.
pub fn bytes(count: usize) -> u64 {
    BYTES_8 * (count as u64 / 8 + 1)
}

/// Making an object of this many bytes.
pub fn new_object(count: usize) -> u64 {
    ALLOCATE + NEW_BYTES_8 * (count as u64 / 8 + 1)
}

/// Copying or scanning this many values.
pub fn elements(count: usize) -> u64 {
    ELEMENT * count as u64
}
