//! What a contract offers, as JSON: methods with their parameters, fields of storage, dataclasses.

use crate::{
    program::{ClassKind, Program},
    types::Type,
    value::Value,
};
use serde_json::{Value as Json, json};

impl Program {
    /// The contract's interface.
    pub fn abi(&self) -> Json {
        let methods: Vec<Json> =
            self.exports.iter().map(|(name, export)| self.method_abi(name, export)).collect();
        let fields: Vec<Json> = self
            .fields
            .iter()
            .map(|field| json!({"name": self.name(field.name), "type": field.kind.display(self).to_string()}))
            .collect();
        json!({
            "contract": self.class_name(self.contract),
            "vm_version": crate::program::VM_VERSION,
            "methods": methods,
            "fields": fields,
            "dataclasses": self.records_abi(),
        })
    }

    fn method_abi(&self, name: &str, export: &crate::program::Export) -> Json {
        let declared = &self.functions[usize::from(export.function)].parameters;
        let shown = |kind: &Option<Type>| kind.as_ref().map(|kind| kind.display(self).to_string());
        let parameters: Vec<Json> = export
            .parameters
            .iter()
            .enumerate()
            .map(|(index, kind)| {
                let mut parameter =
                    json!({"name": self.name(declared.names[index + 1]), "type": shown(kind)});
                if let Some(default) = declared.defaults[index + 1] {
                    parameter["default"] = json!(self.constant_text(default));
                }
                parameter
            })
            .collect();
        json!({
            "name": name,
            "view": export.view,
            "payable": export.payable,
            "parameters": parameters,
            "star": shown(&export.star),
            "returns": shown(&export.returns),
        })
    }

    /// A constant as Python shows it; those that are not simple by their kind.
    fn constant_text(&self, value: Value) -> String {
        match value {
            Value::None => "None".into(),
            Value::Bool(true) => "True".into(),
            Value::Bool(false) => "False".into(),
            Value::Int(int) => int.to_string(),
            Value::Big(handle) => self.wides[handle as usize].to_string(),
            Value::Str(handle) => {
                let mut out = String::new();
                crate::text::write_str_repr(&mut out, &self.strings[handle as usize]);
                out
            }
            Value::Bytes(handle) => {
                let mut out = String::new();
                crate::text::write_bytes_repr(&mut out, &self.blobs[handle as usize]);
                out
            }
            _ => "...".into(),
        }
    }

    fn records_abi(&self) -> Vec<Json> {
        let records = self.classes.iter().filter_map(|class| match &class.kind {
            ClassKind::Record { fields, .. } => Some((class.name, fields)),
            _ => None,
        });
        let fields = |fields: &[crate::program::RecordField]| -> Vec<Json> {
            let each = fields.iter();
            each.map(
                |field| json!({"name": self.name(field.name), "type": field.kind.display(self).to_string()}),
            )
            .collect()
        };
        records.map(|(name, of)| json!({"name": self.name(name), "fields": fields(of)})).collect()
    }

    /// Names of a dataclass's fields; none if there is no such dataclass.
    pub fn record_fields(&self, name: &str) -> Vec<String> {
        let class = self
            .classes
            .iter()
            .find(|class| matches!(class.kind, ClassKind::Record { .. }) && self.name(class.name) == name);
        match class.map(|class| &class.kind) {
            Some(ClassKind::Record { fields, .. }) => {
                fields.iter().map(|field| self.name(field.name).into()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Names and kinds of the contract's fields, by number.
    pub fn storage_fields(&self) -> Vec<(String, Type)> {
        self.fields.iter().map(|field| (self.name(field.name).to_owned(), field.kind.clone())).collect()
    }

    /// Whether a method is a view: it can be asked, for free.
    pub fn is_view(&self, method: &str) -> bool {
        self.exports.get(method).is_some_and(|export| export.view)
    }

    /// Whether there is an `init` that cannot be called without arguments.
    pub fn init_takes_something(&self) -> bool {
        self.exports.contains_key("init") && !self.init_takes_nothing()
    }

    /// Whether there is an `init` that can be called without arguments.
    pub fn init_takes_nothing(&self) -> bool {
        self.exports.get("init").is_some_and(|export| {
            let defaults = &self.functions[usize::from(export.function)].parameters.defaults;
            defaults.iter().skip(1).all(Option::is_some)
        })
    }
}
