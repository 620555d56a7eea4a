import BackendCore

/// Formats for rows of weights as blocks of small integers: `.q80`, `.q40`, `.q41`, and others.
public typealias BlockFormat = BackendCore.BlockFormat
