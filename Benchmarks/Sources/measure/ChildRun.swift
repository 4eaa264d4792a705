import Glibc

/// Runs a program and measures it, its waited-for children included.
enum ChildRun {
    static func append(to output: String, command: [String]) throws {
        var arguments = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        var usage = rusage()
        var status: Int32 = 0
        var failure: Int32 = 0
        let wall = Clock.wall.time {
            failure = posix_spawnp(&process, command[0], nil, nil, &arguments, environ)
            guard failure == 0 else { return }
            while wait4(process, &status, 0, &usage) < 0, errno == EINTR {}
        }
        guard failure == 0 else { throw MeasureError("\(command[0]): \(String(cString: strerror(failure)))") }
        let cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime)
        let code = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
        guard let file = fopen(output, "a") else { throw MeasureError(failed: output) }
        fputs("\(fixed(wall)) \(fixed(cpu)) \(usage.ru_maxrss) \(code)\n", file)
        fclose(file)
        exit(code)
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
}
