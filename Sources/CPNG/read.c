#include "CPNG.h"
#include "png_memory.h"
#include <stdlib.h>
#include <string.h>

typedef struct {
  const uint8_t *bytes;
  size_t count, position;
} source;

static void read_bytes(png_structp png, png_bytep out, size_t wanted) {
  source *from = png_get_io_ptr(png);
  if (wanted > from->count - from->position) png_error(png, "end of data");
  memcpy(out, from->bytes + from->position, wanted);
  from->position += wanted;
}

static void describe(png_structp png, png_infop chunk, cpng_info *info) {
  memset(info, 0, sizeof *info);
  info->rows = png_get_image_height(png, chunk);
  info->columns = png_get_image_width(png, chunk);
  info->bits_per_sample = png_get_bit_depth(png, chunk);
  info->word_bits = info->bits_per_sample == 16 ? 16 : 8;
  info->color = png_get_color_type(png, chunk);
  info->samples_per_pixel = png_get_channels(png, chunk);
  png_uint_32 x = 0, y = 0;
  int unit = PNG_RESOLUTION_UNKNOWN;
  if (png_get_pHYs(png, chunk, &x, &y, &unit) && unit == PNG_RESOLUTION_METER && x && y) {
    info->column_spacing_mm = 1000.0 / x;
    info->row_spacing_mm = 1000.0 / y;
  }
  info->byte_count = (uint64_t)info->rows * info->columns * info->samples_per_pixel * (info->word_bits / 8);
}

/// Decodes the header, and the samples when `out` is given.
static int decode(
    const uint8_t *bytes, size_t count, cpng_info *info, uint8_t *out, size_t out_count, char *message, size_t message_size) {
  if (count < 8 || png_sig_cmp(bytes, 0, 8) != 0) return cpng_fail(CPNG_NOT_PNG, message, message_size, "There is no PNG signature");
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, cpng_jump, cpng_ignore);
  png_infop chunk = png ? png_create_info_struct(png) : NULL;
  if (!chunk) {
    png_destroy_read_struct(&png, NULL, NULL);
    return cpng_fail(CPNG_MEMORY, message, message_size, "Not enough memory");
  }
  // Text and color chunks do not matter here, and some of them inflate to any size.
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
  png_set_user_limits(png, 0x7FFFFFFF, 0x7FFFFFFF);
  png_set_chunk_cache_max(png, 256);
  png_set_chunk_malloc_max(png, 8u << 20);
  source from = {bytes, count, 0};
  // Changed between setjmp and the jump, so volatile.
  png_bytep *volatile rows = NULL;
  volatile int status = CPNG_OK;
  if (setjmp(png_jmpbuf(png))) {
    status = cpng_fail(CPNG_DAMAGED, message, message_size, "The PNG does not decode: it is cut off or damaged");
  } else {
    png_set_read_fn(png, &from, read_bytes);
    png_read_info(png, chunk);
    describe(png, chunk, info);
    if (out && info->byte_count != out_count) {
      status = cpng_fail(CPNG_TOO_LARGE, message, message_size, "The buffer has another size than the image");
    } else if (out) {
      size_t row_bytes = (size_t)info->columns * info->samples_per_pixel * (info->word_bits / 8);
      png_set_packing(png);
      if (info->word_bits == 16) png_set_swap(png);
      png_set_interlace_handling(png);
      png_read_update_info(png, chunk);
      rows = png_get_rowbytes(png, chunk) == row_bytes ? malloc(info->rows * sizeof(png_bytep)) : NULL;
      if (!rows) {
        status = cpng_fail(CPNG_MEMORY, message, message_size, "Not enough memory");
      } else {
        for (uint32_t row = 0; row < info->rows; row++) rows[row] = out + row * row_bytes;
        png_read_image(png, rows);
        png_read_end(png, NULL);
      }
    }
  }
  free(rows);
  png_destroy_read_struct(&png, &chunk, NULL);
  return status;
}

int cpng_read_info(const uint8_t *bytes, size_t count, cpng_info *info, char *message, size_t message_size) {
  return decode(bytes, count, info, NULL, 0, message, message_size);
}

int cpng_read(const uint8_t *bytes, size_t count, uint8_t *out, size_t out_count, char *message, size_t message_size) {
  cpng_info info;
  return decode(bytes, count, &info, out, out_count, message, message_size);
}
