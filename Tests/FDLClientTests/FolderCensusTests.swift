import FDLCore
import FDLCrypto
import FDLSystem
import TestSupport
import Testing

@testable import FDLClient

/// A file system's answers: which names it lists, and which of them are one file.
private struct Listing {
    var entries: [String]
    /// How a name is found: as the entry that it is, with the identity that this name is shown with.
    var found: [String: (inode: UInt64, kind: FileStatus.Kind)]

    func census(of listed: ListedTree) throws -> FolderCensus {
        func status(_ entry: DirectoryEntry) -> FileStatus? {
            found[entry.shown].map { FileStatus(kind: $0.kind, inode: $0.inode) }
        }
        var census = FolderCensus(of: listed.root, in: listed)
        for name in entries { try census.take(DirectoryEntry(bytes: Array(name.utf8), kind: nil), status: status) }
        try census.settle(status: status)
        return census
    }
}

@Suite struct FolderCensusTests {
    private func files(_ names: String...) throws -> ListedTree {
        ListedTree(try Manifest.sample(names.map { ($0, []) }))
    }

    private func matched(_ census: FolderCensus) -> [String] {
        census.matches.map { "\($0.child.name)=\($0.entry.shown)" }
    }

    @Test func whatIsSpelledAlikeIsFoundAndTheRestIsStrange() throws {
        let listing = Listing(
            entries: ["c", "a", "b", "d"],
            found: ["a": (1, .regular), "b": (2, .regular), "c": (3, .directory), "d": (4, .regular)]
        )
        let census = try listing.census(of: files("a", "c", "d", "e"))
        #expect(matched(census) == ["a=a", "d=d"])
        #expect(census.unlisted.map(\.shown) == ["b", "c"])
        #expect(census.absent.map(\.name) == ["c", "e"])
        #expect(census.folded.isEmpty && census.hidden.isEmpty)
    }

    @Test func aNameListedInAnotherSpellingIsToldByItsIdentity() throws {
        let listing = Listing(
            entries: ["readme", "other"],
            found: [
                "readme": (1, .regular), "Readme": (1, .regular), "other": (2, .regular),
            ]
        )
        let census = try listing.census(of: files("Readme"))
        #expect(matched(census) == ["Readme=readme"])
        #expect(census.unlisted.map(\.shown) == ["other"])
    }

    @Test func whereEachSpellingHasAnIdentityOfItsOwnFoldingTells() throws {
        let listing = Listing(
            entries: ["readme", "other"],
            found: [
                "readme": (1, .regular), "Readme": (9, .regular), "other": (2, .regular),
            ]
        )
        #expect(matched(try listing.census(of: files("Readme"))) == ["Readme=readme"])
    }

    @Test(arguments: [UInt64(1), 9])
    func twoListedNamesOfOneFileAreFolded(inode: UInt64) throws {
        let listing = Listing(entries: ["Readme"], found: ["Readme": (1, .regular), "README": (inode, .regular)])
        let census = try listing.census(of: files("README", "Readme"))
        #expect(census.folded.map(\.name) == ["README"])
        #expect(census.folded.map(\.with) == ["Readme"])
        #expect(census.absent.isEmpty && census.hidden.isEmpty)
    }

    @Test func aNameThatIsThereAndNowhereListedIsHidden() throws {
        let listing = Listing(entries: ["x1"], found: ["x1": (1, .regular), "long name": (9, .regular)])
        let census = try listing.census(of: files("long name"))
        #expect(census.hidden == ["long name"])
        #expect(census.unlisted.map(\.shown) == ["x1"])
    }

    @Test func aHiddenNameWithNoEntryLeftIsOneWithAnother() throws {
        let listing = Listing(entries: ["x1"], found: ["x1": (1, .regular), "x2": (9, .regular)])
        let census = try listing.census(of: files("x1", "x2"))
        #expect(matched(census) == ["x1=x1"])
        #expect(census.folded.map(\.name) == ["x2"])
        #expect(census.hidden.isEmpty)
    }

    @Test func aNameThatIsNoTextIsAStranger() throws {
        let entries = [
            DirectoryEntry(bytes: [0x63, 0xe9], kind: .regular), DirectoryEntry(bytes: [0x61], kind: .regular),
        ]
        let listed = try files("a")
        var census = FolderCensus(of: listed.root, in: listed)
        for entry in entries { try census.take(entry) { _ in nil } }
        try census.settle { _ in nil }
        #expect(census.unlisted.map(\.bytes) == [[0x63, 0xe9]])
        #expect(matched(census) == ["a=a"])
    }
}

@Suite struct ListedTreeTests {
    @Test func directoriesHoldWhatLiesInThem() throws {
        let manifest = try Manifest.sample([
            ("b/x", []), ("a-b", []), ("a/x", []), ("a/c/y", []), ("a.txt", []), ("a/c/z", []),
        ])
        let tree = ListedTree(manifest)
        #expect(tree.children(of: tree.root).map(\.name) == ["a", "a-b", "a.txt", "b"])
        let folders = tree.folders()
        #expect(folders.map(\.path).sorted() == ["a", "a/c", "b"])
        // Those within others first.
        let inner = try #require(folders.firstIndex { $0.path == "a/c" })
        let outer = try #require(folders.firstIndex { $0.path == "a" })
        #expect(inner < outer)
        #expect(tree.children(of: folders[inner]).map(\.name) == ["y", "z"])
        #expect(tree.children(of: folders[outer]).map(\.name) == ["c", "x"])
        for folder in folders + [tree.root] {
            for child in tree.children(of: folder) {
                #expect(tree.child(named: Array(child.name.utf8), in: folder)?.place == child.place)
            }
            for name in ["", "a/c", "b/x", "0", "~", "a.", "a.txt2"] {
                #expect(tree.child(named: Array(name.utf8), in: folder) == nil, "\(name)")
            }
        }
    }
}

@Suite struct ZeroChunksTests {
    @Test func onlyZerosAreZeros() throws {
        var almost = [UInt8](repeating: 0, count: 65536)
        almost[65535] = 1
        let manifest = try Manifest.sample([
            ("a", [UInt8](repeating: 0, count: 65536 + 10)), ("b", almost), ("c", []), ("d", [0]), ("e", [1]),
        ])
        #expect(Array(ZeroChunks.all(in: manifest.layout, manifest.digests)) == [0, 1, 3])
    }
}

@Suite struct PartialNameTests {
    @Test func aNameOfTheFullLengthHasAPartialOneOfItsOwn() {
        #expect(OutputTarget.name(beside: "x", ".fdl-part", longest: 255) == "x.fdl-part")
        let longest = String(repeating: "é", count: 127) + "a"
        let other = String(repeating: "é", count: 127) + "b"
        #expect(longest.utf8.count == 255)
        let name = OutputTarget.name(beside: longest, ".fdl-part", longest: 255)
        #expect(name.utf8.count <= 255 && name.hasSuffix(".fdl-part"))
        #expect(name != OutputTarget.name(beside: other, ".fdl-part", longest: 255))
        #expect(OutputTarget.name(beside: longest, ".fdl-part", longest: 143).utf8.count <= 143)
    }
}
