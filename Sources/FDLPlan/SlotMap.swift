/// A map whose keys are never reused, and which finds values without hashing: a key consists of the value's place and
/// of a generation, the number of values that this place held before.
struct SlotMap<Value: Sendable>: Sendable {
    private struct Slot: Sendable {
        var generation = 0
        /// Stays here after its removal until the next value takes this place.
        var value: Value
    }

    private static var placeBits: Int { 20 }

    private var slots: [Slot] = []
    private var free: [Int] = []

    mutating func insert(_ value: Value) -> Int {
        guard let place = free.popLast() else {
            slots.append(Slot(value: value))
            return slots.count - 1
        }
        slots[place].value = value
        return slots[place].generation << Self.placeBits | place
    }

    @discardableResult
    mutating func remove(_ key: Int) -> Value? {
        guard let place = place(of: key) else { return nil }
        slots[place].generation += 1
        free.append(place)
        return slots[place].value
    }

    /// The value under `key`; nil if it has been removed. Setting a removed value, or setting nil, does nothing.
    subscript(key: Int) -> Value? {
        get { place(of: key).map { slots[$0].value } }
        set {
            guard let place = place(of: key), let newValue else { return }
            slots[place].value = newValue
        }
    }

    /// Changes the value under `key` in place, if there is one. The subscript would copy it out and back in.
    mutating func update(_ key: Int, _ change: (inout Value) -> Void) {
        guard let place = place(of: key) else { return }
        change(&slots[place].value)
    }

    private func place(of key: Int) -> Int? {
        let place = key & (1 << Self.placeBits - 1)
        guard key >= 0, place < slots.count, slots[place].generation == key >> Self.placeBits else { return nil }
        return place
    }
}
