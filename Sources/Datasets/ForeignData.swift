// Ways in which other libraries use datasets. They do not compile; the error messages state the replacements.
import NeuralNetworks

extension Model {
  @available(*, unavailable, message: "images are two datasets, train and test: fit(images.train)")
  @discardableResult
  public func fit(_ images: ImageDataset, epochs: Int = 1, batchSize: Int = 32, validation: Validation? = nil) throws
    -> History
  { fatalError("unavailable") }
  @available(*, unavailable, message: "images are two datasets, train and test: evaluate(images.test)")
  public func evaluate(_ images: ImageDataset, batchSize: Int = 32) throws -> Scores { fatalError("unavailable") }
  @available(*, unavailable, message: "the examples of a table are its data: fit(table.data)")
  @discardableResult
  public func fit(_ table: CSVDataset, epochs: Int = 1, batchSize: Int = 32, validation: Validation? = nil) throws
    -> History
  { fatalError("unavailable") }
  @available(*, unavailable, message: "the examples of a table are its data: evaluate(table.data)")
  public func evaluate(_ table: CSVDataset, batchSize: Int = 32) throws -> Scores { fatalError("unavailable") }
}

extension CSVDataset {
  @available(*, unavailable, renamed: "data.inputs")
  public var inputs: Tensor { fatalError("unavailable") }
  @available(*, unavailable, renamed: "data.targets")
  public var targets: Tensor { fatalError("unavailable") }
}

@available(*, unavailable, message: "a column is a value: .named(\"price\"), .index(0), .first, .last")
extension CSV.Column: ExpressibleByStringLiteral {
  public init(stringLiteral: String) { fatalError("unavailable") }
}
