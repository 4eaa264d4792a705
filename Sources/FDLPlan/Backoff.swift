/// How long to leave a source, or a chunk on one source, alone after its n-th failure in a row.
struct Backoff: Sendable {
    /// In seconds, before jitter, after the first failure. Doubles with each further one.
    let first: Double
    /// In seconds: the longest pause, whatever the count and whatever `Retry-After` says.
    let cap: Double

    /// The pause in seconds. Jitter takes up to half off, so that many readers of one server that came back do not
    /// return in step; a `Retry-After` is a lower bound, but never beyond the cap.
    func delay(failures: Int, retryAfter: Double? = nil, using generator: inout SplitMix64) -> Double {
        let doublings = Double(1 << min(max(failures - 1, 0), 30))
        let jittered = min(cap, first * doublings) * (1 - generator.unit() / 2)
        return max(jittered, min(max(retryAfter ?? 0, 0), cap))
    }
}
