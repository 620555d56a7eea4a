import NeuralNetworks

/// Gradients of expressions, without a model.
enum GradientPrograms {
  /// The value and the derivative of x² + 2x.
  static func parabola(at x: Double, on device: Device) throws -> (value: Double, gradient: Double) {
    let (value, gradient) = valueAndGradient(at: Tensor(x, on: device)) { x in x * x + 2 * x }
    return (try value.item(), try gradient.item())
  }

  /// The second derivative of x³, with a nested call.
  static func curvature(at x: Double, on device: Device) throws -> Double {
    let (_, second) = valueAndGradient(at: Tensor(x, on: device)) { x in
      valueAndGradient(at: x) { x in x * x * x }.gradient
    }
    return try second.item()
  }

  /// Fits a line to points by plain gradient descent, and returns slope and intercept.
  static func line(_ x: Tensor, _ y: Tensor, steps: Int, rate: Double) throws -> (slope: Double, intercept: Double) {
    var slope = Tensor(0, on: x.device)
    var intercept = Tensor(0, on: x.device)
    for _ in 0..<steps {
      let (_, (dSlope, dIntercept)) = valueAndGradient(at: slope, intercept) { slope, intercept in
        (x * slope + intercept - y).squared().mean()
      }
      slope -= rate * dSlope
      intercept -= rate * dIntercept
    }
    return (try slope.item(), try intercept.item())
  }

  /// The error thrown by a body passes through `valueAndGradient` unchanged.
  struct TooLarge: Error, Equatable { let value: Double }

  static func guarded(at x: Double, limit: Double, on device: Device) throws -> Double {
    let (value, _) = try valueAndGradient(at: Tensor(x, on: device)) { x in
      let seen = try x.detached().item()
      if seen > limit { throw TooLarge(value: seen) }
      return x * 2
    }
    return try value.item()
  }

  /// Detached tensors, and tensors created outside of recording, count as constants.
  static func constants(at x: Double, on device: Device) throws -> Double {
    let (_, gradient) = valueAndGradient(at: Tensor(x, on: device)) { x in
      let frozen = withoutGradient { x * x }
      return x * x.detached() + frozen
    }
    return try gradient.item()
  }
}
