import FDLCore
import Testing

@testable import FDLPlan

@Suite("The chunks' book")
struct ChunkBookTests {
    /// Chunks of 1 MiB, the last one of each file half as long.
    private static func layout(_ files: [Int]) -> ChunkLayout {
        ChunkLayout(chunkSize: .standard(totalBytes: 0), fileSizes: files.map { Int64($0) << 20 - 1 << 19 })
    }

    private static func book(_ chunks: Int, window: Int? = nil) -> ChunkBook {
        let missing = ChunkSet(bound: chunks, filled: true)
        return ChunkBook(layout: layout([chunks]), missing: missing, window: window, sourceCount: 2)
    }

    @Test("a chunk goes from pending to stored, and counts until it is")
    func straight() {
        var book = Self.book(2)
        #expect(book.pendingBytes == 3 << 19)
        book.send(0..<1, by: 7)
        #expect(book.pendingBytes == 1 << 19)
        #expect(book.flights == [0: .init(first: 7)])
        #expect(book.next(for: 0)?.chunk == 1)
        #expect(book.verify(0, by: 7) == .first(isStored: false, rival: nil))
        #expect(book.unverifiedCount == 1 && book.remaining == 2)
        #expect(book.store(0) == true)
        #expect(book.unverifiedCount == 1 && book.remaining == 1)
        #expect(book.store(0) == false)
        #expect(book.remaining == 1)
    }

    @Test("what a request gives back is pending again, unless another request holds it")
    func givingBack() {
        var book = Self.book(1)
        book.send(0..<1, by: 1)
        book.hedge(0, by: 2)
        #expect(book.giveBack(0, from: 1) == false)
        #expect(book.flights == [0: .init(first: 2)])
        #expect(book.pending.isEmpty)
        #expect(book.giveBack(0, from: 2) == true)
        #expect(book.pending.contains(0))
        #expect(book.giveBack(0, from: 2) == false)
        #expect(book.pendingBytes == 1 << 19)
    }

    @Test("of two answers the first counts, and tells who else was asked")
    func rivals() {
        var book = Self.book(1)
        book.send(0..<1, by: 1)
        book.hedge(0, by: 2)
        #expect(book.verify(0, by: 2) == .first(isStored: false, rival: 1))
        #expect(book.verify(0, by: 1) == .again)
        #expect(book.giveBack(0, from: 1) == false)
        #expect(book.pending.isEmpty)
    }

    @Test("a chunk that is stored before anybody tells of it is done when somebody does")
    func storedEarly() {
        var book = Self.book(1)
        book.send(0..<1, by: 1)
        #expect(book.store(0) == false)
        #expect(book.giveBack(0, from: 1) == true)
        #expect(book.remaining == 1 && book.unverifiedCount == 1)
        book.send(0..<1, by: 2)
        #expect(book.verify(0, by: 2) == .first(isStored: true, rival: nil))
        #expect(book.remaining == 0 && book.unverifiedCount == 0)
        #expect(book.store(0) == false)
        #expect(book.remaining == 0)
    }

    @Test("in order, a chunk is pending when the window has come to it")
    func window() {
        var book = Self.book(5, window: 2)
        #expect(book.pending.isEmpty)
        #expect(book.admit() == true)
        #expect((0..<5).filter { book.pending.contains($0) } == [0, 1])
        #expect(book.admit() == false)
        #expect(book.consume(1) == true)
        #expect((0..<5).filter { book.pending.contains($0) } == [0, 1, 2, 3])
        #expect(book.consume(0) == false)
        #expect(book.consume(4) == true)
        #expect(book.unadmitted?.isEmpty == true)
        #expect(book.pendingBytes == 9 << 19)
    }

    @Test("is blocked by what no source may be asked for: in any order when all else is stored, in order at once")
    func blocked() {
        var any = Self.book(2)
        var inOrder = Self.book(2, window: 2)
        #expect(inOrder.admit() == true)
        for source in 0..<2 {
            #expect(any.exclude(1, from: source) == true)
            #expect(inOrder.exclude(1, from: source) == true)
        }
        #expect(inOrder.isBlocked)
        #expect(!any.isBlocked)
        any.send(0..<1, by: 1)
        #expect(!any.isBlocked)
        #expect(any.verify(0, by: 1) == .first(isStored: false, rival: nil))
        #expect(!any.isBlocked)
        #expect(any.store(0) == true)
        #expect(any.isBlocked)
        #expect(any.pending.firstBlocked == 1)
        any.allow(1, of: 0)
        #expect(!any.isBlocked)
        any.retire(0)
        #expect(any.isBlocked)
    }

    private enum Standing: Equatable {
        case unadmitted, pending, verified, stored
        case inFlight(Set<Int>)
    }

    /// Whatever happens in whatever order: a missing chunk stands in one place, and the book says in which.
    @Test("holds each chunk in one place", arguments: 0..<40)
    func invariant(seed: Int) {
        var random = TestGenerator(seed: UInt64(seed))
        let files = (0..<Int.random(in: 1...3, using: &random)).map { _ in Int.random(in: 1...30, using: &random) }
        let layout = Self.layout(files)
        var missing = ChunkSet(bound: layout.chunkCount)
        for chunk in 0..<missing.bound where random.chance(0.8) { missing.insert(chunk) }
        let window = random.chance(0.5) ? Int.random(in: 1...10, using: &random) : nil
        var book = ChunkBook(layout: layout, missing: missing, window: window, sourceCount: 2)
        var model: [Int: Standing] = [:]
        for chunk in missing { model[chunk] = window == nil ? .pending : .unadmitted }
        var early = Set<Int>()
        var end = 0
        for step in 0..<600 {
            let chunk = Int.random(in: 0..<missing.bound, using: &random)
            switch (Int.random(in: 0..<7, using: &random), model[chunk]) {
            case (0...1, .pending):
                book.send(chunk..<(chunk + 1), by: step)
                model[chunk] = .inFlight([step])
            case (0, .inFlight(let requests)) where requests.count == 1:
                book.hedge(chunk, by: step)
                model[chunk] = .inFlight(requests.union([step]))
            case (1...2, .inFlight(let requests)):
                let request = requests.randomElement(using: &random) ?? 0
                let left = requests.subtracting([request])
                #expect(book.giveBack(chunk, from: request) == left.isEmpty)
                model[chunk] = left.isEmpty ? .pending : .inFlight(left)
            case (3...4, .inFlight(let requests)):
                let request = requests.randomElement(using: &random) ?? 0
                let isStored = early.contains(chunk)
                let rival = requests.subtracting([request]).first
                #expect(book.verify(chunk, by: request) == .first(isStored: isStored, rival: rival))
                model[chunk] = isStored ? .stored : .verified
            case (3, .verified), (3, .stored): #expect(book.verify(chunk, by: step) == .again)
            case (5, .verified):
                #expect(book.store(chunk) == true)
                model[chunk] = .stored
            case (5, .stored): #expect(book.store(chunk) == false)
            case (5, .inFlight) where random.chance(0.2):
                #expect(book.store(chunk) == false)
                early.insert(chunk)
            case (6, _):
                if let window {
                    if random.chance(0.1) { end = max(end, chunk + 1) }
                    let admitted = model.filter { $0.key < end + window && $0.value == .unadmitted }.keys
                    #expect((end > 0 ? book.consume(end - 1) : book.admit()) == !admitted.isEmpty)
                    for chunk in admitted { model[chunk] = .pending }
                } else {
                    #expect(book.consume(chunk) == false)
                }
            default: break
            }
            expect(book, model, bound: missing.bound)
        }
    }

    private func expect(_ book: ChunkBook, _ model: [Int: Standing], bound: Int) {
        var bytes = 0
        for chunk in 0..<bound {
            let standing = model[chunk]
            #expect((book.unadmitted?.contains(chunk) ?? false) == (standing == .unadmitted))
            #expect(book.pending.contains(chunk) == (standing == .pending))
            #expect(book.unstored.contains(chunk) == (standing == .verified))
            #expect(book.verified.contains(chunk) == (standing == .verified || standing == .stored))
            if case .inFlight(let requests) = standing {
                #expect(Set([book.flights[chunk]?.first, book.flights[chunk]?.second].compactMap(\.self)) == requests)
            } else {
                #expect(book.flights[chunk] == nil)
            }
            if standing == .pending { bytes += book.layout.length(ofChunk: chunk) }
        }
        #expect(book.pendingBytes == Int64(bytes))
        #expect(book.remaining == model.values.count { $0 != .stored })
        #expect(book.unverifiedCount == model.values.count { $0 != .stored && $0 != .verified })
        let before = (book.unadmitted?.count ?? 0) + book.pending.count + book.flights.count
        #expect(before == book.unverifiedCount)
    }
}
