// Random numbers: Philox4x32-10 word by word, and the numbers derived from the words.
#include "support.h"

static void philox(struct nn_random source, uint64_t block, uint32_t words[4]) {
  uint32_t c[4] = {(uint32_t)block, (uint32_t)(block >> 32), source.call, source.step};
  uint32_t k[2] = {source.key[0], source.key[1]};
  for (int round = 0; round < 10; round++) {
    const uint64_t p = (uint64_t)c[0] * 0xD2511F53u, q = (uint64_t)c[2] * 0xCD9E8D57u;
    const uint32_t next[4] = {(uint32_t)(q >> 32) ^ c[1] ^ k[0], (uint32_t)q, (uint32_t)(p >> 32) ^ c[3] ^ k[1], (uint32_t)p};
    for (int i = 0; i < 4; i++) c[i] = next[i];
    k[0] += 0x9E3779B9u;
    k[1] += 0xBB67AE85u;
  }
  for (int i = 0; i < 4; i++) words[i] = c[i];
}

static void numbers(long n, uint64_t block) {
  const struct nn_random source = {.key = {draw(), draw()}, .call = draw(), .step = draw()};
  const uint64_t threshold = 0x4CCCCCCCu;  // 0.3 of all words
  uint32_t *const bits = guarded(n, sizeof *bits);
  float *const uniform = guarded(n, sizeof *uniform), *const normal = guarded(n, sizeof *normal);
  float *const mask = guarded(n, sizeof *mask), *const dropped = guarded(n, sizeof *dropped), *const x = floats(n, 1, 2);
  uint8_t *const truths = guarded(n, 1);
  kernels->random_bits(source, block, bits, n);
  kernels->random_uniform(source, block, uniform, n);
  kernels->random_normal(source, block, normal, n);
  kernels->random_mask(source, block, threshold, mask, n);
  kernels->random_mask_bool(source, block, threshold, truths, n);
  float *const streamed = guarded(n, sizeof *streamed);
  kernels->dropout(source, block, threshold, 2.5f, x, dropped, n, false);
  kernels->dropout(source, block, threshold, 2.5f, x, streamed, n, true);
  for (long i = 0; i < n; i++) {
    uint32_t words[4];
    philox(source, block + (uint64_t)i / 4, words);
    const uint32_t word = words[i % 4], *const pair = words + i % 4 / 2 * 2;
    expect(bits[i] == word, "random_bits", i, bits[i], word);
    expect(uniform[i] == (float)(word >> 8) * 0x1p-24f, "random_uniform", i, uniform[i], (word >> 8) * 0x1p-24);
    const double radius = sqrt(-2 * log(((pair[0] >> 8) + 1) * 0x1p-24)), angle = (pair[1] >> 8) * 0x1p-24 * 6.283185307179586;
    expect_near("random_normal", i, normal[i], radius * (i % 2 ? sin(angle) : cos(angle)), 1e-6);
    const bool kept = word < threshold;
    expect(mask[i] == kept, "random_mask", i, mask[i], kept);
    expect(truths[i] == kept, "random_mask_bool", i, truths[i], kept);
    expect(dropped[i] == (kept ? x[i] * 2.5f : 0), "dropout", i, dropped[i], kept);
    expect(streamed[i] == dropped[i], "dropout past the caches", i, streamed[i], dropped[i]);
  }
  release();
}

void test_random(void) {
  // The authors' known answer for a key and a counter of zeros.
  static const uint32_t known[] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
  uint32_t found[4];
  kernels->random_bits((struct nn_random){0}, 0, found, 4);
  for (int i = 0; i < 4; i++) expect(found[i] == known[i], "the known answer of Philox", i, found[i], known[i]);
  for (int l = 0; l < length_count; l++) {
    numbers(lengths[l], draw_below(1000));
    numbers(lengths[l], 0xFFFFFFF0u);  // the block number crosses 32 bits
  }
  numbers(640, 3);
}
