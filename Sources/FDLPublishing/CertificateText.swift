/// Certificates in PEM (RFC 7468).
package enum CertificateText {
    /// The certificates of a PEM text and nothing else: a private key in the same file must not be published.
    /// - Returns: nil if there is none.
    package static func certificates(in text: String) -> String? {
        var kept: [Substring] = []
        var current: [Substring]?
        for line in text.split(whereSeparator: \.isNewline) {
            if line == "-----BEGIN CERTIFICATE-----" {
                current = [line]
            } else if line == "-----END CERTIFICATE-----", let lines = current {
                kept += lines + [line]
                current = nil
            } else {
                current?.append(line)
            }
        }
        return kept.isEmpty ? nil : kept.joined(separator: "\n") + "\n"
    }
}
