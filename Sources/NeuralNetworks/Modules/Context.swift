/// What travels through `forward` beside the tensor: whether the model is being trained, and where random numbers come
/// from. Neither is ever global.
public struct Context: Sendable {
  /// True while training: dropout drops, and statistics are taken from the batch.
  public let isTraining: Bool
  /// Where layers draw from.
  public let random: RandomStream

  /// A context of one pass; `.inference` and `.training(_:)` are the usual ways to one.
  public init(isTraining: Bool, random: RandomStream) {
    self.isTraining = isTraining
    self.random = random
  }

  /// Inference. Each call of this property begins the same stream anew, so that a model that draws is a function of its
  /// input; give a stream to `init(isTraining:random:)` for fresh draws.
  public static var inference: Context { Context(isTraining: false, random: RandomStream(seed: 0)) }

  /// Training, with masks and noise from `random`.
  public static func training(_ random: RandomStream) -> Context { Context(isTraining: true, random: random) }
}
