#pragma once
#include <stddef.h>
#include <stdint.h>

/// JPEG 2000 and HTJ2K codestreams (bare or in a JP2 box) from memory, through OpenJPEG.

#ifdef __cplusplus
extern "C" {
#endif

enum copj_status {
  COPJ_OK = 0,
  COPJ_NOT_JPEG2000 = 1,
  COPJ_DAMAGED = 2,
  COPJ_MISMATCH = 3,  ///< size or component count is not what the caller expects
  COPJ_MEMORY = 4,
};

typedef struct {
  uint32_t rows, columns, components;
  uint32_t precision;  ///< of component 0
  int is_signed;       ///< of component 0
} copj_info;

/// Decodes one frame of `rows` x `columns` x `components` into words of `word_bytes` (1, 2, 4) little-endian bytes, color by pixel,
/// two's complement. `bits_stored` and `is_signed` are the DICOM attributes: they win over the codestream, as PS3.5 A.4.4 says.
int copj_decode(
    const uint8_t *bytes, size_t count, uint32_t rows, uint32_t columns, uint32_t components, uint32_t word_bytes, uint32_t bits_stored,
    int is_signed, uint8_t *out, size_t out_count, copj_info *info, char *message, size_t message_size);

#ifdef __cplusplus
}
#endif
