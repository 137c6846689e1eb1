#pragma once
#include <stdint.h>
#include <stdio.h>
#include <tiffio.h>

/// A file in memory for TIFFClientOpenExt: fixed bytes when reading, a growing block when writing.
typedef struct {
  const uint8_t *source;
  uint8_t *sink;
  uint64_t count, capacity, position;
  int out_of_memory;
  int complaints;
  /// Warnings that the coded data ends before the picture does, or is damaged: libtiff and libjpeg fill in the rest and go on.
  int broken_off;
} ctiff_memory;

/// Opens `memory` with mode `r` or `w`; errors and warnings of libtiff are counted, never printed.
TIFF *ctiff_memory_open(ctiff_memory *memory, const char *mode);

/// An open file, whose descriptor stays the caller's.
typedef struct {
  int descriptor;
  int complaints;
  /// `errno` of the first write that the system refused; 0 when there was none.
  int system_error;
} ctiff_file;

/// Opens `file`, which must outlive the handle, from its start; errors of libtiff are counted, never printed.
TIFF *ctiff_file_open(ctiff_file *file, const char *mode);

static inline int ctiff_fail(int status, char *message, size_t size, const char *text) {
  if (message && size) snprintf(message, size, "%s", text);
  return status;
}
