import FDLCore
import FDLSystem
import Foundation
import Testing
import TestSupport

@testable import FDLPublishing

@Suite struct PublishingInputTests {
    @Test func onlyRegularFilesOfAFolderThatAreNotOurs() throws {
        let folder = try TemporaryFolder()
        try folder.write([1], "a")
        try folder.write([1], "sub/run")
        try folder.write([1], "old.manifest.json")
        try folder.write([1], "old.manifest.json.minisig")
        try folder.write([1], "half.fdl-part")
        try folder.write([1], "tree.fdl-part/a")
        let output = try folder.write([1], "list.json")
        #expect(chmod("\(folder.path)/sub/run", 0o755) == 0)
        #expect(symlink("a", "\(folder.path)/link") == 0)
        #expect(mkfifo("\(folder.path)/pipe", 0o600) == 0)
        let input = try PublishingInput(scanning: folder.path, leavingOut: [output, "\(output).minisig"])
        #expect(input.files.map(\.path.string) == ["a", "sub/run"])
        #expect(input.files.map(\.isExecutable) == [false, true])
        #expect(input.skipped == ["link", "pipe"])
    }

    @Test func namesAreTakenFromThePath() throws {
        let folder = try TemporaryFolder()
        try folder.write([1], "tree/a")
        let tree = "\(folder.path)/tree"
        for path in [tree, "\(tree)/", "\(tree)//", "\(tree)/.", "\(tree)/../tree"] {
            let input = try PublishingInput(scanning: path)
            #expect(input.baseName == "tree", "\(path)")
            #expect(input.defaultOutput.hasSuffix("/tree.manifest.json"), "\(path)")
        }
    }

    @Test func aCombiningMarkBehindASlashHidesNoPart() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write([1], "\u{301}a")
        let input = try PublishingInput(scanning: file)
        #expect(input.baseName == "\u{301}a")
        #expect(input.files.map(\.path.string) == ["\u{301}a"])
        #expect(input.defaultOutput == "\(folder.path)/\u{301}a.manifest.json")
    }

    @Test func whatCannotBePublishedIsNamed() throws {
        let folder = try TemporaryFolder()
        #expect(throws: PublishingError.emptyFolder(path: folder.path)) { try PublishingInput(scanning: folder.path) }
        #expect(throws: PublishingError.self) { try PublishingInput(scanning: "\(folder.path)/none") }
        try folder.write([1], "tree/back\\slash")
        #expect(throws: PublishingError.invalidPath("back\\slash", .backslash)) {
            try PublishingInput(scanning: "\(folder.path)/tree")
        }
        let own = try folder.write([1], "x.manifest.json")
        #expect(throws: PublishingError.invalidPath("x.manifest.json", .reservedSuffix(".manifest.json"))) {
            try PublishingInput(scanning: own)
        }
        #expect(mkfifo("\(folder.path)/pipe", 0o600) == 0)
        #expect(throws: PublishingError.notAFile(path: "\(folder.path)/pipe")) {
            try PublishingInput(scanning: "\(folder.path)/pipe")
        }
        let name: [CChar] = Array("\(folder.path)/raw/".utf8CString.dropLast()) + [-1, 0]
        #expect(mkdir("\(folder.path)/raw", 0o700) == 0)
        let made = open(name, O_CREAT | O_WRONLY, 0o600)
        #expect(made >= 0 && close(made) == 0)
        let error = #expect(throws: PublishingError.self) { try PublishingInput(scanning: "\(folder.path)/raw") }
        #expect(error?.failure.message.contains("not UTF-8") == true)
    }

    @Test func aFileSwappedForALinkIsNotFollowed() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write([1], "tree/a")
        try folder.write([1], "outside")
        let input = try PublishingInput(scanning: "\(folder.path)/tree")
        try FileManager.default.removeItem(atPath: file)
        #expect(symlink("../outside", file) == 0)
        let task = Task { try await ManifestRecipe().manifest(of: input, now: UTCTime(secondsSince1970: 1)) }
        let result = await task.result
        #expect(throws: PublishingError.changed(path: file)) { try result.get() }
    }
}
