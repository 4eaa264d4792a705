import FDLCore
import TestSupport
import Testing

@testable import FDLPublishing

@Suite struct PublishedVersionTests {
    @Test func `comes back as it was written`() throws {
        let manifest = try Manifest.sample("album", version: 3, [("a/b", noise(70_000)), ("c", [])])
        let urls = try ["https://a/", "https://b:8443/x/"].map { try SourceURL($0) }
        let share = PublishedVersion.Share(placement: FragmentPlacement(urls: urls, replicas: 1), directory: 1)
        for share in [nil, share] {
            let version = PublishedVersion(
                manifest,
                manifest.encoded(),
                share: share,
                hasFiles: share == nil,
                isCompressed: true
            )
            var old = version
            old.superseded = 17
            for one in [version, old] {
                let read = try #require(PublishedVersion(parsing: one.encoded))
                #expect(read.manifest == manifest)
                #expect(read.bytes == manifest.encoded())
                #expect(read.share == share)
                #expect(read.hasFiles == (share == nil))
                #expect(read.isCompressed)
                #expect(read.superseded == one.superseded)
                // The same file, whenever it was superseded.
                #expect(read.fileName == version.fileName)
            }
            #expect(version.filePaths == (share == nil ? ["files/album/a/b", "files/album/c"] : []))
            let wanted = manifest.digests.count { version.wants($0) }
            #expect(share == nil ? wanted == manifest.digests.count : wanted <= manifest.digests.count)
        }
    }

    @Test func `what it is not`() throws {
        let manifest = try Manifest.sample("album", [("a", [1])])
        let text = String(
            decoding: PublishedVersion(manifest, manifest.encoded(), share: nil, hasFiles: true, isCompressed: false)
                .encoded,
            as: UTF8.self
        )
        for (old, new) in [
            ("fdl-published-v1", "fdl-published-v2"), ("files true", "files"), ("compressed", "server x\ncompressed"),
            ("compressed", "server https://a/\nreplicas 2\nown 0\ncompressed"), ("\"version\"", "\"v\""),
        ] {
            let changed = text.replacingOccurrence(of: old, with: new)
            #expect(changed != text)
            #expect(PublishedVersion(parsing: Array(changed.utf8)) == nil, "\(new)")
        }
        #expect(PublishedVersion(parsing: []) == nil)
    }
}

extension String {
    fileprivate func replacingOccurrence(of old: String, with new: String) -> String {
        firstRange(of: old).map { String(self[..<$0.lowerBound]) + new + String(self[$0.upperBound...]) } ?? self
    }
}
