//! Words of a command line as arguments of a method, read as its type hints say.

use crate::{
    data::Data,
    literal::{self, Names},
    program::{ClassKind, Parameter, Program},
    types::Type,
};
use goodwill_types::{Address, Prefix};

/// How addresses can be written besides as their texts.
pub type Accounts<'a> = &'a dyn Fn(&str) -> Option<Address>;

impl Program {
    /// The arguments of a method. For a text any word will do, with quotes or without; for an address its
    /// text or a name that `accounts` knows, also within lists and the like; all else is a literal of
    /// Python or JSON. Whether it fits the hint is for the machine to check.
    ///
    /// # Errors
    /// Says which argument cannot be read, and what is expected.
    pub fn arguments(
        &self,
        method: &str,
        words: &[String],
        prefix: &Prefix,
        accounts: Accounts<'_>,
    ) -> Result<Vec<Data>, String> {
        let reading = Reading { program: self, prefix, accounts };
        let export = self.exports.get(method);
        let parameter = |index| export.and_then(|export| export.parameter(self, index));
        words.iter().enumerate().map(|(index, word)| reading.argument(parameter(index), word)).collect()
    }
}

/// What words are read with.
#[derive(Clone, Copy)]
struct Reading<'a> {
    program: &'a Program,
    prefix: &'a Prefix,
    accounts: Accounts<'a>,
}

impl Reading<'_> {
    fn argument(self, parameter: Option<Parameter<'_>>, word: &str) -> Result<Data, String> {
        let Some(Parameter { method, name, kind }) = parameter else {
            return Ok(self.unhinted(word));
        };
        self.word(kind.unwrap_or(&Type::Any), word)
            .map_err(|problem| format!("{method}: argument '{name}': {problem}"))
    }

    fn word(self, kind: &Type, word: &str) -> Result<Data, String> {
        match kind {
            Type::Optional(_) if matches!(word, "None" | "null") => Ok(Data::None),
            Type::Optional(inner) => self.word(inner, word),
            Type::Str => Ok(Data::Str(self.quoted(word).unwrap_or_else(|| word.into()))),
            Type::Address => match self.named(word) {
                Ok(address) => Ok(Data::Address(address)),
                Err(problem) => match literal::parse(word, self.prefix) {
                    Ok(data @ Data::Address(_)) => Ok(data),
                    _ => Err(problem),
                },
            },
            Type::Any => Ok(self.unhinted(word)),
            Type::Int
            | Type::Bool
            | Type::Bytes
            | Type::None
            | Type::List(_)
            | Type::Tuple(_)
            | Type::Tuples(_)
            | Type::Dict(..)
            | Type::Record(_)
            | Type::Map(..) => self.literal(kind, word),
        }
    }

    fn literal(self, kind: &Type, word: &str) -> Result<Data, String> {
        let data = literal::parse_with(word, self.prefix, Names::Words).map_err(|problem| {
            format!("expected {}, got what cannot be read: {problem}", kind.display(self.program))
        })?;
        self.fit(kind, data)
    }

    /// What it seems to be.
    fn unhinted(self, word: &str) -> Data {
        if let Ok(address) = Address::parse(word, self.prefix) {
            return Data::Address(address);
        }
        literal::parse_with(word, self.prefix, Names::Words).unwrap_or_else(|_| Data::Str(word.into()))
    }

    /// The text between quotes.
    fn quoted(self, word: &str) -> Option<String> {
        let quotes = word.starts_with(['\'', '"']);
        match literal::parse(word, self.prefix) {
            Ok(Data::Str(text)) if quotes => Some(text),
            _ => None,
        }
    }

    fn named(self, word: &str) -> Result<Address, String> {
        if let Some(address) = (self.accounts)(word) {
            return Ok(address);
        }
        Address::parse(word, self.prefix)
            .map_err(|problem| format!("expected Address: {problem}, and no account here has this name"))
    }

    /// Puts in what a literal cannot say: names for addresses, JSON's lists for tuples.
    fn fit(self, kind: &Type, data: Data) -> Result<Data, String> {
        let all = |kind: &Type, items: Vec<Data>| -> Result<Vec<Data>, String> {
            items.into_iter().map(|item| self.fit(kind, item)).collect()
        };
        Ok(match (kind, data) {
            (Type::Optional(inner), data) => self.fit(inner, data)?,
            (Type::Address, Data::Str(name)) => Data::Address(self.named(&name)?),
            (Type::List(inner), Data::List(items)) => Data::List(all(inner, items)?),
            (Type::Tuples(inner), Data::Tuple(items) | Data::List(items)) => Data::Tuple(all(inner, items)?),
            (Type::Tuple(kinds), Data::Tuple(items) | Data::List(items)) => {
                Data::Tuple(self.fit_each(kinds.iter(), items)?)
            }
            (Type::Dict(key, value), Data::Dict(entries)) => {
                let entry = |(name, item)| Ok((self.fit(key, name)?, self.fit(value, item)?));
                Data::Dict(entries.into_iter().map(entry).collect::<Result<_, String>>()?)
            }
            (Type::Record(class), Data::Record(name, items)) => {
                let fields = match self.program.class(*class).map(|class| &class.kind) {
                    Some(ClassKind::Record { fields, .. }) => &fields[..],
                    _ => &[],
                };
                Data::Record(name, self.fit_each(fields.iter().map(|field| &field.kind), items)?)
            }
            (_, data) => data,
        })
    }

    /// Each by its own kind; those that are too many stay for the machine to refuse.
    fn fit_each<'t>(
        self,
        kinds: impl Iterator<Item = &'t Type>,
        items: Vec<Data>,
    ) -> Result<Vec<Data>, String> {
        let kinds = kinds.chain(std::iter::repeat(&Type::Any));
        items.into_iter().zip(kinds).map(|(item, kind)| self.fit(kind, item)).collect()
    }
}
