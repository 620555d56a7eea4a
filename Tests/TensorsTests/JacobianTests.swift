import Tensors
import Testing

/// Derivatives of functions with several results, against the derivatives on paper.
@Suite struct JacobianTests {
  @Test(arguments: TestDevices.all) func jacobians(_ device: Device) throws {
    let x = Tensor([1, 2, 3], on: device)
    let matrix = jacobian(at: x) { x in Tensor.stacked([x.product(), x.squared().sum()]) }
    try expect(matrix, [6, 3, 2, 2, 4, 6], shape: [2, 3])
    // d(xᵀx)ᵢⱼ for a matrix: ∂yᵢⱼ/∂xₖₗ = δⱼₗ·xₖᵢ + δᵢₗ·xₖⱼ.
    let square = Tensor([1, 2, 3, 4], shape: [2, 2], on: device)
    let derivative = jacobian(at: square) { $0.matmul($0, transposingLeft: true) }
    try expect(derivative, [2, 0, 6, 0, 2, 1, 4, 3, 2, 1, 4, 3, 0, 4, 0, 8], shape: [2, 2, 2, 2])
    #expect(jacobian(at: x) { _ in Tensor.zeros([0], on: device) }.shape == [0, 3])
  }

  @Test(arguments: TestDevices.all) func hessians(_ device: Device) throws {
    let x = Tensor([1, 2], on: device)
    let matrix = hessian(at: x) { x in x[0].power(3) * x[1] + x[1].squared() }
    try expect(matrix, [12, 3, 3, 2], shape: [2, 2])
    let product = hessianVectorProduct(at: x, along: Tensor([1, -2], on: device)) { x in
      x[0].power(3) * x[1] + x[1].squared()
    }
    try expect(product.gradient, [6, 5])
    try expect(product.derivative, [6, -1])
  }

  @Test(arguments: TestDevices.all) func products(_ device: Device) throws {
    let x = Tensor([1, 2, 3], on: device), v = Tensor([1, 0, -1], on: device)
    let forward = jacobianVectorProduct(at: x, along: v) { x in Tensor.stacked([x.product(), x.squared().sum()]) }
    try expect(forward.value, [6, 14])
    try expect(forward.derivative, [4, -4])
    let backward = vectorJacobianProduct(at: x, weights: Tensor([2, 1], on: device)) { x in
      Tensor.stacked([x.product(), x.squared().sum()])
    }
    try expect(backward.value, [6, 14])
    try expect(backward.derivative, [14, 10, 10])
  }

  /// Values and derivatives are part of an enclosing gradient.
  @Test(arguments: TestDevices.all) func nested(_ device: Device) throws {
    let x = Tensor([1, 2], on: device), v = Tensor([1, 1], on: device)
    func gradient(_ body: (Tensor) -> Tensor) -> Tensor { valueAndGradient(at: x) { body($0).sum() }.gradient }
    try expect(gradient { jacobianVectorProduct(at: $0, along: v) { $0.power(3) }.value }, [3, 12])
    try expect(gradient { jacobianVectorProduct(at: $0, along: v) { $0.power(3) }.derivative }, [6, 12])
    try expect(gradient { vectorJacobianProduct(at: $0, weights: v) { $0.power(3) }.value }, [3, 12])
    try expect(gradient { vectorJacobianProduct(at: $0, weights: v) { $0.power(3) }.derivative }, [6, 12])
    try expect(gradient { hessianVectorProduct(at: $0, along: v) { $0.power(3).sum() }.gradient }, [6, 12])
    try expect(gradient { hessianVectorProduct(at: $0, along: v) { $0.power(3).sum() }.derivative }, [6, 6])
  }
}
