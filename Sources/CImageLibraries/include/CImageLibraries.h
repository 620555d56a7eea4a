/// libpng and libjpeg-turbo, opened when the first file is read.
///
/// The package builds without the headers of these libraries, and a program needs the libraries only if it reads such
/// files. The declarations are those of libpng 1.6 (its simplified API) and of TurboJPEG 2.0 and later, whose binary
/// interfaces do not change.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// libpng's `png_image`.
struct nn_png_image {
  void *_Nullable opaque;
  uint32_t version, width, height, format, flags, colors, state;
  char message[64];
};
enum { nn_png_version = 1, nn_png_alpha = 1, nn_png_color = 2, nn_png_16_bit_srgb = 4 };

struct nn_png {
  int (*png_image_begin_read_from_memory)(struct nn_png_image *image, const void *bytes, size_t count);
  int (*png_image_finish_read)(struct nn_png_image *image, const void *_Nullable background, void *pixels,
                               int32_t row_stride, void *_Nullable colors);
  void (*png_image_free)(struct nn_png_image *image);
};

/// Color spaces of a file, formats of pixels, and a flag of TurboJPEG.
enum nn_jpeg_space { nn_jpeg_rgb, nn_jpeg_ycbcr, nn_jpeg_gray, nn_jpeg_cmyk, nn_jpeg_ycck };
enum nn_jpeg_pixels { nn_jpeg_pixels_rgb = 0, nn_jpeg_pixels_gray = 6, nn_jpeg_pixels_rgba = 7, nn_jpeg_pixels_cmyk = 11 };
enum { nn_jpeg_limit_scans = 32768 };

struct nn_jpeg {
  void *_Nullable (*tjInitDecompress)(void);
  int (*tjDecompressHeader3)(void *decoder, const unsigned char *bytes, unsigned long count, int *width, int *height,
                             int *subsampling, int *space);
  int (*tjDecompress2)(void *decoder, const unsigned char *bytes, unsigned long count, unsigned char *pixels, int width,
                       int row_stride, int height, int format, int flags);
  char *_Nonnull (*tjGetErrorStr2)(void *decoder);
  int (*tjDestroy)(void *decoder);
};

/// Opens a library, which stays open. Returns false if there is none of this name, or if it lacks a function.
bool nn_png_open(const char *library, struct nn_png *functions);
bool nn_jpeg_open(const char *library, struct nn_jpeg *functions);

#pragma clang assume_nonnull end
