internal import HostSystem
import CPUKernels

/// The instruction sets for which the kernels are compiled, with the names for `NN_CPU_ISA`.
public enum InstructionSet: String, Sendable, Hashable, CaseIterable {
  /// 16 lanes: AVX-512 F, VL, DQ, and BW.
  case avx512
  /// 8 lanes: AVX2 with FMA.
  case avx2
  /// 4 lanes on 64-bit ARM.
  case neon
  /// 4 lanes, supported by every processor of the architecture (SSE2 on x86-64).
  case baseline

  /// The instruction sets that this machine supports, the fastest first.
  public static var available: [InstructionSet] { allCases.filter(\.isAvailable) }

  /// Whether this machine supports the instruction set.
  public var isAvailable: Bool { kernels?.pointee.isa == code }

  /// Runs a loop of independent multiply-adds on registers only, at the highest rate of a single thread. `nn-bench`
  /// uses this rate as 100 %. An instruction set that this machine does not support is a programmer error.
  ///
  /// - Parameter rounds: The number of rounds; a million rounds take 1 to 4 ms.
  /// - Returns: The number of floating-point operations; a multiply-add counts as two.
  public func multiplyAdds(rounds: Int) -> Double {
    guard let kernels, isAvailable else { fatalError("this machine has no \(rawValue)") }
    var sink: Float = 0
    return kernels.pointee.peak_loop(rounds, &sink)
  }

  var code: nn_isa {
    switch self {
    case .avx512: NN_ISA_AVX512
    case .avx2: NN_ISA_AVX2
    case .neon: NN_ISA_NEON
    case .baseline: NN_ISA_BASELINE
    }
  }

  var kernels: UnsafePointer<nn_cpu_kernels>? { nn_cpu_kernels_for(code) }

  /// The fastest instruction set of this machine.
  static var fastest: InstructionSet { available.first ?? .baseline }

  /// The instruction set given by `NN_CPU_ISA`, if this machine supports it.
  static var requested: InstructionSet? {
    setting(
      "NN_CPU_ISA", expected: "one of \(available.map(\.rawValue).joined(separator: ", "))",
      otherwise: "using \(fastest.rawValue)"
    ) { InstructionSet(rawValue: $0).flatMap { $0.isAvailable ? $0 : nil } }
  }
}

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
