import FDLCore
import FDLSystem
import Glibc
import Testing

@Suite struct SystemErrorTests {
    @Test(arguments: [ENOENT, EISDIR, EFBIG, ENAMETOOLONG, EINVAL, ELOOP, EBADMSG, ENXIO, 9999])
    func everyErrorHasAHint(code: Int32) {
        let failure = SystemError(operation: .open, path: "x", code: code).failure
        #expect(failure.hint?.isEmpty == false)
    }
}
