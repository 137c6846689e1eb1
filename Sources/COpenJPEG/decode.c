#include "COpenJPEG.h"
#include <openjpeg.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  const uint8_t *bytes;
  size_t count, position;
} source;

static OPJ_SIZE_T read_bytes(void *out, OPJ_SIZE_T wanted, void *user) {
  source *from = user;
  size_t left = from->count - from->position;
  if (left == 0) return (OPJ_SIZE_T)-1;
  size_t count = wanted < left ? wanted : left;
  memcpy(out, from->bytes + from->position, count);
  from->position += count;
  return count;
}

static OPJ_OFF_T skip_bytes(OPJ_OFF_T wanted, void *user) {
  source *from = user;
  if (wanted < 0) return -1;
  size_t left = from->count - from->position;
  size_t count = (uint64_t)wanted < left ? (size_t)wanted : left;
  from->position += count;
  return (OPJ_OFF_T)count;
}

static OPJ_BOOL seek_bytes(OPJ_OFF_T offset, void *user) {
  source *from = user;
  if (offset < 0 || (uint64_t)offset > from->count) return OPJ_FALSE;
  from->position = (size_t)offset;
  return OPJ_TRUE;
}

static void ignore(const char *text, void *user) { (void)text, (void)user; }

static int fail(int status, char *message, size_t size, const char *text) {
  if (message && size) snprintf(message, size, "%s", text);
  return status;
}

/// Writes component samples as words; a missing image grid offset or a subsampled component is refused before.
static void interleave(const opj_image_t *image, uint32_t word_bytes, uint32_t bits_stored, int is_signed, uint8_t *out) {
  size_t pixels = (size_t)image->comps[0].w * image->comps[0].h;
  uint32_t components = image->numcomps;
  for (uint32_t c = 0; c < components; c++) {
    const opj_image_comp_t *component = &image->comps[c];
    // Attributes and codestream may disagree on the sign (PS3.5 A.4.4): the low bits are kept, and the attributes say what they mean.
    uint32_t bits = bits_stored && bits_stored < 32 ? bits_stored : 32;
    uint32_t mask = bits == 32 ? ~0u : (1u << bits) - 1;
    uint32_t sign = 1u << (bits - 1);
    int repair = component->sgnd != (OPJ_UINT32)is_signed;
    for (size_t i = 0; i < pixels; i++) {
      uint32_t value = (uint32_t)component->data[i];
      if (repair) {
        value &= mask;
        if (is_signed && value & sign) value |= ~mask;
      }
      uint8_t *word = out + (i * components + c) * word_bytes;
      for (uint32_t b = 0; b < word_bytes; b++) word[b] = (uint8_t)(value >> (8 * b));
    }
  }
}

int copj_decode(
    const uint8_t *bytes, size_t count, uint32_t rows, uint32_t columns, uint32_t components, uint32_t word_bytes, uint32_t bits_stored,
    int is_signed, uint8_t *out, size_t out_count, copj_info *info, char *message, size_t message_size) {
  static const uint8_t jp2[12] = {0, 0, 0, 12, 'j', 'P', ' ', ' ', '\r', '\n', 0x87, '\n'};
  OPJ_CODEC_FORMAT format;
  if (count >= 12 && memcmp(bytes, jp2, 12) == 0) format = OPJ_CODEC_JP2;
  else if (count >= 4 && bytes[0] == 0xFF && bytes[1] == 0x4F && bytes[2] == 0xFF && bytes[3] == 0x51) format = OPJ_CODEC_J2K;
  else return fail(COPJ_NOT_JPEG2000, message, message_size, "The fragment is not a JPEG 2000 codestream");
  if ((uint64_t)rows * columns * components * word_bytes != out_count)
    return fail(COPJ_MISMATCH, message, message_size, "The buffer has another size than the frame");

  source from = {bytes, count, 0};
  opj_codec_t *codec = opj_create_decompress(format);
  opj_stream_t *stream = opj_stream_create(1 << 16, OPJ_TRUE);
  opj_image_t *image = NULL;
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  int status = COPJ_OK;
  if (!codec || !stream) {
    status = fail(COPJ_MEMORY, message, message_size, "Not enough memory");
  } else {
    opj_set_info_handler(codec, ignore, NULL);
    opj_set_warning_handler(codec, ignore, NULL);
    opj_set_error_handler(codec, ignore, NULL);
    opj_stream_set_user_data(stream, &from, NULL);
    opj_stream_set_user_data_length(stream, count);
    opj_stream_set_read_function(stream, read_bytes);
    opj_stream_set_skip_function(stream, skip_bytes);
    opj_stream_set_seek_function(stream, seek_bytes);
    if (!opj_setup_decoder(codec, &parameters) || !opj_read_header(stream, codec, &image) || !image)
      status = fail(COPJ_DAMAGED, message, message_size, "The JPEG 2000 header does not decode");
  }
  if (status == COPJ_OK) {
    // Sizes are compared before anything of their size is allocated.
    uint64_t width = image->x1 - (uint64_t)image->x0, height = image->y1 - (uint64_t)image->y0;
    if (image->numcomps != components || width != columns || height != rows)
      status = fail(COPJ_MISMATCH, message, message_size, "The JPEG 2000 image has another size or component count than the attributes say");
    for (uint32_t c = 0; status == COPJ_OK && c < components; c++)
      if (image->comps[c].dx != 1 || image->comps[c].dy != 1)
        status = fail(COPJ_MISMATCH, message, message_size, "Subsampled JPEG 2000 components are not supported");
  }
  if (status == COPJ_OK && !opj_decode(codec, stream, image)) status = fail(COPJ_DAMAGED, message, message_size, "The JPEG 2000 codestream does not decode");
  if (status == COPJ_OK) opj_end_decompress(codec, stream);
  for (uint32_t c = 0; status == COPJ_OK && c < components; c++)
    if (!image->comps[c].data || image->comps[c].w != columns || image->comps[c].h != rows)
      status = fail(COPJ_DAMAGED, message, message_size, "The JPEG 2000 codestream does not decode");
  if (status == COPJ_OK) {
    info->rows = image->comps[0].h;
    info->columns = image->comps[0].w;
    info->components = image->numcomps;
    info->precision = image->comps[0].prec;
    info->is_signed = (int)image->comps[0].sgnd;
    interleave(image, word_bytes, bits_stored, is_signed, out);
  }
  if (image) opj_image_destroy(image);
  if (stream) opj_stream_destroy(stream);
  if (codec) opj_destroy_codec(codec);
  return status;
}
