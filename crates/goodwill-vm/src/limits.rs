//! Every bound of the machine, with its unit. Changing one is a new version of the machine.

/// Bytes of a contract's source.
pub const SOURCE_BYTES_MAX: usize = 64 * 1024;
/// Nesting that the parser follows.
pub const PARSE_DEPTH_MAX: u16 = 100;
/// Nesting of expressions that the compiler follows; chains such as `a + b + c` nest too.
pub const EXPRESSION_DEPTH_MAX: u32 = 400;
/// Instructions of one function; jumps have 16 bits.
pub const CODE_LENGTH_MAX: usize = 60_000;
/// Instructions of one contract: bodies of `finally` are copied to every way out.
pub const PROGRAM_LENGTH_MAX: usize = 250_000;
/// Registers of one function, of 16 bytes each.
pub const REGISTERS_MAX: u16 = 2_000;
/// Constants, names, functions and the like of one contract.
pub const POOL_MAX: usize = 0x7fff;
/// Bytes of a name.
pub const NAME_BYTES_MAX: usize = 200;
/// Bytes of a type hint.
pub const HINT_BYTES_MAX: usize = 1_000;
/// Classes of a file in a line of inheritance.
pub const CLASS_DEPTH_MAX: usize = 32;
/// Arguments of one call.
pub const ARGUMENTS_MAX: usize = 250;
/// Stack of the thread that parses and compiles, in bytes.
pub const COMPILE_STACK_BYTES: usize = 32 * 1024 * 1024;
/// Python frames of one contract; one more raises `RecursionError`.
pub const CALL_DEPTH_MAX: usize = 64;
/// Nesting of values in comparisons, `repr`, hashing and encoding.
pub const NESTING_MAX: u32 = 32;
/// Memory of a call with all its cross-contract calls, in bytes as the formula counts them.
pub const MEMORY_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Contracts that wait for each other in one transaction.
pub const CONTRACT_DEPTH_MAX: usize = 8;
/// Bytes of one encoded value in storage, in arguments, results and events.
pub const VALUE_BYTES_MAX: usize = 64 * 1024;
/// Bytes of one storage key below its contract.
pub const STORAGE_KEY_BYTES_MAX: usize = 1024;
/// Events of one call.
pub const EVENTS_MAX: usize = 1_000;
/// Widths and precisions in format specifications, in characters.
pub const FORMAT_WIDTH_MAX: usize = 1_000;
/// Characters of an integer's text.
pub const INTEGER_TEXT_MAX: usize = 300;
/// Entries of a traceback.
pub const TRACEBACK_MAX: usize = 80;
/// Gas for the text of an exception that ends a call, which nobody pays.
pub const DESCRIBE_GAS: u64 = 10_000_000;
/// Bytes of an exception's message in receipts.
pub const MESSAGE_BYTES_MAX: usize = 1_024;
/// Bytes that `print` may write in one call.
pub const LOG_BYTES_MAX: usize = 64 * 1024;
