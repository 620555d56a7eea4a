import CPixels
import Datasets
import HostSystem
import NeuralNetworks

extension Image {
  /// How a pixel of another size is computed from the pixels around it.
  public enum Interpolation: String, Sendable, CaseIterable {
    /// The nearest pixel; the lower or right one of two.
    case nearest
    /// The triangle filter 1 − |x|.
    case bilinear
    /// The cubic filter of R. Keys with a = −1/2.
    case bicubic
  }

  /// Returns the picture with another size, with the pixels of Pillow's `resize`.
  ///
  /// When a side becomes smaller, the filter is widened by the same factor, so that all pixels contribute
  /// (antialiasing): Pillow's `BILINEAR` and `BICUBIC`, PyTorch's `antialias=True`. Rows are resampled first, rounded
  /// to 8 bits, and then columns.
  ///
  /// - Parameters:
  ///   - height: The number of rows, at least 1.
  ///   - width: The number of columns, at least 1.
  ///   - interpolation: The filter.
  ///   - cropToAspectRatio: Whether to cut off two opposite margins first, so that the largest centered window with the
  ///     ratio of the new sides remains, as Keras' `crop_to_aspect_ratio`. Otherwise the picture is stretched.
  public func resized(
    height: Int, width: Int, interpolation: Interpolation = .bilinear, cropToAspectRatio: Bool = false
  ) -> Image {
    let sides = 1...Image.longestSide
    if !sides.contains(height) || !sides.contains(width) {
      ProgrammerError.end(
        "Image.resized: height and width are from 1 to \(Image.longestSide), not \(height) and \(width)")
    }
    requireMemory(for: "Image.resized", memory(height: height, width: width), of: 1)
    let window = cropToAspectRatio ? self.window(height: height, width: width) : (0..<self.height, 0..<self.width)
    return resampled(rows: window.0, columns: window.1, height: height, width: width, interpolation)
  }

  /// The number of bytes that resizing needs: the resampled rows, and the result.
  func memory(height: Int, width: Int) -> Int { (self.height + height) * width * channels.count }

  /// The maximum height and width of a resized picture.
  static let longestSide = 1 << 16

  /// The largest centered window with the ratio of these sides; positions are rounded down.
  private func window(height: Int, width: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    let rows = max(min(self.height, self.width * height / width), 1)
    let columns = max(min(self.width, self.height * width / height), 1)
    let (top, left) = ((self.height - rows) / 2, (self.width - columns) / 2)
    return (top..<top + rows, left..<left + columns)
  }

  private func resampled(
    rows: Range<Int>, columns: Range<Int>, height: Int, width: Int, _ interpolation: Interpolation
  ) -> Image {
    if rows == 0..<height, columns == 0..<width, height == self.height, width == self.width { return self }
    let result =
      interpolation == .nearest
      ? picked(rows, columns, height, width) : filtered(rows, columns, height, width, interpolation)
    return Image(height: height, width: width, channels: channels, bytes: result)
  }

  /// Copies the nearest pixels.
  private func picked(_ rows: Range<Int>, _ columns: Range<Int>, _ height: Int, _ width: Int) -> [UInt8] {
    let count = channels.count
    let places = (0..<width).map { (columns.lowerBound + Image.nearest($0, columns.count, width)) * count }
    return [UInt8](unsafeUninitializedCapacity: height * width * count) { room, filled in
      for row in 0..<height {
        let start = (rows.lowerBound + Image.nearest(row, rows.count, height)) * self.width * count
        for place in places {
          for channel in 0..<count {
            room[filled] = bytes[start + place + channel]
            filled += 1
          }
        }
      }
    }
  }

  /// The position among `count` pixels that is nearest to the center of pixel `index` of `wanted`.
  private static func nearest(_ index: Int, _ count: Int, _ wanted: Int) -> Int {
    (2 * index + 1) * count / (2 * wanted)
  }

  private func filtered(
    _ rows: Range<Int>, _ columns: Range<Int>, _ height: Int, _ width: Int, _ interpolation: Interpolation
  ) -> [UInt8] {
    let count = channels.count
    let across = ResamplingWeights(from: columns.count, to: width, interpolation)
    let down = ResamplingWeights(from: rows.count, to: height, interpolation)
    let lanes = across.lanes(channels: count)
    let length = width * count
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: rows.count * length) { middle in
      bytes.withUnsafeBufferPointer { source in
        let start = source.baseAddress!
        lanes.withPointers { lanes in
          for row in rows {
            nn_resample_row(
              start + (row * self.width + columns.lowerBound) * count, start + source.count, Int32(count), lanes,
              middle.baseAddress! + (row - rows.lowerBound) * length)
          }
        }
      }
      return [UInt8](unsafeUninitializedCapacity: height * length) { room, filled in
        down.withPointers { down in
          for row in 0..<height {
            nn_resample_columns(middle.baseAddress!, length, length, down, row, room.baseAddress! + row * length)
          }
        }
        filled = height * length
      }
    }
  }
}

/// The weights with which the pixels of a row or column contribute to those of another size.
private struct ResamplingWeights {
  /// The number of weights of each result.
  let taps: Int
  /// The first contributing pixel of each result.
  let starts: [Int32]
  /// The weights in units of 2⁻²², which add up to 1 for each result, except for rounding.
  let weights: [Int32]

  private init(taps: Int, starts: [Int32], weights: [Int32]) {
    (self.taps, self.starts, self.weights) = (taps, starts, weights)
  }

  init(from count: Int, to wanted: Int, _ interpolation: Image.Interpolation) {
    let scale = Double(count) / Double(wanted)
    let widening = max(scale, 1)
    let support = (interpolation == .bicubic ? 2 : 1) * widening
    let taps = min(2 * Int(support.rounded(.up)) + 1, count)
    var starts: [Int32] = []
    var weights = [Int32](repeating: 0, count: taps * wanted)
    for index in 0..<wanted {
      let center = (Double(index) + 0.5) * scale
      let end = min(Int(center + support + 0.5), count)
      let first = max(Int(max(center - support + 0.5, 0)), 0)
      let values = (first..<end).map {
        ResamplingWeights.filter((Double($0) + 0.5 - center) / widening, interpolation)
      }
      let sum = values.reduce(0, +)
      // Every tap is inside the input.
      let start = min(first, count - taps)
      for (place, value) in values.enumerated() {
        let weight = (value / sum * Double(1 << nn_weight_bits)).rounded(.toNearestOrAwayFromZero)
        weights[index * taps + first - start + place] = Int32(weight)
      }
      starts.append(Int32(start))
    }
    self.init(taps: taps, starts: starts, weights: weights)
  }

  private static func filter(_ x: Double, _ interpolation: Image.Interpolation) -> Double {
    let x = x.magnitude
    if interpolation == .bicubic {
      if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
      return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0
    }
    return max(1 - x, 0)
  }

  /// The weights of rows of pixels with this many channels, in groups of lanes for as many whole pixels as fit.
  func lanes(channels: Int) -> ResamplingWeights {
    let lanes = Int(nn_weight_lanes)
    let pixels = lanes / channels
    let groups = taps.dividedRoundingUp(by: pixels)
    var expanded = [Int32](repeating: 0, count: starts.count * groups * lanes)
    for index in starts.indices {
      for tap in 0..<taps {
        let place = (index * groups + tap / pixels) * lanes + tap % pixels * channels
        for channel in 0..<channels { expanded[place + channel] = weights[index * taps + tap] }
      }
    }
    return ResamplingWeights(taps: groups, starts: starts, weights: expanded)
  }

  func withPointers<R>(_ body: (nn_weights) -> R) -> R {
    starts.withUnsafeBufferPointer { starts in
      weights.withUnsafeBufferPointer { weights in
        body(
          nn_weights(count: starts.count, taps: taps, starts: starts.baseAddress!, weights: weights.baseAddress!))
      }
    }
  }
}
