/// Builds the list of layers of a `Sequential`, one per line. Loops and conditions are supported.
@resultBuilder
public enum LayerBuilder {
  public static func buildExpression(_ layer: any Layer) -> [any Layer] { [layer] }
  public static func buildExpression(_ layers: [any Layer]) -> [any Layer] { layers }
  @available(*, unavailable, message: "a line of a model is a layer, such as Dense(10), or an array of layers")
  @_disfavoredOverload
  public static func buildExpression<Other>(_ other: Other) -> [any Layer] { fatalError("unavailable") }
  public static func buildBlock(_ parts: [any Layer]...) -> [any Layer] { parts.flatMap { $0 } }
  public static func buildOptional(_ part: [any Layer]?) -> [any Layer] { part ?? [] }
  public static func buildEither(first part: [any Layer]) -> [any Layer] { part }
  public static func buildEither(second part: [any Layer]) -> [any Layer] { part }
  public static func buildArray(_ parts: [[any Layer]]) -> [any Layer] { parts.flatMap { $0 } }
  public static func buildLimitedAvailability(_ part: [any Layer]) -> [any Layer] { part }
}
