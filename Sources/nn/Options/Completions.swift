import ArgumentParser

/// The file types for shell completion.
enum Completions {
  static let models = CompletionKind.file(extensions: ["safetensors"])
  /// Files that describe a model.
  static let described = CompletionKind.file(extensions: ["safetensors", "json"])
  /// Files that can be plotted.
  static let plotted = CompletionKind.file(extensions: ["jsonl", "safetensors", "json"])
}
