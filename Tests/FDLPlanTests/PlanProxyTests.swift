import FDLCore
import FDLPlan
import Testing

/// A proxy in the way is no fault of a source's, and some of what it says does not change within a job.
@Suite("DownloadPlan: proxies in the way")
struct PlanProxyTests {
    private func fault(_ reason: ProxyFault.Reason) -> SourceError {
        .proxy(ProxyFault(proxy: "p.example:3128", reason: reason))
    }

    @Test(arguments: [ProxyFault.Reason.wantsLogin, .refusesLogin, .wantsLoginForSOCKS, .forbids])
    func `What stays so ends the source at once, and only that one`(reason: ProxyFault.Reason) {
        var driver = DownloadPlanTests.Driver(chunks: 2, sources: [.worker, .worker])
        driver.tell(.connectionFailed(driver.connections[0].id, fault(reason)))
        #expect(driver.plan.ledger.reports[0].state == .unusable)
        #expect(driver.plan.ledger.reports[0].lastError == fault(reason))
        driver.tell(.connected(driver.connections[1].id))
        driver.deliverAll()
        #expect(driver.finished)
        // Through the same proxy, both: access is what is in the way.
        var both = DownloadPlanTests.Driver(chunks: 2, sources: [.worker, .worker])
        for connection in both.connections { both.tell(.connectionFailed(connection.id, fault(reason))) }
        #expect(both.failure?.exitCode == .tls)
    }

    @Test(
        arguments: [
            ProxyFault.Reason.noAddress, .refused, .unreachable("No route to host"), .silent, .closed,
            .cannotReach("it answered 503"), .answered(400), .noProxy("not SOCKS 5"),
        ]
    )
    func `What may pass is tried again, and given up as a source that is not there`(reason: ProxyFault.Reason) {
        var driver = DownloadPlanTests.Driver(chunks: 1, sources: [.worker])
        driver.tell(.connectionFailed(driver.connections[0].id, fault(reason)))
        #expect(driver.failure == nil)
        driver.sleep(.seconds(1))
        #expect(driver.connections.count == 2)
        driver.tell(.connected(driver.connections[1].id))
        driver.deliverAll()
        #expect(driver.finished)
        var hopeless = DownloadPlanTests.Driver(chunks: 1, sources: [.worker])
        var failed = 0
        while hopeless.failure == nil, failed < hopeless.connections.count {
            hopeless.tell(.connectionFailed(hopeless.connections[failed].id, fault(reason)))
            failed += 1
            hopeless.sleep(.seconds(6))
        }
        #expect(hopeless.failure?.reports[0].state == .givenUp)
        #expect(hopeless.failure?.exitCode == .noSource)
    }
}
