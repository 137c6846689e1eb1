#include "object.hpp"

#include "dcmtk/dcmdata/dcistrmb.h"
#include "dcmtk/dcmdata/dcostrmb.h"
#include "dcmtk/dcmdata/dcrlerp.h"
#include "dcmtk/dcmjpeg/djrplol.h"
#include "dcmtk/dcmjpeg/djrploss.h"
#include "dcmtk/dcmjpls/djrparam.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <unistd.h>

namespace {

/// Collects what `write` puts into a DCMTK stream into one malloc'ed block.
template <typename Write>
void collect(Write write, uint8_t **out, size_t *outCount) {
  constexpr size_t chunk = 1 << 20;
  std::unique_ptr<uint8_t[]> buffer(new uint8_t[chunk]);
  DcmOutputBufferStream stream(buffer.get(), chunk);
  size_t capacity = 0, count = 0;
  std::unique_ptr<uint8_t, decltype(&std::free)> block(nullptr, std::free);
  bool written = false;
  for (;;) {
    if (!written) {
      OFCondition condition = write(stream);
      written = condition.good();
      if (condition.bad() && condition != EC_StreamNotifyClient) throw Failure{CDCM_WRITE, "The dataset cannot be encoded"};
    }
    if (written) stream.flush();
    bool flushed = stream.isFlushed();
    void *full = nullptr;
    offile_off_t length = 0;
    stream.flushBuffer(full, length);
    if (count + static_cast<size_t>(length) > capacity) {
      capacity = capacity ? capacity * 2 : chunk;
      while (capacity < count + static_cast<size_t>(length)) capacity *= 2;
      uint8_t *grown = static_cast<uint8_t *>(std::realloc(block.get(), capacity));
      if (!grown) throw std::bad_alloc();
      (void)block.release();
      block.reset(grown);
    }
    if (length) std::memcpy(block.get() + count, full, static_cast<size_t>(length));
    count += static_cast<size_t>(length);
    if (written && (flushed || length == 0)) break;
  }
  *out = block.release();
  *outCount = count;
}

/// DCMTK's codecs share state of the library that nothing guards: one encoding at a time. For phantoms and tests only, whose pictures
/// shrink: its JPEG-LS encoder has an output buffer of the input's size and runs over it with small noisy images.
std::mutex encoding;

void encode(const uint8_t *bytes, size_t count, const char *transferSyntax, uint8_t **out, size_t *outCount) {
  std::lock_guard<std::mutex> lock(encoding);
  E_TransferSyntax syntax = DcmXfer(transferSyntax).getXfer();
  if (syntax == EXS_Unknown) throw Failure{CDCM_UNSUPPORTED, "The transfer syntax is not known"};
  DcmFileFormat file;
  DcmDataset &dataset = *file.getDataset();
  DcmInputBufferStream stream;
  stream.setBuffer(bytes, static_cast<offile_off_t>(count));
  stream.setEos();
  dataset.transferInit();
  OFCondition condition = dataset.read(stream, EXS_LittleEndianExplicit, EGL_noChange);
  dataset.transferEnd();
  if (condition.bad()) throw Failure{CDCM_DAMAGED, "The dataset does not hold together"};

  DJ_RPLossless jpegLossless(1, 0);
  DJ_RPLossy jpegLossy(90);
  DJLSRepresentationParameter jpegLS(0, OFTrue);
  DcmRLERepresentationParameter rle;
  const DcmRepresentationParameter *parameter = nullptr;
  switch (syntax) {
    case EXS_JPEGProcess14SV1: parameter = &jpegLossless; break;
    case EXS_JPEGProcess1: parameter = &jpegLossy; break;
    case EXS_JPEGLSLossless: parameter = &jpegLS; break;
    case EXS_RLELossless: parameter = &rle; break;
    default: break;
  }
  if (dataset.chooseRepresentation(syntax, parameter).bad() || !dataset.canWriteXfer(syntax))
    throw Failure{CDCM_UNSUPPORTED, "The pixels cannot be encoded in this transfer syntax"};
  // The twin of the repair after reading: DCMTK swaps OW by 16 bits, and wider words need their halves exchanged first.
  Uint16 bitsAllocated = 0;
  DcmElement *pixels = nullptr;
  Uint16 *words = nullptr;
  if (syntax == EXS_BigEndianExplicit && dataset.findAndGetUint16(DCM_BitsAllocated, bitsAllocated).good() &&
      (bitsAllocated == 32 || bitsAllocated == 64) && dataset.findAndGetElement(DCM_PixelData, pixels).good() &&
      pixels->getUint16Array(words).good() && words) {
    size_t halves = bitsAllocated / 16u, total = pixels->getLength() / 2;
    for (size_t first = 0; first + halves <= total; first += halves)
      for (size_t i = 0; i < halves / 2; i++) std::swap(words[first + i], words[first + halves - 1 - i]);
  }
  if (file.validateMetaInfo(syntax).bad()) throw Failure{CDCM_WRITE, "The File Meta Information cannot be made"};
  file.transferInit();
  collect([&](DcmOutputStream &sink) { return file.write(sink, syntax, EET_ExplicitLength, nullptr, EGL_recalcGL); }, out, outCount);
  file.transferEnd();
}

}  // namespace

int cdcm_dataset(cdcm_object *object, uint8_t **out, size_t *outCount, char *message, size_t size) {
  return guarded(message, size, [&] {
    E_TransferSyntax syntax = object->info.is_encapsulated ? object->layout.container : EXS_LittleEndianExplicit;
    object->dataset.transferInit();
    collect(
        [&](DcmOutputStream &sink) { return object->dataset.write(sink, syntax, EET_ExplicitLength, nullptr, EGL_withoutGL); }, out,
        outCount);
    object->dataset.transferEnd();
  });
}

int cdcm_encode(
    const uint8_t *dataset, size_t count, const char *transferSyntax, uint8_t **out, size_t *outCount, char *message, size_t size) {
  return guarded(message, size, [&] { encode(dataset, count, transferSyntax, out, outCount); });
}

int cdcm_encode_path(const uint8_t *dataset, size_t count, const char *transferSyntax, const char *path, char *message, size_t size) {
  return guarded(message, size, [&] {
    uint8_t *bytes = nullptr;
    size_t byteCount = 0;
    encode(dataset, count, transferSyntax, &bytes, &byteCount);
    std::unique_ptr<uint8_t, decltype(&std::free)> block(bytes, std::free);
    FILE *file = std::fopen(path, "wb");
    bool ok = file && std::fwrite(bytes, 1, byteCount, file) == byteCount;
    if (file && std::fclose(file) != 0) ok = false;
    if (!ok && file) unlink(path);
    if (!ok) throw Failure{CDCM_WRITE, "The file cannot be written"};
  });
}

void cdcm_free(uint8_t *bytes) { std::free(bytes); }
