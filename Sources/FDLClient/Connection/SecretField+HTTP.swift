import FDLCore
import NIOHTTP1

extension HTTPHeaders {
    /// Adds the fields that an origin is shown, and removes others of the same names.
    mutating func show(_ fields: [SecretField]) {
        for field in fields { remove(name: field.name) }
        for field in fields { add(name: field.name, value: field.value.revealed) }
    }
}
