#include "CSeeds.h"

#include <openjpeg.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

static void fill(uint8_t *bytes, size_t count, uint32_t salt) {
  for (size_t i = 0; i < count; i++) bytes[i] = (uint8_t)(i * 29 + salt * 7 + (i >> 3));
}

static int write_page(TIFF *file, const cseeds_tiff *seed, uint32_t page) {
  TIFFSetField(file, TIFFTAG_IMAGEWIDTH, seed->columns);
  TIFFSetField(file, TIFFTAG_IMAGELENGTH, seed->rows);
  TIFFSetField(file, TIFFTAG_SAMPLESPERPIXEL, (uint16_t)seed->samples);
  TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, (uint16_t)seed->bits);
  TIFFSetField(file, TIFFTAG_SAMPLEFORMAT, (uint16_t)seed->format);
  TIFFSetField(file, TIFFTAG_COMPRESSION, (uint16_t)seed->compression);
  TIFFSetField(file, TIFFTAG_PHOTOMETRIC, (uint16_t)seed->photometric);
  TIFFSetField(file, TIFFTAG_PLANARCONFIG, (uint16_t)seed->planar);
  TIFFSetField(file, TIFFTAG_IMAGEDESCRIPTION, "FAKE^DESCRIPTION");
  if (seed->predictor > 1) TIFFSetField(file, TIFFTAG_PREDICTOR, (uint16_t)seed->predictor);
  if (seed->photometric == PHOTOMETRIC_PALETTE) {
    uint16_t map[256];
    for (int i = 0; i < 256; i++) map[i] = (uint16_t)(i * 257);
    TIFFSetField(file, TIFFTAG_COLORMAP, map, map, map);
  }
  if (seed->tile > 0) {
    TIFFSetField(file, TIFFTAG_TILEWIDTH, seed->tile);
    TIFFSetField(file, TIFFTAG_TILELENGTH, seed->tile);
  } else {
    TIFFSetField(file, TIFFTAG_ROWSPERSTRIP, seed->rows > 8 ? seed->rows / 2 : seed->rows);
  }
  const size_t size = (size_t)(seed->tile > 0 ? TIFFTileSize(file) : TIFFStripSize(file));
  uint8_t *bytes = malloc(size);
  if (bytes == NULL) return 1;
  const uint32_t count = seed->tile > 0 ? TIFFNumberOfTiles(file) : TIFFNumberOfStrips(file);
  int failed = 0;
  for (uint32_t i = 0; i < count && !failed; i++) {
    fill(bytes, size, i + page);
    const tmsize_t written = seed->tile > 0 ? TIFFWriteEncodedTile(file, i, bytes, (tmsize_t)size)
                                            : TIFFWriteEncodedStrip(file, i, bytes, (tmsize_t)size);
    failed = written < 0;
  }
  free(bytes);
  return failed || TIFFWriteDirectory(file) == 0;
}

int cseeds_write_tiff(const cseeds_tiff *seed, const char *path) {
  char mode[8] = "w";
  strcat(mode, seed->is_big_endian ? "b" : "l");
  if (seed->is_big) strcat(mode, "8");
  TIFF *file = TIFFOpen(path, mode);
  if (file == NULL) return 1;
  int failed = 0;
  for (uint32_t page = 0; page < seed->pages && !failed; page++) failed = write_page(file, seed, page);
  TIFFClose(file);
  return failed;
}

typedef struct {
  uint8_t *bytes;
  size_t count, capacity, place;
} memory_file;

static OPJ_SIZE_T put(void *bytes, OPJ_SIZE_T count, void *context) {
  memory_file *file = context;
  if (count > file->capacity - file->place) return (OPJ_SIZE_T)-1;
  memcpy(file->bytes + file->place, bytes, count);
  file->place += count;
  if (file->place > file->count) file->count = file->place;
  return count;
}

static OPJ_BOOL seek(OPJ_OFF_T offset, void *context) {
  memory_file *file = context;
  if (offset < 0 || (size_t)offset > file->capacity) return OPJ_FALSE;
  file->place = (size_t)offset;
  return OPJ_TRUE;
}

static OPJ_OFF_T skip(OPJ_OFF_T count, void *context) {
  memory_file *file = context;
  return seek((OPJ_OFF_T)file->place + count, context) ? count : -1;
}

uint8_t *cseeds_make_jpeg2000(uint32_t side, uint32_t bits, size_t *count) {
  memory_file file = {.capacity = 1 << 16};
  file.bytes = calloc(1, file.capacity);
  opj_image_cmptparm_t component = {.dx = 1, .dy = 1, .w = side, .h = side, .prec = bits, .bpp = bits};
  opj_image_t *image = opj_image_create(1, &component, OPJ_CLRSPC_GRAY);
  opj_codec_t *codec = opj_create_compress(OPJ_CODEC_J2K);
  opj_stream_t *stream = opj_stream_create(4096, OPJ_FALSE);
  image->x1 = side;
  image->y1 = side;
  for (uint32_t i = 0; i < side * side; i++) image->comps[0].data[i] = (int)((i * 13) & ((1u << bits) - 1));
  opj_cparameters_t parameters;
  opj_set_default_encoder_parameters(&parameters);
  parameters.numresolution = 3;
  opj_stream_set_user_data(stream, &file, NULL);
  opj_stream_set_write_function(stream, put);
  opj_stream_set_seek_function(stream, seek);
  opj_stream_set_skip_function(stream, skip);
  const int done = opj_setup_encoder(codec, &parameters, image) && opj_start_compress(codec, image, stream) && opj_encode(codec, stream) &&
                   opj_end_compress(codec, stream);
  opj_stream_destroy(stream);
  opj_destroy_codec(codec);
  opj_image_destroy(image);
  if (!done) {
    free(file.bytes);
    return NULL;
  }
  *count = file.count;
  return file.bytes;
}

void cseeds_free(uint8_t *bytes) { free(bytes); }
