/// The innermost loops of the CPU backend: strips of matrix products, convolution, pooling, elementary functions,
/// reductions, optimizer steps, and random numbers.
///
/// One source is compiled for several instruction sets; `nn_cpu_kernels_for` returns the function table of one of them.
/// The functions do not allocate memory or start threads, and sizes, blocking, and threads are the choices of the
/// caller. Memory is float32 (int32 and one-byte bool where named) and needs no alignment. Nothing is read or written
/// beyond the counts. Counts and strides are in elements. With `streams`, a function writes its results past the caches
/// where alignment permits: this is for results that are too large for a cache. Unless stated otherwise, results do not
/// depend on how the caller partitions the work.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../Kernels/Operations/Binary.cl"
#include "../../../Kernels/Operations/Unary.cl"

#pragma clang assume_nonnull begin

enum nn_isa { NN_ISA_BASELINE, NN_ISA_NEON, NN_ISA_AVX2, NN_ISA_AVX512 };

/// The types of `cast`. Elements of NN_BOOL are one byte, 0 or 1.
enum nn_type { NN_BOOL, NN_INT8, NN_UINT8, NN_INT16, NN_INT32, NN_INT64, NN_FLOAT, NN_DOUBLE };
enum nn_reduction { NN_SUM, NN_SUM_OF_SQUARES, NN_LARGEST, NN_SMALLEST, NN_PRODUCT };
enum nn_pooling { NN_POOL_MAXIMUM, NN_POOL_MEAN, NN_POOL_MEAN_WITH_PADDING };
enum nn_cell { NN_CELL_SIMPLE, NN_CELL_LSTM, NN_CELL_GRU };
/// Formats of weights in blocks of 32 integers with float16 scales (`InterleavedBlocks` in Swift).
enum nn_block_format { NN_BLOCKS_Q8_0, NN_BLOCKS_Q4_0, NN_BLOCKS_Q4_1 };
enum nn_rule { NN_SGD, NN_RMSPROP, NN_ADAGRAD, NN_ADAM };
enum nn_half { NN_FLOAT16, NN_BFLOAT16 };
/// The largest number of elements of a row that some functions of rows keep in a cache.
enum { NN_KEPT_COLUMNS = 8192 };

/// A matrix operand, with the steps from row to row and from column to column. A step of 0 repeats the same row or
/// column.
struct nn_view {
  const void *base;
  long row, column;
};

/// One axis along which windows move: element p of the window at output i is at i·stride + p·dilation - padding.
struct nn_window {
  long input, output, kernel, stride, dilation, padding;
};

/// An optimizer rule and its constants; see `optimizer_step`.
struct nn_optimizer {
  enum nn_rule rule;
  float weight_decay;
  bool decays_directly;
  float momentum;        // SGD, RMSProp
  bool nesterov;         // SGD
  float smoothing, rest; // RMSProp: alpha and 1 - alpha; Adam: beta1 and 1 - beta1
  float second, second_rest; // Adam: beta2 and 1 - beta2
  float epsilon;
  bool extra;            // RMSProp: centered; Adam: AMSGrad
};

/// The arguments of `optimizer_step` that change from step to step.
struct nn_step_scalars {
  float learning_rate, gradient_scale, gradient_bound, first_correction, second_correction_root;
};

/// The operands of one step of a recurrent layer: `[rows, gates·units]` and `[rows, units]`. Operands that a cell does
/// not have are null. A null previous state is a state of zeros.
struct nn_recurrent_step {
  float *gates, *_Nullable recurrent;
  const float *_Nullable recurrent_bias;
  const uint8_t *_Nullable mask;
  const float *_Nullable previous_hidden, *_Nullable previous_cell;
  float *hidden, *_Nullable cell;
};

/// Gradients of these operands; `hidden` and `cell` are read and written.
struct nn_recurrent_gradients {
  const float *_Nullable output;
  float *hidden, *_Nullable cell, *gates, *_Nullable recurrent;
};

/// A point in the sequence space of Philox4x32-10.
struct nn_random {
  uint32_t key[2];
  uint32_t call, step;
};

/// The arguments of `nn_integer_kernels.strip` that are the same for all strips of a product.
struct nn_integer_product {
  /// k divided by four, rounded up.
  long quads;
  /// The distance between packed rows of A, in bytes, and between rows of C, in elements.
  long a_step, ldc;
  /// The packed elements are those of A plus this number: `left_offset`, or 0 for unsigned ones.
  int32_t left_offset;
  /// The elements of B plus this number are the packed ones: -128 if they were unsigned, otherwise 0.
  int32_t right_offset;
};

/// Rows of x that `round_blocks` has rounded: 32 integers, a scale, and the sum of the integers for each block.
struct nn_rounded_rows {
  const int8_t *integers;
  const float *scales;
  const int32_t *sums;
};

/// Products of 8-bit integers with exact sums, which wrap around as int32.
struct nn_integer_kernels {
  /// The size of an element of packed rows of A in bytes.
  long element_size;
  /// The number that is added to signed elements of A when they are packed.
  int32_t left_offset;
  /// The number of words that `strip` needs for each four elements of k.
  long workspace;
  /// Packs rows of A, with zeros up to a multiple of four elements. `sums` receives the sum of each row of A.
  void (*pack_rows)(bool is_signed, long rows, long k, const uint8_t *x, long x_step, void *y, long y_step,
                    int32_t *_Nullable sums);
  /// Packs n <= 64 columns of B as signed integers: 128 is subtracted from unsigned ones. The panel has a row of 64 words for
  /// each four rows of B, with zeros after the last one. Where `left_offset` is not 0, `sums` receives the sums of 64 packed
  /// columns.
  void (*pack_panel)(bool is_signed, long k, long n, const uint8_t *b, long ldb, uint8_t *panel, int32_t *sums);
  /// C[m, n] = A·B for packed rows of A, and columns of a panel that start at a multiple of 16. The sums are those of the rows
  /// of A, if `right_offset` is not 0, and those of the packed columns of B.
  void (*strip)(const struct nn_integer_product *product, long m, long n, const void *a, const int32_t *_Nullable row_sums,
                const uint8_t *panel, const int32_t *sums, int32_t *_Nullable workspace, int32_t *c);
  /// The sum of each row of A. Null where `direct_strip` is.
  void (*_Nullable sum_rows)(bool is_signed, long rows, long k, const uint8_t *x, long x_step, int32_t *sums);
  /// As `strip`, for rows of A that are not packed: the last ones of 4·quads elements may have any value, and
  /// `right_offset` is -128 if both operands are unsigned, 128 if both are signed, and otherwise 0, without sums of rows. The
  /// panel starts at a column of B. If b is not null, the panel is packed first, with 128 added to or subtracted from its
  /// elements where `right_offset` says so. Null where rows must be packed.
  void (*_Nullable direct_strip)(const struct nn_integer_product *product, bool is_left_signed, long m, long n, long k,
                                 const uint8_t *a, const int32_t *_Nullable row_sums, const uint8_t *_Nullable b, long ldb,
                                 uint8_t *panel, int32_t *c);
  /// As `nn_cpu_kernels.block_product`, for rounded rows of x. All instruction sets give the same bits.
  void (*block_product)(enum nn_block_format format, long rows, long units, long blocks, const uint8_t *w,
                        const struct nn_rounded_rows *x, float *y, long y_row);
  /// As `nn_cpu_kernels.peak_loop`, with the instructions of these products.
  double (*peak_loop)(long rounds, float *sink);
};

struct nn_cpu_kernels {
  enum nn_isa isa;
  /// "avx512", "avx2", "baseline", or "neon".
  const char *name;
  /// The number of lanes of a vector, and the number of columns of a full strip of `gemm_strip`.
  long width, strip;

  // MARK: Matrix product

  /// C[m, n] = alpha·A[m, k]·B[k, n] + beta·C for n <= strip. If beta is 0, C is not read. A is stored with row step
  /// lda, either as it is or transposed. The panel (k·strip floats, for n = strip only) receives a packed copy of B.
  void (*gemm_strip)(bool transposed, long m, long n, long k, const float *a, long lda, const float *b, long ldb,
                     float *_Nullable panel, float *c, long ldc, float alpha, float beta);
  /// y[n] = alpha·x[k]·B[k, n] + beta·y.
  void (*gemm_row)(long n, long k, const float *x, const float *b, long ldb, float *y, float alpha, float beta);
  /// C[m, n] = alpha·A[m, k]·B[n, k]ᵀ + beta·C, by dot products. The summation order differs from that of `gemm_strip`,
  /// and depends only on the position of a row among the m rows.
  void (*gemm_dot)(long m, long n, long k, const float *a, long lda, const float *b, long ldb, float *c, long ldc,
                   float alpha, float beta);
  /// y[n] = alpha·x[k]·B[k, n] + beta·y, for B of 16-bit elements. Each sum is one chain in ascending order.
  void (*half_row)(enum nn_half type, long n, long k, const float *x, const uint16_t *b, long ldb, float *y, float alpha,
                   float beta);
  /// y[n] = alpha·x[k]·B[n, k]ᵀ + beta·y, by dot products whose order of summation depends only on k. x is of bfloat16 with
  /// a B of bfloat16, and of float32 with one of float16.
  void (*half_dot)(enum nn_half type, long n, long k, const void *x, const uint16_t *b, long ldb, float *y,
                   float alpha, float beta);
  /// y[r·y_step + c] = x[r·x_step + c] as floats; a NaN may stay a signaling one.
  void (*widen_halves)(enum nn_half type, const uint16_t *x, long x_step, long rows, long columns, float *y, long y_step);
  /// y[r·y_step + c] = x[r·x_step + c], rounded as `float_to_float16` and `float_to_bfloat16` round.
  void (*narrow_to_halves)(enum nn_half type, const float *x, long x_step, long rows, long columns, uint16_t *y, long y_step);
  /// y[r·y_row + n] = Σ x[r·x_row + k]·W[n, k] for n < units and k < 32·blocks. W has 16 rows side by side, the last ones
  /// of which may be padding: for each block, 16 scales, then for Q4_1 16 minima, then vectors of 16 words, one for each
  /// row, with the integers of four elements. The order of the additions depends only on `blocks`.
  void (*block_product)(enum nn_block_format format, long rows, long units, long blocks, const uint8_t *w,
                        const float *x, long x_row, float *y, long y_row);
  /// y[c·y_step + r] = x[r·x_step + c], for any four-byte elements.
  void (*transpose)(const float *x, long rows, long columns, long x_step, float *y, long y_step);

  // MARK: Convolution

  /// C[m, n] = init + X·B[k, n] for n <= strip, then max(C, 0) if `rectifies`. Element (i, p) of X is x[rows[i] +
  /// depth[p]]. Row i of `init` starts at init + i·init_step; a step of 0 repeats the same row. `init` may be C.
  void (*implicit_gemm)(long m, long n, long k, const float *x, const long *rows, const long *depth, const float *b, long ldb,
                      const float *init, long init_step, bool rectifies, float *c, long ldc);
  /// y[rows, columns] = the rectangle at (top, left) of a plane of height x width, with zeros beyond its edges.
  void (*padded_part)(const float *x, long height, long width, long top, long left, float *y, long rows, long columns);
  /// The same of 16-bit elements, as floats.
  void (*padded_halves)(enum nn_half type, const uint16_t *x, long height, long width, long top, long left, float *y,
                        long rows, long columns);

  /// y[i·y_step + j] = init + Σ w[p]·x[i·x_step + depth[p] + j] for i < rows, j < columns, then max(y, 0) if `rectifies`.
  void (*correlate_plane)(long rows, long columns, long k, const float *w, const float *x, long x_step, const long *depth,
                          float init, bool rectifies, float *y, long y_step);
  /// sums[p] += Σ x[i·x_step + depth[p] + j]·dy[i·dy_step + j] for i < rows, j < columns.
  void (*correlate_dots)(long rows, long columns, long k, const float *x, long x_step, const long *depth, const float *dy,
                         long dy_step, float *sums);

  // MARK: Pooling of one plane

  /// y and, if requested, the positions of the maxima. Of several equal maxima, the first one counts, and the first NaN
  /// takes precedence over numbers. The position is -1 for windows that contain only padding.
  void (*pool_plane)(enum nn_pooling op, const float *x, const struct nn_window *height, const struct nn_window *width,
                     float *y, int32_t *_Nullable indices);
  /// dx from dy and the positions returned by `pool_plane`. Every element of dx is written.
  void (*pool_maximum_gradient)(const float *dy, const struct nn_window *height, const struct nn_window *width,
                                const int32_t *indices, float *dx);
  void (*pool_mean_gradient)(enum nn_pooling op, const float *dy, const struct nn_window *height,
                             const struct nn_window *width, float *dx);
  /// The same with sums in double, for positions that many windows share. `sums` has room for a plane.
  void (*pool_maximum_gradient_long)(const float *dy, const struct nn_window *height, const struct nn_window *width,
                                     const int32_t *indices, double *sums, float *dx);
  void (*pool_mean_gradient_long)(enum nn_pooling op, const float *dy, const struct nn_window *height,
                                  const struct nn_window *width, double *sums, float *dx);

  // MARK: Elementwise

  /// y[i] = op(x[i]). a and b are the constants of power, clamp, leakyReLU, and elu. x and y may be the same.
  void (*unary)(enum nn_unary op, const float *x, float *y, long n, float a, float b);
  /// dx[i] = dy[i]·op'(saved[i]). `saved` is the input or the output, as Operations/Unary.cl says. dx may be dy.
  void (*unary_gradient)(enum nn_unary op, const float *dy, const float *saved, float *dx, long n, float a, float b);
  /// y[r·y_row + c] = op(a[r, c], b[r, c]).
  void (*binary)(enum nn_binary op, struct nn_view a, struct nn_view b, float *y, long y_row, long rows, long columns);
  void (*binary_int32)(enum nn_binary op, struct nn_view a, struct nn_view b, int32_t *y, long y_row, long rows,
                       long columns);
  void (*binary_bool)(enum nn_binary op, struct nn_view a, struct nn_view b, uint8_t *y, long y_row, long rows,
                      long columns);
  /// For negate, magnitude, sign, square, and clamp.
  void (*unary_int32)(enum nn_unary op, const int32_t *x, int32_t *y, long n, int32_t a, int32_t b);
  void (*compare)(enum nn_comparison op, struct nn_view a, struct nn_view b, uint8_t *y, long y_row, long rows,
                  long columns);
  void (*compare_int32)(enum nn_comparison op, struct nn_view a, struct nn_view b, uint8_t *y, long y_row, long rows,
                        long columns);
  void (*compare_bool)(enum nn_comparison op, struct nn_view a, struct nn_view b, uint8_t *y, long y_row, long rows,
                       long columns);
  /// y = condition ? a : b, for elements of eight, four, and two bytes, and of one byte.
  void (*select_longs)(struct nn_view condition, struct nn_view a, struct nn_view b, uint64_t *y, long y_row, long rows,
                       long columns);
  void (*select_words)(struct nn_view condition, struct nn_view a, struct nn_view b, uint32_t *y, long y_row, long rows,
                       long columns);
  void (*select_halves)(struct nn_view condition, struct nn_view a, struct nn_view b, uint16_t *y, long y_row, long rows,
                        long columns);
  void (*select_bytes)(struct nn_view condition, struct nn_view a, struct nn_view b, uint8_t *y, long y_row, long rows,
                       long columns);
  void (*is_nan)(const float *x, uint8_t *y, long n);
  void (*is_finite)(const float *x, uint8_t *y, long n);
  void (*logical_not)(const uint8_t *x, uint8_t *y, long n);
  /// y[i] = x[i] in another type. From floating point to integers: rounds toward zero and saturates; NaN gives 0. From
  /// integers to integers: keeps the low bits. A number becomes true if it is not 0; false and true become 0 and 1.
  void (*cast)(enum nn_type from, enum nn_type to, const void *x, void *y, long n);
  /// float16 and bfloat16 are stored in `uint16_t`. Rounds to the nearest one, ties to even; NaN becomes a quiet NaN.
  void (*float_to_float16)(const float *x, uint16_t *y, long n);
  void (*float_to_bfloat16)(const float *x, uint16_t *y, long n);
  void (*float16_to_float)(const uint16_t *x, float *y, long n);
  void (*bfloat16_to_float)(const uint16_t *x, float *y, long n);
  /// As `float_to_float16` and `float_to_bfloat16`, with streaming stores. The caller ends with `nn_finish_streams`.
  void (*stream_halves)(enum nn_half type, const float *x, uint16_t *y, long n);
  /// As `unary`, for elements of a 16-bit type, with one rounding; for functions of the cost `simple` only.
  void (*half_unary)(enum nn_unary op, enum nn_half type, const uint16_t *x, uint16_t *y, long n, float a, float b,
                     bool streams);
  /// y[i] = table[x[i]], for a table of 65,536 results. y may be x.
  void (*map_halves)(const uint16_t *table, const uint16_t *x, uint16_t *y, long n, bool streams);
  /// As `binary`, for elements of a 16-bit type, with one rounding; for functions of the cost `simple` only. The column steps
  /// are 0 or 1, and at least one of them is 1.
  void (*half_binary)(enum nn_binary op, enum nn_half type, struct nn_view a, struct nn_view b, uint16_t *y, long y_row,
                      long rows, long columns, bool streams);
  /// y[i] = op(x[i], scalar), or op(scalar, x[i]) if `scalar_first`.
  void (*half_binary_scalar)(enum nn_binary op, enum nn_half type, const uint16_t *x, float scalar, bool scalar_first,
                             uint16_t *y, long n, bool streams);
  /// A float that rounds to the same float16 and to the same bfloat16 as the number.
  void (*int32_to_sticky_float)(const int32_t *x, float *y, long n);
  void (*int64_to_sticky_float)(const int64_t *x, float *y, long n);
  void (*double_to_sticky_float)(const double *x, float *y, long n);
  void (*fill_longs)(uint64_t *y, uint64_t value, long n);
  void (*fill_words)(uint32_t *y, uint32_t value, long n);
  void (*fill_halves)(uint16_t *y, uint16_t value, long n);
  /// y[i·y_step] = x[i·x_step].
  void (*copy_longs)(const uint64_t *x, long x_step, uint64_t *y, long y_step, long n);
  void (*copy_words)(const uint32_t *x, long x_step, uint32_t *y, long y_step, long n);
  void (*copy_halves)(const uint16_t *x, long x_step, uint16_t *y, long y_step, long n);
  void (*copy_bytes)(const uint8_t *x, long x_step, uint8_t *y, long y_step, long n);
  /// y[i·y_step] += x[i·x_step].
  void (*add_floats)(const float *x, long x_step, float *y, long y_step, long n);
  void (*add_int32)(const int32_t *x, long x_step, int32_t *y, long y_step, long n);

  // MARK: Reductions

  /// The reduction of n floats. Sums and products are accumulated in double. The order of the additions depends only on
  /// n.
  double (*reduce)(enum nn_reduction op, const float *x, long n);
  /// y[c] = scale · reduction of x[r·x_step + c] over r.
  void (*reduce_columns)(enum nn_reduction op, const float *x, long rows, long columns, long x_step, double scale, float *y);
  /// The same without rounding to float.
  void (*reduce_columns_partial)(enum nn_reduction op, const float *x, long rows, long columns, long x_step, double *y);
  int32_t (*reduce_int32)(enum nn_reduction op, const int32_t *x, long step, long n);
  /// Whether any element is true for NN_LARGEST, and whether all are for NN_SMALLEST.
  uint8_t (*reduce_bool)(enum nn_reduction op, const uint8_t *x, long step, long n);
  /// The position of the first largest (smallest) number, or of the first NaN.
  int32_t (*arg_reduce)(bool largest, const float *x, long n);
  void (*arg_reduce_columns)(bool largest, const float *x, long rows, long columns, long x_step, int32_t *y);
  int32_t (*arg_reduce_int32)(bool largest, const int32_t *x, long step, long n);

  /// y[i] = the reduction of x[0 ... i] of its row, or of x[i ..< columns] if `reversed`; sums are accumulated in double. y
  /// may be x. There is none for NN_SUM_OF_SQUARES.
  void (*scan_rows)(enum nn_reduction op, bool reversed, const float *x, long rows, long columns, float *y, bool streams);
  /// The same down each column. Rows of y have the same layout as those of x.
  void (*scan_columns)(enum nn_reduction op, bool reversed, const float *x, long rows, long columns, long x_step, float *y,
                       bool streams);

  // MARK: Softmax and losses

  /// y may be x.
  void (*softmax)(const float *x, long rows, long columns, bool logarithmic, float *y, bool streams);
  /// The same for elements of a 16-bit type, with one rounding, and rows of at most NN_KEPT_COLUMNS elements.
  void (*softmax_halves)(enum nn_half type, const uint16_t *x, long rows, long columns, bool logarithmic, uint16_t *y,
                         bool streams);
  void (*softmax_gradient)(const float *dy, const float *y, long rows, long columns, bool logarithmic, float *dx);
  /// `gradient` receives scale·(softmax - q) and may be null; `ignored` may be null.
  void (*cross_entropy)(const float *logits, const int32_t *labels, long rows, long columns, double smoothing,
                        const int32_t *_Nullable ignored, float scale, float *loss, float *_Nullable gradient,
                        bool streams);

  // MARK: Normalization

  /// y[r, ·] = (x[r, ·] - mean)·scale·weight + bias with scale = 1/sqrt(variance + epsilon). The mean is 0 unless `centered`.
  /// weight, bias, and both statistics may be null.
  void (*normalize)(const float *x, const float *_Nullable weight, const float *_Nullable bias, long rows, long columns,
                    bool centered, double epsilon, float *y, float *_Nullable means, float *_Nullable scales);
  /// dx of `normalize` from dy, x, and the statistics.
  void (*normalize_gradient)(const float *dy, const float *x, const float *_Nullable weight, const float *means,
                             const float *scales, long rows, long columns, bool centered, float *dx);
  /// The sums over all rows of dy·(x - mean)·scale (`weight`) and of dy (`bias`), for the columns first ..< end. Each
  /// result may be null.
  void (*normalize_sums)(const float *dy, const float *x, const float *means, const float *scales, long rows, long columns,
                         long first, long end, float *_Nullable weight, float *_Nullable bias);

  // MARK: Dense layers

  /// z[r, ·] += bias (may be null), then y = op(z) if `activates`, otherwise y = z. y may be z.
  void (*bias_activation)(float *z, long z_row, const float *_Nullable bias, bool activates, enum nn_unary op, float a,
                          float b, float *y, long y_row, long rows, long columns);

  // MARK: Recurrent layers

  /// One step for each row: the gates and the new state from the sums. If the mask of a row is 0, its state does not
  /// change.
  void (*recurrent_cell)(enum nn_cell cell, const struct nn_recurrent_step *step, long rows, long units);
  /// The gradients of the sums, and of the previous state except for the part that comes through the recurrent product.
  /// The gradients of the sums may overwrite the operands.
  void (*recurrent_cell_gradient)(enum nn_cell cell, const struct nn_recurrent_step *step,
                                  const struct nn_recurrent_gradients *gradients, long rows, long units);

  // MARK: Optimizers

  /// One step over n parameters. The states are those of the rule; unused ones are null.
  void (*optimizer_step)(const struct nn_optimizer *rule, const struct nn_step_scalars *scalars, float *p, const float *g,
                         float *_Nullable s0, float *_Nullable s1, float *_Nullable s2, long n);

  // MARK: Random numbers: elements 4·block ..< 4·block + n of the sequence

  void (*random_bits)(struct nn_random source, uint64_t block, uint32_t *y, long n);
  void (*random_uniform)(struct nn_random source, uint64_t block, float *y, long n);
  void (*random_normal)(struct nn_random source, uint64_t block, float *y, long n);
  /// 1 if the word is below the threshold.
  void (*random_mask)(struct nn_random source, uint64_t block, uint64_t threshold, float *y, long n);
  void (*random_mask_bool)(struct nn_random source, uint64_t block, uint64_t threshold, uint8_t *y, long n);
  /// y[i] = x[i]·scale if the word is below the threshold, otherwise x[i]·0.
  void (*dropout)(struct nn_random source, uint64_t block, uint64_t threshold, float scale, const float *x, float *y, long n,
                  bool streams);

  // MARK: 8-bit integers

  struct nn_integer_kernels integers;
  /// y[i] = x[i]·(1/scale), rounded to the nearest integer, ties to even, within ±127. The scale 0 means the largest
  /// magnitude divided by 127. Returns the scale; 0 if it is below 2^-126, and NaN if a number is not finite: then y is 0.
  float (*quantize_row)(const float *x, long n, float scale, int8_t *y);
  /// `quantize_row` for blocks of 32 numbers. `sums` receives the sums of their integers.
  void (*round_blocks)(const float *x, long blocks, int8_t *y, float *scales, int32_t *sums);
  /// The int32 elements of y become the floats y[r, i]·(row_scales[r]·scales[i]) + bias[i].
  void (*scale_integers)(long rows, long n, const float *row_scales, const float *scales, const float *_Nullable bias,
                         void *y, long y_step);

  // MARK: Measuring

  /// Multiply-adds on registers only, to measure the peak. Returns the number of floating-point operations.
  double (*peak_loop)(long rounds, float *sink);
};

/// The result of `nn_bfloat16_kernels.strip`: a matrix of floats or of bfloat16 with row step ldc.
struct nn_bfloat16_result {
  bool is_bfloat16;
  long ldc;
  float alpha, beta;
};

/// Products of bfloat16 matrices by instructions that multiply pairs of bfloat16 and add the products to a float, for the
/// strips and vectors of the instruction set that they extend. AVX512-BF16 takes denormal operands as 0, and
/// its sums of a magnitude below 2^-126 become 0.
struct nn_bfloat16_kernels {
  /// The word y[r/2·y_step + c] contains x[r·x_step + c] in its lower half and x[(r + 1)·x_step + c], or 0 after the last
  /// row, in its upper half. Columns up to the next multiple of a vector are set to 0.
  void (*pack)(const uint16_t *x, long x_step, long rows, long columns, uint32_t *y, long y_step);
  /// C[m, n] = alpha·A[m, k]·B[k, n] + beta·C for n <= strip. A bfloat16 result is rounded once, and requires beta to be 0. If
  /// beta is 0, C is not read. A is stored with row step a_step, or transposed and packed with this word step. The panel
  /// contains B, packed with a step of n rounded up to whole vectors; if b is not null (for n = strip only), the panel is
  /// packed first.
  void (*strip)(bool transposed, long m, long n, long k, const void *a, long a_step, const uint16_t *_Nullable b, long ldb,
                uint32_t *panel, void *c, const struct nn_bfloat16_result *result);
  /// As `nn_cpu_kernels.implicit_gemm`, where elements of X and B are pairs, and ldb is a multiple of a vector.
  void (*implicit_gemm)(long m, long n, long k, const uint32_t *x, const long *rows, const long *depth, const uint32_t *b,
                        long ldb, const float *init, long init_step, bool rectifies, float *c, long ldc);
  /// As `nn_cpu_kernels.padded_part`, of two planes: words with the element of x in their lower half, and that of `other`,
  /// or 0 if it is null, in their upper half.
  void (*padded_pairs)(const uint16_t *x, const uint16_t *_Nullable other, long height, long width, long top, long left,
                       uint32_t *y, long rows, long columns);
  /// As `nn_cpu_kernels.peak_loop`.
  double (*peak_loop)(long rounds, float *sink);
};

/// The kernels for an instruction set, or null if this program does not contain them or this machine does not support
/// it.
const struct nn_cpu_kernels *_Nullable nn_cpu_kernels_for(enum nn_isa isa);
/// The kernels for bfloat16 that extend an instruction set, or null if there are none or this machine does not support them.
const struct nn_bfloat16_kernels *_Nullable nn_bfloat16_kernels_for(enum nn_isa isa);
/// The kernels for 8-bit integers that extend an instruction set, or null if there are none or this machine does not
/// support them.
const struct nn_integer_kernels *_Nullable nn_integer_kernels_for(enum nn_isa isa);
/// The best kernels for this machine.
const struct nn_cpu_kernels *nn_cpu_kernels_best(void);

/// The number of processors that the system allows this process to use; 0 if unknown.
int nn_allowed_processors(void);

/// Makes streamed data visible before another thread is notified.
static inline void nn_finish_streams(void) { __sync_synchronize(); }

/// Tells the processor that this thread is waiting in a loop.
static inline void nn_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#pragma clang assume_nonnull end
