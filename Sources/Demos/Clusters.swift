import NeuralNetworks

/// K-means: points belong to the nearest center, which is the mean of its points. Lloyd 1982.
struct Clusters {
  private(set) var centers: Tensor
  private(set) var members: [Int32] = []
  private let count: Int

  init(_ points: Tensor, count: Int, passes: Int) throws {
    self.count = count
    // The first center is the first point; each further center is the point farthest from those before.
    centers = points[0..<1]
    for _ in 1..<count {
      let far = try Clusters.distances(points, centers).min(axis: 1).argmax(axis: 0).item()
      centers = Tensor.concatenated([centers, points[Int(far)..<Int(far) + 1]])
    }
    for _ in 0..<passes {
      let nearest = Clusters.distances(points, centers).argmin(axis: 1)
      let belongs = nearest.oneHot(classes: count)
      let sizes = belongs.sum(axis: 0).clamped(to: 1...Double(points.shape[0])).expanded(axis: 1)
      centers = belongs.matmul(points, transposingLeft: true) / sizes
      members = try nearest.scalars(as: Int32.self)
    }
  }

  /// |p − c|² of each point and each center.
  private static func distances(_ points: Tensor, _ centers: Tensor) -> Tensor {
    points.squared().sum(axis: 1, keepingRank: true) - 2 * points.matmul(centers, transposingRight: true)
      + centers.squared().sum(axis: 1)
  }

  /// The fraction of the points that have the most frequent label of their cluster.
  func purity(_ labels: [Int32]) -> Double {
    var table = [[Int]](repeating: [Int](repeating: 0, count: 10), count: count)
    for (member, label) in zip(members, labels) { table[Int(member)][Int(label)] += 1 }
    return Double(table.reduce(0) { $0 + ($1.max() ?? 0) }) / Double(max(labels.count, 1))
  }
}
