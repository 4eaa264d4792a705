import Glibc

/// The absolute path of a file that is there, without links, `.` and `..`.
/// - Throws: `SystemError`, EILSEQ if it has a part that is not UTF-8: as text it would be another path.
package func realPath(_ path: String) throws(SystemError) -> String {
    guard let real = realpath(path, nil) else { throw SystemError(operation: .find, path: path, code: errno) }
    defer { free(real) }
    guard let text = String(validatingCString: real) else {
        throw SystemError(operation: .find, path: path, code: EILSEQ)
    }
    return text
}
