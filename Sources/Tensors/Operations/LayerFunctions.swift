import BackendCore
import HostSystem

// Functions of layers that have no family of their own.

extension Tensor {
  /// Returns x·W + bias: x `[..., inputs]`, W `[inputs, units]`, bias `[units]`, y `[..., units]`, as in Keras. (PyTorch's
  /// `linear` takes the transposed weight.)
  public func linear(_ weight: Tensor, bias: Tensor? = nil) -> Tensor { linear(weight, bias: bias, activation: nil) }

  /// Sets each number to 0 with a given probability and divides the others by 1 − probability to preserve the mean
  /// (PyTorch's `dropout`). Use it only during training.
  /// - Parameters:
  ///   - probability: The dropout probability, from 0 to 1; 1 drops everything.
  ///   - random: The source of the mask.
  public func dropout(_ probability: Double, using random: RandomStream) -> Tensor {
    dropout(probability, random.nextSource())
  }

  /// Rotates pairs of elements of each vector by angles proportional to its position, so that products of two rotated
  /// vectors depend only on the distance of their positions (rotary position embedding, RoPE; Su et al. 2021; MLX's
  /// `RoPE`).
  ///
  /// Pair i at position t is rotated by t·base^(−2i/d). The tensor is `[..., T, d]` with an even d, such as the queries or
  /// keys of attention, `[N, heads, T, d]`. The sines and cosines are computed in Double.
  ///
  /// - Parameters:
  ///   - positions: The positions of the T vectors; 0..<T by default.
  ///   - base: The base of the frequencies.
  ///   - isInterleaved: Whether pairs are neighbors, (x₂ᵢ, x₂ᵢ₊₁), as in the article (MLX's `traditional`), instead of
  ///     halves, (xᵢ, xᵢ₊d/₂), as in Llama.
  public func rotaryEmbedded(
    positions: Range<Int>? = nil, base: Double = 10_000, isInterleaved: Bool = false
  ) -> Tensor {
    checked {
      if dtype.isHalf {
        return inFloat32 { $0.rotaryEmbedded(positions: positions, base: base, isInterleaved: isInterleaved) }
      }
      let name: StaticString = "rotaryEmbedded"
      try Checks.floatingPoint(name, self)
      if rank < 2 || extents[-1] % 2 != 0 {
        try Checks.fail(name, "the input has the shape \(extents); it is [..., length, width] with an even width")
      }
      try Checks.positive(name, "base", base)
      let (length, half) = (extents[-2], extents[-1] / 2)
      let positions = positions ?? 0..<length
      // The number of positions may exceed the range of Int.
      let (count, overflow) = positions.upperBound.subtractingReportingOverflow(positions.lowerBound)
      if overflow || count != length {
        try Checks.fail(name, "positions \(positions) for shape \(extents), which has \(length) vectors")
      }
      let rotations = Rotations(positions: positions, pairs: half, base: base)
      let cosine = table([length, half]) { rotations.cosines }
      let sine = table([length, half]) { rotations.sines }
      let paired = reshaped(shape.dropLast() + (isInterleaved ? [half, 2] : [2, half]))
      let axis = isInterleaved ? -1 : -2
      let (x, y) = (paired.part(0, axis), paired.part(1, axis))
      return Tensor.stacked([x * cosine - y * sine, x * sine + y * cosine], axis: axis).reshaped(to: extents)
    }
  }

  /// Returns one position along an axis, without the axis.
  private func part(_ index: Int, _ axis: Int) -> Tensor {
    narrowed(axis: axis + rank, from: index, count: 1).squeezed(axis: axis)
  }

  /// Draws one-hot vectors from the distributions softmax(x), as vectors through which gradients flow: softmax((x +
  /// g)/temperature) with noise g from the standard Gumbel distribution (Jang et al. 2017; PyTorch's `gumbel_softmax`).
  /// - Parameters:
  ///   - temperature: The temperature, above 0. At low temperatures, the vectors are almost one-hot.
  ///   - isHard: Whether the result is exactly one-hot. The gradient is that of the soft vectors (straight-through).
  ///   - axis: The axis of the distributions.
  ///   - random: The source of the noise.
  public func gumbelSoftmax(
    temperature: Double = 1, isHard: Bool = false, axis: Int = -1, using random: RandomStream
  ) -> Tensor {
    checked {
      if dtype.isHalf {
        return inFloat32 { $0.gumbelSoftmax(temperature: temperature, isHard: isHard, axis: axis, using: random) }
      }
      let name: StaticString = "gumbelSoftmax"
      try Checks.floatingPoint(name, self)
      let axis = try Checks.axis(name, axis, extents)
      try Checks.positive(name, "temperature", temperature)
      let soft = ((self + .gumbel(like: self, random)) / temperature).softmax(axis: axis)
      guard isHard else { return soft }
      let chosen = soft.argmax(axis: axis).expanded(axis: axis)
      var classes = Array(repeating: 1, count: rank)
      classes[axis] = extents[axis]
      let hard = (Tensor.range(0..<extents[axis], on: device).reshaped(classes) .== chosen).cast(to: dtype)
      return hard + (soft - soft.detached())
    }
  }

  /// Divides each number by a power of the mean square over neighboring channels: y = x/(k + α·m)^β, where m is the mean
  /// of x² over `size` channels, with zeros beyond the first and the last one (Krizhevsky et al. 2012; PyTorch's
  /// `local_response_norm` with the same defaults).
  ///
  /// The tensor is `[N, C, …]`. With an even `size`, there is one more channel before than after.
  public func localResponseNormalized(
    size: Int, alpha: Double = 1e-4, beta: Double = 0.75, k: Double = 1
  ) -> Tensor {
    checked {
      if dtype.isHalf { return inFloat32 { $0.localResponseNormalized(size: size, alpha: alpha, beta: beta, k: k) } }
      let name: StaticString = "localResponseNormalized"
      try Checks.floatingPoint(name, self)
      if rank < 3 { try Checks.fail(name, "the input has the shape \(extents); it is [N, C, …]") }
      if size < 1 || size > Int32.max {
        try Checks.fail(name, "a size of \(size) for shape \(extents); it is at least 1")
      }
      if extents.count == 0 { return self }
      let channels = squared().reshaped([extents[0], 1, extents[1], -1])
      let means = channels.pooled(
        .meanWithPadding, WindowGeometry(kernel: (size, 1), padding: (size / 2, (size - 1) / 2, 0, 0)))
      return self / (means.reshaped(to: extents) * alpha + k).power(beta)
    }
  }
}

/// The cosine and the sine of the rotation of each pair at each position.
private struct Rotations {
  let positions: Range<Int>
  let pairs: Int
  let base: Double

  var cosines: [Double] { angles.map { cos($0) } }
  var sines: [Double] { angles.map { sin($0) } }

  private var angles: [Double] {
    let frequencies = (0..<pairs).map { pow(base, -Double($0) / Double(pairs)) }
    return positions.flatMap { position in frequencies.map { Double(position) * $0 } }
  }
}
