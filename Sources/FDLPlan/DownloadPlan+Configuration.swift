extension DownloadPlan {
    /// What the caller may choose, and the constants behind every decision. Times are in seconds.
    package struct Configuration: Sendable {
        /// The most connections to one source; nil: the plan chooses, up to `defaultConnectionsPerSource`.
        package var connectionsPerSource: Int?
        /// Bytes asked for and not yet stored, over all connections. Raised to one chunk where it is less.
        package var memoryLimit: Int
        package var order: Order
        /// Paths of less delay have enough with half of the memory: 8 MiB are 800 MB/s at this delay. Several
        /// milliseconds are measured on the shortest path too, while other connections have their handshakes.
        package var longPath = 0.01

        /// Which chunks may be asked for.
        package enum Order: Sendable, Hashable {
            /// All at any time.
            case any
            /// Only those below the lowest unconsumed chunk + `window`: for output that is read in order. The window
            /// is narrowed to what the memory limit can hold, so that the chunk the reader waits for always has room.
            case sequential(window: Int)
        }

        /// The most connections to one source where the caller sets no cap.
        package var defaultConnectionsPerSource = 4
        /// The most connections to all sources together.
        package var maximumConnections = 64
        /// After a further connection to a source has been of no use, another is tried no sooner than this.
        package var trialPause = 60.0
        /// With all connections in use, a source that has lacked this many chunks in a row gives up its place to one
        /// that has not.
        package var lackedBeforeYielding = 16
        /// The most requests on one connection.
        package var maximumRequestsPerConnection = 64
        /// The most bytes asked of a mirror in one request, where they are less than a second's worth.
        package var maximumRun = 8 << 20

        /// A source is slow when `slowRatio` times its rate is less than the mean of all.
        package var slowRatio = 4.0
        /// Fewer bytes a second than this, over `stallTime` from a request on, count as none: the connection is closed
        /// and the source charged with a timeout. A caller who holds the rate down itself lowers this.
        package var stallRate = 256.0
        package var stallTime = 20.0
        /// After this long without a byte a rate measured before counts for nothing at the end of a download. A caller
        /// who holds the rate down itself raises this.
        package var silenceTime = 2.0
        /// A failing source is left alone for this long, doubling with each further failure in a row …
        package var backoffFirst = 0.25
        /// … up to this, whatever `Retry-After` says.
        package var backoffCap = 10.0
        /// A source is given up after this many failures in a row …
        package var failuresBeforeGivingUp = 8
        /// … over at least this long without one good answer, and without a byte; or over five times as long.
        package var patience = 60.0
        /// So often at most are failures in a row forgotten of a source that let us in while there was nothing to ask.
        package var maximumAmnesties = 64
        /// As long as no source at all has let us in, a source is given up after two failures over this
        /// long: an address mistyped or a network that is down is reported soon.
        package var firstContactPatience = 10.0
        /// Broken answers (protocol, encoding) forgiven before a source is quarantined. 64 good chunks earn one more.
        package var strikesForgiven = 3
        /// A chunk that failed on a source for a passing reason is not asked of it again for this long, doubling with
        /// each failure of that chunk up to `backoffCap`.
        package var chunkBackoffFirst = 0.5
        /// The most bytes asked for a second time at the end, as a share of the missing bytes …
        package var hedgeShare = 0.02
        /// … or this many chunks a source, whichever is more.
        package var hedgedChunksPerSource = 2

        package init(connectionsPerSource: Int? = nil, memoryLimit: Int = 32 << 20, order: Order = .any) {
            self.connectionsPerSource = connectionsPerSource
            self.memoryLimit = memoryLimit
            self.order = order
        }
    }
}
