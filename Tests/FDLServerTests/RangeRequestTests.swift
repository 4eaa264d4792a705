import Testing

@testable import FDLServer

@Suite("Range requests (RFC 9110 section 14)")
struct RangeRequestTests {
    @Test(arguments: [
        ("bytes=0-0", 0..<1), ("bytes=0-99", 0..<100), ("bytes=0-", 0..<100), ("bytes=50-", 50..<100),
        ("bytes=50-1000", 50..<100), ("bytes=-1", 99..<100), ("bytes=-100", 0..<100), ("bytes=-1000", 0..<100),
        ("bytes=99-99", 99..<100), ("Bytes=1-2", 1..<3), ("bytes= 1-2 ", 1..<3),
        ("bytes=0-99999999999999999999999999", 0..<100), ("bytes=-99999999999999999999999999", 0..<100),
    ])
    func `a part of 100 bytes`(field: String, expected: Range<Int64>) {
        #expect(RangeRequest(fields: [field], size: 100) == .part(expected))
    }

    @Test(arguments: [
        "bytes=100-", "bytes=100-200", "bytes=-0", "bytes=99999999999999999999999999-",
    ])
    func `nothing of it exists`(field: String) {
        #expect(RangeRequest(fields: [field], size: 100) == .unsatisfiable)
    }

    @Test(arguments: [
        "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=2-1", "bytes=1", "bytes=+1-2", "bytes=1-2-3",
        "bytes=0-1,3-4", "lines=0-1", "bytes 0-1", "bytes=0x1-2", "bytes=--1", "bytes=１-２",
    ])
    func `what cannot be understood is the whole`(field: String) {
        #expect(RangeRequest(fields: [field], size: 100) == .whole)
    }

    @Test func `several fields or none are the whole`() {
        #expect(RangeRequest(fields: [], size: 100) == .whole)
        #expect(RangeRequest(fields: ["bytes=0-1", "bytes=2-3"], size: 100) == .whole)
    }

    @Test(arguments: ["bytes=0-", "bytes=0-0", "bytes=-1"])
    func `an empty file has no parts`(field: String) {
        #expect(RangeRequest(fields: [field], size: 0) == .unsatisfiable)
    }
}
