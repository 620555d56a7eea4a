// Data and files as Keras and pandas write them; see Model.swift.
import Datasets
import ModelFormats
import NeuralNetworks

func data(_ model: Sequential, _ images: ImageDataset) throws {
  // error: images are two datasets, train and test: fit(images.train)
  try model.fit(images, epochs: 3)
  // error: images are two datasets, train and test: evaluate(images.test)
  _ = try model.evaluate(images)
  // error: a column is a value: .named("price")
  let table = try CSV.load("prices.csv", label: "price")
  // error: 'inputs' has been renamed to 'data.inputs'
  _ = table.inputs
  // error: 'targets' has been renamed to 'data.targets'
  _ = table.targets
  // error: the examples of a table are its data: fit(table.data)
  try model.fit(table)
  // error: the examples of a table are its data: evaluate(table.data)
  _ = try model.evaluate(table)
}

func files() throws {
  // error: say of which kind the model is: Sequential.load(from:), Graph.load(from:)
  _ = try Model.load(from: "model.safetensors")
  // error: write Checkpoints(in: folder
  _ = ModelCheckpoint("best", saveBestOnly: true)
  // error: write TensorBoardLogger(in: folder)
  _ = TensorBoard(in: "log")
}
