import FDLCore
import FDLPlan

/// What the plan is compared with: chunk n goes to source n modulo their number, two requests ahead on one connection
/// each; what fails goes to the next source.
struct RoundRobin: Scheduler {
    private let sourceCount: Int
    private var queues: [[Int]]
    private var connections: [Int?]
    private var underWay: [Int: (chunk: Int, source: Int)] = [:]
    private var nextRequest = 0
    private var remaining: Int
    private var memory: Int

    init(layout: ChunkLayout, sourceCount: Int, memoryLimit: Int) {
        self.sourceCount = sourceCount
        queues = (0..<sourceCount).map { Array(stride(from: $0, to: layout.chunkCount, by: sourceCount)) }
        connections = Array(repeating: nil, count: sourceCount)
        remaining = layout.chunkCount
        memory = memoryLimit / layout.chunkSize.bytes
    }

    mutating func start(at: Duration) -> [DownloadPlan.Action] {
        (0..<sourceCount).map { .connect(ConnectionID(rawValue: $0), to: SourceID(rawValue: $0)) }
    }

    mutating func handle(_ event: DownloadPlan.Event, at: Duration) -> [DownloadPlan.Action] {
        switch event {
        case .connected(let id):
            connections[id.rawValue] = id.rawValue
            return fill()
        case .connectionFailed(let id, _), .connectionClosed(let id, _):
            connections[id.rawValue] = nil
            for (key, item) in underWay.sorted(by: { $0.key < $1.key }) where item.source == id.rawValue {
                underWay[key] = nil
                memory += 1
                pass(item.chunk, from: id.rawValue)
            }
            for chunk in queues[id.rawValue] { pass(chunk, from: id.rawValue) }
            queues[id.rawValue] = []
            return fill()
        case .verified(let id, _):
            underWay[id.rawValue] = nil
            return fill()
        case .failed(let id, let chunk, _):
            if let item = underWay.removeValue(forKey: id.rawValue) {
                memory += 1
                pass(chunk, from: item.source)
            }
            return fill()
        case .stored:
            remaining -= 1
            memory += 1
            return remaining == 0 ? [.finished] : fill()
        case .lastAnswer, .rangesIgnored, .readPast, .began, .progress, .consumed, .tick:
            return []
        }
    }

    private mutating func pass(_ chunk: Int, from source: Int) {
        for step in 1...sourceCount where connections[(source + step) % sourceCount] != nil {
            queues[(source + step) % sourceCount].append(chunk)
            return
        }
        queues[(source + 1) % sourceCount].append(chunk)
    }

    private mutating func fill() -> [DownloadPlan.Action] {
        var actions: [DownloadPlan.Action] = []
        for source in 0..<sourceCount {
            guard let connection = connections[source] else { continue }
            while memory > 0, !queues[source].isEmpty, underWay.values.count(where: { $0.source == source }) < 2 {
                let chunk = queues[source].removeFirst()
                memory -= 1
                nextRequest += 1
                underWay[nextRequest] = (chunk, source)
                actions.append(
                    .fetch(
                        RequestID(rawValue: nextRequest),
                        chunks: chunk..<(chunk + 1),
                        on: ConnectionID(rawValue: connection)
                    )
                )
            }
        }
        return actions
    }
}
