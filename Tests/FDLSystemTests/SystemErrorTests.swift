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

    @Test(arguments: [
        (ENOENT, true, false), (ENOTDIR, true, false), (ELOOP, true, false), (EXDEV, true, false),
        (ENAMETOOLONG, true, false), (ENXIO, true, false), (EACCES, false, false), (EPERM, false, false),
        (EMFILE, false, true), (ENFILE, false, true), (EIO, false, true), (ENOMEM, false, true), (ESTALE, false, true),
    ])
    func `what says that nothing is there, and what may be over in a moment`(
        code: Int32,
        isAbsence: Bool,
        isPassing: Bool
    ) {
        let error = SystemError(operation: .open, path: "x", code: code)
        #expect(error.isAbsence == isAbsence)
        #expect(error.isPassing == isPassing)
    }
}
