/// Parameters whose steps differ from those of the others.
///
/// ```swift
/// groups: [ParameterGroup("**.bias", weightDecay: 0), ParameterGroup("encoder.**", learningRateScale: 0.1)]
/// ```
///
/// A parameter belongs to the first group that matches its path; parameters that none matches are updated as the rule says.
public struct ParameterGroup: Sendable, Hashable {
  /// Paths with `*` for any part of one name and `**` for any number of names.
  public let pattern: String
  /// What the learning rate is multiplied by.
  public let learningRateScale: Double
  /// In place of the rule's weight decay; nil leaves it.
  public let weightDecay: Double?

  /// The parameters whose path fits `pattern`, with their own scale of the learning rate and weight decay; nil keeps
  /// the rule's.
  public init(_ pattern: String, learningRateScale: Double = 1, weightDecay: Double? = nil) {
    self.pattern = pattern
    self.learningRateScale = learningRateScale
    self.weightDecay = weightDecay
  }
}
