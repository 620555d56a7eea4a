// Devices as PyTorch and Keras write them. They do not compile, and say what does.

extension Device {
  @available(*, unavailable, message: "a GPU may be missing: try .gpu(), or .best() for the best device that there is")
  public static var gpu: Device { fatalError("unavailable") }
}

@available(*, unavailable, message: "a device is a value: .cpu, .best(), try .gpu(), or try .named(\"gpu\")")
extension Device: ExpressibleByStringLiteral {
  public init(stringLiteral: String) { fatalError("unavailable") }
}
