import FDLCore

extension DownloadRequest {
    /// What the folder to be replaced may hold: the files of the earlier version if that wrote it.
    var replaceable: Manifest { replacedManifest ?? manifest.manifest }

    /// Refuses to put the download in the place of something else, unless that was asked for and loses nothing that
    /// nobody has listed.
    /// - Throws: `Failure` (73), `SystemError`.
    func refuseReplacing(_ target: OutputTarget, _ existing: OutputTarget.Existing) throws {
        guard replacesExisting else {
            throw Failure(
                .cannotCreate,
                "\(target.path) exists and is not what the manifest describes",
                hint: "run it with --force to replace it, reusing what of it matches, or give another name with -o"
            )
        }
        try target.checkReplaceable()
        guard existing == .folder, let folder = try target.finishedTree(of: replaceable).folder,
            let unlisted = try folder.firstUnlisted()
        else { return }
        throw Failure(
            .cannotCreate,
            "\(target.path) holds files that the manifest does not list, \(unlisted) among them",
            hint: "move them away, or give another name with -o: replacing the folder would remove them"
        )
    }
}
