/// Parameters with a different learning rate or weight decay.
///
/// ```swift
/// groups: [ParameterGroup("**.bias", weightDecay: 0), ParameterGroup("encoder.**", learningRateScale: 0.1)]
/// ```
///
/// A parameter belongs to the first group whose pattern matches its path. Parameters without a matching group use the
/// settings of the rule. A step throws for a pattern that matches no path of the model.
public struct ParameterGroup: Sendable, Hashable {
  /// A pattern of paths: `*` matches any part of one name, `**` any number of names.
  public let pattern: String
  /// The factor for the learning rate.
  public let learningRateScale: Double
  /// The weight decay that replaces the rule's; nil keeps the rule's.
  public let weightDecay: Double?

  /// Creates a group of the parameters whose path matches `pattern`, with a learning rate scale and a weight decay; nil
  /// keeps the rule's.
  public init(_ pattern: String, learningRateScale: Double = 1, weightDecay: Double? = nil) {
    self.pattern = pattern
    self.learningRateScale = learningRateScale
    self.weightDecay = weightDecay
  }
}
