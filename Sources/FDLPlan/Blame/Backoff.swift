/// How long to leave a source, or a chunk on one source, alone after its n-th failure in a row.
struct Backoff: Sendable {
    /// The pause after the first failure, in seconds, before jitter. It doubles with each further failure.
    let first: Double
    /// The longest pause in seconds, even if `Retry-After` asks for more.
    let cap: Double

    /// The pause in seconds. Jitter shortens it by up to half, so that the readers of a server that is up again do not
    /// all return at once. `Retry-After` is a lower bound, up to the cap.
    func delay(failures: Int, retryAfter: Double? = nil, using generator: inout SplitMix64) -> Double {
        let doublings = Double(1 << min(max(failures - 1, 0), 30))
        let jittered = min(cap, first * doublings) * (1 - generator.unit() / 2)
        return max(jittered, min(max(retryAfter ?? 0, 0), cap))
    }
}
