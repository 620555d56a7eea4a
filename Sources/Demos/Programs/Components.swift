import NeuralNetworks
import Pictures

extension Demo {
  static let components = Demo(
    "components", "Principal components and k-means: digits in twenty numbers, and clusters of them, without a network."
  ) { context in
    let data = try context.digits()
    let count = min(context.passes(6000, quick: 1000), data.train.count)
    let images = data.train.inputs[0..<count].reshaped([count, 784]).moved(to: context.device)
    let labels = try data.train.targets[0..<count].scalars(as: Int32.self)
    let random = RandomStream(seed: context.seed)
    let analysis = PrincipalComponents(of: images, count: 20, passes: context.passes(50, quick: 15), using: random)
    let codes = analysis.encode(images)
    let restored = analysis.decode(codes)
    let total = try (images - analysis.mean).squared().sum(axis: 1).mean().item()
    let explained = try codes.squared().sum(axis: 1).mean().item() / total
    let lost = try (images - restored).squared().sum(axis: 1).mean().item() / total
    context.show(
      "20 directions keep \(DemoContext.text(100 * explained, digits: 1)) % of the variance of 784 pixels; "
        + "pictures restored from them lack the other \(DemoContext.text(100 * lost, digits: 1)) %")
    let clusters = try Clusters(codes, count: 10, passes: 20)
    let purity = clusters.purity(labels)
    let ofPixels = try Clusters(images, count: 10, passes: 20).purity(labels)
    context.show(
      "k-means finds ten clusters; \(DemoContext.text(100 * purity, digits: 1)) % of the images have the most common "
        + "label of their cluster (\(DemoContext.text(100 * ofPixels, digits: 1)) % with all pixels)")
    try context.keep("components", analysis.sheet(images, restored, clusters))
    try context.keep("components-map", analysis.map(codes, labels))
    return ["explained": explained, "difference": abs(explained + lost - 1), "purity": purity]
  }
}

/// The directions in which points vary most: the first eigenvectors of their covariance.
private struct PrincipalComponents {
  let mean: Tensor
  /// One direction per column.
  let directions: Tensor

  /// Orthogonal iteration: multiplied by the covariance again and again, any directions turn into the first eigenvectors
  /// if they are kept at right angles.
  init(of points: Tensor, count: Int, passes: Int, using random: RandomStream) {
    mean = points.mean(axis: 0)
    let centered = points - mean
    var directions = Tensor.normal([points.shape[1], count], using: random, on: points.device)
    for _ in 0..<passes {
      let image = centered.matmul(centered.matmul(directions), transposingLeft: true)
      directions = PrincipalComponents.orthonormal(image)
    }
    self.directions = directions
  }

  /// Makes columns perpendicular to those before, with length 1: Gram and Schmidt, twice against rounding.
  private static func orthonormal(_ columns: Tensor) -> Tensor {
    var basis: Tensor?
    for place in 0..<columns.shape[1] {
      var column = columns[.all, place..<place + 1]
      for _ in 0..<2 {
        if let basis { column -= basis.matmul(basis.matmul(column, transposingLeft: true)) }
        column = column / column.squared().sum().squareRoot()
      }
      basis = basis.map { Tensor.concatenated([$0, column], axis: 1) } ?? column
    }
    return basis ?? columns
  }

  func encode(_ points: Tensor) -> Tensor { (points - mean).matmul(directions) }
  func decode(_ codes: Tensor) -> Tensor { codes.matmul(directions, transposingRight: true) + mean }

  /// Directions, images above their restored versions, and the centers of clusters.
  func sheet(_ images: Tensor, _ restored: Tensor, _ clusters: Clusters) throws -> String {
    var sheet = ImageSheet("ten directions; ten digits, restored from 20 numbers below; ten centers", columns: 10)
    let columns = directions.transposed().moved(to: .cpu)
    for index in 0..<10 {
      let values: [Float] = try columns[index].scalars()
      sheet.add(Bitmap(signed: values, width: 28, limit: values.map(\.magnitude).max() ?? 1))
    }
    for rows in [images[0..<10], restored[0..<10], decode(clusters.centers)] {
      let rows = rows.moved(to: .cpu)
      for index in 0..<10 { sheet.add(Bitmap(gray: try rows[index].scalars(), width: 28)) }
    }
    return sheet.svg
  }

  /// The images as points of their first two components.
  func map(_ codes: Tensor, _ labels: [Int32]) throws -> String {
    let points = try codes[.all, 0..<2].moved(to: .cpu).scalars(as: Double.self)
    let reach = (points.map(\.magnitude).max() ?? 1) + 0.5
    var chart = Chart(
      "digits in the plane of the first two components", x: -reach...reach, y: -reach...reach,
      xLabel: "first component", yLabel: "second component")
    for label in 0..<10 {
      let members = labels.indices.prefix(500).filter { labels[$0] == label }
      chart.points(members.map { (points[2 * $0], points[2 * $0 + 1]) }, color: label, label: "\(label)")
    }
    return chart.svg
  }
}
