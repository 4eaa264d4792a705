package import FDLCore
package import FDLCrypto
import Synchronization

/// A place of a manifest that keeps what was read last: reading may be repeated, and what was verified is what counts.
package final class ByteKeeper<Place: ManifestPlace>: ManifestPlace {
    private let place: Place
    private let kept = Mutex<(bytes: SignedBytes, further: [[UInt8]])?>(nil)

    package init(_ place: Place) {
        self.place = place
    }

    /// The manifest and its signatures; nil before they were read.
    package var bytes: SignedBytes? {
        kept.withLock { kept in
            guard var bytes = kept?.bytes else { return nil }
            bytes.furtherSignatures = kept?.further ?? []
            return bytes
        }
    }

    package func read() async throws(Failure) -> SignedBytes {
        let bytes = try await place.read()
        kept.withLock { $0 = (bytes, []) }
        return bytes
    }

    package func signature(by key: KeyID) async throws(Failure) -> [UInt8]? {
        let signature = try await place.signature(by: key)
        if let signature { kept.withLock { $0?.further.append(signature) } }
        return signature
    }

    // All that is checked is the wrapped place's.
    package var isLive: Bool { place.isLive }
    package var freshnessName: String { place.freshnessName }
    package var statementPlaces: [any StatementPlace] { place.statementPlaces }
    package func freshness() async throws(Failure) -> SignedFreshness? { try await place.freshness() }
}
