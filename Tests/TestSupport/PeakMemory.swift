import HostSystem
import AllocationCounter
import Files

/// False under a sanitizer, whose allocator takes more memory than the program requests: a condition of tests that
/// measure or limit memory.
package let hasOrdinaryAllocator = nn_counts_allocations()

/// The peak memory of a process in bytes, as reported by Linux (`VmHWM`); nil after the process has ended. The figures
/// of `getrusage` also include the memory of the parent process.
package func peakMemory(of process: String = "self") -> Int? { memory("VmHWM:", of: process) }

/// A field of `/proc/…/status` in bytes.
private func memory(_ field: String, of process: String) -> Int? {
  guard let text = try? readSystemFile("/proc/\(process)/status") else { return nil }
  guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(field) }) else { return nil }
  return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
}

/// Ends the process, successfully if `body` returns true and raises the peak of the memory by at most `bound` bytes.
/// Pages of the program do not count: how many of them a call maps depends on which others the system has in memory.
package func endMeasuring(bound: Int, _ body: () throws -> Bool) -> Never {
  func peak() -> Int {
    guard let all = memory("VmHWM:", of: "self"), let program = memory("RssFile:", of: "self") else { exit(5) }
    return all - program
  }
  let before = peak()
  let isRight = (try? body()) ?? false
  let taken = peak() - before
  if isRight && taken <= bound { exit(0) }
  print(isRight ? "\(taken) bytes instead of at most \(bound)" : "a wrong result")
  exit(1)
}

/// System files have no size.
private func readSystemFile(_ path: String) throws -> String {
  guard let file = fopen(path, "r") else { throw FileError.missing(path: path) }
  defer { fclose(file) }
  var bytes = [UInt8](repeating: 0, count: 1 << 14)
  let count = fread(&bytes, 1, bytes.count, file)
  return String(decoding: bytes[..<count], as: UTF8.self)
}

/// Limits the address space of this process to its current size plus this many bytes, like `ulimit -v`; returns false
/// if that is not possible.
package func limitMemory(toFree bytes: Int) -> Bool {
  guard let text = try? readSystemFile("/proc/self/statm"),
    let pages = text.split(separator: " ").first.flatMap({ Int($0) })
  else { return false }
  let bound = rlim_t(pages * Int(sysconf(Int32(_SC_PAGESIZE))) + bytes)
  var limit = rlimit(rlim_cur: bound, rlim_max: bound)
  #if canImport(Glibc)
  return setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0
  #else
  return setrlimit(RLIMIT_AS, &limit) == 0
  #endif
}
