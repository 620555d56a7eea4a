/// The memory available to this process. A failed array allocation ends the process, so sizes from a file or a setting
/// are checked before memory is allocated.
package enum HostMemory {
  /// More bytes are needed than are available.
  package struct Shortage: Error, Sendable, Hashable, CustomStringConvertible {
    package let bytes, available: Int
    package var description: String { "it needs \(bytes) bytes of memory; \(available) are available" }
  }

  /// Smaller allocations are not checked: they are common, and the process could not continue without them.
  private static let unchecked = 1 << 18
  /// For smaller allocations, only the limits of the process are checked, which takes two system calls.
  private static let large = 1 << 26
  /// The reserve for everything else.
  private static let reserve = 1 << 23

  /// Throws if this many bytes cannot be allocated.
  package static func check(_ bytes: Int) throws(Shortage) {
    if bytes <= unchecked || bytes < large && canAllocate(bytes + reserve) { return }
    let available = available
    if bytes > available || !canAllocate(bytes) { throw Shortage(bytes: bytes, available: available) }
  }

  /// Checks the memory for `count` elements of `size` bytes.
  package static func check(_ count: Int, of size: Int) throws(Shortage) {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: size)
    try check(overflow ? .max : bytes)
  }

  /// The number of bytes that can be allocated: the minimum of the machine's free memory and the remainders of the
  /// limits of the process (`ulimit -v`, `ulimit -d`) and of its control group.
  package static var available: Int {
    let bounds = [freeOfMachine, leftOf(RLIMIT_AS, field: 0), leftOf(RLIMIT_DATA, field: 5), leftOfGroup]
    return max((bounds.compactMap(\.self).min() ?? .max) - reserve, 0)
  }

  /// The system may refuse an allocation that these numbers allow. Untouched pages cost nothing.
  private static func canAllocate(_ bytes: Int) -> Bool {
    let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory, memory != MAP_FAILED else { return false }
    munmap(memory, bytes)
    return true
  }

  private static var freeOfMachine: Int? {
    let lines = systemFile("/proc/meminfo").split(separator: 0x0A)
    func kibibytes(_ name: String) -> Int? {
      guard let line = lines.first(where: { $0.starts(with: name.utf8) }) else { return nil }
      return number(line.dropFirst(name.utf8.count))
    }
    if let free = kibibytes("MemAvailable:") { return (free + (kibibytes("SwapFree:") ?? 0)) * 1024 }
    return physicalMemory()
  }

  #if canImport(Glibc)
  private typealias Resource = __rlimit_resource
  #else
  private typealias Resource = Int32
  #endif

  /// The remainder of a process limit; nil if there is no limit.
  /// - Parameter field: The index of the relevant field in `/proc/self/statm`, which counts pages.
  private static func leftOf(_ resource: Resource, field: Int) -> Int? {
    var limit = rlimit()
    #if canImport(Glibc)
    let status = getrlimit(__rlimit_resource_t(resource.rawValue), &limit)
    #else
    let status = getrlimit(resource, &limit)
    #endif
    guard status == 0, let bound = Int(exactly: limit.rlim_cur) else { return nil }
    let fields = systemFile("/proc/self/statm").split(separator: 0x20)
    let pages = fields.indices.contains(field) ? number(fields[field]) ?? 0 : 0
    return max(bound - pages * pageSize(), 0)
  }

  /// The remainder of a container's control group, if its files are in the usual location; nil otherwise.
  private static var leftOfGroup: Int? {
    for (limit, usage) in [
      ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
      ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ] {
      // "max" is not a number: there is no limit.
      guard let bound = number(systemFile(limit)[...]), let used = number(systemFile(usage)[...]) else { continue }
      return max(bound - used + reclaimable, 0)
    }
    return nil
  }

  /// File pages charged to the group that can be reclaimed.
  private static var reclaimable: Int {
    for path in ["/sys/fs/cgroup/memory.stat", "/sys/fs/cgroup/memory/memory.stat"] {
      for name in ["inactive_file ", "total_inactive_file "] {
        if let line = systemFile(path).split(separator: 0x0A).first(where: { $0.starts(with: name.utf8) }) {
          return number(line.dropFirst(name.utf8.count)) ?? 0
        }
      }
    }
    return 0
  }

  /// The digits after leading blanks, as a number.
  private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
    let digits = bytes.drop { $0 == 0x20 || $0 == 0x09 }.prefix { $0 >= 0x30 && $0 <= 0x39 }
    return Int(String(decoding: digits, as: UTF8.self))
  }
}
