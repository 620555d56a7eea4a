import BackendCore
import CGlyphs
import CPUKernels

/// Draws one generated image: a handwritten digit, 28x28 bytes, as a pure function of a key and an index.
///
/// It uses only additions, multiplications, divisions, square roots, and conversions of float32. IEEE 754 rounds each
/// of them exactly, and neither Swift nor the C of `CGlyphs` fuses them, so the bytes are the same on every machine.
struct GlyphRenderer {
  static let size = Int(nn_glyph_size)
  /// The number of pixels of an image.
  static let area = size * size

  /// The squared distance of each pixel to the nearest stroke.
  private var field = [Float](repeating: 0, count: area)
  /// The control points of a stroke, x and y alternating.
  private var points: [Float] = []
  private var random: RandomWords

  init(key: UInt64) { random = RandomWords(key: key) }

  /// The class of an image: the ten classes alternate.
  static func label(_ index: Int) -> Int { index % 10 }

  /// Writes the 784 bytes of image `index` row by row; 0 is the background.
  mutating func draw(_ index: Int, into pixels: UnsafeMutablePointer<UInt8>) {
    random.begin(image: index)
    nn_glyph_clear(&field)
    let placement = Placement(&random)
    let shapes = GlyphShapes.digits[GlyphRenderer.label(index)]
    for stroke in shapes[random.below(shapes.count)] {
      points.removeAll(keepingCapacity: true)
      for point in stroke { add(placement.place(point + random.offset(GlyphRenderer.wobble))) }
      nn_glyph_stroke(&field, points, stroke.count)
    }
    drawSpecks()
    let pen = 0.55 + 1.0 * random.uniform()
    let ink = 110 + 145 * random.uniform()
    random.withRemaining { nn_glyph_shade(field, pen, ink, $0, pixels) }
  }

  /// The maximum random offset of a control point, in hundredths of the digit's size.
  private static let wobble: Float = 13

  /// Draws pen slips: short lines at random positions.
  private mutating func drawSpecks() {
    for _ in 0..<random.below(3) {
      let start = SIMD2(4 + 20 * random.uniform(), 4 + 20 * random.uniform())
      points.removeAll(keepingCapacity: true)
      add(start)
      add(start + random.offset(6))
      nn_glyph_stroke(&field, points, 2)
    }
  }

  private mutating func add(_ point: SIMD2<Float>) {
    points.append(point.x)
    points.append(point.y)
  }
}

/// The random placement of a digit on the paper: rotation, slant, stretch, and shift.
private struct Placement {
  let column0, column1, center: SIMD2<Float>

  init(_ random: inout RandomWords) {
    // Converts hundredths of a digit to pixels: a digit is about 20 pixels high.
    let width = 0.11 + 0.08 * random.uniform()
    let height = 0.15 + 0.06 * random.uniform()
    let turn = 0.7 * (random.uniform() - 0.5)
    let slant = 0.5 * (random.uniform() - 0.5)
    column0 = SIMD2(width, turn * width)
    column1 = SIMD2((slant - turn) * height, height)
    center = SIMD2(13.5, 13.5) + random.offset(3)
  }

  func place(_ point: SIMD2<Float>) -> SIMD2<Float> {
    let relative = point - 50
    return center + column0 * relative.x + column1 * relative.y
  }
}

/// The sequence of random words of one image.
private struct RandomWords {
  /// The capacity. An image takes fewer words: at most 46 for strokes and specks, then one for each 4 pixels of grain.
  private static let capacity = 256

  private let kernels = nn_cpu_kernels_best()
  private var source: nn_random
  private var words = [UInt32](repeating: 0, count: capacity)
  private var position = 0

  init(key: UInt64) {
    source = nn_random(key: (UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32)), call: 0, step: 0)
  }

  mutating func begin(image: Int) {
    source.call = UInt32(truncatingIfNeeded: image >> 32)
    source.step = UInt32(truncatingIfNeeded: image)
    kernels.pointee.random_bits(source, 0, &words, RandomWords.capacity)
    position = 0
  }

  mutating func next() -> UInt32 {
    position += 1
    return words[position - 1]
  }

  /// A number in [0, 1) with 24 bits.
  mutating func uniform() -> Float { Philox.uniform(next()) }

  mutating func below(_ count: Int) -> Int { Int((UInt64(next()) * UInt64(count)) >> 32) }

  /// A random vector in the square with this half width.
  mutating func offset(_ extent: Float) -> SIMD2<Float> {
    let (x, y) = (uniform(), uniform())
    return (SIMD2(x, y) - 0.5) * (2 * extent)
  }

  /// The remaining words; the shading takes one for each 4 pixels.
  func withRemaining(_ body: (UnsafePointer<UInt32>) -> Void) {
    words.withUnsafeBufferPointer { body($0.baseAddress! + position) }
  }
}
