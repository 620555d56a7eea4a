/// A program that imports this module has tensors and devices, too.
@_exported import Tensors
