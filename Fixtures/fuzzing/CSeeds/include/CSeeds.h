#pragma once
#include <stddef.h>
#include <stdint.h>

/// Small images in encodings that the product reads but does not write, by the libraries that read them.

/// What a TIFF seed looks like; codes as in TIFF 6.0.
typedef struct {
  uint32_t rows, columns, samples, bits;
  uint32_t format;       ///< 1 unsigned, 2 signed, 3 IEEE float
  uint32_t compression;  ///< 1 none, 2 to 4 CCITT, 5 LZW, 7 JPEG, 8 Deflate, 32773 PackBits
  uint32_t photometric;
  uint32_t planar;     ///< 1 by pixel, 2 planes
  uint32_t tile;       ///< side of a tile; 0 for strips
  uint32_t predictor;  ///< 1 none, 2 horizontal, 3 floating point
  uint32_t pages;
  int is_big, is_big_endian;
} cseeds_tiff;

/// Writes the TIFF to `path`. 0 on success.
int cseeds_write_tiff(const cseeds_tiff *seed, const char *path);
/// A JPEG 2000 codestream of one grey ramp, malloc'ed; NULL on failure.
uint8_t *cseeds_make_jpeg2000(uint32_t side, uint32_t bits, size_t *count);
void cseeds_free(uint8_t *bytes);
