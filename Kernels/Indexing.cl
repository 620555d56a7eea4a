// Gathers at positions given by an int32 operand. A gather from an invalid position returns NaN (0 for integers and
// bool, which are handled as words of their size).

#define GATHER(NAME, WORD, OUTSIDE)                                                                                  \
  kernel void gatherRows_##NAME(global const WORD *xs, ulong xOffset, global const int *indices,                     \
                                ulong indicesOffset, global WORD *ys, ulong yOffset, index_t count,                  \
                                index_t extent, index_t inner, index_t indexCount) {                                 \
    NN_MAP(at, count, WORD, ys + yOffset, at, const index_t line = at / inner, i = at - line * inner;                \
           const index_t o = line / indexCount, j = line - o * indexCount;                                           \
           const int index = indices[indicesOffset + j];                                                             \
           y = index >= 0 && index < extent ? xs[xOffset + ((ulong)o * extent + index) * inner + i] : OUTSIDE)       \
  }                                                                                                                  \
  kernel void gatherElements_##NAME(global const WORD *xs, ulong xOffset, global const int *indices,                 \
                                    ulong indicesOffset, global WORD *ys, ulong yOffset, index_t count,              \
                                    index_t extent, index_t inner, index_t indexCount) {                             \
    NN_MAP(at, count, WORD, ys + yOffset, at,                                                                        \
           const index_t line = at / inner, i = at - line * inner, o = line / indexCount;                            \
           const int index = indices[indicesOffset + at];                                                            \
           y = index >= 0 && index < extent ? xs[xOffset + ((ulong)o * extent + index) * inner + i] : OUTSIDE)       \
  }

GATHER(float, float, NAN)
GATHER(float16, ushort, 0x7e00)
GATHER(bfloat16, ushort, 0x7fc0)
GATHER(double, ulong, 0x7ff8000000000000)
GATHER(long, ulong, 0)
GATHER(word, uint, 0)
GATHER(half, ushort, 0)
GATHER(byte, uchar, 0)
