package import FDLCore
package import FDLCrypto
package import FDLSystem
import Glibc

/// What this user has seen, per publisher and manifest name: what keeps an old manifest, though well signed, from being
/// taken for the newest. And whom they have first followed for each name, so that no other publisher takes it over.
///
/// In the state directory: `seen/PUBLISHER/NAME`, a `SeenRecord` a file, and `names/NAME`, with the publisher in it.
/// PUBLISHER is the whole public key in hexadecimal, or `publisher-` and the SHA-256 of the statement that was pinned.
package struct SeenVersions: Sendable {
    private let place: String
    private var seen: String { "\(place)/seen" }
    private var names: String { "\(place)/names" }

    /// - Throws: `StateError.directory` if there is no state directory to be had.
    package init(directories: UserDirectories) throws(StateError) {
        do throws(UserDirectoryError) { place = try directories.state } catch { throw .directory(error) }
    }

    /// Makes the directories, so that what cannot be kept is told before anything is fetched.
    package func prepare() throws(StateError) {
        try system { () throws(SystemError) in
            for directory in [seen, names] { try Directory.create(directory, mode: 0o700) }
            _ = try takeLock()
        }
    }

    /// - Returns: nil if none was seen yet, or none by a key that still counts.
    package func highest(
        of name: ManifestName,
        for publisher: AcceptedPublisher
    ) throws(StateError) -> SeenRecord.Entry? {
        var record = try self.record(of: name, for: publisher.identity)
        // A key that is followed by its publisher's statement now was known by itself before.
        if case .statement = publisher.identity {
            for key in publisher.keys {
                record = record.merged(with: try self.record(of: name, for: PublisherIdentity(key.key)))
            }
        }
        return record.highest(of: name, for: publisher)
    }

    /// Notes that a version was seen. A lower one than noted changes nothing; writers wait for each other.
    package func note(
        _ version: Int64,
        _ digest: SHA256Digest,
        of name: ManifestName,
        by keys: [PublicKey],
        for publisher: PublisherIdentity
    ) throws(StateError) {
        let path = path(publisher, name)
        try system { () throws(SystemError) in try Directory.create(Directory.containing(path), mode: 0o700) }
        try locked { () throws(StateError) in
            let before = try record(of: name, for: publisher)
            var record = before
            record.note(version, digest, by: keys)
            if record != before { try write(record.encoded, to: path) }
        }
    }

    /// Whom this user has first followed for a name; nil if nobody yet.
    package func publisher(of name: ManifestName) throws(StateError) -> PublisherIdentity? {
        let path = "\(names)/\(name)"
        guard let text = try read(path, limit: 128) else { return nil }
        guard text.last == UInt8(ascii: "\n"),
            let identity = PublisherIdentity(fileName: String(decoding: text.dropLast(), as: UTF8.self))
        else { throw .damaged(path: path, name: name.string) }
        return identity
    }

    /// Notes whom this user follows for a name, unless somebody is noted already.
    package func follow(_ publisher: PublisherIdentity, for name: ManifestName) throws(StateError) {
        try prepare()
        try locked { () throws(StateError) in
            guard try self.publisher(of: name) == nil else { return }
            try write(Array("\(publisher.fileName)\n".utf8), to: "\(names)/\(name)")
        }
    }

    /// Forgets a name: the versions seen of it, and whom it was followed from.
    /// - Returns: false if there was nothing to forget.
    package func forget(_ name: ManifestName) throws(StateError) -> Bool {
        try system { () throws(SystemError) in
            var found = false
            for publisher in try directories(in: seen) {
                if try remove("\(seen)/\(publisher)/\(name)") { found = true }
            }
            if try remove("\(names)/\(name)") { found = true }
            return found
        }
    }

    /// Forgets whom names were followed from, if it was this publisher: others may have them now.
    package func release(_ publisher: PublisherIdentity) throws(StateError) {
        try system { () throws(SystemError) in
            for name in try files(in: names) {
                let path = "\(names)/\(name)"
                let text = try WholeFile.read(path, limit: 128)
                if text == Array("\(publisher.fileName)\n".utf8) { _ = try remove(path) }
            }
        }
    }

    // MARK: Files

    private func path(_ publisher: PublisherIdentity, _ name: ManifestName) -> String {
        "\(seen)/\(publisher.fileName)/\(name)"
    }

    private func record(of name: ManifestName, for publisher: PublisherIdentity) throws(StateError) -> SeenRecord {
        let path = path(publisher, name)
        guard let text = try read(path, limit: SeenRecord.maximumBytes) else { return SeenRecord() }
        guard let record = SeenRecord(parsing: text) else { throw .damaged(path: path, name: name.string) }
        return record
    }

    private func read(_ path: String, limit: Int) throws(StateError) -> [UInt8]? {
        do throws(SystemError) { return try WholeFile.read(path, limit: limit) } catch {
            if error.isNotFound { return nil }
            throw .system(error, place: place)
        }
    }

    private func write(_ bytes: [UInt8], to path: String) throws(StateError) {
        try system { () throws(SystemError) in try WholeFile.replace(path, with: bytes, mode: 0o600) }
    }

    private func locked(_ body: () throws(StateError) -> Void) throws(StateError) {
        let lock = try system(takeLock)
        try withExtendedLifetime(lock, body)
    }

    private func takeLock() throws(SystemError) -> Descriptor {
        let lock = try Descriptor(opening: "\(seen)/.lock", flags: O_RDWR | O_CREAT, mode: 0o600)
        try lock.waitForLock()
        return lock
    }

    private func directories(in path: String) throws(SystemError) -> Set<String> {
        var found: Set<String> = []
        do throws(SystemError) {
            _ = try FileTree.regularFiles(
                beneath: path,
                descend: { name in
                    found.insert(name)
                    return false
                }
            )
        } catch {
            if !error.isNotFound { throw error }
        }
        return found
    }

    private func files(in path: String) throws(SystemError) -> [String] {
        do throws(SystemError) {
            return try FileTree.regularFiles(beneath: path, descend: { _ in false }).files.map(\.path)
        } catch {
            if error.isNotFound { return [] }
            throw error
        }
    }

    /// - Returns: false if there was no such file.
    private func remove(_ path: String) throws(SystemError) -> Bool {
        if unlink(path) == 0 { return true }
        guard errno == ENOENT || errno == ENOTDIR else {
            throw SystemError(operation: .remove, path: path, code: errno)
        }
        return false
    }

    private func system<Value: ~Copyable>(_ body: () throws(SystemError) -> Value) throws(StateError) -> Value {
        do throws(SystemError) { return try body() } catch { throw .system(error, place: place) }
    }
}
