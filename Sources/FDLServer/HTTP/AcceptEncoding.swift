import FDLCompression

/// Which content codings a request accepts (RFC 9110 section 12.5.3).
struct AcceptEncoding: Equatable {
    // Weights in thousandths; nil if the header does not name the coding.
    private var gzip: Int?
    private var deflate: Int?
    private var identity: Int?
    private var anyOther: Int?

    /// - Parameter fields: the values of all `Accept-Encoding` fields.
    init(fields: [String]) {
        // What our own client sends while the network is fast.
        if fields.isEmpty || fields == ["identity"] {
            identity = fields.isEmpty ? nil : 1000
            return
        }
        for element in fields.flatMap({ $0.split(separator: ",") }) {
            let parts = element.split(separator: ";")
            guard let coding = parts.first?.trimmingBlanks() else { continue }
            let weight = Self.weight(parts.dropFirst())
            switch coding.lowercased() {
            case "gzip", "x-gzip": gzip = weight
            case "deflate": deflate = weight
            case "identity": identity = weight
            case "*": anyOther = weight
            default: break
            }
        }
    }

    /// The codings that may be sent rather than plain bytes, best first. With equal weights gzip comes first: unlike
    /// `deflate`, all clients read it alike.
    var preferred: [ContentEncoding] {
        let plain = identity ?? 0
        let weighted = [(ContentEncoding.gzip, gzip ?? anyOther ?? 0), (.deflate, deflate ?? anyOther ?? 0)]
        let acceptable = weighted.filter { $0.1 > 0 && $0.1 >= plain }
        return acceptable.sorted { $0.1 > $1.1 }.map(\.0)
    }

    /// The value of `q=`, which has up to three decimals, in thousandths: 1000 if there is none, 0 if it is malformed.
    private static func weight(_ parameters: ArraySlice<Substring>) -> Int {
        for parameter in parameters {
            let pair = parameter.split(separator: "=", maxSplits: 1).map { $0.trimmingBlanks() }
            guard pair.count == 2, pair[0].lowercased() == "q" else { continue }
            let digits = pair[1].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
            let fraction = digits.count == 2 ? digits[1] : ""
            guard let whole = Int(digits[0]), (0...1).contains(whole), fraction.utf8.count <= 3,
                fraction.utf8.allSatisfy({ (0x30...0x39).contains($0) })
            else { return 0 }
            let padded = String(fraction) + String(repeating: "0", count: 3 - fraction.utf8.count)
            return min(1000, whole * 1000 + (Int(padded) ?? 0))
        }
        return 1000
    }
}
