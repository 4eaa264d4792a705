import FDLCore
import TestSupport
import Testing

@Suite struct ChunkLayoutTests {
    @Test func placesEachChunk() throws {
        let size = try #require(ChunkSize(bytes: 65536))
        let layout = ChunkLayout(chunkSize: size, fileSizes: [0, 65536, 0, 0, 65537, 1, 0])
        #expect(layout.chunkCount == 4)
        #expect((0..<4).map(layout.file(ofChunk:)) == [1, 4, 4, 5])
        #expect((0..<4).map(layout.length(ofChunk:)) == [65536, 65536, 1, 1])
        let place = layout.location(ofChunk: 2)
        #expect((place.file, place.offset, place.length) == (4, 65536, 1))
        #expect(layout.chunks(ofFile: 0).isEmpty)
        #expect(layout.chunks(ofFile: 4) == 1..<3)
        #expect(layout.chunks(ofFile: 6) == 4..<4)
    }

    @Test(arguments: 0..<50)
    func coversEveryByteOnce(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let size = try #require(ChunkSize(bytes: 65536 << Int.random(in: 0...3, using: &random)))
        let sizes = (0..<20).map { _ in
            Int.random(in: 0..<10, using: &random) < 3 ? 0 : Int64.random(in: 1...2_000_000, using: &random)
        }
        let layout = ChunkLayout(chunkSize: size, fileSizes: sizes)
        var covered = Array(repeating: Int64(0), count: sizes.count)
        for chunk in 0..<layout.chunkCount {
            let place = layout.location(ofChunk: chunk)
            #expect(place.offset == covered[place.file])
            #expect(place.length > 0 && place.length <= size.bytes)
            #expect(layout.chunks(ofFile: place.file).contains(chunk))
            covered[place.file] += Int64(place.length)
        }
        #expect(covered == sizes)
    }
}

@Suite struct ChunkSetTests {
    @Test(arguments: [0, 1, 63, 64, 65, 127, 128, 1000])
    func filledHoldsAllAndNoMore(bound: Int) {
        let set = ChunkSet(bound: bound, filled: true)
        #expect(set.count == bound)
        #expect(Array(set) == Array(0..<bound))
        #expect(!set.contains(bound))
        #expect(!set.contains(-1))
        #expect(set.subtracting(set) == ChunkSet(bound: bound))
    }

    @Test(arguments: 0..<20)
    func behavesAsASet(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let bound = Int.random(in: 1...300, using: &random)
        var set = ChunkSet(bound: bound)
        var model = Set<Int>()
        for _ in 0..<500 {
            let chunk = Int.random(in: -2...(bound + 1), using: &random)
            let isIn = (0..<bound).contains(chunk)
            if Bool.random(using: &random) {
                #expect(set.insert(chunk) == (isIn && model.insert(chunk).inserted))
            } else {
                #expect(set.remove(chunk) == (model.remove(chunk) != nil))
            }
            #expect(set.count == model.count)
            #expect(set.isEmpty == model.isEmpty)
            let start = Int.random(in: -2...(bound + 1), using: &random)
            #expect(set.first(from: start) == model.filter { $0 >= start }.min())
            #expect(set.run(from: start, limit: 5).allSatisfy(model.contains))
        }
        #expect(Array(set) == model.sorted())
        var other = ChunkSet(bound: bound)
        for chunk in 0..<bound where Bool.random(using: &random) { other.insert(chunk) }
        #expect(Array(set.subtracting(other)) == model.subtracting(other).sorted())
    }

    @Test func runsEndAtGapsAndLimits() {
        var set = ChunkSet(bound: 100, filled: true)
        set.remove(70)
        #expect(set.run(from: 60, limit: 100) == 60..<70)
        #expect(set.run(from: 60, limit: 3) == 60..<63)
        #expect(set.run(from: 70, limit: 3).isEmpty)
        #expect(set.run(from: 90, limit: 100) == 90..<100)
    }
}
