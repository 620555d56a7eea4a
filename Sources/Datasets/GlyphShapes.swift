/// The ten digits as pen strokes in a square from 0 to 100, with x to the right and y downward. Most digits have
/// several shapes, as in handwriting.
enum GlyphShapes {
  /// The control points of a smooth curve: a quadratic B-spline from the first to the last point. Two points make a
  /// straight line.
  typealias Stroke = [SIMD2<Float>]
  typealias Shape = [Stroke]

  /// The shapes of each digit.
  static let digits: [[Shape]] = [zero, one, two, three, four, five, six, seven, eight, nine]

  private static func stroke(_ points: (Float, Float)...) -> Stroke { points.map { SIMD2($0.0, $0.1) } }

  private static let zero: [Shape] = [
    [stroke((50, 0), (0, -2), (-8, 55), (12, 108), (88, 108), (108, 55), (100, -2), (50, 0))],
    [stroke((62, 0), (5, 0), (-5, 100), (50, 102), (105, 100), (98, 5), (45, 4))],
  ]
  private static let one: [Shape] = [
    [stroke((52, 0), (48, 100))],
    [stroke((25, 25), (55, 0)), stroke((55, 0), (53, 100))],
    [stroke((25, 25), (52, 0)), stroke((52, 0), (52, 100)), stroke((25, 100), (80, 100))],
  ]
  private static let two: [Shape] = [
    [stroke((8, 28), (15, -8), (88, -8), (95, 40), (55, 65), (5, 100)), stroke((5, 100), (95, 98))],
    [stroke((10, 20), (40, -12), (100, 0), (90, 60), (40, 105), (0, 100), (10, 72), (50, 95), (95, 98))],
  ]
  private static let three: [Shape] = [
    [
      stroke((8, 12), (45, -12), (105, 8), (80, 45), (38, 48)),
      stroke((38, 48), (100, 48), (108, 95), (48, 110), (4, 88)),
    ],
    [stroke((8, 0), (88, 0)), stroke((88, 0), (45, 40)), stroke((45, 40), (105, 42), (105, 100), (45, 110), (4, 88))],
  ]
  private static let four: [Shape] = [
    [stroke((22, 0), (8, 62)), stroke((8, 62), (96, 58)), stroke((74, 22), (68, 100))],
    [stroke((68, 0), (4, 66)), stroke((4, 66), (96, 66)), stroke((68, 0), (68, 100))],
  ]
  private static let five: [Shape] = [
    [
      stroke((86, 0), (24, 0)), stroke((24, 0), (16, 44)),
      stroke((16, 44), (60, 26), (112, 58), (86, 104), (38, 108), (4, 88)),
    ],
    [stroke((90, 4), (20, 2), (12, 48), (50, 34), (108, 50), (96, 108), (36, 108), (6, 92))],
  ]
  private static let six: [Shape] = [
    [stroke((76, 0), (28, 12), (-6, 62), (8, 112), (74, 112), (106, 74), (72, 40), (24, 50), (8, 76))],
    [stroke((60, 0), (16, 30), (2, 100), (50, 108), (98, 100), (98, 56), (48, 48), (10, 74))],
  ]
  private static let seven: [Shape] = [
    [stroke((5, 2), (92, 0)), stroke((92, 0), (62, 40), (40, 100))],
    [stroke((5, 2), (92, 0)), stroke((92, 0), (58, 50), (46, 100)), stroke((26, 50), (80, 48))],
  ]
  private static let eight: [Shape] = [
    [
      stroke(
        (54, 48), (0, 28), (12, -8), (88, -8), (100, 28), (46, 48), (-8, 76), (4, 110), (96, 110), (106, 76), (54, 48))
    ],
    [
      stroke((50, 46), (4, 44), (4, 0), (50, -2), (96, 0), (96, 44), (50, 46)),
      stroke((50, 46), (-2, 50), (-2, 102), (50, 104), (102, 102), (102, 50), (50, 46)),
    ],
  ]
  private static let nine: [Shape] = [
    [stroke((90, 26), (66, -10), (2, -4), (-4, 46), (48, 64), (90, 42), (90, 22)), stroke((90, 22), (86, 100))],
    [
      stroke((90, 26), (66, -10), (2, -4), (-4, 46), (48, 64), (90, 42), (90, 22)),
      stroke((90, 22), (98, 84), (58, 108), (16, 94)),
    ],
  ]
}
