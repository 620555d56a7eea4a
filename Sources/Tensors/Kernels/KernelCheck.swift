#if OpenCL
import BackendCore
internal import BackendOpenCL

/// Checks of kernel calls, with messages.
enum KernelCheck {
  /// Returns the first problem with a call; nil if there is none.
  static func objection(
    to arguments: [Kernel.Argument], for parameters: [CustomKernel.Parameter], on device: Device, global: [Int],
    local: [Int]?
  ) -> String? {
    if arguments.count != parameters.count {
      let list = parameters.map { "\($0.type) \($0.name)" }.joined(separator: ", ")
      return "it takes \(parameters.count) arguments (\(list)), and got \(arguments.count)"
    }
    for (index, (argument, parameter)) in zip(arguments, parameters).enumerated() {
      if let reason = objection(to: argument, for: parameter, on: device) {
        return "argument \(index + 1) (\(parameter.type) \(parameter.name)): \(reason)"
      }
    }
    return objection(toItems: global, local)
  }

  private static func objection(toItems global: [Int], _ local: [Int]?) -> String? {
    guard (1...3).contains(global.count), global.allSatisfy({ $0 >= 0 }) else {
      return "\(global) work items: expected one to three numbers of at least 0"
    }
    guard let local else { return nil }
    guard local.count == global.count, zip(global, local).allSatisfy({ $1 > 0 && $0 % $1 == 0 }) else {
      return "groups of \(local) do not divide \(global) work items"
    }
    return nil
  }

  private static func objection(
    to argument: Kernel.Argument, for parameter: CustomKernel.Parameter, on device: Device
  ) -> String? {
    switch argument {
    case .tensor(let tensor):
      if tensor.device != device { return "the tensor is on \(tensor.device), the kernel on \(device)" }
      if let reason = objection(toMemory: tensor.dtype, for: parameter) { return reason }
      return parameter.isConstant
        ? nil : "a tensor is a value, which a kernel must not change: declare the parameter const, or pass a .result"
    case .result(_, let dtype):
      if parameter.isConstant { return "a .result is written, and the parameter is const" }
      return objection(toMemory: dtype, for: parameter)
    case .float: return objection(toNumber: "float", for: parameter)
    case .int: return objection(toNumber: "int", for: parameter)
    case .unsigned: return objection(toNumber: "uint", for: parameter)
    case .long: return objection(toNumber: "long", for: parameter)
    case .local(let bytes):
      if parameter.place != .local { return "local memory for a parameter that is not local" }
      return bytes > 0 ? nil : "\(bytes) bytes of local memory"
    }
  }

  private static func objection(toMemory dtype: DType, for parameter: CustomKernel.Parameter) -> String? {
    guard parameter.place == .global || parameter.place == .constant else {
      return "a tensor for a parameter that is not a global pointer"
    }
    let expected =
      switch dtype {
      case .float32: ["float"]
      case .int32: ["int", "uint"]
      case .bool: ["uchar", "char"]
      case .float64: ["double"]
      case .float16: ["half", "ushort"]
      case .bfloat16: ["ushort"]
      case .int8: ["char"]
      case .uint8: ["uchar"]
      case .int16: ["short"]
      case .int64: ["long"]
      }
    guard let element = element(of: parameter.type), !expected.contains(element) else { return nil }
    return "elements are \(dtype), which OpenCL C calls \(expected[0])"
  }

  private static func objection(toNumber type: String, for parameter: CustomKernel.Parameter) -> String? {
    if parameter.place != .value { return "a number for a pointer" }
    let spelled = parameter.type == "unsigned int" ? "uint" : parameter.type
    guard element(of: spelled) != nil, spelled != type else { return nil }
    return "the number is \(type)"
  }

  /// Returns the element type of a pointer or vector: "float" for "float*" and "float4*"; nil for types defined by the
  /// program itself.
  private static func element(of type: String) -> String? {
    var word = type
    if let star = word.firstIndex(of: "*") { word = String(word[..<star]) }
    while word.last == " " { word.removeLast() }
    for (long, short) in [("unsigned int", "uint"), ("unsigned char", "uchar"), ("unsigned long", "ulong")]
    where word == long { word = short }
    while let last = word.last, last.isNumber { word.removeLast() }
    let known = ["char", "uchar", "short", "ushort", "int", "uint", "long", "ulong", "float", "double", "half"]
    return known.contains(word) ? word : nil
  }
}
#endif
