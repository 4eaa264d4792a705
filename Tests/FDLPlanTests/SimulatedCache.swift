import FDLCore

/// A cache that several simulated downloads share: a chunk is there some time after it was first asked for, and is
/// asked of the origin once.
final class SimulatedCache {
    private var readyAt: [Int: Double] = [:]
    /// In seconds.
    private let originTime: Double

    init(originTime: Double) { self.originTime = originTime }

    /// How many chunks it has asked its origin for.
    var originAnswers: Int { readyAt.count }

    /// When it can begin to send a chunk that it is asked for now.
    func ready(_ chunk: Int, at now: Double) -> Double {
        if let ready = readyAt[chunk] { return ready }
        readyAt[chunk] = now + originTime
        return now + originTime
    }
}

extension SHA256Digest {
    static func random(using random: inout TestGenerator) -> SHA256Digest {
        let bytes = (0..<32).map { _ in UInt8(truncatingIfNeeded: random.next() >> 32) }
        guard let digest = bytes.withUnsafeBytes({ SHA256Digest(bytes: $0) }) else { preconditionFailure("32 bytes") }
        return digest
    }
}
