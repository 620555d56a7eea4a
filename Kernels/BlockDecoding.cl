// Weights in blocks of small integers, decoded in registers. A program is for one format, NN_FORMAT: the digits of its name,
// such as 51 for Q5_1, or 1000 and the bits of the formats with K.
//
// The rows of a weight are in groups of NN_BLOCK_LANES, side by side:
//
//   words    [groups][blocks][NN_WORDS][NN_BLOCK_LANES]    a block without its scale and minimum, four bytes each
//   scales   [groups][blocks][NN_SCALES][NN_BLOCK_LANES]   the scale and the minimum, float16
//
// A piece is 32 numbers of a row; formats with K have 8 pieces in a block. A quad is four numbers of a piece, whose integers
// are the bytes of one word after decoding. A number is factor·integer + base.

#ifndef NN_FORMAT
#define NN_FORMAT 80
#endif
#if NN_FORMAT >= 1000
#define NN_PIECES 8
#else
#define NN_PIECES 1
#endif

// On CPUs, a work item decodes a word of all lanes at once; on other devices, there is a work item for each lane.
#ifdef NN_LOOPS
typedef uint16 words_t;
typedef float16 numbers_t;
#define NN_WORD(i) vload16(i, words)
#define NN_SCALE(i) vload_half16(i, (global const half *)scales)
#define NN_LOW_BYTE(x) convert_float16((x) & 255)
#define NN_TOP_BYTE(x) convert_float16(as_int16(x) >> 24)
#else
typedef uint words_t;
typedef float numbers_t;
#define NN_WORD(i) words[(i) * NN_BLOCK_LANES]
#define NN_SCALE(i) vload_half((i) * NN_BLOCK_LANES, (global const half *)scales)
#define NN_LOW_BYTE(x) ((float)((x) & 255))
#define NN_TOP_BYTE(x) ((float)(as_int(x) >> 24))
#endif

// The j-th integer of a quad. Those of Q8_0 are signed.
#if NN_FORMAT == 80
#define NN_NUMBER(quad, j) NN_TOP_BYTE((quad) << (24 - 8 * (j)))
#else
#define NN_NUMBER(quad, j) NN_LOW_BYTE((quad) >> (8 * (j)))
#endif

// Four bits, as the fifth bits of four bytes.
#define NN_FIFTH_BITS(bits) \
  (((bits) & 1) << 4 | ((bits) & 2) << 11 | ((bits) & 4) << 18 | ((bits) & 8) << 25)

// The integers of a quad.
#if NN_FORMAT == 40 || NN_FORMAT == 41
#define NN_WORDS 4
static inline words_t nn_quad(global const uint *words, uint piece, uint quad) {
  return NN_WORD(quad % 4) >> (quad & 4) & 0x0f0f0f0f;
}
#elif NN_FORMAT == 50 || NN_FORMAT == 51
// The fifth bits are in the first word.
#define NN_WORDS 5
static inline words_t nn_quad(global const uint *words, uint piece, uint quad) {
  const words_t bits = NN_WORD(0) >> (4 * quad);
  return (NN_WORD(1 + quad % 4) >> (quad & 4) & 0x0f0f0f0f) | NN_FIFTH_BITS(bits);
}
#elif NN_FORMAT == 80
#define NN_WORDS 8
static inline words_t nn_quad(global const uint *words, uint piece, uint quad) { return NN_WORD(quad); }
#elif NN_FORMAT == 1004
// Three words with the scales and minima of pieces. Two pieces share eight words.
#define NN_WORDS 35
static inline words_t nn_quad(global const uint *words, uint piece, uint quad) {
  return NN_WORD(3 + 8 * (piece / 2) + quad) >> (4 * (piece % 2)) & 0x0f0f0f0f;
}
#elif NN_FORMAT == 1005
// The same, after eight words with a bit of each byte for each piece.
#define NN_WORDS 43
static inline words_t nn_quad(global const uint *words, uint piece, uint quad) {
  return (NN_WORD(11 + 8 * (piece / 2) + quad) >> (4 * (piece % 2)) & 0x0f0f0f0f) |
         (NN_WORD(3 + quad) >> piece & 0x01010101) << 4;
}
#elif NN_FORMAT == 1006
// The low four bits, the upper two bits, and the scales of half pieces. Two pieces share eight words of low bits, and
// four share eight words of upper bits.
#define NN_WORDS 52
static inline words_t nn_quad(global const uint *words, uint piece, uint quad) {
  const words_t low = NN_WORD(16 * (piece / 4) + 8 * (piece % 2) + quad) >> (4 * (piece / 2 % 2)) & 0x0f0f0f0f;
  return low | (NN_WORD(32 + 8 * (piece / 4) + quad) >> (2 * (piece % 4)) & 0x03030303) << 4;
}
#endif

// The factor and the base of the numbers in a half of a piece.
typedef struct {
  numbers_t factor, base;
} rule_t;

#if NN_FORMAT == 40 || NN_FORMAT == 50 || NN_FORMAT == 80 || NN_FORMAT == 1006
#define NN_SCALES 1
#else
#define NN_SCALES 2
#endif
static inline rule_t nn_rule(global const uint *words, global const ushort *scales, uint piece, uint half_piece) {
  rule_t rule;
  rule.factor = NN_SCALE(0);
#if NN_FORMAT == 80
  rule.base = 0.0f;
#elif NN_FORMAT == 40
  rule.base = -8.0f * rule.factor;
#elif NN_FORMAT == 50
  rule.base = -16.0f * rule.factor;
#elif NN_FORMAT == 41 || NN_FORMAT == 51
  rule.base = NN_SCALE(1);
#elif NN_FORMAT == 1006
  const uint index = 2 * piece + half_piece;
  rule.factor *= NN_TOP_BYTE(NN_WORD(48 + index / 4) << (24 - index % 4 * 8));
  rule.base = -32.0f * rule.factor;
#else
  // Six bits for each piece; those of the last four are in halves of the third word, with their upper bits in the others.
  const uint shift = piece % 4 * 8;
  const words_t first = NN_WORD(0) >> shift, second = NN_WORD(1) >> shift, third = NN_WORD(2) >> shift;
  if (piece < 4) {
    rule.factor *= NN_LOW_BYTE(first & 63);
    rule.base = -NN_SCALE(1) * NN_LOW_BYTE(second & 63);
  } else {
    rule.factor *= NN_LOW_BYTE((third & 15) | (first >> 2 & 48));
    rule.base = -NN_SCALE(1) * NN_LOW_BYTE((third >> 4 & 15) | (second >> 2 & 48));
  }
#endif
  return rule;
}

// The tile of a product of many rows (Tiles.cl): a piece of NN_BLOCK_TILE rows of each operand.
#ifndef NN_LOOPS
#define NN_ITEM_M (NN_BLOCK_TILE / NN_ACROSS)
#define NN_ITEM_N (NN_BLOCK_TILE / NN_ACROSS)
#define NN_DEPTH 32
#endif
