import CLibrary
import CPUKernels

/// The number of processors available to this process: its affinity, limited by the quota of its container, if any.
func availableProcessors() -> Int {
  let allowed = Int(nn_allowed_processors())
  let count = allowed > 0 ? allowed : max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  guard let line = firstLine(of: "/sys/fs/cgroup/cpu.max") else { return count }
  let parts = line.split(separator: " ")
  guard parts.count == 2, let quota = Double(parts[0]), let period = Double(parts[1]), period > 0 else { return count }
  return max(1, min(count, Int((quota / period).rounded(.up))))
}

/// The model name of the processor, as reported by the system.
func processorName() -> String {
  let label = "model name"
  for line in text(of: "/proc/cpuinfo").split(separator: "\n") where line.hasPrefix(label) {
    if let colon = line.firstIndex(of: ":") { return String(line[line.index(after: colon)...].drop { $0 == " " }) }
  }
  #if arch(arm64)
  return "64-bit ARM processor"
  #else
  return "processor"
  #endif
}

/// The memory of the machine in bytes.
func physicalMemory() -> Int {
  let pages = sysconf(Int32(_SC_PHYS_PAGES))
  let size = sysconf(Int32(_SC_PAGESIZE))
  return pages > 0 && size > 0 ? pages * size : 8 << 30
}

private func firstLine(of path: String) -> Substring? {
  text(of: path).split(separator: "\n").first
}

/// The first 16 KiB of a small system file; empty if it cannot be read.
private func text(of path: String) -> String {
  guard let file = fopen(path, "r") else { return "" }
  defer { fclose(file) }
  return withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 1) { bytes in
    let count = fread(bytes.baseAddress, 1, bytes.count, file)
    return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[..<count]), as: UTF8.self)
  }
}
