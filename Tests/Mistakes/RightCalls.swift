// What is right and stands next to a mistake of the other files; no line has an error. See Model.swift.
import Datasets
import ModelFormats
import NeuralNetworks

func rightNumbers(_ x: Tensor, _ extents: [Int]) throws {
  let largest = max(1, 2) + min(3, 4) + abs(-3)
  let mixed: Double = max(1, 2.5)
  let single = abs(-0.5) + Float(3) + Float(largest) + Float(mixed)
  let whole = Int(single) + Int(try x.item()) + extents.count
  let double = Double(whole) * Double(single) + Double(try x.sum().item())
  _ = Tensor.zeros([2, 3]) + Tensor.ones([2]) * 2 + .zeros(extents)
  _ = x.reshaped([2, -1]).max(axis: 1).sum() + x.argmax().mean() * double
  _ = Tensor(extents.map { Float($0) }, shape: [1])
}

func rightTraining(_ model: Sequential, _ x: Tensor, _ data: TensorDataset, _ optimizer: Optimizer) throws {
  model.compile(optimizer: .adam(), loss: .crossEntropy(), device: try .gpu())
  model.compile(optimizer: Optimizer(Adam()), loss: .crossEntropy(), device: try Device.gpu())
  try model.fit(data, epochs: 3, validation: .data(data), callbacks: [EarlyStopping(patience: 3)])
  try model.fit(x, x, validation: .split(0.1), verbosity: .silent)
  let scores = try model.evaluate(data)
  print(scores.loss, try model.evaluate(x, x)["accuracy"] ?? 0, optimizer.step, data.split(0.3), data.count)
  var batches = data.batches(of: 3)
  while let batch = try batches.next() { print(batch.count) }
  try batches.forEach { print($0.count) }
}

func rightFiles(_ model: Sequential, _ images: ImageDataset) throws {
  try model.fit(images.train, validation: .data(images.test))
  try model.fit(CSV.load("prices.csv", label: .named("price")).data)
  let other: Sequential = try .load(from: "model.safetensors")
  print(other, try Sequential.load(from: "model.safetensors"), try Graph.load(from: "graph.safetensors"))
}
