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
