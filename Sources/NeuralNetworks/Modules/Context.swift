/// What travels through `forward` beside the tensor: whether the model is being trained, and where random numbers come
/// from. Neither is ever global.
public struct Context: Sendable {
  /// True while training: dropout drops, and statistics are taken from the batch.
  public let isTraining: Bool
  /// Where layers draw from.
  public let random: RandomStream

  /// False where a pass is only repeated: running statistics have moved already.
  let movesState: Bool

  /// A context of one pass; `.inference` and `.training(_:)` are the usual ways to one.
  public init(isTraining: Bool, random: RandomStream) {
    self.init(isTraining: isTraining, random: random, movesState: true)
  }

  private init(isTraining: Bool, random: RandomStream, movesState: Bool) {
    self.isTraining = isTraining
    self.random = random
    self.movesState = movesState
  }

  /// The context for doing again what is done with this one from now on: it draws the same numbers.
  func repeated() -> Context { Context(isTraining: isTraining, random: random.copied(), movesState: false) }

  /// Inference. Each call of this property begins the same stream anew, so that a model that draws is a function of its
  /// input; give a stream to `init(isTraining:random:)` for fresh draws.
  public static var inference: Context { Context(isTraining: false, random: RandomStream(seed: 0)) }

  /// Training, with masks and noise from `random`.
  public static func training(_ random: RandomStream) -> Context { Context(isTraining: true, random: random) }
}
