import FoundationEssentials
import TestSupport

/// Whether the tests that take minutes run at their full size, as with `tools/test --all`.
let isFullSize = ProcessInfo.processInfo.environment["FDL_TEST_FULL"] == "1"

extension RunningProgram {
    /// Waits until it has nothing to do: it takes no processor time while the test looks a few times.
    func atRest() async throws {
        var last = -1
        var quiet = 0
        while quiet < 10 {
            let now = try processorTime()
            quiet = now == last ? quiet + 1 : 0
            last = now
            try await Task.sleep(for: .milliseconds(30))
        }
    }
}
