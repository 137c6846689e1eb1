#include "CTIFF.h"
#include "memory.h"
#include <stdlib.h>
#include <string.h>

static size_t row_bytes_of(const ctiff_image *image) {
  return (size_t)image->columns * image->samples_per_pixel * (image->bits_per_sample / 8);
}

static uint32_t pages_of(const ctiff_image *image) { return image->pages ? image->pages : 1; }

/// Strips of about 64 kB decode in cache and compress nearly as well as larger ones.
static uint32_t strip_rows_of(const ctiff_image *image) {
  uint32_t rows = (uint32_t)(65536 / row_bytes_of(image));
  if (rows == 0) rows = 1;
  return rows > image->rows ? image->rows : rows;
}

static int set_tags(const ctiff_image *image, TIFF *tiff) {
  int ok = TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, image->columns) && TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, image->rows) &&
           TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, (int)image->samples_per_pixel) &&
           TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, (int)image->bits_per_sample) &&
           TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, (int)image->sample_format) &&
           TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) && TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, (int)image->photometric) &&
           TIFFSetField(tiff, TIFFTAG_COMPRESSION, image->deflate ? COMPRESSION_ADOBE_DEFLATE : COMPRESSION_NONE) &&
           TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, strip_rows_of(image));
  if (ok && (image->samples_per_pixel == 2 || image->samples_per_pixel == 4)) {
    uint16_t alpha = EXTRASAMPLE_UNASSALPHA;
    ok = TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &alpha);
  }
  if (ok && image->deflate && image->predictor > 1) ok = TIFFSetField(tiff, TIFFTAG_PREDICTOR, image->predictor);
  if (ok && image->columns_per_cm > 0 && image->rows_per_cm > 0)
    ok = TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_CENTIMETER) && TIFFSetField(tiff, TIFFTAG_XRESOLUTION, image->columns_per_cm) &&
         TIFFSetField(tiff, TIFFTAG_YRESOLUTION, image->rows_per_cm);
  return ok;
}

/// Asks `next` for the rows of all pages strip by strip: it fills `strip` with `count` bytes from byte `offset` of the words on, or returns 0.
static int encode(const ctiff_image *image, ctiff_rows next, void *context, TIFF *tiff) {
  size_t row_bytes = row_bytes_of(image);
  uint32_t per_strip = strip_rows_of(image);
  uint8_t *strip = malloc(row_bytes * per_strip);
  if (!strip) return 0;
  int ok = 1;
  for (uint32_t page = 0; ok && page < pages_of(image); page++) {
    // The last directory is written when the file is closed.
    ok = (page == 0 || TIFFWriteDirectory(tiff)) && set_tags(image, tiff);
    uint64_t start = (uint64_t)page * image->rows * row_bytes;
    for (uint32_t row = 0, index = 0; ok && row < image->rows; row += per_strip, index++) {
      uint32_t rows = image->rows - row < per_strip ? image->rows - row : per_strip;
      // libtiff's predictors work in place, so it gets a copy.
      ok = next(context, start + row * (uint64_t)row_bytes, strip, rows * row_bytes) &&
           TIFFWriteEncodedStrip(tiff, index, strip, (tmsize_t)(rows * row_bytes)) >= 0;
    }
  }
  free(strip);
  return ok && TIFFFlush(tiff);
}

typedef struct {
  const uint8_t *words;
  size_t count;
} whole_image;

static int rows_of_whole(void *context, uint64_t offset, uint8_t *strip, size_t count) {
  const whole_image *whole = context;
  if (offset + count > whole->count) return 0;
  memcpy(strip, whole->words + offset, count);
  return 1;
}

static int check(const ctiff_image *image, char *message, size_t message_size) {
  int float_bits = image->sample_format == 3 && image->bits_per_sample != 16 && image->bits_per_sample != 32 && image->bits_per_sample != 64;
  int whole = image->bits_per_sample == 8 || image->bits_per_sample == 16 || image->bits_per_sample == 32 || image->bits_per_sample == 64;
  if (!image->rows || !image->columns || image->samples_per_pixel < 1 || image->samples_per_pixel > 4 || !whole || float_bits ||
      image->sample_format < 1 || image->sample_format > 3)
    return ctiff_fail(CTIFF_UNSUPPORTED, message, message_size, "This combination of size, depth and samples cannot be written as TIFF");
  return CTIFF_OK;
}

int ctiff_write_memory(
    const ctiff_image *image, const uint8_t *words, size_t count, uint8_t **out, size_t *out_count, char *message, size_t message_size) {
  int status = check(image, message, message_size);
  if (status != CTIFF_OK) return status;
  ctiff_memory memory = {0};
  // Classic TIFF ends at 4 GiB; leave room for the directory.
  TIFF *tiff = ctiff_memory_open(&memory, count > 0xFFF00000u ? "w8l" : "wl");
  if (!tiff) return ctiff_fail(CTIFF_MEMORY, message, message_size, "Not enough memory");
  whole_image whole = {words, count};
  int ok = row_bytes_of(image) * image->rows * pages_of(image) == count && encode(image, rows_of_whole, &whole, tiff);
  TIFFClose(tiff);
  if (!ok || memory.out_of_memory) {
    free(memory.sink);
    return memory.out_of_memory ? ctiff_fail(CTIFF_MEMORY, message, message_size, "Not enough memory")
                                : ctiff_fail(CTIFF_WRITE, message, message_size, "The image cannot be encoded as TIFF");
  }
  *out = memory.sink;
  *out_count = memory.count;
  return CTIFF_OK;
}

int ctiff_write_descriptor(
    const ctiff_image *image, ctiff_rows next, void *context, int descriptor, int *system_error, char *message, size_t message_size) {
  *system_error = 0;
  int status = check(image, message, message_size);
  if (status != CTIFF_OK) return status;
  uint64_t count = (uint64_t)row_bytes_of(image) * image->rows * pages_of(image);
  ctiff_file file = {.descriptor = descriptor};
  TIFF *tiff = ctiff_file_open(&file, count > 0xFFF00000u ? "w8l" : "wl");
  *system_error = file.system_error;
  if (!tiff) return ctiff_fail(CTIFF_WRITE, message, message_size, "The file cannot be written");
  int ok = encode(image, next, context, tiff);
  TIFFCleanup(tiff);
  *system_error = file.system_error;
  return ok && file.complaints == 0 ? CTIFF_OK : ctiff_fail(CTIFF_WRITE, message, message_size, "The file cannot be written");
}

void ctiff_free(uint8_t *bytes) { free(bytes); }
