import FDLCore
import FDLPublishing
import Testing

@Suite struct VersionInNameTests {
    @Test(
        arguments: [
            ("app-1.0.iso", "app.iso"), ("app_v2.tar.gz", "app.tar.gz"), ("app-2024", "app"),
            ("debian-12.1.0-amd64.iso", "debian-amd64.iso"), ("IMG_20240501.jpg", "IMG.jpg"),
            ("my app 3.1", "my-app"), ("tool-V10.exe", "tool.exe"), ("lib-1.0rc1.so", "librc1.so"),
        ]
    )
    func `a version is seen, and the rest is the name`(file: String, name: String) {
        #expect(VersionInName.withoutVersion(file)?.string == name)
    }

    @Test(
        arguments: [
            "app.iso", "x86_64.bin", "sha-256", "mp3-128.mp3", "data.bin", "1.0.iso", "-1.0", "v2", "a-", "a-v", "a-1",
            "a-1.", "big1.0.iso", "", "release-candidate",
        ]
    )
    func `no version is seen`(file: String) {
        #expect(VersionInName.withoutVersion(file) == nil)
    }
}
