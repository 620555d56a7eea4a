import HostSystem
import NeuralNetworks

/// An affine map from pixels of a result to positions in an image; the center of the first pixel is at row 0, column 0.
struct PixelMap {
  /// The position in the image is (rowByRow·row + rowByColumn·column + firstRow, …).
  var rowByRow = 1.0
  var rowByColumn = 0.0
  var firstRow = 0.0
  var columnByRow = 0.0
  var columnByColumn = 1.0
  var firstColumn = 0.0

  /// Creates the inverse of: scaling and shearing about the center, rotating counterclockwise, and shifting.
  init(
    angle: Double, scale: Double, shearTangent: Double, right: Double, down: Double, rows: Int, columns: Int
  ) {
    let (sine, cosine) = (sin(angle) / scale, cos(angle) / scale)
    (rowByRow, rowByColumn) = (cosine, sine)
    columnByRow = -sine - shearTangent * cosine
    columnByColumn = cosine - shearTangent * sine
    let (middleRow, middleColumn) = (Double(rows - 1) / 2, Double(columns - 1) / 2)
    let (row, column) = (middleRow + down, middleColumn + right)
    firstRow = middleRow - rowByRow * row - rowByColumn * column
    firstColumn = middleColumn - columnByRow * row - columnByColumn * column
  }

  /// Creates the map of `Tensor.resized` with bilinear interpolation.
  init(resizing image: (rows: Int, columns: Int), to result: (rows: Int, columns: Int)) {
    rowByRow = Double(image.rows) / Double(result.rows)
    columnByColumn = Double(image.columns) / Double(result.columns)
    (firstRow, firstColumn) = (0.5 * rowByRow - 0.5, 0.5 * columnByColumn - 0.5)
  }
}

/// How values between and outside of pixels are computed.
struct Resampler: Sendable {
  let isNearest: Bool
  let fillMode: FillMode
  let fill: Float

  init(_ method: InterpolationMethod, _ fillMode: FillMode, _ fill: Float, _ name: String) {
    guard method == .bilinear || method == .nearest else {
      ProgrammerError.end("Augmentation.\(name): the method is .bilinear or .nearest, not .\(method)")
    }
    (isNearest, self.fillMode, self.fill) = (method == .nearest, fillMode, fill)
  }

  /// Returns the position inside whose pixel is at a position; nil for the fill value.
  func place(_ position: Int, _ extent: Int) -> Int? {
    if position >= 0 && position < extent { return position }
    switch fillMode {
    case .constant: return nil
    case .nearest: return position < 0 ? 0 : extent - 1
    case .wrap: return Resampler.remainder(position, extent)
    case .reflect:
      let place = Resampler.remainder(position, 2 * extent)
      return min(place, 2 * extent - 1 - place)
    }
  }

  private static func remainder(_ x: Int, _ divisor: Int) -> Int {
    let rest = x % divisor
    return rest < 0 ? rest + divisor : rest
  }
}

extension PixelPlanes {
  /// Replaces the planes by planes of the same size, sampled at the positions of a map.
  mutating func resample(_ map: PixelMap, _ resampler: Resampler) {
    resample(map, resampler, rows: rows, columns: columns)
  }

  /// Replaces the planes by planes of a given size, sampled at the positions of a map.
  mutating func resample(_ map: PixelMap, _ resampler: Resampler, rows height: Int, columns width: Int) {
    let (rows, columns, planes) = (rows, columns, planes)
    var result = [Float](repeating: 0, count: planes * height * width)
    for row in 0..<height {
      for column in 0..<width {
        let (y, x) = (Double(row), Double(column))
        let taps = Taps(
          row: map.rowByRow * y + map.rowByColumn * x + map.firstRow,
          column: map.columnByRow * y + map.columnByColumn * x + map.firstColumn, rows, columns, resampler)
        for plane in 0..<planes {
          result[(plane * height + row) * width + column] = taps.value(
            pixels, from: plane * rows * columns, resampler.fill)
        }
      }
    }
    replace(with: result, rows: height, columns: width)
  }
}

/// The pixels around a position, and their weights.
private struct Taps {
  /// The offset in a plane; −1 outside.
  private var offsets = SIMD4<Int>(repeating: -1)
  private var weights = SIMD4<Float>(1, 0, 0, 0)

  init(row: Double, column: Double, _ rows: Int, _ columns: Int, _ resampler: Resampler) {
    func offset(_ row: Int, _ column: Int) -> Int {
      guard let row = resampler.place(row, rows), let column = resampler.place(column, columns) else { return -1 }
      return row * columns + column
    }
    if resampler.isNearest {
      offsets[0] = offset(Int(row.rounded(.toNearestOrEven)), Int(column.rounded(.toNearestOrEven)))
      return
    }
    let (top, left) = (row.rounded(.down), column.rounded(.down))
    let (down, right) = (Float(row - top), Float(column - left))
    let (first, start) = (Int(top), Int(left))
    offsets = SIMD4(
      offset(first, start), offset(first, start + 1), offset(first + 1, start), offset(first + 1, start + 1))
    weights = SIMD4((1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right)
  }

  /// Returns the sum of the pixels. Those with weight 0 do not count, so that NaN does not spread.
  func value(_ pixels: [Float], from start: Int, _ fill: Float) -> Float {
    var sum: Float = 0
    for tap in 0..<4 where weights[tap] != 0 {
      sum += weights[tap] * (offsets[tap] < 0 ? fill : pixels[start + offsets[tap]])
    }
    return sum
  }
}
