import CLinux

/// The variables of this process. What is not UTF-8 in them is read as replacement characters.
package enum EnvironmentVariables {
    package static var all: [String: String] {
        var found: [String: String] = [:]
        guard var next = fdl_environ() else { return [:] }
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let equals = text.firstIndex(of: "=") {
                found[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            next += 1
        }
        return found
    }
}
