import Testing

@testable import FDLPlan

@Suite("How long a source keeps a connection")
struct ConnectionLifeTests {
    @Test("One that has closed nothing may be asked for as much as there is")
    func unknown() {
        let life = ConnectionLife()
        #expect(life.limit == nil)
        #expect(life.allowsRequest(asked: 10_000, due: 64))
        #expect(!life.isShort)
        #expect(!life.isOutlived(by: 10_000))
    }

    @Test("What was announced holds, until a connection goes on past it")
    func announced() {
        var life = ConnectionLife()
        life.announce(last: 2)
        #expect(life.allowsRequest(asked: 1, due: 1))
        #expect(!life.allowsRequest(asked: 2, due: 0))
        #expect(life.isShort)
        life.close(after: 1)
        #expect(life.limit == 2)
        #expect(!life.isOutlived(by: 1))
        #expect(life.isOutlived(by: 2))
        life.outlive()
        #expect(life == ConnectionLife())
    }

    @Test("A hundred answers are no short life")
    func long() {
        var life = ConnectionLife()
        life.announce(last: 100)
        #expect(!life.isShort)
        #expect(!life.allowsRequest(asked: 100, due: 0))
    }

    @Test("Closed behind the first answer without a word: one request at a time, and short if it happens again")
    func silentFirst() {
        var life = ConnectionLife()
        life.close(after: 1)
        #expect(!life.allowsRequest(asked: 1, due: 1))
        #expect(life.allowsRequest(asked: 1, due: 0))
        #expect(!life.isShort)
        life.close(after: 1)
        #expect(life.isShort)
        #expect(!life.isOutlived(by: 1))
        #expect(life.isOutlived(by: 2))
    }

    @Test("Closed behind a later answer without a word: a limit if it happens again there")
    func silentLater() {
        var life = ConnectionLife()
        life.close(after: 7)
        life.close(after: 5)
        #expect(life.limit == nil)
        life.close(after: 5)
        #expect(life.limit == 5)
        life.close(after: 9)
        #expect(life.limit == 5)
    }

    @Test("A break with several answers due is a suspicion: the next answers are waited for one by one")
    func suspicion() {
        var life = ConnectionLife()
        life.suspect()
        #expect(!life.allowsRequest(asked: 1, due: 1))
        #expect(!life.isShort)
        #expect(life.isOutlived(by: 2))
    }
}
