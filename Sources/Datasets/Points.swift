import HostSystem
import BackendCore
import NeuralNetworks

/// Classic sets of points in the plane: float32 inputs `[count, 2]`, int32 class indices `[count]`.
///
/// Every point is a function of the seed and its index. The classes alternate, so every range of points is balanced.
/// Blobs, moons, and circles have the shapes of scikit-learn's `make_blobs`, `make_moons`, and `make_circles`.
public enum Points {
  /// Creates round clouds, one per class, around centers on a circle of the given radius.
  public static func blobs(
    _ count: Int, classes: Int = 3, deviation: Double = 1, radius: Double = 5, seed: UInt64 = 0
  ) -> TensorDataset {
    make(count, classes, seed, "blobs", noise: deviation) { label, _, _ in
      let angle = 2 * Double.pi * Double(label) / Double(classes)
      return (radius * cos(angle), radius * sin(angle))
    }
  }

  /// Creates two interleaving half circles of radius 1.
  public static func moons(_ count: Int, noise: Double = 0.1, seed: UInt64 = 0) -> TensorDataset {
    make(count, 2, seed, "moons", noise: noise) { label, t, _ in
      let angle = Double.pi * t
      return label == 0 ? (cos(angle), sin(angle)) : (1 - cos(angle), 0.5 - sin(angle))
    }
  }

  /// Creates two circles around the origin: class 0 with radius 1, class 1 with radius `factor`.
  public static func circles(
    _ count: Int, factor: Double = 0.5, noise: Double = 0.05, seed: UInt64 = 0
  ) -> TensorDataset {
    make(count, 2, seed, "circles", noise: noise) { label, t, _ in
      let angle = 2 * Double.pi * t
      let radius = label == 0 ? 1 : factor
      return (radius * cos(angle), radius * sin(angle))
    }
  }

  /// Creates spiral arms from the origin to radius 1, one per class.
  public static func spirals(
    _ count: Int, classes: Int = 3, turns: Double = 0.65, noise: Double = 0.03, seed: UInt64 = 0
  ) -> TensorDataset {
    make(count, classes, seed, "spirals", noise: noise) { label, t, _ in
      let angle = 2 * Double.pi * (turns * t + Double(label) / Double(classes))
      return (t * cos(angle), t * sin(angle))
    }
  }

  /// Creates points in the square from -1 to 1: class 1 if the signs of the coordinates differ, class 0 if they are
  /// equal.
  public static func xor(_ count: Int, noise: Double = 0, seed: UInt64 = 0) -> TensorDataset {
    make(count, 2, seed, "xor", noise: noise) { label, t, u in
      let (x, y) = (2 * t - 1, u)
      return (x, (x < 0) == (label == 0) ? -y : y)
    }
  }

  /// `shape` maps a class and a point `(t, u)` of the unit square to a point; normal noise is added to both
  /// coordinates.
  private static func make(
    _ count: Int, _ classes: Int, _ seed: UInt64, _ name: String, noise: Double,
    _ shape: (_ label: Int, _ t: Double, _ u: Double) -> (Double, Double)
  ) -> TensorDataset {
    if !(1...Int(Int32.max)).contains(count) || !(1...Int(Int32.max)).contains(classes) {
      ProgrammerError.end("Points.\(name): count and classes are from 1 to \(Int32.max), not \(count) and \(classes)")
    }
    requireMemory(for: "Points.\(name)", count, of: 24)
    let source = RandomSource(key: RandomSource.derivedKey(seed: seed, "points \(name)"))
    var values: [Float] = []
    values.reserveCapacity(2 * count)
    for index in 0..<count {
      let words = source.block(index)
      let point = shape(index % classes, Double(Philox.uniform(words.x)), Double(Philox.uniform(words.w)))
      let normals = Philox.normals(words.y, words.z)
      values.append(Float(point.0 + noise * normals.0))
      values.append(Float(point.1 + noise * normals.1))
    }
    let labels = (0..<count).map { Int32($0 % classes) }
    return TensorDataset(Tensor(values, shape: [count, 2]), Tensor(labels, shape: [count]))
  }
}
