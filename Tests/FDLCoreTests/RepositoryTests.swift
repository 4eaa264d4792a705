import Testing

@testable import FDLCore

@Suite("The address of a registry's repository") struct RepositoryTests {
    @Test(
        arguments: [
            ("https://r.example/v2/a/", "https://r.example/v2/a/", "a"),
            ("https://R.example:8443/v2/a/b", "https://r.example:8443/v2/a/b/", "a/b"),
            ("https://r.example/base/v2/a-b__c.d/", "https://r.example/base/v2/a-b__c.d/", "a-b__c.d"),
            ("oci://r.example/a/b", "https://r.example/v2/a/b/", "a/b"),
            ("OCI://r.example:5000/a/", "https://r.example:5000/v2/a/", "a"),
        ]
    )
    func `Both ways to write it`(text: String, url: String, name: String) throws {
        let repository = try Repository(text)
        #expect("\(repository.url)" == url)
        #expect(repository.name == name)
    }

    @Test(
        arguments: [
            ("http://r.example/v2/a/", RepositoryError.url(.notHTTPS)), ("r.example/a", .url(.notHTTPS)),
            ("https://me:x@r.example/v2/a/", .url(.userinfo)), ("oci:///a", .url(.invalidHost)),
            ("https://r.example/v2/a/?x=1", .url(.query)), ("https://r.example/a/", .noBase),
            ("https://r.example/v2", .name), ("https://r.example/v2/", .name), ("oci://r.example", .name),
            ("oci://r.example/A", .name), ("oci://r.example/a//b", .name), ("oci://r.example/a/../b", .name),
            ("oci://r.example/-a", .name), ("oci://r.example/a-", .name), ("oci://r.example/a..b", .name),
            ("oci://r.example/a___b", .name), ("oci://r.example/a:1", .name), ("oci://r.example/a%20", .name),
        ] as [(String, RepositoryError)]
    )
    func `What is none`(text: String, error: RepositoryError) {
        #expect(throws: error) { try Repository(text) }
    }

    @Test func `The reader may give a query`() throws {
        let repository = try Repository("https://r.example/v2/a?sig=1", allowingQuery: true)
        #expect(repository.url.query?.revealed == "sig=1")
        #expect(repository.name == "a")
    }
}
