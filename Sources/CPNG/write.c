#include "CPNG.h"
#include "png_memory.h"
#include <stdlib.h>
#include <string.h>

typedef struct {
  uint8_t *bytes;
  size_t count, capacity;
} sink;

static void write_bytes(png_structp png, png_bytep bytes, size_t count) {
  sink *to = png_get_io_ptr(png);
  if (to->count + count > to->capacity) {
    size_t capacity = to->capacity ? to->capacity : 65536;
    while (capacity < to->count + count) capacity *= 2;
    uint8_t *grown = realloc(to->bytes, capacity);
    if (!grown) png_error(png, "memory");
    to->bytes = grown;
    to->capacity = capacity;
  }
  memcpy(to->bytes + to->count, bytes, count);
  to->count += count;
}

static void no_flush(png_structp png) { (void)png; }

static uint32_t channels(uint32_t color) {
  switch (color) {
    case CPNG_GREY: return 1;
    case CPNG_RGB: return 3;
    case CPNG_GREY_ALPHA: return 2;
    case CPNG_RGB_ALPHA: return 4;
    default: return 0;
  }
}

int cpng_write(
    uint32_t rows, uint32_t columns, uint32_t bits_per_sample, uint32_t color, const uint8_t *words, size_t count, const cpng_text *texts,
    size_t text_count, double row_spacing_mm, double column_spacing_mm, uint8_t **out, size_t *out_count, char *message, size_t message_size) {
  size_t row_bytes = (size_t)columns * channels(color) * (bits_per_sample / 8);
  if ((bits_per_sample != 8 && bits_per_sample != 16) || !channels(color) || !rows || !columns || row_bytes * rows != count)
    return cpng_fail(CPNG_UNSUPPORTED, message, message_size, "This combination of size, depth and samples cannot be written as PNG");
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, cpng_jump, cpng_ignore);
  png_infop chunk = png ? png_create_info_struct(png) : NULL;
  if (!chunk) {
    png_destroy_write_struct(&png, NULL);
    return cpng_fail(CPNG_MEMORY, message, message_size, "Not enough memory");
  }
  sink to = {0};
  volatile int status = CPNG_OK;
  if (setjmp(png_jmpbuf(png))) {
    status = cpng_fail(CPNG_MEMORY, message, message_size, "The image cannot be encoded as PNG");
  } else {
    png_set_user_limits(png, 0x7FFFFFFF, 0x7FFFFFFF);
    png_set_write_fn(png, &to, write_bytes, no_flush);
    png_set_IHDR(png, chunk, columns, rows, (int)bits_per_sample, (int)color, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (row_spacing_mm > 0 && column_spacing_mm > 0)
      png_set_pHYs(png, chunk, (png_uint_32)(1000.0 / column_spacing_mm + 0.5), (png_uint_32)(1000.0 / row_spacing_mm + 0.5), PNG_RESOLUTION_METER);
    for (size_t i = 0; i < text_count; i++) {
      png_text text = {.compression = PNG_TEXT_COMPRESSION_NONE, .key = (png_charp)(uintptr_t)texts[i].keyword, .text = (png_charp)(uintptr_t)texts[i].text};
      png_set_text(png, chunk, &text, 1);
    }
    png_write_info(png, chunk);
    if (bits_per_sample == 16) png_set_swap(png);
    for (uint32_t row = 0; row < rows; row++) png_write_row(png, (png_bytep)(uintptr_t)words + row * row_bytes);
    png_write_end(png, NULL);
  }
  png_destroy_write_struct(&png, &chunk);
  if (status != CPNG_OK) {
    free(to.bytes);
    return status;
  }
  *out = to.bytes;
  *out_count = to.count;
  return CPNG_OK;
}

void cpng_free(uint8_t *bytes) { free(bytes); }
