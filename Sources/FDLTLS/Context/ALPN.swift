import COpenSSL

/// Application-Layer Protocol Negotiation (RFC 7301): `http/1.1` and nothing else.
enum ALPN {
    /// The protocol list, with one name; each name follows its length.
    static let http11: [UInt8] = [8] + Array("http/1.1".utf8)

    /// A server's choice. A client that offers only other protocols is refused, as the RFC asks; one that does not use
    /// ALPN is served, since OpenSSL does not call this then.
    static let select: SSL_CTX_alpn_select_cb_func = { _, out, outLength, offered, offeredLength, _ in
        guard let offered else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        let list = UnsafeRawBufferPointer(start: offered, count: Int(offeredLength))
        var start = list.startIndex
        while start < list.endIndex {
            let nameStart = start + 1
            let nameEnd = nameStart + Int(list[start])
            guard nameEnd <= list.endIndex else { return SSL_TLSEXT_ERR_ALERT_FATAL }
            if list[nameStart..<nameEnd].elementsEqual(http11.dropFirst()) {
                // The answer may point into the offer: OpenSSL copies it before the offer goes away.
                out?.pointee = offered + nameStart
                outLength?.pointee = list[start]
                return SSL_TLSEXT_ERR_OK
            }
            start = nameEnd
        }
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }
}
