// Gathers at positions given by an int32 operand. A gather from an invalid position returns NaN (0 for int and bool).

#define GATHER(TYPE, OUTSIDE)                                                                                        \
  kernel void gatherRows_##TYPE(global const NN_TYPE(TYPE) *xs, ulong xOffset, global const int *indices,            \
                                ulong indicesOffset, global NN_TYPE(TYPE) *ys, ulong yOffset, index_t count,         \
                                index_t extent, index_t inner, index_t indexCount) {                                 \
    NN_MAP(at, count, NN_TYPE(TYPE), ys + yOffset, at, const index_t line = at / inner, i = at - line * inner;       \
           const index_t o = line / indexCount, j = line - o * indexCount;                                           \
           const int index = indices[indicesOffset + j];                                                             \
           y = index >= 0 && index < extent ? xs[xOffset + ((ulong)o * extent + index) * inner + i] : OUTSIDE)       \
  }                                                                                                                  \
  kernel void gatherElements_##TYPE(global const NN_TYPE(TYPE) *xs, ulong xOffset, global const int *indices,        \
                                    ulong indicesOffset, global NN_TYPE(TYPE) *ys, ulong yOffset, index_t count,     \
                                    index_t extent, index_t inner, index_t indexCount) {                             \
    NN_MAP(at, count, NN_TYPE(TYPE), ys + yOffset, at,                                                               \
           const index_t line = at / inner, i = at - line * inner, o = line / indexCount;                            \
           const int index = indices[indicesOffset + at];                                                            \
           y = index >= 0 && index < extent ? xs[xOffset + ((ulong)o * extent + index) * inner + i] : OUTSIDE)       \
  }

GATHER(float, NAN)
GATHER(float16, 0x7e00)
GATHER(bfloat16, 0x7fc0)
GATHER(int, 0)
GATHER(bool, 0)
