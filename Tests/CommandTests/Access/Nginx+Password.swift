import TestSupport

extension Nginx {
    /// Serves a directory to whoever has the login of `Secrets`.
    static func withPassword(root: String, in scene: Scene) async throws -> Nginx {
        let script = "printf '%s:%s\\n' \"$1\" \"$(openssl passwd -apr1 \"$2\")\" > \"$3\""
        return try await start(
            in: scene,
            prepare: { place in
                let words = ["-c", script, "sh", Secrets.user, Secrets.password, place + "/users"]
                try await scene.must(.system("sh"), words, by: .publisher)
            },
            http: { "access_log \($0)/access;" }
        ) { _, place in
            ["root \(root); auth_basic members; auth_basic_user_file \(place)/users;"]
        }
    }
}
