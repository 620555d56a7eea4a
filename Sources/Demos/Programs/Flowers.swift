import NeuralNetworks
import Pictures

extension Demo {
  static let flowers = Demo(
    "flowers",
    "Red rose or white lotus: pictures that are made up, two hidden layers of four neurons, the highest score wins."
  ) { context in
    let (train, test) = (Flowers.pictures(400, seed: context.seed), Flowers.pictures(200, seed: context.seed &+ 1))
    let model = Sequential {
      Flatten()
      Dense(4, activation: .tanh)
      Dense(4, activation: .tanh)
      Dense(2)
    }
    model.compile(
      optimizer: .adam(learningRate: 0.01), loss: .crossEntropy(), metrics: [.accuracy], device: context.device)
    try model.fit(train, epochs: context.passes(20, quick: 8), seed: context.seed, verbosity: .silent)
    let accuracy = try model.evaluate(test)["accuracy"] ?? 0

    let scores = try model.predict(test.inputs[0..<10]).moved(to: .cpu)
    let winners = try scores.argmax(axis: 1).scalars(as: Int32.self)
    let values = try scores.scalars(as: Double.self)
    var sheet = ImageSheet("rose or lotus?", columns: 5)
    for index in 0..<10 {
      let answer = Flowers.names[Int(winners[index])]
      sheet.add(Bitmap(planes: try test.inputs[index].scalars(), width: Flowers.side), caption: answer)
      if index < 4 {
        let both = (0..<2).map { "\(Flowers.names[$0]) \(DemoContext.text(values[2 * index + $0]))" }
        context.show("scores \(both.joined(separator: ", ")): it is a \(answer)")
      }
    }
    try context.keep("flowers", sheet.svg)
    context.show("\(DemoContext.text(100 * accuracy, digits: 1)) % of \(test.count) new pictures are named correctly")
    return ["accuracy": accuracy]
  }
}

/// Images of flowers: petals around a center, anywhere in the image, with dirt on the lens.
private enum Flowers {
  static let names = ["rose", "lotus"]
  static let side = 16

  /// The red, green, and blue values of the background, the petals, and the center.
  private static let colors: [[[Double]]] = [
    [[0.25, 0.5, 0.2], [0.8, 0.1, 0.15], [0.5, 0.0, 0.1]], [[0.2, 0.4, 0.6], [0.9, 0.85, 0.9], [0.9, 0.8, 0.3]],
  ]

  static func pictures(_ count: Int, seed: UInt64) -> TensorDataset {
    let random = RandomStream(seed: seed)
    // The position, size, and brightness of each flower, and the dirt.
    let draws = (try? Tensor.uniform([count, 4], in: 0..<1, using: random).scalars(as: Double.self)) ?? []
    let dirt = Tensor.normal([count, 3, side, side], deviation: 0.1, using: random)
    var pixels: [Float] = []
    pixels.reserveCapacity(count * 3 * side * side)
    for flower in 0..<count {
      let place = draws[4 * flower..<4 * flower + 4].map { $0 }
      for channel in 0..<3 {
        for row in 0..<side {
          for column in 0..<side {
            let part = part(row, column, place)
            pixels.append(Float(colors[flower % 2][part][channel] * (0.6 + 0.4 * place[3])))
          }
        }
      }
    }
    let labels = Tensor(integers: (0..<count).map { $0 % 2 })
    return TensorDataset(Tensor(pixels, shape: [count, 3, side, side]) + dirt, labels)
  }

  /// The part at a pixel: background, petals, or center.
  private static func part(_ row: Int, _ column: Int, _ place: [Double]) -> Int {
    let (x, y) = (Double(column) - 5 - 6 * place[0], Double(row) - 5 - 6 * place[1])
    let distance = (x * x + y * y).squareRoot()
    let petal = 3.5 + 1.5 * place[2] + 0.8 * (x * y).magnitude / (distance * distance + 1)
    return distance < 1.2 ? 2 : distance < petal ? 1 : 0
  }
}
