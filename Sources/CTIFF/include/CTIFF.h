#pragma once
#include <stddef.h>
#include <stdint.h>

/// libtiff without its variadic calls and without its texts: messages of libtiff may quote a file's values, so none leaves this shim.
/// Every function is safe to call from several threads on different readers.

#ifdef __cplusplus
extern "C" {
#endif

enum ctiff_status {
  CTIFF_OK = 0,
  CTIFF_NOT_TIFF = 1,      ///< no readable first page
  CTIFF_UNSUPPORTED = 2,   ///< a layout or compression that is not decoded here
  CTIFF_DAMAGED = 3,       ///< a strip or tile does not decode
  CTIFF_TOO_LARGE = 4,     ///< more bytes than the caller's limit
  CTIFF_MEMORY = 5,
  CTIFF_WRITE = 6,         ///< the sink refused bytes
};

/// The first page. Words are 8, 16, 32 or 64 bits: samples of 1 to 7 bits take a byte, 9 to 15 take 16 bits, 24 takes 32.
typedef struct {
  uint32_t rows, columns;
  uint32_t samples_per_pixel;
  uint32_t bits_per_sample;  ///< as stored
  uint32_t word_bits;        ///< as read
  int is_signed, is_float;
  int is_planar;       ///< planes first: sample, row, column
  int is_tiled, is_big_tiff, is_big_endian;
  uint32_t photometric;  ///< TIFF tag 262 of the words that ctiff_read gives (JPEG YCbCr is read as RGB)
  uint32_t compression, orientation;
  uint32_t pages;  ///< directories in the main chain
  double row_spacing_mm, column_spacing_mm;  ///< 0 when the file does not say
  uint64_t byte_count;  ///< size of the words
} ctiff_info;

typedef struct ctiff_reader ctiff_reader;

/// Opens a TIFF or BigTIFF in memory; `bytes` must outlive the reader. NULL on error: `*status` and `message` tell why.
ctiff_reader *ctiff_open(const uint8_t *bytes, size_t count, int *status, char *message, size_t message_size);
void ctiff_info_of(const ctiff_reader *reader, ctiff_info *info);
/// Reads the first page as little-endian words in C order into `out`, which holds `info.byte_count` bytes.
int ctiff_read(ctiff_reader *reader, uint8_t *out, size_t count, char *message, size_t message_size);
/// How many of the first `most` directories of the main chain are pages like the first: same size, samples, depth, planes and photometric
/// interpretation. `*others` receives how many are not, or cannot be read.
uint32_t ctiff_alike(ctiff_reader *reader, uint32_t most, uint32_t *others);
/// Reads the pages that ctiff_alike counts, one after the other; `count` is their number times `info.byte_count`.
int ctiff_read_alike(ctiff_reader *reader, uint32_t most, uint8_t *out, size_t count, char *message, size_t message_size);
/// Told while ctiff_read runs: the file's bytes before `end` will not be read again.
typedef void (*ctiff_consumed)(void *context, uint64_t end);
/// Has ctiff_read call `consumed`, if the strips or tiles lie in the file one after the other; ctiff_read can then be called once only.
void ctiff_on_consumed(ctiff_reader *reader, ctiff_consumed consumed, void *context);
/// How often libtiff reported an error while it went on.
int ctiff_complaints(const ctiff_reader *reader);
/// How often libtiff found that coded data ends before the picture does, and went on.
int ctiff_broken_off(const ctiff_reader *reader);
void ctiff_close(ctiff_reader *reader);

/// What to write: pages of one kind, strips, little-endian, structural tags only.
typedef struct {
  uint32_t pages;  ///< one after the other in the words; 0 is one
  uint32_t rows, columns;
  uint32_t samples_per_pixel;  ///< 1 grey, 2 grey + alpha, 3 RGB, 4 RGB + alpha; color by pixel
  uint32_t bits_per_sample;    ///< 8, 16, 32, 64
  uint32_t sample_format;      ///< 1 unsigned, 2 signed, 3 IEEE float
  uint32_t photometric;        ///< 0 MinIsWhite, 1 MinIsBlack, 2 RGB
  int deflate;                 ///< 0 none, 1 Adobe Deflate
  int predictor;               ///< 1 none, 2 horizontal, 3 floating point; used with deflate
  double columns_per_cm, rows_per_cm;  ///< resolution; 0 leaves the tags out
} ctiff_image;

/// `*out` is allocated with malloc; release it with ctiff_free. `words` are little-endian.
int ctiff_write_memory(
    const ctiff_image *image, const uint8_t *words, size_t count, uint8_t **out, size_t *out_count, char *message, size_t message_size);
/// Fills `strip` with `count` bytes of the words of all pages from byte `offset` on, ascending; 0 ends the work.
typedef int (*ctiff_rows)(void *context, uint64_t offset, uint8_t *strip, size_t count);
/// Writes to an open file from its start, asking for the words strip by strip; what is written on failure is no TIFF.
/// `*system_error` receives the `errno` of a write that the system refused (ENOSPC on a full disk), else 0.
int ctiff_write_descriptor(
    const ctiff_image *image, ctiff_rows next, void *context, int descriptor, int *system_error, char *message, size_t message_size);
void ctiff_free(uint8_t *bytes);

#ifdef __cplusplus
}
#endif
