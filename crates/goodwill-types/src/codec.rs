//! The one canonical encoding, built on `commonware-codec`.
//!
//! Integers are big-endian, or LEB128 where a field is marked `varint`; a list is its length as a
//! `varint`, then its items; an enum is one tag byte, then the variant. Decoding refuses trailing
//! bytes, over-long varints and lengths outside their bounds, so that a value has one encoding
//! only: `encode(decode(bytes)) == bytes` for all bytes that decode.

pub use bytes::BufMut;
use commonware_codec::RangeCfg;
pub use commonware_codec::{
    Buf, Copying, DecodeExt, Encode, EncodeSize, Error, Read, ReadExt, Write, varint::UInt,
};
use std::{
    fmt,
    ops::{Deref, DerefMut},
};

/// Implements the codec of a struct, field by field in the order given; `: varint` for integers that
/// are mostly small.
#[macro_export]
macro_rules! record {
    (@write $self:ident $buf:ident $field:ident) => { $self.$field.write($buf) };
    (@write $self:ident $buf:ident $field:ident varint) => { UInt($self.$field).write($buf) };
    (@size $self:ident $field:ident) => { $self.$field.encode_size() };
    (@size $self:ident $field:ident varint) => { UInt($self.$field).encode_size() };
    (@read $buf:ident) => { ReadExt::read($buf)? };
    (@read $buf:ident varint) => {{ let UInt(value) = ReadExt::read($buf)?; value }};
    ($name:ident { $($field:ident $(: $kind:ident)?),* $(,)? }) => {
        const _: () = {
            #[allow(unused_imports, reason = "not every record has a varint")]
            use $crate::codec::{Buf, BufMut, EncodeSize, Error, Read, ReadExt, UInt, Write};
            impl Write for $name {
                fn write(&self, buf: &mut impl BufMut) {
                    $($crate::record!(@write self buf $field $($kind)?);)*
                }
            }
            impl EncodeSize for $name {
                fn encode_size(&self) -> usize {
                    0 $(+ $crate::record!(@size self $field $($kind)?))*
                }
            }
            impl Read for $name {
                type Cfg = ();
                fn read_cfg(buf: &mut impl Buf, (): &()) -> Result<Self, Error> {
                    $(let $field = $crate::record!(@read buf $($kind)?);)*
                    Ok(Self { $($field),* })
                }
            }
        };
    };
}
pub use record;

/// Implements the codec of a closed enum: each variant's tag, then its fields in the order given.
#[macro_export]
macro_rules! variants {
    ($name:ident { $($tag:literal => $variant:ident { $($field:ident),* $(,)? }),* $(,)? }) => {
        const _: () = {
            use $crate::codec::{Buf, BufMut, EncodeSize, Error, Read, ReadExt, Write};
            impl Write for $name {
                fn write(&self, buf: &mut impl BufMut) {
                    match self {
                        $(Self::$variant { $($field),* } => {
                            let tag: u8 = $tag;
                            tag.write(buf);
                            $($field.write(buf);)*
                        })*
                    }
                }
            }
            impl EncodeSize for $name {
                fn encode_size(&self) -> usize {
                    match self {
                        $(Self::$variant { $($field),* } => 1 $(+ $field.encode_size())*,)*
                    }
                }
            }
            impl Read for $name {
                type Cfg = ();
                fn read_cfg(buf: &mut impl Buf, (): &()) -> Result<Self, Error> {
                    match u8::read(buf)? {
                        $($tag => {
                            $(let $field = ReadExt::read(buf)?;)*
                            Ok(Self::$variant { $($field),* })
                        })*
                        tag => Err(Error::InvalidEnum(tag)),
                    }
                }
            }
        };
    };
}
pub use variants;

/// A list of `MIN` to `MAX` items; the bound holds wherever the list comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct List<T, const MIN: usize, const MAX: usize>(Vec<T>);

impl<T, const MIN: usize, const MAX: usize> List<T, MIN, MAX> {
    /// `None` when `items` has fewer than `MIN` or more than `MAX` items.
    pub fn new(items: Vec<T>) -> Option<Self> {
        (MIN..=MAX).contains(&items.len()).then_some(Self(items))
    }

    /// The items.
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MAX: usize> Default for List<T, 0, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MIN: usize, const MAX: usize> Deref for List<T, MIN, MAX> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Write, const MIN: usize, const MAX: usize> Write for List<T, MIN, MAX> {
    fn write(&self, buf: &mut impl BufMut) {
        self.0.write(buf);
    }
}

impl<T: EncodeSize, const MIN: usize, const MAX: usize> EncodeSize for List<T, MIN, MAX> {
    fn encode_size(&self) -> usize {
        self.0.encode_size()
    }
}

impl<T: Read<Cfg = ()>, const MIN: usize, const MAX: usize> Read for List<T, MIN, MAX> {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, (): &()) -> Result<Self, Error> {
        Ok(Self(Vec::read_cfg(buf, &(RangeCfg::new(MIN..=MAX), ()))?))
    }
}

/// What is large and rare in an enum: elsewhere, so that the other variants are small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boxed<T>(Box<T>);

impl<T> From<T> for Boxed<T> {
    fn from(value: T) -> Self {
        Self(Box::new(value))
    }
}

impl<T> Deref for Boxed<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Boxed<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Write> Write for Boxed<T> {
    fn write(&self, buf: &mut impl BufMut) {
        self.0.write(buf);
    }
}

impl<T: EncodeSize> EncodeSize for Boxed<T> {
    fn encode_size(&self) -> usize {
        self.0.encode_size()
    }
}

impl<T: Read<Cfg = ()>> Read for Boxed<T> {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, (): &()) -> Result<Self, Error> {
        T::read(buf).map(Self::from)
    }
}

/// Exactly `N` items, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Array<T, const N: usize>(pub [T; N]);

impl<T: Copy + Default, const N: usize> Default for Array<T, N> {
    fn default() -> Self {
        Self([T::default(); N])
    }
}

impl<T: Write, const N: usize> Write for Array<T, N> {
    fn write(&self, buf: &mut impl BufMut) {
        self.0.iter().for_each(|item| item.write(buf));
    }
}

impl<T: EncodeSize, const N: usize> EncodeSize for Array<T, N> {
    fn encode_size(&self) -> usize {
        self.0.iter().map(EncodeSize::encode_size).sum()
    }
}

impl<T: Read<Cfg = ()> + Copy + Default, const N: usize> Read for Array<T, N> {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, (): &()) -> Result<Self, Error> {
        let mut items = [T::default(); N];
        for item in &mut items {
            *item = ReadExt::read(buf)?;
        }
        Ok(Self(items))
    }
}

/// A text of at most `MAX` bytes of UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// `None` when `text` is too long.
    pub fn new(text: String) -> Option<Self> {
        (text.len() <= MAX).then_some(Self(text))
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> Deref for Text<MAX> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> Write for Text<MAX> {
    fn write(&self, buf: &mut impl BufMut) {
        self.0.as_bytes().write(buf);
    }
}

impl<const MAX: usize> EncodeSize for Text<MAX> {
    fn encode_size(&self) -> usize {
        self.0.as_bytes().encode_size()
    }
}

impl<const MAX: usize> Read for Text<MAX> {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, (): &()) -> Result<Self, Error> {
        let bytes = Vec::<u8>::read_cfg(buf, &(RangeCfg::new(0..=MAX), ()))?;
        String::from_utf8(bytes).map(Self).map_err(|_| Error::Invalid("text", "not UTF-8"))
    }
}

/// Decodes a whole message from borrowed bytes.
///
/// # Errors
/// When the bytes are not exactly one encoded `T`.
pub fn decode<T: Read<Cfg = ()>>(bytes: &[u8]) -> Result<T, Error> {
    T::decode(Copying(bytes))
}
