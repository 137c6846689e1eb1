#include "deflate.h"
#include <string.h>
#include <tiffio.h>
#include <zlib.h>

/// Words that no predictor and no byte order has changed have the checksum that ends the stream.
static int has_checksum(const uint8_t *part, uint64_t count, const uint8_t *words, uint64_t word_bytes) {
  if (count < 4) return 0;
  const uint8_t *tail = part + count - 4;
  uLong told = (uLong)tail[0] << 24 | (uLong)tail[1] << 16 | (uLong)tail[2] << 8 | tail[3];
  return adler32_z(adler32_z(0, NULL, 0), words, word_bytes) == told;
}

int ctiff_deflate_ends(const uint8_t *part, uint64_t count, int is_reversed, const uint8_t *words, uint64_t word_bytes, uint64_t most) {
  if (!is_reversed && has_checksum(part, count, words, word_bytes)) return 1;
  z_stream stream = {0};
  if (inflateInit(&stream) != Z_OK) return 0;
  uint64_t given = 0;
  uint8_t in[16384], out[65536];
  int status = Z_OK;
  while ((status == Z_OK || status == Z_BUF_ERROR) && given <= most) {
    if (stream.avail_in == 0 && count > 0) {
      uint64_t taken = count < sizeof in ? count : sizeof in;
      memcpy(in, part, taken);
      if (is_reversed) TIFFReverseBits(in, (tmsize_t)taken);
      part += taken;
      count -= taken;
      stream.next_in = in;
      stream.avail_in = (uInt)taken;
    }
    stream.next_out = out;
    stream.avail_out = sizeof out;
    status = inflate(&stream, Z_NO_FLUSH);
    given += sizeof out - stream.avail_out;
    // All bytes are used, and there was room for more samples.
    if (status != Z_STREAM_END && stream.avail_in == 0 && count == 0 && stream.avail_out > 0) break;
  }
  inflateEnd(&stream);
  return status == Z_STREAM_END;
}
