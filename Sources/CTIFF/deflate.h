#pragma once
#include <stdint.h>

/// Whether the zlib stream (RFC 1950) of a strip or tile comes to its end, checksum included, within its bytes.
///
/// libtiff takes a part for whole as soon as its buffer is full, and libdeflate, which it asks, reads zeros behind the last byte: without
/// its last bytes a part decodes to wrong samples, and nobody complains. (libtiff 4.5 tif_zip.c, LIBDEFLATE_INSUFFICIENT_SPACE)
///
/// - words: what libtiff made of the part. Where their checksum is the stream's, nothing has to be decoded again.
/// - most: what a part of this image can hold; a last strip may have rows below the image.
/// - is_reversed: the bits of each byte stand in reverse order (FillOrder 2).
int ctiff_deflate_ends(const uint8_t *part, uint64_t count, int is_reversed, const uint8_t *words, uint64_t word_bytes, uint64_t most);
