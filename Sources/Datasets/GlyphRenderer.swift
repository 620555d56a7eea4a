import BackendCore

/// Draws one generated image: a digit by hand, 28x28 bytes, as a pure function of a key and an index.
///
/// Only additions, multiplications, divisions, square roots and conversions of float32 are used, each of which IEEE 754
/// rounds exactly and Swift never fuses, so the bytes are the same on every machine.
struct GlyphRenderer {
  static let size = 28
  /// Pixels of an image.
  static let area = size * size
  /// SIMD lanes hold four pixels of a row.
  private static let lanes = size / 4
  private static let far: Float = 1e6

  /// The square of each pixel's distance to the nearest pen line.
  private var distances = [SIMD4<Float>](repeating: SIMD4(repeating: far), count: size * lanes)
  private var points: [SIMD2<Float>] = []
  private let key: UInt64

  init(key: UInt64) { self.key = key }

  /// The class of an image: the ten take turns.
  static func label(_ index: Int) -> Int { index % 10 }

  /// Writes the 784 bytes of image `index`, row by row; 0 is paper.
  mutating func draw(_ index: Int, into pixels: UnsafeMutablePointer<UInt8>) {
    var random = RandomWords(key: key, image: index)
    for place in distances.indices { distances[place] = SIMD4(repeating: GlyphRenderer.far) }
    let placement = Placement(&random)
    let shapes = GlyphShapes.digits[GlyphRenderer.label(index)]
    for stroke in shapes[random.below(shapes.count)] {
      points.removeAll(keepingCapacity: true)
      for point in stroke { points.append(placement.place(point + random.offset(GlyphRenderer.wobble))) }
      drawCurve()
    }
    drawSpecks(&random)
    let pen = 0.55 + 1.0 * random.uniform()
    let ink = 110 + 145 * random.uniform()
    shade(pen: pen, ink: ink, &random, into: pixels)
  }

  /// How far a control point strays, in hundredths of the digit's size.
  private static let wobble: Float = 13

  /// Where the pen slipped: short lines anywhere.
  private mutating func drawSpecks(_ random: inout RandomWords) {
    for _ in 0..<random.below(3) {
      let start = SIMD2(4 + 20 * random.uniform(), 4 + 20 * random.uniform())
      drawLine(start, start + random.offset(6))
    }
  }

  /// The smooth curve through the control points, in straight pieces.
  private mutating func drawCurve() {
    let last = points.count - 1
    if last == 1 { return drawLine(points[0], points[1]) }
    var pen = points[0]
    for index in 1..<last {
      // A Bézier arc from mid-point to mid-point, with the point between as control; the ends are the points themselves.
      let start = index == 1 ? points[0] : (points[index - 1] + points[index]) * 0.5
      let end = index == last - 1 ? points[last] : (points[index] + points[index + 1]) * 0.5
      for step in 1...GlyphRenderer.pieces {
        let t = Float(step) / Float(GlyphRenderer.pieces)
        let s = 1 - t
        let next = start * (s * s) + points[index] * (2 * s * t) + end * (t * t)
        drawLine(pen, next)
        pen = next
      }
    }
  }

  private static let pieces = 4

  /// Lowers the distances around a straight line, as far from it as ink can reach.
  private mutating func drawLine(_ a: SIMD2<Float>, _ b: SIMD2<Float>) {
    let reach: Float = 2.6
    let edge = Float(GlyphRenderer.size - 1)
    let low = smaller(a, b) - reach
    let high = larger(a, b) + reach
    if low.x > edge || low.y > edge || high.x < 0 || high.y < 0 { return }
    let rows = Int(max(low.y, 0))...Int(min(high.y, edge))
    let columns = Int(max(low.x, 0)) / 4...Int(min(high.x, edge)) / 4
    let along = b - a
    let inverse = 1 / (along.x * along.x + along.y * along.y + 1e-6)
    let ramp = SIMD4<Float>(0, 1, 2, 3)
    distances.withUnsafeMutableBufferPointer { distances in
      for row in rows {
        let y = Float(row) - a.y
        for column in columns {
          let x = ramp + (Float(4 * column) - a.x)
          var t = (x * along.x + y * along.y) * inverse
          t = smaller(larger(t, .zero), .one)
          let dx = x - t * along.x
          let dy = SIMD4(repeating: y) - t * along.y
          let place = row * GlyphRenderer.lanes + column
          distances[place] = smaller(distances[place], dx * dx + dy * dy)
        }
      }
    }
  }

  /// Distances become grey: full ink within the pen's radius, fading over one pixel; then grain on every pixel.
  private func shade(pen: Float, ink: Float, _ random: inout RandomWords, into pixels: UnsafeMutablePointer<UInt8>) {
    let output = UnsafeMutableRawPointer(pixels)
    let spread = SIMD4<UInt32>(0, 8, 16, 24)
    for place in distances.indices {
      let cover = smaller(larger(pen + 0.5 - distances[place].squareRoot(), .zero), .one)
      let grain = (SIMD4(repeating: random.next()) &>> spread) & 0x3F
      // An integer below 2²³ in the low bits of 2²³: conversion both ways by addition, which rounds to the nearest.
      let noise = unsafeBitCast(grain | GlyphRenderer.whole.bitPattern, to: SIMD4<Float>.self) - GlyphRenderer.whole
      let grey = smaller(larger(cover * ink + noise - 24, .zero), SIMD4(repeating: 255))
      let bits = unsafeBitCast(grey + GlyphRenderer.whole, to: SIMD4<UInt32>.self)
      output.storeBytes(of: SIMD4<UInt8>(truncatingIfNeeded: bits), toByteOffset: 4 * place, as: SIMD4<UInt8>.self)
    }
  }

  /// From here on a float32 has no fraction.
  private static let whole: Float = 0x1p23
}

// The standard library's `pointwiseMin` and `clamp` go lane by lane; these are one instruction.
@inline(__always) private func smaller(_ a: SIMD4<Float>, _ b: SIMD4<Float>) -> SIMD4<Float> {
  a.replacing(with: b, where: b .< a)
}
@inline(__always) private func larger(_ a: SIMD4<Float>, _ b: SIMD4<Float>) -> SIMD4<Float> {
  a.replacing(with: b, where: b .> a)
}
@inline(__always) private func smaller(_ a: SIMD2<Float>, _ b: SIMD2<Float>) -> SIMD2<Float> {
  a.replacing(with: b, where: b .< a)
}
@inline(__always) private func larger(_ a: SIMD2<Float>, _ b: SIMD2<Float>) -> SIMD2<Float> {
  a.replacing(with: b, where: b .> a)
}

/// Where a digit stands on the paper: turned, slanted, stretched and shifted by chance.
private struct Placement {
  let column0, column1, centre: SIMD2<Float>

  init(_ random: inout RandomWords) {
    // Hundredths of a digit become pixels: a digit is about 20 pixels high.
    let width = 0.11 + 0.08 * random.uniform()
    let height = 0.15 + 0.06 * random.uniform()
    let turn = 0.7 * (random.uniform() - 0.5)
    let slant = 0.5 * (random.uniform() - 0.5)
    column0 = SIMD2(width, turn * width)
    column1 = SIMD2((slant - turn) * height, height)
    centre = SIMD2(13.5, 13.5) + random.offset(3)
  }

  func place(_ point: SIMD2<Float>) -> SIMD2<Float> {
    let relative = point - 50
    return centre + column0 * relative.x + column1 * relative.y
  }
}

/// The random words of one image, in order.
private struct RandomWords {
  private let source: RandomSource
  private var block = SIMD4<UInt32>()
  private var position = 0

  init(key: UInt64, image: Int) {
    source = RandomSource(
      key: key, call: UInt32(truncatingIfNeeded: image >> 32), step: UInt32(truncatingIfNeeded: image))
  }

  mutating func next() -> UInt32 {
    if position & 3 == 0 { block = source.block(position >> 2) }
    defer { position += 1 }
    return block[position & 3]
  }

  /// [0, 1), 24 bits.
  mutating func uniform() -> Float { Philox.uniform(next()) }

  mutating func below(_ count: Int) -> Int { Int((UInt64(next()) * UInt64(count)) >> 32) }

  /// A vector in the square of this half width.
  mutating func offset(_ extent: Float) -> SIMD2<Float> {
    let (x, y) = (uniform(), uniform())
    return (SIMD2(x, y) - 0.5) * (2 * extent)
  }
}
