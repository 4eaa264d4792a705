import FDLCore

/// A date as HTTP writes it (RFC 9110 section 5.6.7).
enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func string(_ time: UTCTime) -> String {
        let text = time.description.utf8.map { Character(Unicode.Scalar($0)) }
        let day = time.secondsSince1970 / 86400 - (time.secondsSince1970 % 86400 < 0 ? 1 : 0)
        let name = days[Int((day % 7 + 7) % 7)]
        let month = Int(String(text[5..<7])).map { months[$0 - 1] } ?? ""
        return "\(name), \(String(text[8..<10])) \(month) \(String(text[0..<4])) \(String(text[11..<19])) GMT"
    }

    /// Reads the three forms that a recipient must accept: IMF-fixdate, RFC 850's and asctime's.
    /// - Parameter now: decides the century of a year with two digits.
    /// - Returns: nil for anything else.
    static func parse(_ text: String, now: UTCTime) -> UTCTime? {
        let words = text.split { $0 == " " || $0 == "," }.map(String.init)
        switch words.count {
        case 6 where words[5] == "GMT":
            return time(year: words[3], month: words[2], day: words[1], clock: words[4])
        case 4 where words[3] == "GMT":
            let date = words[1].split(separator: "-").map(String.init)
            guard date.count == 3, let year = fullYear(date[2], now: now) else { return nil }
            return time(year: year, month: date[1], day: date[0], clock: words[2])
        case 5:
            let day = words[2].utf8.count == 1 ? "0" + words[2] : words[2]
            return time(year: words[4], month: words[1], day: day, clock: words[3])
        default:
            return nil
        }
    }

    private static func time(year: String, month: String, day: String, clock: String) -> UTCTime? {
        guard let index = months.firstIndex(of: month) else { return nil }
        let number = index < 9 ? "0\(index + 1)" : "\(index + 1)"
        return UTCTime("\(year)-\(number)-\(day)T\(clock)Z")
    }

    /// A year of two digits that would be more than fifty years ahead is in the previous century.
    private static func fullYear(_ digits: String, now: UTCTime) -> String? {
        guard digits.utf8.count == 2, let short = Int(digits), let current = Int(now.description.prefix(4)) else {
            return nil
        }
        var year = current / 100 * 100 + short
        if year > current + 50 { year -= 100 }
        return String(year)
    }
}
