/// An open file or directory that several hold: a directory by those who open files in it, a file by its writers.
package final class SharedDescriptor: Sendable {
    package let descriptor: Descriptor

    package init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }
}
