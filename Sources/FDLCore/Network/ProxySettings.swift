/// Which proxy the connections to an origin go through.
public struct ProxySettings: Sendable, Equatable {
    /// No proxy for any origin.
    public static let none = ProxySettings(proxy: nil)

    private let proxy: Proxy?
    private let exceptions: ProxyExceptions

    /// - Parameter exceptions: which hosts are asked directly, as `NO_PROXY` has them.
    public init(proxy: Proxy?, exceptions: String = "") {
        self.proxy = proxy
        self.exceptions = ProxyExceptions(exceptions)
    }

    /// The variables that name a proxy. The first that is not empty counts.
    package static let variables = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
    package static let exceptionVariables = ["no_proxy", "NO_PROXY"]

    /// Reads the environment as curl does: an empty variable counts as unset.
    /// - Parameters:
    ///   - given: used instead of the environment's proxy; empty for none. The exceptions hold for it too.
    ///   - environment: a variable's value by its name.
    /// - Throws: `ProxySettingsError` if what is given, or else the variable that counts, does not name a proxy.
    public init(given: String?, environment: (String) -> String?) throws(ProxySettingsError) {
        let exceptions = Self.exceptionVariables.compactMap(environment).first { !$0.isEmpty }
        let found = Self.variables.map { ($0, environment($0) ?? "") }.first { !$0.1.isEmpty }
        let (name, text): (String?, String) =
            if let given { (nil, given) } else { (found?.0, found?.1 ?? "") }
        do throws(ProxyURLError) {
            let proxy: Proxy? = if text.isEmpty { nil } else { try Proxy(text) }
            self.init(proxy: proxy, exceptions: exceptions ?? "")
        } catch {
            throw ProxySettingsError(cause: error, variable: name, text: text)
        }
    }

    /// The proxy for an origin; nil if connections to it are direct.
    public func proxy(for origin: Origin) -> Proxy? {
        guard let proxy, !exceptions.contains(origin) else { return nil }
        return proxy
    }
}

/// The option or a variable does not name a proxy that can be used.
public struct ProxySettingsError: Explained, Hashable {
    let cause: ProxyURLError
    /// The variable; nil for `--proxy`.
    let variable: String?
    let text: String

    /// 64 for the option, 78 for a variable.
    public var failure: Failure {
        Failure(
            variable == nil ? .usage : .configuration,
            "\(variable ?? "--proxy") \(shownURL(text)) cannot be a proxy: \(cause)",
            hint: cause.hint
        )
    }
}

/// The hosts that are connected to without a proxy: a list, separated by commas or blanks.
///
/// A part is a name, which also stands for all names below it, with or without a dot before it; an address; a network
/// such as `10.0.0.0/8` or `fd00::/8`; or `*` for every host. With `:PORT` after it, it stands for that port alone.
struct ProxyExceptions: Sendable, Equatable {
    private let parts: [Part]

    private enum Part: Sendable, Equatable {
        case all
        case name([UInt8], port: Int?)
        case network([UInt8], bits: Int, port: Int?)
    }

    init(_ list: String) {
        parts = list.split { $0 == "," || $0 == " " || $0 == "\t" || $0.isNewline }
            .compactMap { Self.part(String($0)) }
    }

    func contains(_ origin: Origin) -> Bool {
        let address = IPAddress.bytes(of: origin.host)
        var host = Array(origin.host.lowercased().utf8)
        if host.last == UInt8(ascii: ".") { host.removeLast() }
        return parts.contains { part in
            switch part {
            case .all: true
            case .name(let name, let port):
                address == nil && port ?? origin.port == origin.port && Self.isSame(host, orBelow: name)
            case .network(let network, let bits, let port):
                address.map { IPAddress.isWithin($0, network, bits: bits) } ?? false
                    && port ?? origin.port == origin.port
            }
        }
    }

    private static func isSame(_ host: [UInt8], orBelow name: [UInt8]) -> Bool {
        host == name || host.reversed().starts(with: name.reversed() + [UInt8(ascii: ".")])
    }

    private static func part(_ text: String) -> Part? {
        if text == "*" { return .all }
        if let network = network(text, port: nil) { return network }
        var name = text[...]
        var port: Int?
        if let colon = text.lastIndex(of: ":"), let number = Int(text[text.index(after: colon)...]) {
            name = text[..<colon]
            port = number
            if let network = network(String(name), port: number) { return network }
        }
        if name.hasPrefix(".") { name = name.dropFirst() }
        if name.hasSuffix(".") { name = name.dropLast() }
        return name.isEmpty ? nil : .name(Array(name.lowercased().utf8), port: port)
    }

    /// An address, in brackets or not, or a network.
    private static func network(_ text: String, port: Int?) -> Part? {
        var address = text[...]
        var bits: Int?
        if let slash = text.firstIndex(of: "/") {
            guard let number = Int(text[text.index(after: slash)...]), number >= 0 else { return nil }
            address = text[..<slash]
            bits = number
        }
        if address.hasPrefix("["), address.hasSuffix("]") { address = address.dropFirst().dropLast() }
        guard let bytes = IPAddress.bytes(of: String(address)), bits ?? 0 <= 8 * bytes.count else { return nil }
        return .network(bytes, bits: bits ?? 8 * bytes.count, port: port)
    }
}
