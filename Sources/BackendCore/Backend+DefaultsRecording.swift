extension Backend {
  /// Runs `body` once and keeps nothing: every step stays eager.
  public func record(_ body: () throws -> Void) throws -> (any Recording)? {
    try body()
    return nil
  }
}
