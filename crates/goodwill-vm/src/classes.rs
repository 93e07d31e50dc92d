//! The classes that every contract has: types, and the tree of exceptions.

use crate::value::ClassId;

macro_rules! classes {
    ($($name:ident = $text:literal $(: $base:ident)?),* $(,)?) => {
        #[allow(dead_code, non_camel_case_types, clippy::upper_case_acronyms, reason = "they number the constants below")]
        #[repr(u16)]
        enum Number { $($name),* }
        $(#[allow(dead_code, reason = "some are only named by contracts")]
        pub(crate) const $name: ClassId = Number::$name as ClassId;)*

        /// Names and bases of the builtin classes, by number.
        pub(crate) const BUILTIN: &[(&str, Option<ClassId>)] = &[$(($text, classes!(@base $($base)?))),*];
    };
    (@base $base:ident) => { Some($base) };
    (@base) => { None };
}

classes! {
    OBJECT = "object", INT = "int", BOOL = "bool": INT, STR = "str", BYTES = "bytes", LIST = "list",
    TUPLE = "tuple", DICT = "dict", SET = "set", RANGE = "range", NONE_TYPE = "NoneType",
    ADDRESS = "Address", MAP = "Map", CONTRACT = "Contract",
    BASE_EXCEPTION = "BaseException",
    EXCEPTION = "Exception": BASE_EXCEPTION,
    ARITHMETIC_ERROR = "ArithmeticError": EXCEPTION,
    OVERFLOW_ERROR = "OverflowError": ARITHMETIC_ERROR,
    ZERO_DIVISION_ERROR = "ZeroDivisionError": ARITHMETIC_ERROR,
    ASSERTION_ERROR = "AssertionError": EXCEPTION,
    ATTRIBUTE_ERROR = "AttributeError": EXCEPTION,
    LOOKUP_ERROR = "LookupError": EXCEPTION,
    INDEX_ERROR = "IndexError": LOOKUP_ERROR,
    KEY_ERROR = "KeyError": LOOKUP_ERROR,
    NAME_ERROR = "NameError": EXCEPTION,
    UNBOUND_LOCAL_ERROR = "UnboundLocalError": NAME_ERROR,
    OS_ERROR = "OSError": EXCEPTION,
    PERMISSION_ERROR = "PermissionError": OS_ERROR,
    RUNTIME_ERROR = "RuntimeError": EXCEPTION,
    NOT_IMPLEMENTED_ERROR = "NotImplementedError": RUNTIME_ERROR,
    RECURSION_ERROR = "RecursionError": RUNTIME_ERROR,
    STOP_ITERATION = "StopIteration": EXCEPTION,
    TYPE_ERROR = "TypeError": EXCEPTION,
    VALUE_ERROR = "ValueError": EXCEPTION,
    UNICODE_ERROR = "UnicodeError": VALUE_ERROR,
    UNICODE_DECODE_ERROR = "UnicodeDecodeError": UNICODE_ERROR,
    UNICODE_ENCODE_ERROR = "UnicodeEncodeError": UNICODE_ERROR,
    REQUIRE_ERROR = "RequireError": EXCEPTION,
}

/// The builtin class of this name that a contract can name.
pub(crate) fn find(name: &str) -> Option<ClassId> {
    let position = BUILTIN.iter().position(|(text, _)| *text == name)?;
    let id = ClassId::try_from(position).ok()?;
    (id != NONE_TYPE && id != OBJECT).then_some(id)
}

/// Whether a builtin class is `other` or below it.
pub(crate) fn is_below(mut class: ClassId, other: ClassId) -> bool {
    loop {
        if class == other {
            return true;
        }
        match BUILTIN.get(usize::from(class)).and_then(|(_, base)| *base) {
            Some(base) => class = base,
            None => return false,
        }
    }
}
