internal import HostSystem
import CPUKernels

/// The number of processors available to this process: its affinity, limited by the quota of its container, if any.
func availableProcessors() -> Int {
  let allowed = Int(nn_allowed_processors())
  let count = allowed > 0 ? allowed : onlineProcessors()
  guard let line = text(of: "/sys/fs/cgroup/cpu.max").split(separator: "\n").first else { return count }
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

private func text(of path: String) -> String { String(decoding: systemFile(path), as: UTF8.self) }
