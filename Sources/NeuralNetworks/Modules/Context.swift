/// The context of a forward pass: whether the model is being trained, and the source of random numbers. Neither is ever
/// global.
public struct Context: Sendable {
  /// Whether the model is being trained: dropout is active, and statistics are computed from the batch.
  public let isTraining: Bool
  /// The source of random numbers for layers.
  public let random: RandomStream

  /// False if the pass only repeats an earlier one, which already updated the running statistics.
  let movesState: Bool

  /// Creates the context of one pass. Usually, use `.inference` or `.training(_:)` instead.
  public init(isTraining: Bool, random: RandomStream) {
    self.init(isTraining: isTraining, random: random, movesState: true)
  }

  private init(isTraining: Bool, random: RandomStream, movesState: Bool) {
    self.isTraining = isTraining
    self.random = random
    self.movesState = movesState
  }

  /// Returns the context for repeating the work done with this one from now on. It draws the same random numbers.
  func repeated() -> Context { Context(isTraining: isTraining, random: random.copied(), movesState: false) }

  /// The context for inference. Each access restarts the same random stream, so a model that draws random numbers is a
  /// function of its input. Pass a stream to `init(isTraining:random:)` for new random numbers.
  public static var inference: Context { Context(isTraining: false, random: RandomStream(seed: 0)) }

  /// Returns the context for training, with masks and noise from `random`.
  public static func training(_ random: RandomStream) -> Context { Context(isTraining: true, random: random) }
}
