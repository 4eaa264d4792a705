import FDLCore
import FDLTrust

// Documents that come from a network: whatever they hold, they are read or refused.

/// A manifest that is read is the same after it was written and read again.
@Sendable func fuzzManifest(_ bytes: UnsafeRawBufferPointer) {
    guard let manifest = try? Manifest(parsing: bytes) else { return fuzzIndex(bytes) }
    let again = try? Manifest(parsing: manifest.encoded())
    precondition(again == manifest, "a manifest changes when it is written and read again")
    _ = manifest.layout
}

private func fuzzIndex(_ bytes: UnsafeRawBufferPointer) {
    guard let index = ManifestIndex(parsing: Array(bytes)) else { return }
    // What does not fit is left out when it is written.
    let again = ManifestIndex(parsing: index.encoded())
    let isSame = again.map { index.entries.starts(with: $0.entries) } == true
    precondition(isSame, "an index changes when it is written and read again")
}

/// Who may sign, what is the newest, and what a reader has noted of it.
@Sendable func fuzzStatement(_ bytes: UnsafeRawBufferPointer) {
    let bytes = Array(bytes)
    if let statement = try? PublisherStatement(parsing: bytes) {
        let text = statement.encoded
        if text.count <= PublisherStatement.maximumBytes {
            let again = try? PublisherStatement(parsing: text)
            precondition(again == statement, "a statement changes when it is written and read again")
        }
        precondition(!statement.signingKeys.isEmpty, "a statement without a key that signs")
    }
    if let fresh = try? FreshStatement(parsing: bytes) {
        let again = try? FreshStatement(parsing: fresh.encoded)
        precondition(again == fresh, "a word of freshness changes when it is written and read again")
    }
    if let record = SeenRecord(parsing: bytes), !record.entries.isEmpty {
        precondition(SeenRecord(parsing: record.encoded) == record, "a record changes when it is read again")
    }
}
