#include "CTIFF.h"
#include "deflate.h"
#include "memory.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ctiff_reader {
  ctiff_memory memory;
  TIFF *tiff;
  ctiff_info info;
  ctiff_consumed consumed;
  void *context;
};

typedef struct {
  const uint8_t *bytes;
  uint64_t count;
  int is_big_endian, is_big_tiff;
} directories;

/// An unsigned number of `width` bytes at `offset`; 0, which ends a chain, when it lies outside the file.
static uint64_t number_at(const directories *file, uint64_t offset, unsigned width) {
  if (offset > file->count || file->count - offset < width) return 0;
  uint64_t value = 0;
  for (unsigned i = 0; i < width; i++) value = value << 8 | file->bytes[offset + (file->is_big_endian ? i : width - 1 - i)];
  return value;
}

static uint64_t next_directory(const directories *file, uint64_t offset) {
  uint64_t entries = number_at(file, offset, file->is_big_tiff ? 8 : 2);
  if (entries > 65535) return 0;
  return file->is_big_tiff ? number_at(file, offset + 8 + 20 * entries, 8) : number_at(file, offset + 2 + 12 * entries, 4);
}

/// Directories in the main chain. How many pages a chain that runs in a circle has is a convention; this is the one of the reader that
/// the reference values come from (tifffile): the hundredth step tells the last page.
static uint32_t count_pages(const uint8_t *bytes, size_t count, TIFF *tiff) {
  directories file = {bytes, count, bytes[0] == 'M', 0};
  file.is_big_tiff = number_at(&file, 2, 2) == 43;
  uint64_t seen[100];
  uint32_t pages = 0;
  uint64_t offset = file.is_big_tiff ? number_at(&file, 8, 8) : number_at(&file, 4, 4);
  for (; offset && pages < 100; offset = next_directory(&file, offset)) seen[pages++] = offset;
  if (pages < 100) return pages ? pages : 1;
  for (uint32_t i = 0; i < 99; i++)
    if (seen[i] == seen[99]) return i + 1;
  // Many pages: libtiff counts them and stops at a repeated one.
  return TIFFNumberOfDirectories(tiff);
}

static double millimeters(float per_unit, uint16_t unit) {
  if (!(per_unit > 0) || !isfinite(per_unit)) return 0;
  if (unit == RESUNIT_INCH) return 25.4 / per_unit;
  if (unit == RESUNIT_CENTIMETER) return 10.0 / per_unit;
  return 0;
}

/// Describes the directory that libtiff stands at.
static int describe(const ctiff_reader *reader, ctiff_info *info, char *message, size_t message_size) {
  TIFF *tiff = reader->tiff;
  uint32_t rows = 0, columns = 0;
  uint16_t samples = 1, bits = 1, format = SAMPLEFORMAT_UINT, planar = PLANARCONFIG_CONTIG, photometric = 0, compression = 1, orientation = 1, unit = RESUNIT_INCH;
  float x = 0, y = 0;
  if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &columns) || !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &rows) || !rows || !columns)
    return ctiff_fail(CTIFF_NOT_TIFF, message, message_size, "The page has no width or no height");
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &format);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planar);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &orientation);
  if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric)) photometric = PHOTOMETRIC_MINISBLACK;

  if (!TIFFIsCODECConfigured(compression)) return ctiff_fail(CTIFF_UNSUPPORTED, message, message_size, "The compression is not supported");
  if (photometric == PHOTOMETRIC_LOGL || photometric == PHOTOMETRIC_LOGLUV)
    return ctiff_fail(CTIFF_UNSUPPORTED, message, message_size, "LogLuv samples are not supported");
  if (format == SAMPLEFORMAT_COMPLEXINT || format == SAMPLEFORMAT_COMPLEXIEEEFP)
    return ctiff_fail(CTIFF_UNSUPPORTED, message, message_size, "Complex samples are not supported");
  if (!samples || !bits || (bits > 32 && bits != 64))
    return ctiff_fail(CTIFF_UNSUPPORTED, message, message_size, "The number of bits per sample is not supported");
  info->is_float = format == SAMPLEFORMAT_IEEEFP;
  if (info->is_float && bits != 16 && bits != 32 && bits != 64)
    return ctiff_fail(CTIFF_UNSUPPORTED, message, message_size, "Float samples of this width are not supported");
  if (photometric == PHOTOMETRIC_YCBCR) {
    uint16_t across = 1, down = 1;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_YCBCRSUBSAMPLING, &across, &down);
    if (compression == COMPRESSION_JPEG && planar == PLANARCONFIG_CONTIG) {
      TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
      photometric = PHOTOMETRIC_RGB;
    } else if (compression == COMPRESSION_OJPEG || across != 1 || down != 1) {
      return ctiff_fail(CTIFF_UNSUPPORTED, message, message_size, "Subsampled YCbCr outside a JPEG stream is not supported");
    }
  }
  info->rows = rows;
  info->columns = columns;
  info->samples_per_pixel = samples;
  info->bits_per_sample = bits;
  info->word_bits = bits <= 8 ? 8 : bits <= 16 ? 16 : bits <= 32 ? 32 : 64;
  info->is_signed = format == SAMPLEFORMAT_INT;
  info->is_planar = planar == PLANARCONFIG_SEPARATE && samples > 1;
  info->is_tiled = TIFFIsTiled(tiff);
  info->is_big_tiff = reader->memory.count > 3 && (reader->memory.source[2] == 43 || reader->memory.source[3] == 43);
  info->is_big_endian = TIFFIsBigEndian(tiff);
  info->photometric = photometric;
  info->compression = compression;
  info->orientation = orientation;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_RESOLUTIONUNIT, &unit);
  if (TIFFGetField(tiff, TIFFTAG_XRESOLUTION, &x)) info->column_spacing_mm = millimeters(x, unit);
  if (TIFFGetField(tiff, TIFFTAG_YRESOLUTION, &y)) info->row_spacing_mm = millimeters(y, unit);
  // 2^32 x 2^32 x 2^16 x 8 does not fit 64 bits.
  uint64_t byte_count = 0;
  if (__builtin_mul_overflow((uint64_t)rows * columns, (uint64_t)samples * (info->word_bits / 8), &byte_count) || byte_count > INT64_MAX / 4)
    return ctiff_fail(CTIFF_TOO_LARGE, message, message_size, "The image is too large");
  info->byte_count = byte_count;
  return CTIFF_OK;
}

ctiff_reader *ctiff_open(const uint8_t *bytes, size_t count, int *status, char *message, size_t message_size) {
  ctiff_reader *reader = calloc(1, sizeof *reader);
  if (!reader) {
    *status = ctiff_fail(CTIFF_MEMORY, message, message_size, "Not enough memory");
    return NULL;
  }
  reader->memory.source = bytes;
  reader->memory.count = count;
  reader->tiff = ctiff_memory_open(&reader->memory, "r");
  *status = reader->tiff ? describe(reader, &reader->info, message, message_size)
                         : ctiff_fail(CTIFF_NOT_TIFF, message, message_size, "The first page cannot be read");
  if (*status != CTIFF_OK) {
    ctiff_close(reader);
    return NULL;
  }
  reader->info.pages = count_pages(bytes, count, reader->tiff);
  return reader;
}

void ctiff_info_of(const ctiff_reader *reader, ctiff_info *info) { *info = reader->info; }
int ctiff_complaints(const ctiff_reader *reader) { return reader->memory.complaints; }
int ctiff_broken_off(const ctiff_reader *reader) { return reader->memory.broken_off; }

/// Whether no strip or tile begins before the end of the one before it.
static int is_in_order(TIFF *tiff) {
  uint32_t count = TIFFIsTiled(tiff) ? TIFFNumberOfTiles(tiff) : TIFFNumberOfStrips(tiff);
  uint64_t end = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t offset = TIFFGetStrileOffset(tiff, i);
    if (offset < end || __builtin_add_overflow(offset, TIFFGetStrileByteCount(tiff, i), &end)) return 0;
  }
  return 1;
}

void ctiff_on_consumed(ctiff_reader *reader, ctiff_consumed consumed, void *context) {
  reader->consumed = is_in_order(reader->tiff) ? consumed : NULL;
  reader->context = context;
}

static void tell_consumed(const ctiff_reader *reader, uint32_t chunk) {
  if (!reader->consumed) return;
  reader->consumed(reader->context, TIFFGetStrileOffset(reader->tiff, chunk) + TIFFGetStrileByteCount(reader->tiff, chunk));
}

void ctiff_close(ctiff_reader *reader) {
  if (!reader) return;
  if (reader->tiff) TIFFClose(reader->tiff);
  free(reader);
}

/// Spreads `n` packed samples of one row to words. Samples of 16, 32, 64 bits are native words already; others are a bit stream,
/// most significant bit first, except 24 bits, which libtiff hands out as native three-byte words.
static void unpack_row(const uint8_t *packed, uint32_t bits, uint32_t word_bits, int is_signed, size_t n, uint8_t *out) {
  if (bits == word_bits) {
    memcpy(out, packed, n * (bits / 8));
    return;
  }
  uint32_t word_bytes = word_bits / 8;
  for (size_t i = 0; i < n; i++) {
    uint32_t value = 0;
    if (bits == 24) {
      value = (uint32_t)packed[3 * i] | (uint32_t)packed[3 * i + 1] << 8 | (uint32_t)packed[3 * i + 2] << 16;
    } else {
      size_t first = i * bits;
      for (uint32_t b = 0; b < bits; b++) value = value << 1 | (packed[(first + b) >> 3] >> (7 - ((first + b) & 7)) & 1);
    }
    if (is_signed && value >> (bits - 1) & 1) value |= ~0u << bits;
    for (uint32_t b = 0; b < word_bytes; b++) out[i * word_bytes + b] = (uint8_t)(value >> (8 * b));
  }
}

static int damaged(char *message, size_t size, const char *what, uint32_t index, uint32_t count) {
  if (message && size) snprintf(message, size, "%s %u of %u does not decode: the file is cut off or damaged", what, index + 1, count);
  return CTIFF_DAMAGED;
}

/// Notes a deflated strip or tile that libtiff takes for whole and that is not. `words` are those that libtiff gave, of `most` in a whole part.
static void check_end(ctiff_reader *reader, const ctiff_info *info, uint32_t chunk, const uint8_t *words, tmsize_t word_bytes, tmsize_t most) {
  if (info->compression != COMPRESSION_ADOBE_DEFLATE && info->compression != COMPRESSION_DEFLATE) return;
  const ctiff_memory *memory = &reader->memory;
  uint64_t offset = TIFFGetStrileOffset(reader->tiff, chunk), count = TIFFGetStrileByteCount(reader->tiff, chunk);
  if (offset > memory->count) return;
  if (count > memory->count - offset) count = memory->count - offset;
  uint16_t order = FILLORDER_MSB2LSB;
  TIFFGetFieldDefaulted(reader->tiff, TIFFTAG_FILLORDER, &order);
  int is_reversed = order == FILLORDER_LSB2MSB;
  if (!ctiff_deflate_ends(memory->source + offset, count, is_reversed, words, (uint64_t)word_bytes, (uint64_t)most)) reader->memory.broken_off++;
}

static int read_strips(ctiff_reader *reader, const ctiff_info *info, uint8_t *out, char *message, size_t message_size) {
  TIFF *tiff = reader->tiff;
  uint32_t per_strip = info->rows;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &per_strip);
  if (per_strip == 0 || per_strip > info->rows) per_strip = info->rows;
  uint32_t planes = info->is_planar ? info->samples_per_pixel : 1;
  size_t samples_per_row = (size_t)info->columns * (info->is_planar ? 1 : info->samples_per_pixel);
  size_t row_bytes = samples_per_row * (info->word_bits / 8);
  tmsize_t packed_row = TIFFScanlineSize(tiff), packed_strip = TIFFStripSize(tiff);
  uint32_t strips_per_plane = (info->rows + per_strip - 1) / per_strip, strips = strips_per_plane * planes;
  if (packed_row <= 0 || packed_strip <= 0 || (uint64_t)packed_row * 8 < (uint64_t)samples_per_row * info->bits_per_sample)
    return ctiff_fail(CTIFF_DAMAGED, message, message_size, "The strips do not hold whole rows");
  if (TIFFNumberOfStrips(tiff) < strips) return ctiff_fail(CTIFF_DAMAGED, message, message_size, "There are fewer strips than the rows need");
  uint8_t *buffer = malloc((size_t)packed_strip);
  if (!buffer) return ctiff_fail(CTIFF_MEMORY, message, message_size, "Not enough memory");
  int status = CTIFF_OK;
  for (uint32_t strip = 0; strip < strips && status == CTIFF_OK; strip++) {
    uint32_t first_row = strip % strips_per_plane * per_strip;
    uint32_t rows = info->rows - first_row < per_strip ? info->rows - first_row : per_strip;
    tmsize_t wanted = (tmsize_t)rows * packed_row;
    if (wanted > packed_strip || TIFFReadEncodedStrip(tiff, strip, buffer, wanted) != wanted) {
      status = damaged(message, message_size, "Strip", strip, strips);
      break;
    }
    check_end(reader, info, strip, buffer, wanted, packed_strip);
    uint8_t *target = out + ((size_t)(strip / strips_per_plane) * info->rows + first_row) * row_bytes;
    for (uint32_t row = 0; row < rows; row++)
      unpack_row(buffer + (size_t)row * (size_t)packed_row, info->bits_per_sample, info->word_bits, info->is_signed, samples_per_row, target + row * row_bytes);
    tell_consumed(reader, strip);
  }
  free(buffer);
  return status;
}

static int read_tiles(ctiff_reader *reader, const ctiff_info *info, uint8_t *out, char *message, size_t message_size) {
  TIFF *tiff = reader->tiff;
  uint32_t width = 0, height = 0;
  if (!TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &width) || !TIFFGetField(tiff, TIFFTAG_TILELENGTH, &height) || !width || !height)
    return ctiff_fail(CTIFF_DAMAGED, message, message_size, "The tiles have no size");
  uint32_t planes = info->is_planar ? info->samples_per_pixel : 1;
  uint32_t per_pixel = info->is_planar ? 1 : info->samples_per_pixel;
  size_t word_bytes = info->word_bits / 8, row_bytes = (size_t)info->columns * per_pixel * word_bytes;
  tmsize_t packed_row = TIFFTileRowSize(tiff), packed_tile = TIFFTileSize(tiff);
  if (packed_row <= 0 || packed_tile <= 0 || (uint64_t)packed_row * 8 < (uint64_t)width * per_pixel * info->bits_per_sample)
    return ctiff_fail(CTIFF_DAMAGED, message, message_size, "The tiles do not hold whole rows");
  uint8_t *buffer = malloc((size_t)packed_tile);
  if (!buffer) return ctiff_fail(CTIFF_MEMORY, message, message_size, "Not enough memory");
  int status = CTIFF_OK;
  for (uint32_t plane = 0; plane < planes && status == CTIFF_OK; plane++) {
    for (uint64_t top = 0; top < info->rows && status == CTIFF_OK; top += height) {
      for (uint64_t left = 0; left < info->columns; left += width) {
        uint32_t tile = TIFFComputeTile(tiff, (uint32_t)left, (uint32_t)top, 0, (uint16_t)plane);
        if (TIFFReadEncodedTile(tiff, tile, buffer, packed_tile) != packed_tile) {
          status = damaged(message, message_size, "Tile", tile, TIFFNumberOfTiles(tiff));
          break;
        }
        check_end(reader, info, tile, buffer, packed_tile, packed_tile);
        uint32_t rows = info->rows - top < height ? (uint32_t)(info->rows - top) : height;
        uint32_t columns = info->columns - left < width ? (uint32_t)(info->columns - left) : width;
        uint8_t *target = out + ((size_t)plane * info->rows + top) * row_bytes + left * per_pixel * word_bytes;
        for (uint32_t row = 0; row < rows; row++)
          unpack_row(buffer + (size_t)row * (size_t)packed_row, info->bits_per_sample, info->word_bits, info->is_signed, (size_t)columns * per_pixel, target + row * row_bytes);
        tell_consumed(reader, tile);
      }
    }
  }
  free(buffer);
  return status;
}

static int read_page(ctiff_reader *reader, const ctiff_info *info, uint8_t *out, char *message, size_t message_size) {
  return info->is_tiled ? read_tiles(reader, info, out, message, message_size) : read_strips(reader, info, out, message, message_size);
}

int ctiff_read(ctiff_reader *reader, uint8_t *out, size_t count, char *message, size_t message_size) {
  if (count != reader->info.byte_count) return ctiff_fail(CTIFF_TOO_LARGE, message, message_size, "The buffer has another size than the image");
  return read_page(reader, &reader->info, out, message, message_size);
}

/// Goes to the first (0) or the next directory and describes it. 1: a page like the first; 0: another one; -1: the chain ends here.
static int is_alike(const ctiff_reader *reader, uint32_t index, ctiff_info *page) {
  if (index == 0 ? !TIFFSetDirectory(reader->tiff, 0) : !TIFFReadDirectory(reader->tiff)) return -1;
  *page = (ctiff_info){0};
  if (describe(reader, page, NULL, 0) != CTIFF_OK) return 0;
  const ctiff_info *first = &reader->info;
  return page->rows == first->rows && page->columns == first->columns && page->samples_per_pixel == first->samples_per_pixel &&
         page->bits_per_sample == first->bits_per_sample && page->is_signed == first->is_signed && page->is_float == first->is_float &&
         page->is_planar == first->is_planar && page->photometric == first->photometric;
}

uint32_t ctiff_alike(ctiff_reader *reader, uint32_t most, uint32_t *others) {
  uint32_t alike = 0;
  ctiff_info page;
  for (uint32_t index = 0; index < most; index++) {
    int found = is_alike(reader, index, &page);
    if (found < 0) break;
    alike += (uint32_t)found;
  }
  *others = most - alike;
  return alike;
}

int ctiff_read_alike(ctiff_reader *reader, uint32_t most, uint8_t *out, size_t count, char *message, size_t message_size) {
  size_t done = 0;
  ctiff_info page;
  for (uint32_t index = 0; index < most; index++) {
    int found = is_alike(reader, index, &page);
    if (found < 0) break;
    if (!found) continue;
    if (count - done < page.byte_count) return ctiff_fail(CTIFF_TOO_LARGE, message, message_size, "The buffer has another size than the pages");
    char reason[160] = "";
    int status = read_page(reader, &page, out + done, reason, sizeof reason);
    if (status != CTIFF_OK) {
      if (message && message_size) snprintf(message, message_size, "Page %u: %s", index + 1, reason);
      return status;
    }
    done += page.byte_count;
  }
  return done == count ? CTIFF_OK : ctiff_fail(CTIFF_DAMAGED, message, message_size, "There are fewer pages than at first");
}
