/// A type that holds parameters: a layer, a model, or a custom class with its own call method.
///
/// The stored properties are searched for parameters and other modules in the order of their declaration. The search
/// includes private properties, properties of superclasses, and values inside optionals, arrays, dictionaries (in the
/// order of their keys), tuples, structures, and enumerations. The name of a parameter is the path that leads to it:
/// `weight`, `0.bias`, `encoder.dense.weight`. If there are several paths, the first one is used. Classes that are not
/// modules are not searched.
///
/// ```swift
/// final class Autoencoder: Module {
///   let encoder = Dense(8, activation: .relu), decoder = Dense(64)
///   func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor { decoder(encoder(x, context), context) }
/// }
/// let model = Autoencoder()
/// try model.build(seed: 1) { model in _ = model(.zeros([1, 64]), .inference) }
/// print(model.parameters["encoder.weight"]!.value.shape)   // [64, 8]
/// ```
public protocol Module: AnyObject {}

extension Module {
  /// The parameters by path, in the order of their declaration.
  public var parameters: Parameters {
    if let model = self as? Model { return model.knownParameters() }
    return Parameters(ModuleWalk(self))
  }

  /// Excludes the parameters whose path matches from training.
  ///
  /// Without `statistics`, nothing else changes, as with PyTorch's `requires_grad = False`: during training, a
  /// `BatchNorm` still normalizes with batch statistics and updates its running statistics. With `statistics`, a
  /// `BatchNorm` whose running statistics match normalizes with them, as in inference, and does not update them, as
  /// with Keras' `layer.trainable = False` and PyTorch's `layer.eval()`.
  /// - Parameters:
  ///   - pattern: A pattern of paths, where `*` matches any part of one name and `**` any number of names:
  ///     `encoder.**`. A pattern that matches no path ends the program.
  ///   - statistics: Whether to freeze matching running statistics, too.
  public func freeze(_ pattern: String = "**", statistics: Bool = false) {
    setFrozen(true, pattern, state: statistics, "freeze")
  }

  /// Includes matching parameters in training again, and updates matching running statistics again. State is never
  /// trained. A pattern that matches no path ends the program.
  public func unfreeze(_ pattern: String = "**") { setFrozen(false, pattern, state: true, "unfreeze") }

  private func setFrozen(_ isFrozen: Bool, _ pattern: String, state: Bool, _ operation: String) {
    let pattern = PathPattern(pattern)
    let parameters = parameters
    if let fault = pattern.fault(among: parameters.paths) { ProgrammerError.end("\(operation): \(fault)") }
    for (path, parameter) in parameters where (state || !parameter.isState) && pattern.matches(path) {
      parameter.isFrozen = isFrozen
    }
  }

  /// Returns all current values by path. A snapshot costs nothing until the next update, which then writes to a copy.
  public func snapshot() -> Snapshot {
    Snapshot(parameters.compactMap { path, parameter in parameter.currentValue.map { (path, $0) } })
  }

  /// Restores the value of every parameter from a snapshot, which may be on any device. Parameters that are not built
  /// yet are built.
  /// - Throws: `ModelError.parameters` with every name and shape that differs; `DeviceError`. If it throws, nothing has
  ///   changed.
  public func restore(_ snapshot: Snapshot) throws { try assign(snapshot.values, allowingMissing: false) }
}
