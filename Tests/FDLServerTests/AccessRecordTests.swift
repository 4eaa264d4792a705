import FDLCore
import Testing

@testable import FDLServer

@Suite("The log of accesses")
struct AccessRecordTests {
    private func record(
        subject: String? = nil,
        path: String = "/files/a%20b",
        userAgent: String? = "curl/8",
        isRequest: Bool = true
    ) -> AccessRecord {
        AccessRecord(
            time: UTCTime(secondsSince1970: 1_795_970_400),
            client: AccessRecord.Client(address: "192.0.2.7", subject: subject, tlsVersion: "TLSv1.3"),
            request: isRequest
                ? AccessRecord.Request(
                    method: "GET",
                    path: path,
                    version: "HTTP/1.1",
                    userAgent: userAgent,
                    referer: nil
                )
                : nil,
            status: isRequest ? 200 : 400,
            bytes: 1234,
            duration: .milliseconds(1_007),
            isComplete: isRequest
        )
    }

    @Test func `the combined format, then seconds and TLS`() {
        #expect(
            AccessLogFormat.combined.line(record())
                == "192.0.2.7 - - [29/Nov/2026:16:40:00 +0000] \"GET /files/a%20b HTTP/1.1\" 200 1234 \"-\" "
                + "\"curl/8\" 1.007 TLSv1.3"
        )
        #expect(AccessLogFormat.combined.line(record(isRequest: false)).contains("] \"-\" 400 1234 "))
    }

    @Test func `nothing that a client sends begins a field or a line`() {
        let line = AccessLogFormat.combined.line(
            record(subject: "CN=a b,O=\"x\"", path: "/\"\\\u{1b}é", userAgent: "a\" \"b\n")
        )
        #expect(line.contains(" - CN=a\\x20b,O=\\x22x\\x22 ["))
        #expect(line.contains("\"GET /\\x22\\x5C\\x1B\\xC3\\xA9 HTTP/1.1\""))
        #expect(line.contains("\"a\\x22 \\x22b\\x0A\""))
        #expect(!line.contains("\n"))
    }

    @Test func `JSON has what is known, and no more`() {
        #expect(
            AccessLogFormat.json.line(record(subject: "CN=a"))
                == #"{"time":"2026-11-29T16:40:00Z","client":"192.0.2.7","subject":"CN=a","tls":"TLSv1.3","#
                + #""method":"GET","path":"/files/a%20b","version":"HTTP/1.1","userAgent":"curl/8","#
                + #""status":200,"bytes":1234,"seconds":1.007,"complete":true}"#
        )
    }

    @Test(arguments: [
        ("/", Route.page), ("/?q=/files/a", .page), ("/healthz", .health), ("/manifests/index.json", .index),
        ("/manifests/a.json?x", .manifest), ("/chunks/zz", .chunk), ("/files/", .file), ("/filesx", .other),
        ("", .other),
    ])
    func `a request counts as one of a few kinds`(target: String, route: Route) {
        #expect(Route(target: target) == route)
        #expect(Route(target: nil) == .other)
    }
}
