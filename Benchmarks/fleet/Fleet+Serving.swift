import FDLCore
import FDLPlan
import NIOCore

/// What the servers do.
extension Fleet {
    mutating func takeTurn(_ flow: Int) {
        guard flows[flow].isReady, !flows[flow].hasTurn else { return }
        flows[flow].hasTurn = true
        hosts[flows[flow].host].turns.append(flow)
        send(flows[flow].host)
    }

    /// The server's line is free: the next flow in turn sends a piece.
    mutating func send(_ host: Int) {
        while !hosts[host].isSending, !hosts[host].isDown, let flow = hosts[host].turns.popFirst() {
            flows[flow].hasTurn = false
            guard flows[flow].isReady else { continue }
            let index = flows[flow].requests.index(flows[flow].requests.startIndex, offsetBy: flows[flow].sent)
            let request = flows[flow].requests[index]
            guard begins(request, index, on: flow, host) else { continue }
            let bytes = min(hosts[host].quantum(chunkSize: chunkSize), request.toSend)
            flows[flow].requests[index].toSend -= bytes
            if request.toSend == bytes { flows[flow].sent += 1 }
            hosts[host].sentBytes += bytes
            hosts[host].isSending = true
            let end = now + Double(bytes) / hosts[host].rate
            let half = flows[flow].delay / 2
            deliver(bytes, on: flow, first: now + half, last: end + half)
            queue.push(.send(host: host), at: end)
            if flows[flow].isReady {
                flows[flow].hasTurn = true
                hosts[host].turns.append(flow)
            }
        }
    }

    /// Whether a server can send what it is asked for now. If not, it answers that it lacks it, or waits until it has it.
    private mutating func begins(
        _ request: FleetRequest,
        _ index: CircularBuffer<FleetRequest>.Index,
        on flow: Int,
        _ host: Int
    ) -> Bool {
        guard request.toSend == chunkSize else { return true }
        if hosts[host].holdings?.contains(request.chunk) == false {
            flows[flow].requests[index].isLacking = true
            flows[flow].sent += 1
            let time = now + flows[flow].delay / 2
            deliver(0, on: flow, first: time, last: time)
            takeTurn(flow)
            return false
        }
        switch hosts[host].cache?.ask(request.chunk, for: flow) {
        case nil, .isThere: return true
        case .isComing: break
        case .hasToBeFetched:
            let idle = hosts[host].cache?.idle.popLast()
            if idle == nil {
                flows.append(FleetFlow(receiver: .cache(host), host: origin, delay: setup.originDelay))
            }
            ask(request.chunk, key: 0, on: idle ?? flows.count - 1)
        }
        flows[flow].waitsForFill = true
        return false
    }

    private mutating func deliver(_ bytes: Int, on flow: Int, first: Double, last: Double) {
        let time: Double?
        switch flows[flow].receiver {
        case .reader(let reader, _): time = readers[reader].line.pass(bytes, first: first, last: last)
        case .cache(let host): time = hosts[host].cache?.line.pass(bytes, first: first, last: last)
        }
        queue.push(.arrived(flow: flow, bytes: bytes), at: time ?? last)
    }

    mutating func arrived(_ flow: Int, _ bytes: Int) {
        guard !flows[flow].isClosed, let request = flows[flow].requests.first else { return }
        let start = flows[flow].requests.startIndex
        flows[flow].requests[start].toArrive -= bytes
        let isWhole = request.toArrive == bytes || request.isLacking
        if isWhole {
            _ = flows[flow].requests.removeFirst()
            flows[flow].reached -= 1
            flows[flow].sent -= 1
        }
        switch flows[flow].receiver {
        case .cache(let host): if isWhole { filled(host, request.chunk, by: flow) }
        case .reader(let reader, _):
            readers[reader].received += bytes
            guard !request.isCancelled else { return }
            let id = RequestID(rawValue: request.key)
            guard !request.isLacking else { return tell(.failed(id, chunk: request.chunk, .lacking), reader) }
            tell(.progress(id, bytes: bytes), reader)
            guard isWhole else { return }
            tell(.verified(id, chunk: request.chunk), reader)
            tell(.stored(chunk: request.chunk), reader)
        }
    }

    private mutating func filled(_ host: Int, _ chunk: Int, by flow: Int) {
        hosts[host].cache?.idle.append(flow)
        for waiting in hosts[host].cache?.fill(chunk) ?? [] {
            flows[waiting].waitsForFill = false
            takeTurn(waiting)
        }
    }

    /// The server is gone, and all connections to it break.
    mutating func fail(_ host: Int) {
        hosts[host].isDown = true
        hosts[host].turns = []
        for flow in flows.indices where flows[flow].host == host && !flows[flow].isClosed {
            close(flow)
            queue.push(.broken(flow: flow), at: now + flows[flow].delay / 2)
        }
    }
}
