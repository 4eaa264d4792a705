import FDLCore
import FDLSystem
import NIOCore

/// A source at one address: what the plan asks, with connections, a rate, and blame of its own.
struct Endpoint: Sendable, Equatable {
    /// The index of the source among those of the request.
    let source: Int
    /// Nil where the name is looked up for each connection, or a proxy looks it up.
    let address: SocketAddress?

    /// The most addresses of one name that are used.
    static let limit = 8

    /// The endpoints of all sources, in their order: for a name with several addresses some of them, chosen at random so
    /// that many readers spread over all; otherwise one without an address.
    /// - Parameters:
    ///   - addresses: in numbers, by host.
    ///   - chunks: how many chunks are missing; further addresses would find nothing to do. One more is kept in reserve.
    ///   - isProxied: whether the connections to an origin go through a proxy.
    static func choose(
        for sources: [Manifest.Source],
        among addresses: [String: [String]],
        chunks: Int,
        isProxied: (Origin) -> Bool,
        using generator: inout some RandomNumberGenerator
    ) -> [Endpoint] {
        sources.enumerated().flatMap { index, source in
            let origin = source.url.origin
            let found = isProxied(origin) ? [] : addresses[origin.host] ?? []
            let usable = found.compactMap { try? SocketAddress(ipAddress: $0, port: origin.port) }
            guard usable.count > 1 else { return [Endpoint(source: index, address: nil)] }
            return usable.shuffled(using: &generator).prefix(min(limit, max(2, chunks)))
                .map { Endpoint(source: index, address: $0) }
        }
    }
}

/// Looks host names up, away from the event loops.
enum NameLookup {
    /// - Parameters:
    ///   - deadline: how long to wait for all names together. A name that takes longer is not in the result, and its
    ///     connections look it up by themselves: it holds up no other source.
    /// - Returns: the addresses in numbers, by host.
    static func addresses(of hosts: Set<String>, within deadline: TimeAmount, on loop: any EventLoop) async
        -> [String: [String]]
    {
        let lookups = hosts.map { host in (host: host, addresses: start(host, within: deadline, on: loop)) }
        var result: [String: [String]] = [:]
        for lookup in lookups { result[lookup.host] = try? await lookup.addresses.get() }
        return result
    }

    private static func start(_ host: String, within deadline: TimeAmount, on loop: any EventLoop)
        -> EventLoopFuture<[String]>
    {
        let promise = loop.makePromise(of: [String].self)
        let timer = loop.scheduleTask(in: deadline) { promise.succeed([]) }
        promise.futureResult.whenComplete { _ in timer.cancel() }
        // A thread of its own: a pool's could not end while a name service is silent.
        if !startThread({ promise.succeed(HostAddresses.numeric(of: host)) }) { promise.succeed([]) }
        return promise.futureResult
    }
}
