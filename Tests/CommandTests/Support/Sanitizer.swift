import FoundationEssentials
import Testing

/// The sanitizer that everything was built with (`tools/test --sanitize`), if any.
enum Sanitizer {
    /// It takes several times the memory and the time, and terabytes of addresses.
    static let isUsed = name != nil
    /// It has a thread of its own in each program, made before the program begins.
    static let hasThread = name == "thread"

    private static let name = ProcessInfo.processInfo.environment["FDL_TEST_SANITIZER"]
}

extension Trait where Self == ConditionTrait {
    /// Leaves a test out that says nothing of a program with a sanitizer in it, and says why.
    static func withoutSanitizer(_ reason: String) -> Self {
        .disabled(if: Sanitizer.isUsed, "a sanitizer is used: \(reason)")
    }

    /// For a test whose programs get their clock from faketime, which hangs those that the address sanitizer is in.
    static var fakesTheClock: Self { withoutSanitizer("faketime hangs what it is in") }
}
