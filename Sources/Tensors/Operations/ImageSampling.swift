import BackendCore

/// The values of pixels outside of an image (Keras' `fill_mode`).
public enum FillMode: String, Codable, Sendable, Hashable, CaseIterable {
  /// One value: k k k | a b c | k k k.
  case constant
  /// The nearest pixel: a a a | a b c | c c c.
  case nearest
  /// The image, mirrored at its edges: c b a | a b c | c b a. `PaddingMode.reflect` mirrors it at the first and last
  /// pixel.
  case reflect
  /// The image, repeated: a b c | a b c | a b c.
  case wrap
}

extension Tensor {
  /// Samples images at given points, by bilinear interpolation of the four nearest pixels: `[N, C, H, W]` at a grid of
  /// points `[N, h, w, 2]` → `[N, C, h, w]` (PyTorch's `grid_sample` with its defaults; spatial transformer networks,
  /// Jaderberg et al. 2015).
  ///
  /// A point is a column and a row, x and y, from −1, the outer edge of the first pixel, to 1, that of the last one. Pixels
  /// outside of the images are 0, as are results at points that are NaN. Gradients flow to the images and to the grid.
  public func gridSampled(at grid: Tensor) -> Tensor {
    checked {
      let name: StaticString = "gridSampled"
      if dtype.isHalf { return try inFloat32(name, grid) { $0.gridSampled(at: $1) } }
      try Checks.floatingPoint(name, self)
      try Checks.sameDType(name, self, grid)
      guard rank == 4, grid.rank == 4, grid.extents[0] == extents[0], grid.extents[3] == 2,
        extents[2] > 0, extents[3] > 0
      else {
        try Checks.fail(
          name, "shapes \(extents) and \(grid.extents) do not fit",
          hint: "images are [N, C, H, W] with at least one pixel, and a grid [N, h, w, 2]")
      }
      try Checks.plane(name, self)
      func places(_ axis: Int, _ extent: Int) -> Tensor { (grid[.ellipsis, axis] + 1) * (Double(extent) / 2) - 0.5 }
      return sampled(places(1, extents[2]), places(0, extents[3]), Sampler())
    }
  }

  /// Returns the grids of `gridSampled` that affine maps move: `[N, 2, 3]` → `[N, height, width, 2]` (PyTorch's `affine_grid`
  /// with its defaults; spatial transformer networks, Jaderberg et al. 2015).
  ///
  /// The point of the grid for the center of a pixel of the result at (x, y), each from −1 to 1, is matrix · (x, y, 1).
  ///
  /// ```swift
  /// let mirrored = Tensor([-1, 0, 0, 0, 1, 0], shape: [1, 2, 3])
  /// let image = Tensor.ones([1, 3, 8, 8]).gridSampled(at: mirrored.affineGrid(height: 8, width: 8))
  /// ```
  /// - Parameters:
  ///   - height: The number of rows of the grid, at least 1.
  ///   - width: The number of columns of the grid, at least 1.
  public func affineGrid(height: Int, width: Int) -> Tensor {
    checked {
      if dtype.isHalf { return inFloat32 { $0.affineGrid(height: height, width: width) } }
      let name: StaticString = "affineGrid"
      try Checks.floatingPoint(name, self)
      guard rank == 3, extents[1] == 2, extents[2] == 3, height > 0, width > 0 else {
        try Checks.fail(
          name, "a size of \(height)x\(width) for shape \(extents)",
          hint: "maps are [N, 2, 3], and height and width at least 1")
      }
      let count = try Checks.pixels(name, height, width)
      func center(_ index: Int, _ extent: Int) -> Double { (2 * Double(index) + 1) / Double(extent) - 1 }
      let points = table([3, count]) {
        (0..<count).map { center($0 % width, width) } + (0..<count).map { center($0 / width, height) }
          + [Double](repeating: 1, count: count)
      }
      return matmul(points).transposed().reshaped([extents[0], height, width, 2])
    }
  }

  /// Samples images at given positions: `[N, C, H, W]` at rows and columns `[N, h, w]` → `[N, C, h, w]` (Keras'
  /// `image.map_coordinates`, SciPy's `map_coordinates`).
  ///
  /// The center of the first pixel is at row 0 and column 0. Positions are limited to 2²⁰ pixels on both sides. A position
  /// that is NaN gives `fillValue` with `.constant`, and the pixel at 0 otherwise. Gradients flow to the images and, with
  /// `.bilinear`, to the positions.
  /// - Parameters:
  ///   - rows: The rows.
  ///   - columns: The columns.
  ///   - method: `.bilinear` for the four nearest pixels, or `.nearest` for one (of two at the same distance, the one with
  ///     the even position).
  ///   - fillMode: The values of pixels outside of the images.
  ///   - fillValue: Their value with `.constant`.
  public func sampled(
    rows: Tensor, columns: Tensor, method: InterpolationMethod = .bilinear, fillMode: FillMode = .constant,
    fillValue: Double = 0
  ) -> Tensor {
    checked {
      let name: StaticString = "sampled"
      try Checks.floatingPoint(name, self)
      try Checks.sameDType(name, self, rows)
      try Checks.sameDType(name, self, columns)
      guard rank == 4, rows.rank == 3, rows.extents == columns.extents, rows.extents[0] == extents[0],
        extents[2] > 0, extents[3] > 0
      else {
        try Checks.fail(
          name, "shapes \(extents), \(rows.extents), and \(columns.extents) do not fit",
          hint: "images are [N, C, H, W] with at least one pixel; rows and columns are [N, h, w]")
      }
      try Checks.plane(name, self)
      let sampler = try Sampler(name, self, method, fillMode, fillValue)
      if dtype.isHalf {
        return inFloat32 { $0.sampled(rows.cast(to: .float32), columns.cast(to: .float32), sampler) }
      }
      return sampled(rows, columns, sampler)
    }
  }

  /// Warps images by affine or projective maps of pixel positions, one for each image: `[N, C, H, W]` →
  /// `[N, C, height, width]` (Keras' `image.affine_transform` and `perspective_transform`, OpenCV's `warpAffine` and
  /// `warpPerspective` with `WARP_INVERSE_MAP`).
  ///
  /// The pixel of the result at column x and row y is the value of the image at column x′/w and row y′/w, where
  /// (x′, y′, w) = matrix · (x, y, 1). Affine maps have no third row; for them, w is 1. See `sampled` for positions and
  /// gradients.
  ///
  /// ```swift
  /// let half = Tensor([2, 0, 0.5, 0, 2, 0.5], shape: [1, 2, 3])      // every second pixel, between two of them
  /// let small = Tensor.ones([1, 3, 8, 8]).warped(by: half, size: [4, 4])
  /// ```
  /// - Parameters:
  ///   - matrices: The maps, `[N, 2, 3]` or `[N, 3, 3]`.
  ///   - size: The height and width of the result; nil for those of the images.
  ///   - method: The interpolation method, `.bilinear` or `.nearest`.
  ///   - fillMode: The values of pixels outside of the images.
  ///   - fillValue: Their value with `.constant`.
  public func warped(
    by matrices: Tensor, size: SpatialExtent? = nil, method: InterpolationMethod = .bilinear,
    fillMode: FillMode = .constant, fillValue: Double = 0
  ) -> Tensor {
    checked {
      let name: StaticString = "warped"
      try Checks.floatingPoint(name, self)
      if dtype.isHalf {
        return try inFloat32(name, matrices) {
          $0.warped(by: $1, size: size, method: method, fillMode: fillMode, fillValue: fillValue)
        }
      }
      try Checks.sameDType(name, self, matrices)
      guard rank == 4, matrices.rank == 3, matrices.extents[0] == extents[0], 2...3 ~= matrices.extents[1],
        matrices.extents[2] == 3, extents[2] > 0, extents[3] > 0
      else {
        try Checks.fail(
          name, "shapes \(extents) and \(matrices.extents) do not fit",
          hint: "images are [N, C, H, W] with at least one pixel, and maps [N, 2, 3] or [N, 3, 3]")
      }
      try Checks.plane(name, self)
      let size = try size?.perAxis(name, "size", self, atLeast: 1) ?? [extents[2], extents[3]]
      let (height, width) = (size[0], size[1])
      let count = try Checks.pixels(name, height, width)
      let points = table([3, count]) {
        (0..<count).map { Double($0 % width) } + (0..<count).map { Double($0 / width) }
          + [Double](repeating: 1, count: count)
      }
      let sources = matrices.matmul(points).reshaped([extents[0], matrices.extents[1], height, width])
      let places = matrices.extents[1] == 2 ? sources : sources / sources[.all, 2..<3]
      return sampled(places[.all, 1], places[.all, 0], try Sampler(name, self, method, fillMode, fillValue))
    }
  }

  /// Samples at rows and columns `[N, h, w]`, which are checked.
  private func sampled(_ rows: Tensor, _ columns: Tensor, _ sampler: Sampler) -> Tensor {
    let (height, width) = (extents[2], extents[3])
    let vertical = SampledAxis(rows.flattened(from: 1), extent: height, sampler)
    let horizontal = SampledAxis(columns.flattened(from: 1), extent: width, sampler)
    let pixels = flattened(from: 2)
    let all = [extents[0], extents[1], rows.extents[1] * rows.extents[2]]
    var sum = constant(0)
    let neighbors = sampler.isNearest ? [(0, 0)] : [(0, 0), (0, 1), (1, 0), (1, 1)]
    for (row, column) in neighbors {
      let index = vertical.index(row) * Double(width) + horizontal.index(column)
      var values = pixels.gathered(index.expanded(axis: 1).broadcast(to: all), axis: 2)
      if sampler.fillMode == .constant {
        let isOutside = (vertical.isOutside(row) .| horizontal.isOutside(column)).expanded(axis: 1)
        values = values.replacing(with: sampler.fillValue, where: isOutside)
      }
      let weight = sampler.isNearest ? nil : (vertical.weight(row) * horizontal.weight(column)).expanded(axis: 1)
      sum = sum + (weight.map { values * $0 } ?? values)
    }
    return sum.reshaped([extents[0], extents[1], rows.extents[1], rows.extents[2]])
  }
}

extension Checks {
  /// Requires images whose pixels can be counted in int32.
  fileprivate static func plane(_ name: StaticString, _ images: Tensor) throws {
    let (height, width) = (images.extents[2], images.extents[3])
    if height * width > Int32.max {
      try fail(name, "a plane of \(height)x\(width) for shape \(images.extents) cannot be indexed")
    }
  }

  /// The number of pixels of a result, which int32 can count.
  fileprivate static func pixels(_ name: StaticString, _ height: Int, _ width: Int) throws -> Int {
    let (count, overflow) = height.multipliedReportingOverflow(by: width)
    if overflow || count > Int32.max { try fail(name, "a size of \(height)x\(width) cannot be indexed") }
    return count
  }
}

/// How values between and outside of pixels are computed.
private struct Sampler {
  var isNearest = false
  var fillMode = FillMode.constant
  var fillValue = 0.0

  init() {}

  init(
    _ name: StaticString, _ images: Tensor, _ method: InterpolationMethod, _ fillMode: FillMode, _ fillValue: Double
  ) throws {
    guard method == .bilinear || method == .nearest else {
      try Checks.fail(name, "the method \(method) for shape \(images.extents); it is .bilinear or .nearest")
    }
    try Checks.scalar(name, images, fillValue)
    (isNearest, self.fillMode, self.fillValue) = (method == .nearest, fillMode, fillValue)
  }
}

/// The neighbors of positions along an axis: 0 is at or before the position, 1 after it.
private struct SampledAxis {
  /// Positions farther away are limited, so that a sum with an index stays exact in float32 and in int32.
  private static let farthest = Double(1 << 20)

  private let extent: Int
  private let fillMode: FillMode
  private let first, share: Tensor

  /// - Parameter positions: The positions; 0 is the center of the first pixel.
  init(_ positions: Tensor, extent: Int, _ sampler: Sampler) {
    (self.extent, fillMode) = (extent, sampler.fillMode)
    let (first, last) = (0.0, Double(extent - 1))
    // Positions far outside have no neighbors, whatever they are.
    let range =
      switch sampler.fillMode {
      case .constant: -2...last + 2
      case .nearest: first...last
      case .reflect, .wrap: -SampledAxis.farthest...SampledAxis.farthest
      }
    let places = positions.clamped(to: range)
    let known = places.replacing(with: sampler.fillMode == .constant ? -2 : 0, where: positions.isNaN())
    let start = sampler.isNearest ? known.detached().rounded() : known.detached().floor()
    self.first = start.cast(to: .int32)
    share = known - start
  }

  func weight(_ neighbor: Int) -> Tensor { neighbor == 0 ? 1 - share : share }
  func isOutside(_ neighbor: Int) -> Tensor { (first .< -neighbor) .| (first .> extent - 1 - neighbor) }
  /// The position inside whose value that of a neighbor is.
  func index(_ neighbor: Int) -> Tensor {
    let index = first + neighbor
    switch fillMode {
    case .constant, .nearest: return index.clamped(to: 0...Double(extent - 1))
    case .wrap: return index.remainder(extent)
    case .reflect:
      let place = index.remainder(2 * extent)
      return place.minimum(2 * extent - 1 - place)
    }
  }
}
