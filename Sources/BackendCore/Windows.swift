/// One axis of an image over which a window moves, for convolution and pooling.
///
/// Element `p` of the window at output `i` covers input `i·stride + p·dilation − padding`. Positions outside the input
/// are padding.
@frozen
public struct WindowAxis: Sendable, Hashable {
  /// The extents of the input and the output.
  public var input, output: Int
  /// The size of the window, the distance between windows, and the distance between elements of the window.
  public var kernel, stride, dilation: Int
  /// The number of padding positions before the first element of the input.
  public var padding: Int

  @inlinable public init(
    input: Int, output: Int, kernel: Int, stride: Int = 1, dilation: Int = 1, padding: Int = 0
  ) {
    self.input = input
    self.output = output
    self.kernel = kernel
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
  }

  /// Returns the input position that an element of the window covers; nil over padding.
  @inlinable public func position(output: Int, kernel: Int) -> Int? {
    let position = output * stride + kernel * dilation - padding
    return position >= 0 && position < input ? position : nil
  }

  /// The number of positions from the first element of the first window to the last element of the last one, including
  /// padding.
  @inlinable public var reach: Int { output == 0 ? 0 : (output - 1) * stride + (kernel - 1) * dilation + 1 }
}

/// The extents of a two-dimensional convolution: x `[batch, inputChannels, height, width]`, w
/// `[outputChannels, inputChannels/groups, kernel height, kernel width]`, y `[batch, outputChannels, height, width]`.
/// Each group of outputs uses its own group of inputs.
@frozen
public struct ConvolutionShape: Sendable, Hashable {
  public var batch, inputChannels, outputChannels, groups: Int
  public var height, width: WindowAxis

  @inlinable public init(
    batch: Int, inputChannels: Int, outputChannels: Int, groups: Int = 1, height: WindowAxis, width: WindowAxis
  ) {
    self.batch = batch
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.groups = groups
    self.height = height
    self.width = width
  }

  /// The number of elements in one channel of an image, for input and output.
  @inlinable public var inputPlane: Int { height.input * width.input }
  @inlinable public var outputPlane: Int { height.output * width.output }
  /// The number of elements in the window.
  @inlinable public var window: Int { height.kernel * width.kernel }
  /// The number of products per output: the channels of a group times the window.
  @inlinable public var depth: Int { inputChannels / groups * window }
  @inlinable public var inputCount: Int { batch * inputChannels * inputPlane }
  @inlinable public var outputCount: Int { batch * outputChannels * outputPlane }
  @inlinable public var weightCount: Int { outputChannels * depth }
}

/// The operation of a pooling window.
public enum PoolingOp: UInt8, Sendable, Hashable, CaseIterable {
  /// The largest element; NaN if any is NaN. Padding does not count.
  case maximum
  /// The mean of the elements. Padding does not count.
  case mean
  /// The mean of the elements, with padding counted as zeros.
  case meanWithPadding
}

/// The extents of two-dimensional pooling: x and y are `[planes, height, width]`.
@frozen
public struct PoolingShape: Sendable, Hashable {
  public var planes: Int
  public var height, width: WindowAxis

  @inlinable public init(planes: Int, height: WindowAxis, width: WindowAxis) {
    self.planes = planes
    self.height = height
    self.width = width
  }

  @inlinable public var inputPlane: Int { height.input * width.input }
  @inlinable public var outputPlane: Int { height.output * width.output }
  @inlinable public var window: Int { height.kernel * width.kernel }
  @inlinable public var inputCount: Int { planes * inputPlane }
  @inlinable public var outputCount: Int { planes * outputPlane }
}

// MARK: Text

extension WindowAxis: CustomStringConvertible {
  /// "28→26 (window 3, stride 1, dilation 1, padding 0)".
  public var description: String {
    "\(input)→\(output) (window \(kernel), stride \(stride), dilation \(dilation), padding \(padding))"
  }
}

extension ConvolutionShape: CustomStringConvertible {
  public var description: String {
    "\(batch)x\(inputChannels)→\(outputChannels) in \(groups) groups, \(height) by \(width)"
  }
}

extension PoolingShape: CustomStringConvertible {
  public var description: String { "\(planes) planes, \(height) by \(width)" }
}
