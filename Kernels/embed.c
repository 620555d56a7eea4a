#include "OpenCLKernels.h"

// Every file of this folder and of Operations, once.
#define NN_KERNEL_FILES(F) \
  F(Common) \
  F(Accumulation) \
  F(Activation) \
  F(ArgReduction) \
  F(BlockDecoding) \
  F(BlockProduct) \
  F(CastFloat64) \
  F(CastInt16) \
  F(CastInt64) \
  F(CastInt8) \
  F(CastUInt8) \
  F(Conversion) \
  F(Convolution) \
  F(ElementwiseBinary) \
  F(ElementwiseComparison) \
  F(ElementwiseGradient) \
  F(ElementwiseSelection) \
  F(ElementwiseUnary) \
  F(Fragments) \
  F(Halves) \
  F(Indexing) \
  F(IntegerMatmul) \
  F(Matmul) \
  F(MatmulEpilogue) \
  F(MatmulPanels) \
  F(MatmulRows) \
  F(Normalization) \
  F(OptimizerSteps) \
  F(Peak) \
  F(Pooling) \
  F(Random) \
  F(Recurrent) \
  F(Reduction) \
  F(RowReductions) \
  F(Scan) \
  F(Scatter) \
  F(Softmax) \
  F(Sort) \
  F(StridedCopy) \
  F(Tiles)
#define NN_OPERATION_FILES(F) \
  F(Binary) \
  F(Double) \
  F(Mathematics) \
  F(Optimizer) \
  F(Unary)

// #embed is not an expression that a macro could make, hence the second list. A name that is missing here does not compile.
static const unsigned char Common[] = {
#embed "Common.cl"
};
static const unsigned char Accumulation[] = {
#embed "Accumulation.cl"
};
static const unsigned char Activation[] = {
#embed "Activation.cl"
};
static const unsigned char ArgReduction[] = {
#embed "ArgReduction.cl"
};
static const unsigned char BlockDecoding[] = {
#embed "BlockDecoding.cl"
};
static const unsigned char BlockProduct[] = {
#embed "BlockProduct.cl"
};
static const unsigned char CastFloat64[] = {
#embed "CastFloat64.cl"
};
static const unsigned char CastInt16[] = {
#embed "CastInt16.cl"
};
static const unsigned char CastInt64[] = {
#embed "CastInt64.cl"
};
static const unsigned char CastInt8[] = {
#embed "CastInt8.cl"
};
static const unsigned char CastUInt8[] = {
#embed "CastUInt8.cl"
};
static const unsigned char Conversion[] = {
#embed "Conversion.cl"
};
static const unsigned char Convolution[] = {
#embed "Convolution.cl"
};
static const unsigned char ElementwiseBinary[] = {
#embed "ElementwiseBinary.cl"
};
static const unsigned char ElementwiseComparison[] = {
#embed "ElementwiseComparison.cl"
};
static const unsigned char ElementwiseGradient[] = {
#embed "ElementwiseGradient.cl"
};
static const unsigned char ElementwiseSelection[] = {
#embed "ElementwiseSelection.cl"
};
static const unsigned char ElementwiseUnary[] = {
#embed "ElementwiseUnary.cl"
};
static const unsigned char Fragments[] = {
#embed "Fragments.cl"
};
static const unsigned char Halves[] = {
#embed "Halves.cl"
};
static const unsigned char Indexing[] = {
#embed "Indexing.cl"
};
static const unsigned char IntegerMatmul[] = {
#embed "IntegerMatmul.cl"
};
static const unsigned char Matmul[] = {
#embed "Matmul.cl"
};
static const unsigned char MatmulEpilogue[] = {
#embed "MatmulEpilogue.cl"
};
static const unsigned char MatmulPanels[] = {
#embed "MatmulPanels.cl"
};
static const unsigned char MatmulRows[] = {
#embed "MatmulRows.cl"
};
static const unsigned char Normalization[] = {
#embed "Normalization.cl"
};
static const unsigned char OptimizerSteps[] = {
#embed "OptimizerSteps.cl"
};
static const unsigned char Peak[] = {
#embed "Peak.cl"
};
static const unsigned char Pooling[] = {
#embed "Pooling.cl"
};
static const unsigned char Random[] = {
#embed "Random.cl"
};
static const unsigned char Recurrent[] = {
#embed "Recurrent.cl"
};
static const unsigned char Reduction[] = {
#embed "Reduction.cl"
};
static const unsigned char RowReductions[] = {
#embed "RowReductions.cl"
};
static const unsigned char Scan[] = {
#embed "Scan.cl"
};
static const unsigned char Scatter[] = {
#embed "Scatter.cl"
};
static const unsigned char Softmax[] = {
#embed "Softmax.cl"
};
static const unsigned char Sort[] = {
#embed "Sort.cl"
};
static const unsigned char StridedCopy[] = {
#embed "StridedCopy.cl"
};
static const unsigned char Tiles[] = {
#embed "Tiles.cl"
};

static const unsigned char Binary[] = {
#embed "Operations/Binary.cl"
};
static const unsigned char Double[] = {
#embed "Operations/Double.cl"
};
static const unsigned char Mathematics[] = {
#embed "Operations/Mathematics.cl"
};
static const unsigned char Optimizer[] = {
#embed "Operations/Optimizer.cl"
};
static const unsigned char Unary[] = {
#embed "Operations/Unary.cl"
};

static const NNKernelSource sources[] = {
#define NN_KERNEL_SOURCE(file) {#file, file, sizeof file},
#define NN_OPERATION_SOURCE(file) {"Operations/" #file, file, sizeof file},
    NN_KERNEL_FILES(NN_KERNEL_SOURCE) NN_OPERATION_FILES(NN_OPERATION_SOURCE)
};

size_t nn_kernel_source_count(void) { return sizeof sources / sizeof *sources; }

NNKernelSource nn_kernel_source(size_t index) { return sources[index]; }
