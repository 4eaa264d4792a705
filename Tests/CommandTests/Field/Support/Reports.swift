import Testing

/// Where people met what a test is about: the public reports, as owner/repository#number, or by their name.
struct Reports: TestTrait, SuiteTrait {
    let names: [String]

    var comments: [Comment] { names.map { Comment(rawValue: "reported as: \($0)") } }
}

extension Trait where Self == Reports {
    /// Names the public reports from which a test's situation is taken.
    static func reported(as names: String...) -> Self { Self(names: names) }
}
