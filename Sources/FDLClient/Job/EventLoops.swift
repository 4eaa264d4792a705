import FDLCore
import FDLSystem
import NIOCore
import NIOPosix

/// The loops that the connections of this process live on: never shut down, so that what a closed connection still has
/// to say finds one.
enum EventLoops {
    /// What a download holds open beside its loops, at the least.
    static let spareDescriptors = 16

    /// Enough for the buffers of a download and for what the libraries take.
    private static let bytes = 128 << 20

    /// One a core, or as many as there are descriptors for.
    /// - Parameter threads: those that will be needed besides.
    /// - Throws: `Failure` (74) where the process may not have what it needs.
    static func group(threads: Int) throws(Failure) -> MultiThreadedEventLoopGroup {
        try explaining { () throws(SystemError) in
            let loops = try ProcessLimits.eventLoops(cores: System.coreCount, spare: spareDescriptors)
            try ProcessLimits.check(threads: loops + threads + System.coreCount, bytes: bytes)
            return loops < System.coreCount ? single : MultiThreadedEventLoopGroup.singleton
        }
    }

    private static let single = MultiThreadedEventLoopGroup(numberOfThreads: 1)
}
