import FDLCore

/// A date as HTTP writes it (RFC 9110 section 5.6.7).
enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    private static let dayNames = Array("SunMonTueWedThuFriSat".utf8)
    private static let monthNames = Array("JanFebMarAprMayJunJulAugSepOctNovDec".utf8)
    private static let pattern = Array("Day, 00 Mon 0000 00:00:00 GMT".utf8)
    /// The seconds whose year has four digits: from 0000-03-01 to the end of 9999.
    private static let writable: ClosedRange<Int64> = -62_162_035_200...253_402_300_799

    /// IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`. What the form has no room for becomes the nearest that it has.
    static func string(_ time: UTCTime) -> String {
        let seconds = min(max(time.secondsSince1970, writable.lowerBound), writable.upperBound)
        let fields = UTCTime(secondsSince1970: seconds).fields
        return String(unsafeUninitializedCapacity: pattern.count) { text in
            _ = text.update(from: pattern)
            func name(_ names: [UInt8], _ index: Int64, at offset: Int) {
                for letter in 0..<3 { text[offset + letter] = names[3 * Int(index) + letter] }
            }
            func twoDigits(_ value: Int64, at offset: Int) {
                text[offset] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / 10)
                text[offset + 1] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10)
            }
            name(dayNames, fields.weekday, at: 0)
            twoDigits(fields.day, at: 5)
            name(monthNames, fields.month - 1, at: 8)
            twoDigits(fields.year / 100, at: 12)
            twoDigits(fields.year % 100, at: 14)
            twoDigits(fields.hour, at: 17)
            twoDigits(fields.minute, at: 20)
            twoDigits(fields.second, at: 23)
            return pattern.count
        }
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
