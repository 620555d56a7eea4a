import BackendCore
import CPUKernels

extension UnaryOp.Kind {
  /// The code of the kernel; nil for tests, whose result is bool.
  var code: nn_unary? { rawValue < nn_unary_count.rawValue ? nn_unary(rawValue: UInt32(rawValue)) : nil }

  /// The minimum number of elements for another thread.
  var grain: Int { isHeavy ? Grain.heavy : Grain.simple }
}

extension BinaryOp {
  var code: nn_binary { nn_binary(rawValue: UInt32(rawValue)) }

  var grain: Int { isHeavy ? Grain.heavy : Grain.simple }
}

extension ComparisonOp {
  var code: nn_comparison { nn_comparison(rawValue: UInt32(rawValue)) }
}

extension ScanOp {
  var code: nn_reduction {
    switch self {
    case .sum: NN_SUM
    case .product: NN_PRODUCT
    case .maximum: NN_LARGEST
    case .minimum: NN_SMALLEST
    }
  }
}

extension ReductionOp {
  /// The code of the kernel; a mean is a sum divided at the end.
  var code: nn_reduction {
    switch self {
    case .sum, .mean: NN_SUM
    case .maximum: NN_LARGEST
    case .minimum: NN_SMALLEST
    case .product: NN_PRODUCT
    }
  }
}
