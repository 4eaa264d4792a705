import FDLCore
import NIOHTTP1
import Testing

@testable import FDLClient

@Suite struct JourneyTests {
    private let start = TargetURL(origin: Origin(host: "a.example", port: 443), pathAndQuery: "/x")

    private func redirection(_ location: String?, _ code: Int = 302) throws -> Redirection {
        var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: code))
        if let location { head.headers.add(name: "Location", value: location) }
        return try #require(Redirection(head))
    }

    @Test func fiveStatusesLeadElsewhere() {
        let codes = (100..<600).filter { code in
            Redirection(HTTPResponseHead(version: .http1_1, status: .init(statusCode: code))) != nil
        }
        #expect(codes == [301, 302, 303, 307, 308])
    }

    @Test func fiveStepsAreTakenAndNoSixth() throws {
        var journey = Journey(from: start)
        for step in 1...5 { try journey.follow(try redirection("https://\(step).example/y")) }
        #expect(journey.here.origin.host == "5.example")
        #expect(throws: RedirectFault.tooMany) { try journey.follow(try redirection("https://6.example/")) }
        #expect(journey.here.origin.host == "5.example")
    }

    @Test(arguments: [["/x"], ["#y"], ["https://b.example/", "https://a.example/x"], ["/y", "/z", "/y"]])
    func circlesAreSeen(_ locations: [String]) throws {
        var journey = Journey(from: start)
        for location in locations.dropLast() { try journey.follow(try redirection(location)) }
        #expect(throws: RedirectFault.loop) { try journey.follow(try redirection(locations.last)) }
    }

    @Test func anotherQueryIsAnotherAddress() throws {
        var journey = Journey(from: start)
        try journey.follow(try redirection("?token=1"))
        try journey.follow(try redirection("?token=2"))
        #expect(journey.here.pathAndQuery == "/x?token=2")
    }

    @Test func itHasToSayWhereTo() throws {
        var journey = Journey(from: start)
        #expect(throws: RedirectFault.noLocation) { try journey.follow(try redirection(nil)) }
    }

    @Test func whatIsRememberedIsAStep() throws {
        let target = TargetURL(origin: Origin(host: "b.example", port: 443), pathAndQuery: "/y")
        var journey = Journey(from: start, remembering: target)
        #expect(journey.here == target)
        for step in 1...4 { try journey.follow(try redirection("/\(step)")) }
        #expect(throws: RedirectFault.tooMany) { try journey.follow(try redirection("/5")) }
    }
}
