/// A layer followed by an activation, which other frameworks count as a separate layer.
package protocol ActivatedLayer: Layer {
  var activation: ActivationFunction { get }
}

extension Dense: ActivatedLayer {}
extension Conv2D: ActivatedLayer {}

extension Conv1D: ActivatedLayer {
  package var activation: ActivationFunction { configuration.activation }
}

extension ConvTranspose1D: ActivatedLayer {
  package var activation: ActivationFunction { configuration.convolution.activation }
}

extension ConvTranspose2D: ActivatedLayer {
  package var activation: ActivationFunction { configuration.convolution.activation }
}
