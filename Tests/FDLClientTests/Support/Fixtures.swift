import FDLCore

@testable import FDLClient

func expected(_ manifest: Manifest, _ chunks: Range<Int>) -> [ExpectedChunk] {
    chunks.map {
        ExpectedChunk(index: $0, length: manifest.layout.length(ofChunk: $0), digest: manifest.digests[$0])
    }
}
