import FDLCore

/// The command line before it is parsed.
enum Arguments {
    /// Refuses bytes that are not UTF-8: as text they would name another file than the one meant.
    /// - Throws: `Failure` (64).
    static func check() throws(Failure) {
        for index in 1..<max(1, Int(CommandLine.argc)) {
            guard let argument = CommandLine.unsafeArgv[index] else { return }
            if String(validatingCString: argument) != nil { continue }
            let bytes = UnsafeRawBufferPointer(start: argument, count: length(argument))
            throw Failure(
                .usage,
                "an argument is not UTF-8: \(shownArgument(escaped(bytes)))",
                hint: "give the file a name in UTF-8, or name it by a link that has one"
            )
        }
    }

    /// A message without the secrets in URLs and header fields of the command line, also where the message escapes them.
    static func withoutSecrets(_ message: String, _ arguments: [String]) -> String {
        var message = message
        for (value, shown) in arguments.flatMap(secrets).sorted(by: { $0.value.utf8.count > $1.value.utf8.count }) {
            for spelling in Set([value, printable(value)]) { message = message.replacing(spelling, with: shown) }
        }
        return message
    }

    /// The parts of an argument that must not be shown, and what is shown in place of each.
    private static func secrets(_ argument: String) -> [(value: String, shown: String)] {
        // An option may stand before the value.
        let values = [argument] + (argument.firstIndex(of: "=").map { [String(argument[$0...].dropFirst())] } ?? [])
        return values.filter { shownArgument($0) != $0 }.flatMap { value in
            if let field = shownField(value) {
                var texts = [value]
                while let directory = texts.last.flatMap({ splitLast($0).directory }), shownField(directory) != nil {
                    texts.append(directory)
                }
                return texts.map { ($0, field) }
            }
            // If a URL was taken for a path, messages may show its directories or its last part alone.
            var spellings = [value]
            var directory = splitLast(value).directory
            while let above = directory {
                spellings += [above, String(value.dropFirst(above.count + 1))]
                directory = splitLast(above).directory
            }
            return spellings.filter { !$0.isEmpty && shownURL($0) != $0 }.map { ($0, shownURL($0)) }
        }
    }

    private static func length(_ text: UnsafePointer<CChar>) -> Int {
        var length = 0
        while text[length] != 0 { length += 1 }
        return length
    }
}
