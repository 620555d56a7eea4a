import NeuralNetworks
import Pictures

extension Demo {
  static let autoencoder = Demo(
    "autoencoder", "Without labels: digits are squeezed through ten numbers, and these fall into clusters."
  ) { context in
    let data = try context.digits()
    let count = min(context.passes(6000, quick: 1500), data.train.count)
    let images = data.train.inputs[0..<count].reshaped([count, 784])
    let encoder = Sequential {
      Dense(128, activation: .relu)
      Dense(10)
    }
    let decoder = Sequential {
      Dense(128, activation: .relu)
      Dense(784)
    }
    let model = Sequential {
      encoder
      decoder
    }
    model.compile(
      optimizer: .adam(learningRate: 2e-3), loss: .binaryCrossEntropy(fromLogits: true), device: context.device)
    let history = try model.fit(
      TensorDataset(images, images), epochs: context.passes(15, quick: 6), seed: context.seed, verbosity: .silent)
    context.show(
      "loss \(DemoContext.text(history["loss"][0])) at first, \(DemoContext.text(history["loss"].last ?? .nan)) at the end"
    )

    let codes = try encoder.predict(images, batchSize: 500).moved(to: .cpu)
    let clusters = try Clusters(codes, count: 10, passes: 20)
    let purity = clusters.purity(try data.train.targets[0..<count].scalars(as: Int32.self))
    context.show(
      "ten clusters of codes: \(DemoContext.text(100 * purity, digits: 1)) % of the images have the most common label of their cluster"
    )
    var sheet = ImageSheet("the centers of the clusters, decoded", columns: 5)
    let centers = try decoder.predict(clusters.centers).sigmoid().moved(to: .cpu)
    for index in 0..<10 { sheet.add(Bitmap(gray: try centers[index].scalars(), width: 28)) }
    try context.keep("autoencoder", sheet.svg)
    return ["first loss": history["loss"][0], "loss": history["loss"].last ?? .nan, "purity": purity]
  }
}

/// K-means: points belong to the nearest center, which is the mean of its points. Lloyd 1982.
private struct Clusters {
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
