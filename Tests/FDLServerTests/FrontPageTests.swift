import FDLCore
import FDLCrypto
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import FDLServer

@Suite("The page for people")
struct FrontPageTests {
    private func publication(
        _ name: String,
        _ paths: [String],
        signer: Signer? = Signer(keyID: "0123456789ABCDEF", publicKey: "RWtest+/=")
    ) throws -> Publication {
        let manifest = try Manifest.sample(name, paths.map { ($0, [1, 2, 3]) })
        let base = manifest.isSingleFile ? "" : name + "/"
        let published = PublishedManifest(path: "\(name).manifest.json", manifest: manifest, base: base)
        return Publication(published: published, signer: signer)
    }

    private func answer(_ target: String, _ publications: [Publication], trust: String? = nil) -> Answer {
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: target, headers: ["Host": "a.example:8443"])
        return FrontPage.answer(to: head, publications, trust: trust)
    }

    private func text(_ answer: Answer) -> String {
        guard case .bytes(let buffer) = answer.body else { return "" }
        return String(decoding: buffer.readableBytesView, as: UTF8.self)
    }

    @Test(arguments: [
        ("/", PageRequest()), ("/?", PageRequest()), ("/?q=", PageRequest()), ("/?q=%zz&x=1&name=..", PageRequest()),
    ])
    func `a query that makes no sense asks for nothing`(target: String, expected: PageRequest) {
        #expect(PageRequest(target: target) == expected)
    }

    @Test func `a query is what a browser makes of the form`() {
        let request = PageRequest(target: "/?name=a-1.0&q=+b%2B+c%C3%A4+&from=400&as=aria2#x")
        #expect(request.name?.string == "a-1.0")
        #expect(request.filter == "b+ cä")
        #expect(request.from == 400)
        #expect(request.list == .aria2)
        #expect(PageRequest(target: request.target) == request)
        #expect(PageRequest(target: "/?from=-3").from == 0)
        #expect(PageRequest(target: "/?from=99999999999999999999").from == 0)
        #expect(PageRequest(target: "/?q=" + String(repeating: "x", count: 5000)).filter.count == 100)
    }

    @Test func `a line to paste, who signed, and every file`() throws {
        let page = text(answer("/", [try publication("a.iso", ["a.iso"])], trust: "--pin sha256//x"))
        let command =
            "fdl-secure get https://a.example:8443/manifests/a.iso.json --publisher-key RWtest+/= --pin sha256//x"
        #expect(page.contains("<pre><code>\(command)</code></pre>"))
        #expect(page.contains("0123456789ABCDEF"))
        #expect(page.contains("<a href=\"/files/a.iso\">a.iso</a><span>3 B</span>"))
        #expect(page.contains("curl -f -C - -o a.iso https://a.example:8443/files/a.iso"))
        let digest = SHA256Digest(hashing: [1, 2, 3]).hex
        #expect(page.contains("aria2c -c -x4 -s4 --checksum=sha-256=\(digest) -o a.iso"))
        #expect(page.contains("echo '\(digest)  a.iso' | sha256sum -c"))
        #expect(page.contains("name=\"viewport\""))
        #expect(!page.contains("<script"))
    }

    @Test func `what nobody signed gets no line to paste, and says so`() throws {
        let page = text(answer("/", [try publication("a", ["a"], signer: nil)]))
        #expect(page.contains("Not signed"))
        #expect(!page.contains("fdl-secure get"))
        let elsewhere = Signer(keyID: "0123456789ABCDEF", publicKey: nil)
        let other = text(answer("/", [try publication("a", ["a"], signer: elsewhere)]))
        #expect(other.contains("--publisher-key publisher.pub"))
        #expect(other.contains("not on this server"))
    }

    @Test func `names become neither markup nor words of a shell`() throws {
        let path = "a <b>&\"' $(id) `id`/x;y"
        let page = text(answer("/", [try publication("a", [path, "b"])]))
        #expect(page.contains("a &lt;b&gt;&amp;&quot;' $(id) `id`/x;y"))
        #expect(!page.contains("<b>"))
        #expect(page.contains("/files/a/a%20%3Cb%3E%26%22%27%20%24%28id%29%20%60id%60/x%3By"))
        #expect(shellWord("it's") == #"'it'\''s'"#)
        #expect(shellWord("-x") == "'-x'")
        let filtered = text(answer("/?q=%22%3E%3Cscript%3E", [try publication("a", ["a"])]))
        #expect(filtered.contains("value=\"&quot;&gt;&lt;script&gt;\""))
    }

    @Test func `a filter finds names and paths, whatever their case`() throws {
        let all = [try publication("Album", ["x/One.flac", "x/two.flac"]), try publication("b.iso", ["b.iso"])]
        #expect(text(answer("/?q=album", all)).contains("two.flac"))
        let one = text(answer("/?q=oNE", all))
        #expect(one.contains("One.flac") && !one.contains("two.flac") && !one.contains("b.iso"))
        #expect(text(answer("/?q=nothing", all)).contains("Nothing here fits"))
    }

    @Test func `a folder shows some files among others, and all of them page by page`() throws {
        let paths = (100..<550).map { "f/\($0).bin" }
        let all = [try publication("big", paths), try publication("b.iso", ["b.iso"])]
        let page = text(answer("/", all))
        #expect(page.contains("All 450 files") && page.contains("109.bin") && !page.contains("110.bin"))
        let first = text(answer("/?name=big", all))
        #expect(first.contains("299.bin") && !first.contains("300.bin") && !first.contains("b.iso"))
        #expect(first.contains("/?name=big&amp;from=200"))
        let last = text(answer("/?name=big&from=400", all))
        #expect(last.contains("549.bin") && !last.contains("499.bin") && !last.contains("more files"))
        #expect(text(answer("/?name=big&q=20", all)).contains("520.bin"))
    }

    @Test func `a page is bounded however much there is`() throws {
        let many = try (0..<120).map { try publication("n\($0)", ["n\($0)"]) }
        let page = text(answer("/", many))
        #expect(page.contains("And 70 more"))
        let large = try publication("large", (0..<30_000).map { "f\($0)" })
        let selection = PageSelection(of: [large, large], for: PageRequest(target: "/?q=zzz"))
        #expect(selection.isSearchCut && selection.items.isEmpty)
        #expect(answer("/?name=large&as=aria2", [large]).status == .notFound)
    }

    @Test func `lists for other programs`() throws {
        let all = [try publication("album", ["one two", "b"])]
        let sums = text(answer("/?name=album&as=sha256sums", all))
        let digest = SHA256Digest(hashing: [1, 2, 3]).hex
        #expect(sums == "\(digest)  one two\n\(digest)  b\n")
        let list = text(answer("/?name=album&as=aria2", all))
        let first = "https://a.example:8443/files/album/one%20two\n  out=one two\n  checksum=sha-256=\(digest)\n"
        #expect(list.hasPrefix(first))
        #expect(answer("/?name=none&as=aria2", all).status == .notFound)
    }

    @Test func `the style may be used and nothing else`() throws {
        let answer = answer("/", [try publication("a", ["a"])])
        let policy = try #require(answer.headers.first(name: "content-security-policy"))
        let digest = Base64.encode(SHA256Digest(hashing: Array(PageStyle.css.utf8)).bytes)
        #expect(policy.contains("default-src 'none'") && policy.contains("style-src 'sha256-\(digest)'"))
        #expect(text(answer).contains("<style>\(PageStyle.css)</style>"))
    }

    @Test func `whoever signed is found by the public keys of the tree`() throws {
        let root = try TemporaryRoot()
        let bytes = try Manifest.sample("a", [("a", [1])]).encoded()
        let key = try SecretKey.generate()
        let other = try SecretKey.generate()
        let signature = try MinisignSignature(signing: bytes, with: key, trustedComment: "")
        try root.write("sub/a.manifest.json", bytes)
        func signer() throws -> Signer? {
            let served = try ServedRoot(root.path)
            return CatalogWatcher(root: served, logger: TemporaryRoot.quiet).publications.first?.signer
        }
        #expect(try signer() == nil)
        try root.write("sub/a.manifest.json.minisig", signature.encoded)
        try root.write("other.pub", Array(other.publicKey.minisignText.utf8))
        let id = "\(key.publicKey.id)"
        #expect(try signer() == Signer(keyID: id, publicKey: nil))
        try root.write("keys/publisher.pub", Array(key.publicKey.minisignText.utf8))
        #expect(try signer() == Signer(keyID: id, publicKey: key.publicKey.minisignLine))
        // A key of that id that has not signed this.
        let forged = PublicKey.forTest(id: key.publicKey.id, of: other.publicKey)
        try root.write("keys/publisher.pub", Array(forged.utf8))
        #expect(try signer() == Signer(keyID: id, publicKey: nil))
    }
}

extension PublicKey {
    /// The line of a key with another's id.
    fileprivate static func forTest(id: KeyID, of key: PublicKey) -> String {
        Base64.encode(Array("Ed".utf8) + id.bytes + key.bytes)
    }
}
