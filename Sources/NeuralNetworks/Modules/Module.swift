/// Anything that holds parameters: a layer, a model, or a class of one's own with a call of its own.
///
/// The stored properties are searched for parameters and for further modules, in the order of their declaration: private
/// ones, those of superclasses, and those inside optionals, arrays, dictionaries (in the order of their keys), tuples,
/// structures and enumerations. A parameter is named by the path that leads to it: `weight`, `0.bias`,
/// `encoder.dense.weight`; one that can be reached in several ways has the first of these names. Classes that are not
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

  /// Trains what matches no more: sets `isTrainable` on the parameters, not on the layers.
  /// - Parameter pattern: Paths with `*` for any part of one name and `**` for any number of names: `encoder.**`.
  public func freeze(_ pattern: String = "**") { setTrainable(false, pattern) }

  /// Trains what matches again. State such as running statistics is never trained.
  public func unfreeze(_ pattern: String = "**") { setTrainable(true, pattern) }

  private func setTrainable(_ isTrainable: Bool, _ pattern: String) {
    let pattern = PathPattern(pattern)
    for (path, parameter) in parameters where !parameter.isState && pattern.matches(path) {
      parameter.isTrainable = isTrainable
    }
  }

  /// Every value by path, as it is now. It costs nothing until the next update, which then writes to a copy.
  public func snapshot() -> Snapshot {
    Snapshot(parameters.compactMap { path, parameter in parameter.currentValue.map { (path, $0) } })
  }

  /// Gives every parameter its value of a snapshot, from whatever device; parameters that are not built are built by it.
  /// - Throws: `ModelError.parameters` with every name and shape that differs, and `DeviceError`; then nothing has changed.
  public func restore(_ snapshot: Snapshot) throws { try assign(snapshot.values, allowingMissing: false) }
}
