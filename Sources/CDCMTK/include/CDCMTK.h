#pragma once
#include <stddef.h>
#include <stdint.h>

/// DCMTK behind plain C: reads a DICOM object from memory, hands it on as Explicit VR Little Endian, decodes JPEG and JPEG-LS, and
/// encodes datasets into other transfer syntaxes. Catches every C++ exception. DCMTK's texts may quote values, so none leaves this shim.
/// Nothing reaches it that a pre-scan has not walked: DCMTK overflows its stack on deep nesting and trusts length fields.

#ifdef __cplusplus
extern "C" {
#endif

enum cdcm_status {
  CDCM_OK = 0,
  CDCM_NOT_DICOM = 1,
  CDCM_DAMAGED = 2,       ///< the structure does not hold together
  CDCM_TRUNCATED = 3,     ///< the bytes end too early
  CDCM_UNSUPPORTED = 4,   ///< transfer syntax or pixel encoding that DCMTK does not know
  CDCM_DECODE = 5,        ///< compressed pixels do not decode
  CDCM_MEMORY = 6,
  CDCM_DICTIONARY = 7,    ///< DCMTK's data dictionary is not installed
  CDCM_WRITE = 8,
};

/// Image attributes; -1 where absent or not a number.
typedef struct {
  int64_t rows, columns, frames, samples_per_pixel, bits_allocated, bits_stored, high_bit, pixel_representation, planar_configuration;
  char photometric[17];
  char modality[17];
  char transfer_syntax[65];  ///< of the file, or what the bytes look like when there is no File Meta Information
  int has_meta;              ///< preamble and File Meta Information with a transfer syntax were there
  int was_big_endian;
  int pixel_kind;  ///< 0 none, 1 integers in (7FE0,0010), 2 Float, 3 Double Float Pixel Data
  int is_encapsulated;
  uint64_t pixel_bytes;   ///< of native pixel data
  uint32_t item_count;    ///< of encapsulated pixel data, offset table included
  int is_truncated;       ///< the last value was cut off by the end of the file and what is there was kept
} cdcm_info;

typedef struct cdcm_object cdcm_object;

/// Registers codecs, silences logging, checks the dictionary. Call once before anything else; thread safe.
int cdcm_start(char *message, size_t message_size);

/// Parses an object; `bytes` may be released afterwards. NULL on error.
cdcm_object *cdcm_open(const uint8_t *bytes, size_t count, int *status, char *message, size_t message_size);
void cdcm_close(cdcm_object *object);
void cdcm_info_of(const cdcm_object *object, cdcm_info *info);

/// The dataset without group 0002 and without group lengths, Explicit VR Little Endian; encapsulated Pixel Data stays as it is. malloc'ed.
int cdcm_dataset(cdcm_object *object, uint8_t **out, size_t *out_count, char *message, size_t message_size);
/// Native pixel bytes, little-endian words. The pointer lives as long as the object.
int cdcm_native_pixels(cdcm_object *object, const uint8_t **out, size_t *out_count, char *message, size_t message_size);
/// Item `index` of encapsulated Pixel Data (0 is the Basic Offset Table). The pointer lives as long as the object.
int cdcm_item(cdcm_object *object, uint32_t index, const uint8_t **out, size_t *out_count, char *message, size_t message_size);
/// Decodes JPEG and JPEG-LS pixel data of all frames into native little-endian words, without color conversion. The pointer lives as long as
/// the object, whose dataset is then in the decoded state: take `cdcm_dataset` first. `planar` tells whether planes are separate.
int cdcm_decode(
    cdcm_object *object, const uint8_t **out, size_t *out_count, int *planar, char *photometric, size_t photometric_size, char *message,
    size_t message_size);

/// Encodes a dataset given as Explicit VR Little Endian (native pixels, no group 0002) as a DICOM file in `transfer_syntax`: implicit,
/// explicit, big-endian, deflated, RLE, JPEG lossless SV1 (…4.70), JPEG-LS lossless (…4.80), JPEG baseline (…4.50). malloc'ed.
int cdcm_encode(
    const uint8_t *dataset, size_t count, const char *transfer_syntax, uint8_t **out, size_t *out_count, char *message, size_t message_size);
/// As `cdcm_encode`, to a file.
int cdcm_encode_path(
    const uint8_t *dataset, size_t count, const char *transfer_syntax, const char *path, char *message, size_t message_size);
void cdcm_free(uint8_t *bytes);

#ifdef __cplusplus
}
#endif
