package import FDLCore
import FDLTrust

/// The version that a manifest gets, and what its publisher should be told about it.
///
/// Readers refuse a version lower than one they have seen. So a version must not fall behind the publisher's earlier
/// manifest if the clock has gone back, and must not be so far ahead of the clock that nothing signed later is
/// accepted.
package struct VersionChoice: Sendable, Hashable {
    package let version: Int64
    package let remarks: [Remark]

    /// Something that the publisher should know, but that is no reason to refuse.
    package enum Remark: Sendable, Hashable, CustomStringConvertible {
        /// The clock gives no version higher than the earlier manifest's.
        case counted(version: Int64, earlier: Int64, clock: Int64)
        /// The version asked for is the earlier manifest's.
        case same(version: Int64)
        /// The clock is before `earliestTime`.
        case clockIsWrong(UTCTime)

        package var description: String {
            switch self {
            case .counted(let version, let earlier, let clock):
                "this is version \(version), the earlier manifest's \(earlier) plus one: "
                    + "the clock would give only \(clock)"
            case .same(let version):
                "the earlier manifest is version \(version) too: readers who have seen that refuse this one"
            case .clockIsWrong(let now):
                "this machine's clock is wrong: it says \(now)"
            }
        }
    }

    /// 2020-01-01T00:00:00Z: a clock before this was never set.
    static let earliestTime = UTCTime(secondsSince1970: 1_577_836_800)

    /// - Parameters:
    ///   - wanted: the version asked for; nil for the clock's, or the one after the earlier manifest's.
    ///   - earlier: the version of the publisher's earlier manifest of that name, if there is one.
    ///   - now: the publisher's clock.
    ///   - allowsAhead: whether a version more than a day ahead of the clock is allowed.
    /// - Throws: `PublishingError.versionAhead`, `.versionLower` or `.noVersionLeft`
    package init(
        wanted: Int64? = nil,
        earlier: Int64? = nil,
        now: UTCTime,
        allowsAhead: Bool = false
    ) throws(PublishingError) {
        var remarks: [Remark] = []
        let isClockWrong = now < Self.earliestTime
        if isClockWrong { remarks.append(.clockIsWrong(now)) }
        // A clock that was never set may be before 1970, and no version is below 1.
        let clock = max(now.secondsSince1970, Manifest.allowedVersions.lowerBound)
        if let wanted {
            version = wanted
            if let earlier, wanted < earlier { throw .versionLower(wanted, earlier: earlier) }
            if wanted == earlier { remarks.append(.same(version: wanted)) }
        } else if let earlier, earlier >= clock {
            guard earlier < Manifest.allowedVersions.upperBound else { throw .noVersionLeft }
            version = earlier + 1
            remarks.append(.counted(version: version, earlier: earlier, clock: clock))
        } else {
            version = clock
        }
        guard allowsAhead || version <= clock.addingReportingOverflow(Freshness.leewaySeconds).partialValue else {
            throw .versionAhead(version, earlier: wanted == nil ? earlier : nil, now: now, isClockWrong: isClockWrong)
        }
        self.remarks = remarks
    }
}
