#pragma once
#include <stddef.h>
#include <stdint.h>

/// libpng from and to memory. Its error texts stay inside; every function returns a status and an own sentence.

#ifdef __cplusplus
extern "C" {
#endif

enum cpng_status {
  CPNG_OK = 0,
  CPNG_NOT_PNG = 1,
  CPNG_DAMAGED = 2,
  CPNG_TOO_LARGE = 3,
  CPNG_MEMORY = 4,
  CPNG_UNSUPPORTED = 5,
};

enum cpng_color { CPNG_GREY = 0, CPNG_RGB = 2, CPNG_PALETTE = 3, CPNG_GREY_ALPHA = 4, CPNG_RGB_ALPHA = 6 };

typedef struct {
  uint32_t rows, columns;
  uint32_t samples_per_pixel;
  uint32_t bits_per_sample;  ///< as stored: 1, 2, 4, 8, 16
  uint32_t word_bits;        ///< as read: 8 or 16
  uint32_t color;            ///< enum cpng_color; a palette gives its indexes
  double row_spacing_mm, column_spacing_mm;  ///< 0 when there is no pHYs chunk in meters
  uint64_t byte_count;
} cpng_info;

/// Reads the header alone.
int cpng_read_info(const uint8_t *bytes, size_t count, cpng_info *info, char *message, size_t message_size);
/// Decodes to little-endian words, color by pixel, values unscaled. `out_count` must be `info.byte_count`.
int cpng_read(const uint8_t *bytes, size_t count, uint8_t *out, size_t out_count, char *message, size_t message_size);

/// A tEXt chunk: Latin-1 keyword of 1 to 79 bytes and text.
typedef struct {
  const char *keyword, *text;
} cpng_text;

/// Writes 8- or 16-bit words (little-endian) as one PNG without time stamps: equal input gives equal bytes.
/// `*out` is allocated with malloc; release it with cpng_free.
int cpng_write(
    uint32_t rows, uint32_t columns, uint32_t bits_per_sample, uint32_t color, const uint8_t *words, size_t count, const cpng_text *texts,
    size_t text_count, double row_spacing_mm, double column_spacing_mm, uint8_t **out, size_t *out_count, char *message, size_t message_size);
void cpng_free(uint8_t *bytes);

#ifdef __cplusplus
}
#endif
