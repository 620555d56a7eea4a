import CPUKernels

/// The instruction sets that the kernels are compiled for, as `NN_CPU_ISA` names them.
public enum InstructionSet: String, Sendable, Hashable, CaseIterable {
  /// 16 lanes: AVX-512 F, VL, DQ and BW.
  case avx512
  /// 8 lanes: AVX2 with FMA.
  case avx2
  /// 4 lanes on 64-bit ARM.
  case neon
  /// 4 lanes, what every processor of the architecture has (SSE2 on x86-64).
  case baseline

  /// The sets that this machine can run, the fastest first.
  public static var available: [InstructionSet] { allCases.filter(\.isAvailable) }

  /// True when this machine has it.
  public var isAvailable: Bool { kernels?.pointee.isa == code }

  /// Runs a loop of independent multiply-adds on registers alone, as fast as one thread can be made to go: what
  /// `nn-bench` calls 100 %. A set that this machine does not have is a programmer error.
  ///
  /// - Parameter rounds: the length; a million rounds take 1 to 4 ms.
  /// - Returns: the number of floating-point operations that were done; a multiply-add is two.
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

  /// What `NN_CPU_ISA` asks for where this machine has it, else the fastest.
  static var preferred: InstructionSet {
    let best = available.first ?? .baseline
    guard let text = environment("NN_CPU_ISA") else { return best }
    guard let wanted = InstructionSet(rawValue: text), wanted.isAvailable else {
      let names = available.map(\.rawValue).joined(separator: ", ")
      warn("NN_CPU_ISA=\(text) is not one of \(names); using \(best.rawValue)")
      return best
    }
    return wanted
  }
}
