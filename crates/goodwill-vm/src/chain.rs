//! `emit` and `chain`: what a contract does beyond its own state.

use crate::{
    classes,
    fault::{Fault, Run},
    gas,
    host::{Event, Host, Key},
    interpreter::{Args, Arguments, Machine, OutgoingCall},
    limits,
    methods::Keywords,
    names::Known,
    types::Type,
    value::Value,
    world::World,
};
use goodwill_types::Address;
use sha2::Digest;

/// Bytes that most values of events have: addresses and amounts.
const EVENT_VALUE_BYTES: usize = 22;

impl Machine {
    /// `emit(name, **fields)`.
    pub(crate) fn emit(&mut self, world: &mut World<'_>, args: Args, keywords: Keywords<'_>) -> Run<Value> {
        let Value::Str(name) = self.arg(args, 0) else {
            return self
                .raise(classes::TYPE_ERROR, "emit() takes the event's name, and its fields by keyword");
        };
        if args.count != 1 {
            return self.raise(classes::TYPE_ERROR, "emit() takes the event's fields by keyword");
        }
        self.check_writable()?;
        self.events += 1;
        if self.events > limits::EVENTS_MAX {
            return self.raise(classes::VALUE_ERROR, "too many events in one call");
        }
        let name = self.heap.str(name).to_owned();
        let program = world.program;
        let mut fields = Vec::with_capacity(keywords.len());
        let mut size = name.len();
        for (field, value) in keywords {
            let mut bytes = Vec::with_capacity(EVENT_VALUE_BYTES);
            self.encode(&mut bytes, &Type::Any, *value)?;
            size += bytes.len() + program.name(*field).len();
            fields.push((program.name(*field).to_owned(), bytes));
        }
        self.heap.charge(gas::EVENT + gas::EVENT_BYTE * size as u64)?;
        self.heap.meter.allocate(size as u64)?;
        world.host.emit(Event { contract: self.context.contract, name, fields });
        Ok(Value::None)
    }

    /// Calls a method of `chain`.
    pub(crate) fn chain_method(
        &mut self,
        world: &mut World<'_>,
        known: Known,
        args: Args,
        keywords: Keywords<'_>,
    ) -> Run<Value> {
        match known {
            Known::call => return self.call_contract(world, args, keywords),
            Known::balance => self.arity(known, args, 1, 1)?,
            Known::transfer => self.arity(known, args, 2, 2)?,
            Known::sha256 | Known::blake3 => self.arity(known, args, 1, 1)?,
            Known::verify_ed25519 => self.arity(known, args, 3, 3)?,
            _ => {
                let message = format!("'Chain' object has no attribute '{}'", known.text());
                return self.raise(classes::ATTRIBUTE_ERROR, &message);
            }
        }
        match known {
            Known::balance => {
                let account = self.address_arg(self.arg(args, 0))?;
                self.heap.charge(gas::TRANSFER)?;
                match world.host.balance(&account) {
                    Ok(balance) => self.amount(balance),
                    Err(_) => self.need(Key::Account(account)),
                }
            }
            Known::transfer => {
                let to = self.address_arg(self.arg(args, 0))?;
                let amount = self.amount_arg(self.arg(args, 1))?;
                self.check_writable()?;
                self.heap.charge(gas::TRANSFER)?;
                let contract = self.context.contract;
                match world.host.transfer(&contract, &to, amount) {
                    Ok(true) => Ok(Value::None),
                    Ok(false) => self.too_few(world.host, &contract, amount),
                    Err(account) => self.need(Key::Account(account)),
                }
            }
            Known::sha256 | Known::blake3 => {
                let bytes = self.bytes_of(known, self.arg(args, 0))?;
                self.heap.charge(gas::HASH + gas::HASH_BYTE * bytes.len() as u64)?;
                let digest: [u8; 32] = match known {
                    Known::sha256 => sha2::Sha256::digest(&bytes).into(),
                    _ => *blake3::hash(&bytes).as_bytes(),
                };
                self.heap.new_bytes(&digest)
            }
            _ => self.verify(world, args),
        }
    }

    /// Raises because an account has too few coins.
    pub(crate) fn too_few<T>(&mut self, host: &mut dyn Host, account: &Address, amount: u128) -> Run<T> {
        match host.balance(account) {
            Ok(balance) => {
                self.raise(classes::VALUE_ERROR, &format!("insufficient balance: {balance} < {amount}"))
            }
            Err(_) => self.need(Key::Account(*account)),
        }
    }

    fn verify(&mut self, world: &mut World<'_>, args: Args) -> Run<Value> {
        let known = Known::verify_ed25519;
        let key = self.bytes_of(known, self.arg(args, 0))?;
        let message = self.bytes_of(known, self.arg(args, 1))?;
        let signature = self.bytes_of(known, self.arg(args, 2))?;
        self.heap.charge(gas::SIGNATURE + gas::HASH_BYTE * message.len() as u64)?;
        let valid = match (key.first_chunk::<32>(), signature.first_chunk::<64>()) {
            (Some(key_bytes), Some(signature_bytes)) if key.len() == 32 && signature.len() == 64 => {
                world.host.verify_ed25519(key_bytes, &message, signature_bytes)
            }
            _ => false,
        };
        Ok(Value::Bool(valid))
    }

    fn bytes_of(&mut self, known: Known, value: Value) -> Run<Vec<u8>> {
        match value {
            Value::Bytes(bytes) => {
                self.heap.charge(gas::bytes(self.heap.bytes(bytes).len()))?;
                Ok(self.heap.bytes(bytes).to_vec())
            }
            other => {
                let message = format!("chain.{}() takes bytes, not {}", known.text(), self.type_name(other));
                self.raise(classes::TYPE_ERROR, &message)
            }
        }
    }

    fn address_arg(&mut self, value: Value) -> Run<Address> {
        match value {
            Value::Address(address) => Ok(self.heap.address(address)),
            other => {
                let message = format!("expected Address, got {}", self.type_name(other));
                self.raise(classes::TYPE_ERROR, &message)
            }
        }
    }

    fn amount_arg(&mut self, value: Value) -> Run<u128> {
        match value {
            Value::Int(_) | Value::Big(_) => {}
            other => {
                let message = format!("expected int, got {}", self.type_name(other));
                return self.raise(classes::TYPE_ERROR, &message);
            }
        }
        let amount = self.heap.as_wide(value).unwrap_or_default();
        if amount < 0 {
            return self.raise(classes::VALUE_ERROR, "amount must not be negative");
        }
        // More than all coins is more than anybody has.
        Ok(u128::try_from(amount).unwrap_or(u128::MAX))
    }

    /// `chain.call(contract, method, *args, value=0)`.
    fn call_contract(&mut self, world: &mut World<'_>, args: Args, keywords: Keywords<'_>) -> Run<Value> {
        self.only_keywords("call", keywords, &["value"])?;
        if args.count < 2 {
            return self
                .raise(classes::TYPE_ERROR, "chain.call() takes a contract, a method, and its arguments");
        }
        let contract = self.address_arg(self.arg(args, 0))?;
        let Value::Str(method) = self.arg(args, 1) else {
            let message = format!("expected str, got {}", self.type_name(self.arg(args, 1)));
            return self.raise(classes::TYPE_ERROR, &message);
        };
        let method = self.heap.str(method).to_owned();
        let value = match self.keyword(keywords, "value") {
            Some(value) => self.amount_arg(value)?,
            None => 0,
        };
        match world.host.program_gas(&contract) {
            Err(_) => return self.need(Key::Program(contract)),
            Ok(gas) => self.heap.charge(gas)?,
        }
        let program = match world.host.program(&contract) {
            Err(_) => return self.need(Key::Program(contract)),
            Ok(Some(program)) => program,
            Ok(None) => {
                let message = format!("there is no contract at {}", contract.display(&self.context.prefix));
                return self.raise(classes::VALUE_ERROR, &message);
            }
        };
        if !program.exports.get(method.as_str()).is_some_and(|export| export.view) {
            self.check_writable()?;
        }
        let mut arguments = Arguments { positional: args.count - 2, ..Arguments::default() };
        for index in 2..args.count {
            self.encode(&mut arguments.bytes, &Type::Any, self.arg(args, index))?;
        }
        self.heap.charge(gas::ENTER)?;
        self.flush(world.host)?;
        self.outgoing = Some(OutgoingCall { contract, program, method, arguments, value });
        Err(Fault::Call)
    }
}
