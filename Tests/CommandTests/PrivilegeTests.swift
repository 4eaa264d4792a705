import Testing

@Suite("The tests themselves")
struct PrivilegeTests {
    @Test(.enabled(if: Privileges.mustBeNone, "only tools/test, where it is root, runs them as another user"))
    func `They run as an ordinary user, without any capability`() {
        #expect(Privileges.surplus == nil)
    }
}
