// PyTorch and Keras notations for devices. They do not compile; the error message shows the correct form.

extension Device {
  @available(*, unavailable, message: "a GPU may be missing: try .gpu(), or .best() for the best device that there is")
  public static var gpu: Device { fatalError("unavailable") }
}

@available(*, unavailable, message: "a device is a value: .cpu, .best(), try .gpu(), or try .named(\"gpu\")")
extension Device: ExpressibleByStringLiteral {
  public init(stringLiteral: String) { fatalError("unavailable") }
}
