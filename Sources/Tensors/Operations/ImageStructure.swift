import BackendCore

extension Tensor {
  /// Returns the vertical and the horizontal edges of images: the differences of neighboring rows and columns, weighted by the
  /// kernels of Sobel, `[..., H, W]` → `[..., H, W, 2]` (Keras' `image.sobel_edges`).
  ///
  /// A change from 0 above to 1 below has the first component 4; a change from 0 on the left to 1 on the right has the second
  /// component 4. Pixels outside of the images are 0.
  public func sobelEdges() -> Tensor {
    checked {
      if dtype.isHalf { return inFloat32 { $0.sobelEdges() } }
      try Checks.floatingPoint("sobelEdges", self)
      if rank < 2 { try Checks.fail("sobelEdges", "the input has the shape \(extents); it is [..., H, W]") }
      let widths = (0..<rank).map { $0 < rank - 2 ? (before: 0, after: 0) : (before: 1, after: 1) }
      let image = padded(widths)
      func neighbors(_ image: Tensor, _ axis: Int) -> [Tensor] {
        (0...2).map { image.narrowed(axis: axis, from: $0, count: extents[axis]) }
      }
      func edges(across axis: Int, along other: Int) -> Tensor {
        let rows = neighbors(image, axis)
        let differences = neighbors(rows[2] - rows[0], other)
        return differences[0] + 2 * differences[1] + differences[2]
      }
      return .stacked([edges(across: rank - 2, along: rank - 1), edges(across: rank - 1, along: rank - 2)], axis: -1)
    }
  }

  /// Returns the structural similarity of images, from −1 to 1 for equal images: `[N, C, H, W]` → `[N]` (Keras' `image.ssim`;
  /// Wang et al., Image quality assessment: from error visibility to structural similarity, 2004).
  ///
  /// With the means μ, variances σ², and the covariance σₐᵦ of two images in a Gaussian window, it is the mean of
  ///
  ///   (2·μₐ·μᵦ + c₁)·(2·σₐᵦ + c₂)/((μₐ² + μᵦ² + c₁)·(σₐ² + σᵦ² + c₂)), cᵢ = (kᵢ·range)²,
  ///
  /// over all channels and all windows that are inside of the images. As a loss, use 1 minus the similarity.
  /// - Parameters:
  ///   - other: The other images, of the same shape.
  ///   - range: The largest possible value of a pixel, if the smallest is 0; above 0.
  ///   - kernel: The number of pixels of the window in each direction, odd, and at most the height and the width.
  ///   - deviation: The standard deviation of the window in pixels, above 0.
  ///   - k1: The factor of c₁, which keeps dark images from dividing by 0; above 0.
  ///   - k2: The factor of c₂, which keeps images without contrast from dividing by 0; above 0.
  public func structuralSimilarity(
    to other: Tensor, range: Double = 1, kernel: Int = 11, deviation: Double = 1.5, k1: Double = 0.01, k2: Double = 0.03
  ) -> Tensor {
    checked {
      let name: StaticString = "structuralSimilarity"
      try Checks.floatingPoint(name, self)
      if dtype.isHalf {
        return try inFloat32(name, other) {
          $0.structuralSimilarity(to: $1, range: range, kernel: kernel, deviation: deviation, k1: k1, k2: k2)
        }
      }
      try Checks.sameDType(name, self, other)
      guard rank == 4, extents == other.extents, extents[2] >= kernel, extents[3] >= kernel else {
        try Checks.fail(
          name, "shapes \(extents) and \(other.extents) with a kernel of \(kernel) do not fit",
          hint: "images of one shape [N, C, H, W] are at least as large as the kernel")
      }
      for (label, number) in [("range", range), ("k1", k1), ("k2", k2)] where !(number > 0 && number.isFinite) {
        try Checks.fail(name, "\(label) is \(number) for shape \(extents); it is above 0")
      }
      let (c1, c2) = ((k1 * range) * (k1 * range), (k2 * range) * (k2 * range))
      let products = Tensor.concatenated([self, other, squared(), other.squared(), self * other], axis: 1)
      let means = try products.blurred(name, kernel, deviation, nil).split(parts: 5, axis: 1)
      let (square, otherSquare, product) = (means[0].squared(), means[1].squared(), means[0] * means[1])
      let luminance = (2 * product + c1) / (square + otherSquare + c1)
      let structure = (2 * (means[4] - product) + c2) / (means[2] - square + (means[3] - otherSquare) + c2)
      return (luminance * structure).mean(axes: [1, 2, 3])
    }
  }
}
