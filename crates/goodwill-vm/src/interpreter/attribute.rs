//! Attributes of objects, of the contract, of `msg` and `chain`.

use super::{Machine, Registers};
use crate::{
    bytecode::{Operand, Reg},
    classes,
    fault::Run,
    gas,
    host::Key,
    methods,
    names::Known,
    program::{ClassKind, Program},
    value::{ClassId, Handle, NameId, Value},
    world::World,
};
use ethnum::I256;
use std::sync::Arc;

impl Machine {
    #[inline(never)]
    pub(super) fn op_attribute(
        &mut self,
        world: &mut World<'_>,
        at: Registers<'_>,
        dst: Reg,
        object: Operand,
        name: NameId,
    ) -> Run<()> {
        self.may_need();
        self.heap.charge(gas::ACCESS)?;
        let object = self.take(at, object)?;
        let value = self.attribute(world, object, name)?;
        self.set(at, dst, value);
        Ok(())
    }

    #[inline(never)]
    pub(super) fn op_store_attribute(
        &mut self,
        at: Registers<'_>,
        object: Operand,
        name: NameId,
        src: Operand,
    ) -> Run<()> {
        self.may_need();
        self.heap.charge(gas::ACCESS)?;
        let (object, value) = (self.take(at, object)?, self.take(at, src)?);
        self.store_attribute(at.program, object, name, value)
    }

    /// The value of an attribute.
    pub(super) fn attribute(&mut self, world: &mut World<'_>, object: Value, name: NameId) -> Run<Value> {
        match object {
            Value::Contract => self.contract_attribute(world, name),
            Value::Instance(handle) => self.instance_attribute(world.program, handle, name),
            Value::Message => match Known::of(name) {
                Some(Known::sender) => self.sender(),
                Some(Known::value) => self.amount(self.context.value),
                _ => self.no_attribute("Message", name),
            },
            Value::Chain => {
                let facts = world.host.chain();
                match Known::of(name) {
                    Some(Known::height) => self.heap.new_int(I256::from(facts.height)),
                    Some(Known::timestamp) => self.heap.new_int(I256::from(facts.timestamp_ms)),
                    Some(Known::epoch) => self.heap.new_int(I256::from(facts.epoch)),
                    Some(
                        Known::balance
                        | Known::transfer
                        | Known::call
                        | Known::sha256
                        | Known::blake3
                        | Known::verify_ed25519,
                    ) => self.heap.new_method((object, name), 16),
                    _ => self.no_attribute("Chain", name),
                }
            }
            Value::Class(class) => self.class_attribute(world.program, class, name),
            other => {
                if Known::of(name).is_some_and(|known| methods::has_method(other, known)) {
                    return self.heap.new_method((other, name), 16);
                }
                let class = self.type_name(other).to_owned();
                self.no_attribute(&class, name)
            }
        }
    }

    /// `msg.sender`: one object in a call.
    fn sender(&mut self) -> Run<Value> {
        if self.sender == Value::Unbound {
            self.sender = self.heap.new_address(self.context.sender)?;
        }
        Ok(self.sender)
    }

    /// `self.address`: one object in a call.
    fn own_address(&mut self) -> Run<Value> {
        if self.address == Value::Unbound {
            self.address = self.heap.new_address(self.context.contract)?;
        }
        Ok(self.address)
    }

    #[cold]
    fn no_attribute<T>(&mut self, class: &str, name: NameId) -> Run<T> {
        let program = Arc::clone(&self.heap.program);
        let message = format!("'{class}' object has no attribute '{}'", program.name(name));
        self.raise(classes::ATTRIBUTE_ERROR, &message)
    }

    /// An amount of coins as an integer.
    pub(crate) fn amount(&mut self, amount: u128) -> Run<Value> {
        self.heap.new_int(I256::from(amount))
    }

    fn contract_attribute(&mut self, world: &mut World<'_>, name: NameId) -> Run<Value> {
        let program = world.program;
        if let Some(field) = program.field(name) {
            return self.read_field(world, field);
        }
        match Known::of(name) {
            Some(Known::address) => return self.own_address(),
            Some(Known::balance) => {
                self.heap.charge(gas::TRANSFER)?;
                let contract = self.context.contract;
                return match world.host.balance(&contract) {
                    Ok(balance) => self.amount(balance),
                    Err(_) => self.need(Key::Account(contract)),
                };
            }
            _ => {}
        }
        self.class_member(program, program.contract, Value::Contract, name)
    }

    fn instance_attribute(&mut self, program: &Program, handle: Handle, name: NameId) -> Run<Value> {
        let instance = self.heap.instance(handle);
        let scanned = instance.fields.len();
        let class = instance.class;
        self.heap.charge(gas::elements(scanned / 4))?;
        if let Some(value) = self.heap.instance(handle).get(name) {
            return Ok(value);
        }
        self.class_member(program, class, Value::Instance(handle), name)
    }

    /// A method or a constant of an object's class.
    fn class_member(&mut self, program: &Program, class: ClassId, object: Value, name: NameId) -> Run<Value> {
        if let Some(description) = program.class(class) {
            if description.methods.contains_key(&name) {
                return self.heap.new_method((object, name), 16);
            }
            if let Some(value) = description.attributes.get(&name) {
                return Ok(*value);
            }
        }
        self.no_attribute(program.class_name(class), name)
    }

    fn class_attribute(&mut self, program: &Program, class: ClassId, name: NameId) -> Run<Value> {
        if class == classes::ADDRESS && name == Known::ZERO.id() {
            return self.heap.new_address(crate::address::zero());
        }
        if let Some(description) = program.class(class) {
            if let Some(value) = description.attributes.get(&name) {
                return Ok(*value);
            }
            if let Some(function) = description.methods.get(&name) {
                return Ok(Value::Function(*function));
            }
        }
        let message =
            format!("type object '{}' has no attribute '{}'", program.class_name(class), program.name(name));
        self.raise(classes::ATTRIBUTE_ERROR, &message)
    }

    /// Assigns to an attribute.
    fn store_attribute(&mut self, program: &Program, object: Value, name: NameId, value: Value) -> Run<()> {
        match object {
            Value::Contract => match program.field(name) {
                Some(field) => self.write_field(program, field, value),
                None => {
                    let message = format!("self.{} is not a field of the contract", program.name(name));
                    self.raise(classes::ATTRIBUTE_ERROR, &message)
                }
            },
            Value::Instance(handle) => {
                let class = self.heap.instance(handle).class;
                let frozen = program
                    .class(class)
                    .is_some_and(|class| matches!(class.kind, ClassKind::Record { frozen: true, .. }));
                if frozen {
                    let message = format!("cannot assign to field '{}'", program.name(name));
                    return self.raise(classes::ATTRIBUTE_ERROR, &message);
                }
                self.set_field(handle, name, value)
            }
            other => {
                let class = self.type_name(other).to_owned();
                self.no_attribute(&class, name)
            }
        }
    }

    /// Sets a field of an object.
    pub(crate) fn set_field(&mut self, handle: Handle, name: NameId, value: Value) -> Run<()> {
        let scanned = self.heap.instance(handle).fields.len();
        self.heap.charge(gas::elements(scanned / 4))?;
        let instance = self.heap.instance_mut(handle);
        if let Some((_, old)) = instance.fields.iter_mut().find(|(field, _)| *field == name) {
            *old = value;
            return Ok(());
        }
        self.heap.meter.allocate(48)?;
        self.heap.instance_mut(handle).fields.push((name, value));
        Ok(())
    }
}
