#include "memory.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static tmsize_t memory_read(thandle_t handle, void *out, tmsize_t wanted) {
  ctiff_memory *memory = handle;
  if (wanted <= 0 || memory->position >= memory->count) return 0;
  uint64_t left = memory->count - memory->position;
  uint64_t count = (uint64_t)wanted < left ? (uint64_t)wanted : left;
  memcpy(out, (memory->sink ? memory->sink : memory->source) + memory->position, count);
  memory->position += count;
  return (tmsize_t)count;
}

static tmsize_t memory_write(thandle_t handle, void *bytes, tmsize_t count) {
  ctiff_memory *memory = handle;
  if (memory->source || count < 0) return -1;
  uint64_t end = memory->position + (uint64_t)count;
  if (end > memory->capacity) {
    uint64_t capacity = memory->capacity ? memory->capacity : 65536;
    while (capacity < end) capacity *= 2;
    uint8_t *grown = realloc(memory->sink, capacity);
    if (!grown) {
      memory->out_of_memory = 1;
      return -1;
    }
    memory->sink = grown;
    memory->capacity = capacity;
  }
  // A seek past the end leaves a hole, which a file system would fill with zeros.
  if (memory->position > memory->count) memset(memory->sink + memory->count, 0, memory->position - memory->count);
  memcpy(memory->sink + memory->position, bytes, (size_t)count);
  memory->position = end;
  if (end > memory->count) memory->count = end;
  return count;
}

static toff_t memory_seek(thandle_t handle, toff_t offset, int whence) {
  ctiff_memory *memory = handle;
  switch (whence) {
    case SEEK_CUR: memory->position += offset; break;
    case SEEK_END: memory->position = memory->count + offset; break;
    default: memory->position = offset; break;
  }
  return memory->position;
}

static int memory_close(thandle_t handle) {
  (void)handle;
  return 0;
}

static toff_t memory_size(thandle_t handle) { return ((ctiff_memory *)handle)->count; }

static int memory_map(thandle_t handle, void **base, toff_t *size) {
  ctiff_memory *memory = handle;
  if (!memory->source) return 0;
  *base = (void *)(uintptr_t)memory->source;
  *size = memory->count;
  return 1;
}

static void memory_unmap(thandle_t handle, void *base, toff_t size) { (void)handle, (void)base, (void)size; }

static int count_error(TIFF *tiff, void *user, const char *module, const char *format, va_list list) {
  (void)tiff, (void)module, (void)format, (void)list;
  ((ctiff_memory *)user)->complaints++;
  return 1;
}

/// The CCITT and JPEG decoders tell of missing data by warnings alone: "Premature EOF at line", "premature end of data segment",
/// "Premature end of JPEG file", "bad Huffman code", "found marker ... instead of RST". (libtiff 4.5 tif_fax3.h, libjpeg jerror.h)
static int note_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list list) {
  static const char *const signs[] = {"remature E", "remature e", "bad Huffman code", "instead of RST"};
  (void)tiff, (void)module;
  char text[256] = "";
  vsnprintf(text, sizeof text, format, list);
  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
    if (strstr(text, signs[i])) {
      ((ctiff_memory *)user)->broken_off++;
      break;
    }
  return 1;
}

static int drop_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list list) {
  (void)tiff, (void)user, (void)module, (void)format, (void)list;
  return 1;
}

/// Handlers that keep libtiff silent; NULL when memory is out.
static TIFFOpenOptions *silent_options(TIFFErrorHandlerExtR on_error, TIFFErrorHandlerExtR on_warning, void *user) {
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
  if (!options) return NULL;
  TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, user);
  TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, user);
  return options;
}

static int count_file_error(TIFF *tiff, void *user, const char *module, const char *format, va_list list) {
  (void)tiff, (void)module, (void)format, (void)list;
  ((ctiff_file *)user)->complaints++;
  return 1;
}

// libtiff's own file functions do not say why a write failed.
static tmsize_t file_write(thandle_t handle, void *bytes, tmsize_t count) {
  ctiff_file *file = handle;
  tmsize_t done = 0;
  while (done < count) {
    ssize_t part = write(file->descriptor, (const uint8_t *)bytes + done, (size_t)(count - done));
    if (part < 0 && errno == EINTR) continue;
    if (part < 0 && !file->system_error) file->system_error = errno;
    if (part <= 0) return done > 0 ? done : -1;
    done += part;
  }
  return done;
}

static tmsize_t file_read(thandle_t handle, void *out, tmsize_t wanted) {
  ctiff_file *file = handle;
  tmsize_t done = 0;
  while (done < wanted) {
    ssize_t part = read(file->descriptor, (uint8_t *)out + done, (size_t)(wanted - done));
    if (part < 0 && errno == EINTR) continue;
    if (part < 0) return -1;
    if (part == 0) break;
    done += part;
  }
  return done;
}

static toff_t file_seek(thandle_t handle, toff_t offset, int whence) {
  return (toff_t)lseek(((ctiff_file *)handle)->descriptor, (int64_t)offset, whence);
}

static toff_t file_size(thandle_t handle) {
  struct stat status;
  return fstat(((ctiff_file *)handle)->descriptor, &status) == 0 ? (toff_t)status.st_size : 0;
}

static int file_map(thandle_t handle, void **base, toff_t *size) {
  (void)handle, (void)base, (void)size;
  return 0;
}

TIFF *ctiff_file_open(ctiff_file *file, const char *mode) {
  TIFFOpenOptions *options = silent_options(count_file_error, drop_warning, file);
  if (!options) return NULL;
  TIFF *tiff = TIFFClientOpenExt(
      "file", mode, file, file_read, file_write, file_seek, memory_close, file_size, file_map, memory_unmap, options);
  TIFFOpenOptionsFree(options);
  return tiff;
}

TIFF *ctiff_memory_open(ctiff_memory *memory, const char *mode) {
  TIFFOpenOptions *options = silent_options(count_error, note_warning, memory);
  if (!options) return NULL;
  TIFF *tiff = TIFFClientOpenExt(
      "memory", mode, memory, memory_read, memory_write, memory_seek, memory_close, memory_size, memory_map, memory_unmap, options);
  TIFFOpenOptionsFree(options);
  return tiff;
}
