#include "CPixels.h"

#include <stdbool.h>
#include <string.h>

void nn_pixels_convert(const uint8_t *pixels, long count, int channels, uint8_t *result, int result_channels) {
  const bool is_gray = channels < 3, has_alpha = channels % 2 == 0;
  for (long i = 0; i < count; i++, pixels += channels, result += result_channels) {
    const uint32_t red = pixels[0], green = is_gray ? red : pixels[1], blue = is_gray ? red : pixels[2];
    const uint8_t alpha = has_alpha ? pixels[channels - 1] : 255;
    if (result_channels < 3) {
      result[0] = (uint8_t)((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16);
    } else {
      result[0] = (uint8_t)red, result[1] = (uint8_t)green, result[2] = (uint8_t)blue;
    }
    if (result_channels % 2 == 0) result[result_channels - 1] = alpha;
  }
}

void nn_pixels_from_cmyk(const uint8_t *pixels, long count, uint8_t *result) {
  for (long i = 0; i < count; i++, pixels += 4, result += 3) {
    for (int channel = 0; channel < 3; channel++) {
      // light · ink / 255, rounded, where `ink` is what the color removes of the light that black leaves.
      const int light = pixels[3], product = (255 - pixels[channel]) * light + 128;
      const int rest = light - (((product >> 8) + product) >> 8);
      result[channel] = (uint8_t)(rest < 0 ? 0 : rest);
    }
  }
}

void nn_pixels_turn(const uint8_t *pixels, long height, long width, int channels, int orientation, uint8_t *result) {
  // The position of the first pixel in the result, and the steps for a column and a row of the source.
  const bool turns = orientation >= 5;
  const bool flips_columns = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool flips_rows = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const long result_width = turns ? height : width;
  const long column_step = (turns ? result_width : 1) * (flips_columns ? -1 : 1);
  const long row_step = (turns ? 1 : result_width) * (flips_rows ? -1 : 1);
  const long first = (flips_columns ? -(width - 1) * column_step : 0) + (flips_rows ? -(height - 1) * row_step : 0);
  for (long row = 0; row < height; row++) {
    for (long column = 0; column < width; column++, pixels += channels) {
      memcpy(result + (first + row * row_step + column * column_step) * channels, pixels, (size_t)channels);
    }
  }
}

static inline __attribute__((always_inline)) void planes(
  const uint8_t *pixels, long count, int channels, float *planes) {
  for (int channel = 0; channel < channels; channel++, planes += count) {
    for (long i = 0; i < count; i++) planes[i] = (float)pixels[i * channels + channel] / 255;
  }
}

void nn_pixels_planes(const uint8_t *pixels, long count, int channels, float *result) {
  switch (channels) {
    case 1: return planes(pixels, count, 1, result);
    case 3: return planes(pixels, count, 3, result);
    default: return planes(pixels, count, channels, result);
  }
}
