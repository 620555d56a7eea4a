#if OpenCL
internal import BackendCore

/// Classes of products computed with the same method: the rows of a table.
enum MatmulClass: String, Sendable, CaseIterable {
  /// Up to 4 rows: a vector times a matrix.
  case row
  /// Up to 64 rows or columns: a batch times the weights of a layer, and their gradients.
  case thin
  /// Up to 192³ multiply-adds.
  case small
  /// Up to 768³.
  case medium
  /// Up to 3072³.
  case large
  case huge

  init(_ shape: MatmulShape) {
    let work = shape.m * shape.n * shape.k
    self =
      if shape.m <= 4 {
        .row
      } else if min(shape.m, shape.n) <= 64 && work > 1 << 18 {
        .thin
      } else if work <= 192 * 192 * 192 {
        .small
      } else if work <= 768 * 768 * 768 {
        .medium
      } else if work <= 3072 * 3072 * 3072 {
        .large
      } else {
        .huge
      }
  }

  /// Representative shapes of the class for tuning a device.
  var examples: [MatmulShape] {
    switch self {
    case .row: [MatmulShape(m: 1, n: 128, k: 784), MatmulShape(m: 1, n: 1024, k: 1024)]
    case .thin:
      [
        MatmulShape(m: 32, n: 128, k: 784), MatmulShape(m: 32, n: 784, k: 128, transposesB: true),
        MatmulShape(m: 64, n: 1024, k: 1024),
      ]
    case .small:
      [
        MatmulShape(m: 64, n: 64, k: 64), MatmulShape(m: 128, n: 128, k: 128),
        MatmulShape(m: 784, n: 128, k: 32, transposesA: true),
      ]
    case .medium: [MatmulShape(m: 256, n: 256, k: 256), MatmulShape(m: 512, n: 512, k: 512)]
    case .large: [MatmulShape(m: 1024, n: 1024, k: 1024), MatmulShape(m: 2048, n: 2048, k: 2048)]
    case .huge: [MatmulShape(m: 4096, n: 4096, k: 4096)]
    }
  }
}
#endif
