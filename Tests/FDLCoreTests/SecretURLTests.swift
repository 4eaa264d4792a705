import FDLCore
import Testing

@Suite struct SecretURLTests {
    /// What is given for a URL, and what of it is shown. Every secret has a `2` in it, and nothing shown has.
    private static let given = [
        ("https://me:hunter2@a.example:1/x.json", "https://…@a.example:1/x.json"),
        ("https://token2@a.example/", "https://…@a.example/"),
        ("https://me:hun@ter2@a.example/", "https://…@a.example/"),
        ("https://me:hun/ter2@a.example/", "https://…@a.example/"),
        ("https://me:hun?ter2@a.example/", "https://…"),
        ("https://me:hun#ter2@a.example/", "https://…"),
        ("https://me:hun ter2@a.example/", "https://…@a.example/"),
        ("https://me:hunter2@", "https://…@"),
        ("https://me:hunter2@[::1", "https://…@[::1"),
        ("https://a.example/x?token=2", "https://a.example/x?…"),
        ("https://a.example/x?token=a@2", "https://…"),
        ("https://a.example/x#token=2", "https://a.example/x#…"),
        ("https://me:hunter2@a.example/?token=2", "https://…@a.example/?…"),
        ("https://me:hunter2%40a.example/", "https://me:…"),
        ("me:hunter2@a.example:1", "…@a.example:1"),
        ("https:/me:hunter2@a.example/", "…@a.example/"),
        ("https:/me:hunter2", "https:…"),
        ("https:\\\\me:hunter2@a.example", "…@a.example"),
        ("https//me:hunter2@a.example/", "…@a.example/"),
        ("me:hunter2://a.example", "me:…"),
        ("htps://me:hunter2@a.example/", "htps://…@a.example/"),
        ("--server=https://me:hunter2@a.example/", "--server=https://…@a.example/"),
    ]

    @Test(arguments: given)
    func `What is refused as a URL is shown without its secrets`(text: String, shown: String) {
        #expect(shownURL(text) == shown)
        #expect(shownArgument(text) == shown)
    }

    @Test(arguments: given)
    func `What was hidden stays as it is`(text: String, shown: String) {
        #expect(withoutSecrets(shown) == shown)
    }

    @Test(arguments: [
        "get", "-o", "out/x@y", "a?b", "C:/x", "x=1", "--pin", "sha256//ab=", "https://a.example:8443/@scope/",
        "name@host", "http://a.example/", "https://[::1]:8443/x", "",
    ])
    func `Anything else is shown as it is`(text: String) {
        #expect(shownArgument(text) == text)
    }

    @Test(arguments: [
        ("cannot open https://me:hunter2@a.example/x: No such file", "cannot open https://…@a.example/x: No such file"),
        ("one (https://u2@h/), two \"https://h/?k=2\".", "one (https://…@h/), two \"https://h/?…\"."),
        ("Unexpected argument 'https://h/x?k=2'", "Unexpected argument 'https://h/x?…'"),
        ("https://h:8443/@scope/: unreachable", "https://h:8443/@scope/: unreachable"),
        ("look at https://h:8443/ for what it serves?", "look at https://h:8443/ for what it serves?"),
    ])
    func `A sentence with URLs in it`(text: String, shown: String) {
        #expect(withoutSecrets(text) == shown)
        #expect(Failure(.usage, text, hint: text).message == shown)
        #expect(Failure(.usage, text, hint: text).hint == shown)
    }

    @Test func `A manifest's source is shown without its secrets`() {
        let error = ManifestError.invalidSource("https://me:hunter2@a.example/", .userinfo)
        #expect(error.description.contains("\"https://…@a.example/\""))
    }

    @Test func `Bytes that are no text are shown as what they are`() {
        #expect(escaped(Array("café".utf8)) == "café")
        #expect(escaped([0x61, 0xe9, 0x62, 0xf0, 0x9f, 0x98]) == #"a\xe9b\xf0\x9f\x98"#)
    }
}
