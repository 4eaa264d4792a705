import Testing

/// Tests that look at the clock or at memory. They run one at a time, and `tools/test` runs them with no others beside
/// them.
@Suite("By the clock", .serialized)
enum TimedTests {}
