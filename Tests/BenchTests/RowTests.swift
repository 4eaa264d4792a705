import ArgumentParser
import FoundationEssentials
import Testing

@testable import bench

@Suite("Rows")
struct RowTests {
    private static let themes = Theme.all(.standard)

    @Test func `No two rows have one name`() {
        let ids = Self.themes.flatMap(\.rows).map(\.id)
        #expect(Set(ids).count == ids.count)
        for theme in Self.themes { #expect(Set(theme.contestants.map(\.name)).count == theme.contestants.count) }
    }

    @Test func `A row is made of those who take turns in its theme, and each of them is wanted`() {
        for theme in Self.themes {
            let wanted = theme.rows.reduce(into: Set()) { $0.formUnion($1.contestants) }
            #expect(wanted == Set(theme.contestants.map(\.name)), "\(theme.name)")
        }
    }

    @Test func `What a figure is made of is all there or it is no figure`() {
        let (one, two) = (Contestant("one") { _ in [:] }, Contestant("two") { _ in [:] })
        let turns: Turns = ["one": [.wall: 2, .cpu: 3], "two": [.wall: 1]]
        #expect(one[.cpu].value(turns) == 3)
        #expect(Figure.sum(one[.wall], two[.wall]).value(turns) == 3)
        #expect(Figure.least(one[.wall], two[.wall]).value(turns) == 1)
        #expect(Figure.sum(one[.cpu], two[.cpu]).value(turns) == nil)
        #expect(Figure.sum(one[.wall], two[.wall]).contestants == ["one", "two"])
    }

    @Test func `A row without a figure in each round is no result`() throws {
        let one = Contestant("one") { _ in [:] }
        let row = Row("row", title: "a row", unit: .seconds, ours: one[.wall])
        #expect(try row.finding([["one": [.wall: 1]], ["one": [.wall: 2]]]).ours.rounds == [1, 2])
        #expect(throws: Trouble.self) { try row.finding([["one": [.wall: 1]], [:]]) }
    }

    @Test func `The launcher's help has every row and every option`() throws {
        let text = try String(contentsOfFile: Self.launcher, encoding: .utf8)
        let usage = try #require(text.split(separator: "TEXT").dropFirst().first)
        let words = Set(usage.split { $0 == " " || $0 == "\n" })
        for name in Bench.rowNames { #expect(words.contains(name[...]), "\(name)") }
        let options = Bench.helpMessage().split { " \n,.[]<>".contains($0) }.filter { $0.hasPrefix("--") }
        #expect(options.count > 8)
        for option in Set(options) { #expect(words.contains(option) || option == "--help", "\(option)") }
    }

    /// As `tools/test` says where a copy lies that an ordinary user can read, or where this was built from.
    private static var launcher: String {
        let copy = ProcessInfo.processInfo.environment["FDL_TEST_SOURCES"]
        let sources = copy ?? #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        return sources + "/tools/bench"
    }
}

@Suite("Numbers")
struct NumberTests {
    @Test(arguments: [
        (0.0, 2, "0.00"), (1.005, 1, "1.0"), (0.049, 1, "0.0"), (0.05, 1, "0.1"), (12.999, 2, "13.00"), (7.6, 0, "8"),
        (-0.25, 1, "-0.3"), (3.0625, 3, "3.063"), (1e20, 1, "1e+20"),
    ])
    func `So many digits behind the point`(value: Double, digits: Int, text: String) {
        #expect(fixed(value, digits) == text)
    }

    @Test(arguments: [(0.5, "0.500"), (9.9994, "9.999"), (10.0, "10.0"), (1740.4, "1740")])
    func `Three figures or so`(value: Double, text: String) {
        #expect(shown(value) == text)
    }
}
