import FDLCore
import FDLSystem
import NIOCore
import NIOPosix

/// The event loops that all connections of this process run on. They are never shut down, because a closed connection
/// may still have callbacks to run.
enum EventLoops {
    /// How many descriptors a download needs at least, besides those of its event loops.
    static let spareDescriptors = 16

    /// Memory that must be available: enough for the buffers of a download and for what the libraries take.
    private static let bytes = 128 << 20

    /// One loop for each core, or a single loop if there are not enough descriptors for that.
    /// - Parameter threads: how many threads the caller needs besides the loops and Swift's own.
    /// - Throws: `Failure` (74) if the system does not allow the process the descriptors, threads or memory it needs.
    static func group(threads: Int) throws(Failure) -> MultiThreadedEventLoopGroup {
        try explaining { () throws(SystemError) in
            let loops = try ProcessLimits.eventLoops(cores: System.coreCount, spare: spareDescriptors)
            try ProcessLimits.check(threads: loops + threads + System.coreCount, bytes: bytes)
            return loops < System.coreCount ? single : MultiThreadedEventLoopGroup.singleton
        }
    }

    private static let single = MultiThreadedEventLoopGroup(numberOfThreads: 1)
}
