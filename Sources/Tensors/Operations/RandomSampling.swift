import HostSystem
import BackendCore

// Draws that are computed from uniform and normal ones by tensor operations.

extension Tensor {
  /// Returns independent integers of a range, all with the same probability to within 2⁻³² times the size of the range
  /// (NumPy's `integers`, PyTorch's `randint`).
  /// The bounds of the range fit int32 and are at most 2³¹ − 1 apart.
  public static func integers(
    _ shape: [Int], in range: Range<Int>, using random: RandomStream, on device: Device = .cpu
  ) -> Tensor {
    checked {
      let (extents, size) = (
        try Checks.extents("integers", shape), range.upperBound.subtractingReportingOverflow(range.lowerBound)
      )
      guard let _ = Int32(exactly: range.lowerBound), !size.overflow, size.partialValue > 0,
        Int32(exactly: size.partialValue) != nil, Int32(exactly: range.upperBound - 1) != nil
      else {
        try Checks.fail("integers", "the range \(range) is empty, or does not fit int32")
      }
      let bits = drawn(.bits, extents, random.nextSource(), .int32, on: device)
      return bits.remainder(size.partialValue) + range.lowerBound
    }
  }

  /// Returns the numbers from 0 up to a count in a random order, as int32 (PyTorch's `randperm`). All orders have the same
  /// probability to within count²·2⁻³³.
  public static func permutation(_ count: Int, using random: RandomStream, on device: Device = .cpu) -> Tensor {
    checked {
      let extents = try Checks.extents("permutation", [count])
      return drawn(.bits, extents, random.nextSource(), .int32, on: device).argsort()
    }
  }

  /// Returns this tensor with its slices along an axis in a random order.
  public func shuffled(axis: Int = 0, using random: RandomStream) -> Tensor {
    checked {
      let axis = try Checks.axis("shuffled", axis, extents)
      return rows(at: .permutation(extents[axis], using: random, on: device), axis: axis)
    }
  }

  /// Returns draws of class indices, as int32: class c of the last axis has the probability softmax(logits)[c] (Keras'
  /// and MLX' `categorical`; PyTorch's `multinomial` of probabilities p for logits of ln p).
  ///
  /// For one draw, and without replacement, the largest logits win after a number from the Gumbel distribution has been
  /// added to each (Gumbel 1954). Further draws are positions of uniform numbers in the distribution function.
  /// - Parameters:
  ///   - logits: Unnormalized logarithms of probabilities, `[..., classes]`; −∞ for classes that are never drawn.
  ///   - count: The number of draws for each row, which become the last axis; nil for one draw without that axis.
  ///   - replacement: False for draws without repetition; there must be at least `count` classes. Where fewer are
  ///     possible, the last draws are −1.
  ///   - random: The stream of random numbers.
  public static func categorical(
    logits: Tensor, count: Int? = nil, replacement: Bool = true, using random: RandomStream
  ) -> Tensor {
    checked {
      let name: StaticString = "categorical"
      try Checks.floatingPoint(name, logits)
      guard let classes = logits.shape.last, classes > 0 else {
        try Checks.fail(name, "logits of shape \(logits.extents) have no axis of classes")
      }
      let logits = logits.dtype.isHalf ? logits.detached().cast(to: .float32) : logits.detached()
      guard let count else { return (logits + gumbel(like: logits, random)).argmax() }
      if count < 0 { try Checks.fail(name, "\(count) draws") }
      if !replacement {
        if count > classes { try Checks.fail(name, "\(count) different draws from \(classes) classes") }
        let (values, indices) = (logits + gumbel(like: logits, random)).topK(count)
        return indices.replacing(with: -1, where: values .== -Double.infinity)
      }
      let distribution = logits.softmax().cumulativeSum(axis: -1)
      // The last number is 1 but for rounding. No uniform number reaches it, so that no class of probability 0 follows.
      let total = distribution.narrowed(axis: distribution.rank - 1, from: classes - 1, count: 1) * (1 - 0x1p-23)
      let uniform = Tensor.uniform(
        logits.shape.dropLast() + [count], using: random, dtype: logits.dtype, on: logits.device)
      return distribution.searchSorted(uniform * total, side: .right).minimum(classes - 1)
    }
  }

  /// Returns draws from the standard Gumbel distribution, −ln(−ln u). They are finite: u is neither 0 nor 1.
  static func gumbel(like x: Tensor, _ random: RandomStream) -> Tensor {
    let uniform = Tensor.uniform(x.shape, in: 0x1p-25..<1, using: random, dtype: x.dtype, on: x.device)
    return -(-uniform.log()).log()
  }

  /// Returns draws from the normal distribution within a range of its values (Keras' `truncated_normal`, SciPy's
  /// `truncnorm`).
  /// The bounds of the range are multiples of the standard deviation, relative to the mean: −2...2 by default, as in
  /// Keras, and at most 5 from the mean, because draws have 24 bits.
  public static func truncatedNormal(
    _ shape: [Int], mean: Double = 0, deviation: Double = 1, in range: ClosedRange<Double> = -2...2,
    using random: RandomStream, dtype: DType = .float32, on device: Device = .cpu
  ) -> Tensor {
    checked {
      if dtype.isHalf {
        return truncatedNormal(
          shape, mean: mean, deviation: deviation, in: range, using: random, on: device
        ).cast(to: dtype)
      }
      let extents = try Checks.extents("truncatedNormal", shape)
      guard range.lowerBound >= -5, range.upperBound <= 5, range.lowerBound < range.upperBound else {
        try Checks.fail("truncatedNormal", "the range \(range) is not between −5 and 5 deviations")
      }
      // erf(x/√2) is uniform between its values at the bounds.
      let (low, high) = (
        errorFunction(range.lowerBound / 2.0.squareRoot()), errorFunction(range.upperBound / 2.0.squareRoot())
      )
      let share = drawn(.uniform, extents, random.nextSource(), dtype, on: device)
      let x = (share * (high - low) + low).erfInverse() * 2.0.squareRoot()
      return x.clamped(to: range) * deviation + mean
    }
  }

  /// Returns draws from the exponential distribution with density rate·exp(−rate·x), whose mean is 1/rate.
  public static func exponential(
    _ shape: [Int], rate: Double = 1, using random: RandomStream, dtype: DType = .float32, on device: Device = .cpu
  ) -> Tensor {
    checked {
      if dtype.isHalf { return exponential(shape, rate: rate, using: random, on: device).cast(to: dtype) }
      let extents = try Checks.extents("exponential", shape)
      guard rate > 0, rate.isFinite else {
        try Checks.fail("exponential", "the rate is \(rate), not a positive number")
      }
      return (-drawn(.uniform, extents, random.nextSource(), dtype, on: device)).logOnePlus() / -rate
    }
  }

  /// Returns draws from the gamma distribution with density xᵅ⁻¹·exp(−x)/Γ(α), whose mean is α; divide by a rate for
  /// other scales. The draws have no gradient.
  /// `shapes` has the α of each draw, floating point and positive; other values give NaN.
  public static func gamma(shapes: Tensor, using random: RandomStream) -> Tensor {
    checked {
      try Checks.floatingPoint("gamma", shapes)
      if shapes.dtype.isHalf { return shapes.inFloat32 { gamma(shapes: $0, using: random) } }
      let shapes = shapes.detached()
      // Below 1, a draw for α + 1 times u^(1/α). Marsaglia and Tsang, A simple method for generating gamma variables, 2000.
      let isSmall = shapes .< 1
      let d = shapes.replacing(with: shapes + 1, where: isSmall) - 1.0 / 3
      let c = (9 * d).reciprocalSquareRoot()
      var draws = Tensor.full(like: shapes, .nan)
      // A try is accepted with a probability above 0.95. After 12 of them, 2·10⁻¹⁶ of the draws are missing. The last try
      // counts if it is a possible draw.
      for attempt in 0..<12 {
        let normal = Tensor.normal(like: shapes, using: random)
        let uniform = drawn(.uniform, shapes.extents, random.nextSource(), shapes.dtype, on: shapes.device)
        let v = (1 + c * normal).power(3)
        let positive = v.replacing(with: 1, where: v .<= 0)
        let bound = 0.5 * normal.squared() + d * (1 - positive + positive.log())
        let isAccepted = attempt == 11 ? v .> 0 : (v .> 0) .& (uniform.log() .< bound)
        draws = draws.replacing(with: d * positive, where: draws.isNaN() .& isAccepted)
      }
      let uniform = drawn(.uniform, shapes.extents, random.nextSource(), shapes.dtype, on: shapes.device)
      return draws.replacing(with: draws * uniform.power(shapes.reciprocal()), where: isSmall)
        .replacing(with: .nan, where: .!(shapes .> 0))
    }
  }

  /// Returns draws from the Poisson distribution: whole numbers whose mean and variance are the rate. They have the element
  /// type of the rates and no gradient.
  /// `rates` has the rate of each draw, floating point and at least 0; other values give NaN.
  public static func poisson(rates: Tensor, using random: RandomStream) -> Tensor {
    checked {
      try Checks.floatingPoint("poisson", rates)
      if rates.dtype.isHalf { return rates.inFloat32 { poisson(rates: $0, using: random) } }
      let rates = rates.detached()
      let isLow = rates .< 10
      let low = lowPoisson(rates.minimum(10), random)
      let high = highPoisson(rates.maximum(10), random)
      return high.replacing(with: low, where: isLow).replacing(with: .nan, where: .!(rates .>= 0))
    }
  }

  /// Rates up to 10: the number of terms of the distribution function below a uniform number. There are hardly ever 40.
  private static func lowPoisson(_ rates: Tensor, _ random: RandomStream) -> Tensor {
    let uniform = drawn(.uniform, rates.extents, random.nextSource(), rates.dtype, on: rates.device)
    var term = (-rates).exp()
    var (total, count) = (term, Tensor.zeros(like: rates))
    for k in 1...40 {
      count += (uniform .>= total).cast(to: rates.dtype)
      term = term * rates / k
      total += term
    }
    return count
  }

  /// Rates from 10 on: transformed rejection (Hörmann, The transformed rejection method for generating Poisson random
  /// variables, 1993, algorithm PTRS). A try is accepted with a probability above 0.8; the last of 16 counts in any case.
  private static func highPoisson(_ rates: Tensor, _ random: RandomStream) -> Tensor {
    let b = 0.931 + 2.53 * rates.squareRoot()
    let a = 0.02483 * b - 0.059
    let inverse = 1.1239 + 1.1328 / (b - 3.4)
    let quick = 0.9277 - 3.6224 / (b - 2)
    var draws = Tensor.full(like: rates, -1)
    for attempt in 0..<16 {
      let u = drawn(.uniform, rates.extents, random.nextSource(), rates.dtype, on: rates.device) - 0.5
      let v = drawn(.uniform, rates.extents, random.nextSource(), rates.dtype, on: rates.device)
      let side = (0.5 - u.magnitude()).maximum(1e-7)
      let k = ((2 * a / side + b) * u + rates + 0.43).floor()
      let bound = (v * inverse / (a / side.squared() + b)).log()
      let isInside = (side .>= 0.07) .& (v .<= quick)
      let isOutside = (k .< 0) .| ((side .< 0.013) .& (v .> side))
      let isAccepted = isInside .| (.!isOutside .& (bound .<= poissonLogProbability(k, rates)))
      let candidate = attempt == 15 ? k.maximum(0) : k.replacing(with: -1, where: .!isAccepted)
      draws = draws.replacing(with: candidate, where: draws .< 0)
    }
    return draws
  }

  /// −rate + k·ln rate − ln k! with Stirling's series for the factorial, arranged so that the large terms cancel exactly.
  private static func poissonLogProbability(_ k: Tensor, _ rates: Tensor) -> Tensor {
    let n = k.maximum(1)
    let distance = (rates - n) / n
    let series = 1 / (12 * n) - 1 / (360 * n.power(3))
    let logarithm = n * (distance.logOnePlus() - distance) - 0.5 * (n * (2 * Double.pi)).log() - series
    return logarithm.replacing(with: -rates, where: k .< 1)
  }
}

private func errorFunction(_ x: Double) -> Double { erf(x) }
