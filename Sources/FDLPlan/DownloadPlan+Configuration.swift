extension DownloadPlan {
    /// What the caller may choose, and the constants behind the decisions, each with a name: that is why there are so many.
    /// Times are in seconds.
    package struct Configuration: Sendable {
        /// The most connections to one source; nil for `defaultConnectionsPerSource`.
        package var connectionsPerSource: Int?
        /// The most bytes asked for and not yet stored, over all connections. Raised to one chunk if it is less.
        package var memoryLimit: Int
        package var order: Order
        /// For paths with a shorter delay half of the memory is enough: 8 MiB under way are 800 MB/s at this delay. It
        /// is several milliseconds because even the shortest path shows such delays while other connections do their
        /// handshakes.
        package var longPath = 0.01

        /// Which chunks may be asked for at a given time.
        package enum Order: Sendable, Hashable {
            /// All chunks.
            case any
            /// Only `window` chunks, counted from the lowest unconsumed one: for output that is read in order. The
            /// window is narrowed to what the memory limit can hold, so that the chunk the reader waits for always has
            /// room.
            case sequential(window: Int)
        }

        /// The most connections to one source if `connectionsPerSource` is nil.
        package var defaultConnectionsPerSource = 4
        /// As many at once go to a source that closes each behind a few answers, where the caller sets no cap: while some
        /// bring answers, others are opened.
        package var shortConnectionsPerSource = 8
        /// The most connections to all sources together.
        package var maximumConnections = 64
        /// How long to wait after a useless or failed further connection to a source before the next trial.
        package var trialPause = 60.0
        /// If the maximum of connections is reached, a source that lacked this many chunks in a row loses a connection
        /// to a source that did not and has none.
        package var lackedBeforeYielding = 16
        /// The most requests on one connection.
        package var maximumRequestsPerConnection = 64
        /// The most bytes asked of a mirror in one request, but at least one chunk.
        package var maximumRun = 8 << 20

        /// A source is slow if `slowRatio` times its rate is less than the mean rate of all sources.
        package var slowRatio = 4.0
        /// In bytes a second. If a request has brought less on average after `stallTime`, the connection is closed and
        /// the source charged with a timeout. A caller that limits the rate lowers this.
        package var stallRate = 256.0
        /// How long a request may take before `stallRate` applies.
        package var stallTime = 20.0
        /// At the end of a download, the measured rate of a connection is ignored after this long without a byte. A
        /// caller that limits the rate raises this.
        package var silenceTime = 2.0
        /// A failing source is paused for this long, doubling with each further failure in a row …
        package var backoffFirst = 0.25
        /// … up to this, whatever `Retry-After` says.
        package var backoffCap = 10.0
        /// A source is given up after this many failures in a row …
        package var failuresBeforeGivingUp = 8
        /// … within which it gave no good answer, if they go on for this long without a byte, or for five times as long
        /// with some bytes.
        package var patience = 60.0
        /// How often at most a source's failures are forgotten because it accepted a connection while there was nothing
        /// to ask it for.
        package var maximumAmnesties = 64
        /// As long as no source has accepted a connection, a source is given up after two failures over this long, so
        /// that a mistyped address or a network that is down is reported soon.
        package var firstContactPatience = 10.0
        /// How many broken answers (protocol, encoding) are forgiven before a source is quarantined. 64 good chunks
        /// after the last broken answer cancel one.
        package var strikesForgiven = 3
        /// A source that failed on a chunk for a passing reason is not asked for it again for this long, doubling with
        /// each failure of that chunk up to `backoffCap`.
        package var chunkBackoffFirst = 0.5
        /// A gain of less time than this is not worth asking a source for what belongs to another one …
        package var leastPatience = 0.01
        /// … nor one of a tenth of the time elapsed, but for more than this it is.
        package var mostPatience = 0.25
        /// The most bytes asked for a second time near the end, as a share of the missing bytes …
        package var hedgeShare = 0.02
        /// … or this many full-size chunks for each source, whichever is more.
        package var hedgedChunksPerSource = 2

        package init(connectionsPerSource: Int? = nil, memoryLimit: Int = 32 << 20, order: Order = .any) {
            self.connectionsPerSource = connectionsPerSource
            self.memoryLimit = memoryLimit
            self.order = order
        }
    }
}
