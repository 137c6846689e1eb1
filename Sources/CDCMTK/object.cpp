#include "object.hpp"

#include "dcmtk/dcmdata/dcistrmb.h"
#include "dcmtk/dcmdata/dcpixel.h"
#include "dcmtk/dcmdata/dcpxitem.h"

#include <cstdlib>
#include <cstring>

namespace {

int64_t number(DcmDataset &dataset, const DcmTagKey &tag) {
  Uint16 small = 0;
  Sint32 large = 0;
  if (dataset.findAndGetUint16(tag, small).good()) return small;
  if (dataset.findAndGetSint32(tag, large).good()) return large;
  return -1;
}

/// Number of Frames is an IS; -1 when absent or empty, -2 when it is there and is not a number.
int64_t frames(DcmDataset &dataset) {
  OFString text;
  if (dataset.findAndGetOFString(DCM_NumberOfFrames, text).bad() || text.empty()) return -1;
  char *end = nullptr;
  long long value = std::strtoll(text.c_str(), &end, 10);
  while (*end == ' ') end++;
  return *end == 0 ? value : -2;
}

void copyText(DcmDataset &dataset, const DcmTagKey &tag, char *out, size_t size) {
  OFString text;
  dataset.findAndGetOFString(tag, text);
  while (!text.empty() && text[text.length() - 1] == ' ') text.erase(text.length() - 1);
  std::snprintf(out, size, "%s", text.c_str());
}

/// DCMTK swaps OW by 16 bits; big-endian words of 32 or 64 bits then have their halves in the wrong order.
void repairWideWords(DcmElement &element, int64_t bitsAllocated) {
  Uint16 *words = nullptr;
  if (bitsAllocated != 32 && bitsAllocated != 64) return;
  if (element.ident() == EVR_OB || element.getUint16Array(words).bad() || !words) return;
  size_t halves = static_cast<size_t>(bitsAllocated) / 16, count = element.getLength() / 2;
  for (size_t first = 0; first + halves <= count; first += halves)
    for (size_t i = 0; i < halves / 2; i++) std::swap(words[first + i], words[first + halves - 1 - i]);
}

DcmElement *find(DcmDataset &dataset, const DcmTagKey &tag) {
  DcmElement *element = nullptr;
  return dataset.findAndGetElement(tag, element).good() ? element : nullptr;
}

DcmPixelSequence *encapsulated(cdcm_object *object) {
  DcmPixelData *pixels = dynamic_cast<DcmPixelData *>(find(object->dataset, DCM_PixelData));
  if (!pixels) return nullptr;
  E_TransferSyntax syntax = EXS_Unknown;
  const DcmRepresentationParameter *parameter = nullptr;
  DcmPixelSequence *sequence = nullptr;
  pixels->getOriginalRepresentationKey(syntax, parameter);
  if (!DcmXfer(syntax).isEncapsulated()) return nullptr;
  return pixels->getEncapsulatedRepresentation(syntax, parameter, sequence).good() ? sequence : nullptr;
}

void describe(cdcm_object *object) {
  DcmDataset &dataset = object->dataset;
  cdcm_info &info = object->info;
  std::memset(&info, 0, sizeof info);
  info.rows = number(dataset, DCM_Rows);
  info.columns = number(dataset, DCM_Columns);
  info.frames = frames(dataset);
  info.samples_per_pixel = number(dataset, DCM_SamplesPerPixel);
  info.bits_allocated = number(dataset, DCM_BitsAllocated);
  info.bits_stored = number(dataset, DCM_BitsStored);
  info.high_bit = number(dataset, DCM_HighBit);
  info.pixel_representation = number(dataset, DCM_PixelRepresentation);
  info.planar_configuration = number(dataset, DCM_PlanarConfiguration);
  copyText(dataset, DCM_PhotometricInterpretation, info.photometric, sizeof info.photometric);
  copyText(dataset, DCM_Modality, info.modality, sizeof info.modality);
  std::snprintf(info.transfer_syntax, sizeof info.transfer_syntax, "%s", object->layout.transferSyntax.c_str());
  info.has_meta = object->layout.hasMeta;
  info.was_big_endian = object->layout.container == EXS_BigEndianExplicit;
  if (DcmElement *pixels = find(dataset, DCM_PixelData)) {
    info.pixel_kind = 1;
    if (DcmPixelSequence *sequence = encapsulated(object)) {
      info.is_encapsulated = 1;
      info.item_count = static_cast<uint32_t>(sequence->card());
    } else {
      if (info.was_big_endian) repairWideWords(*pixels, info.bits_allocated);
      info.pixel_bytes = pixels->getLength();
    }
  } else if (DcmElement *floats = find(dataset, DCM_FloatPixelData)) {
    info.pixel_kind = 2;
    info.pixel_bytes = floats->getLength();
  } else if (DcmElement *doubles = find(dataset, DCM_DoubleFloatPixelData)) {
    info.pixel_kind = 3;
    info.pixel_bytes = doubles->getLength();
  }
}

void parse(cdcm_object *object, const uint8_t *bytes, size_t count) {
  object->layout = findLayout(bytes, count);
  DcmInputBufferStream stream;
  stream.setBuffer(bytes + object->layout.offset, static_cast<offile_off_t>(count - object->layout.offset));
  stream.setEos();
  object->dataset.transferInit();
  OFCondition condition = object->dataset.read(stream, object->layout.container, EGL_noChange);
  object->dataset.transferEnd();
  if (condition == EC_StreamNotifyClient || condition == EC_EndOfStream)
    throw Failure{CDCM_TRUNCATED, "The file ends before its last element does"};
  if (condition == EC_MemoryExhausted) throw Failure{CDCM_MEMORY, "Not enough memory"};
  if (condition.bad()) throw Failure{CDCM_DAMAGED, "The dataset does not hold together"};
  if (object->dataset.card() == 0) throw Failure{CDCM_NOT_DICOM, "There is no dataset"};
  describe(object);
}

const uint8_t *littleEndianBytes(DcmElement &element, size_t &count) {
  Uint8 *bytes = nullptr;
  Uint16 *words = nullptr;
  count = element.getLength();
  if (count == 0) return nullptr;
  // The host is little-endian (x86-64, arm64), so DCMTK's words in memory are the bytes that are wanted.
  if (element.getUint8Array(bytes).good() && bytes) return bytes;
  if (element.getUint16Array(words).good() && words) return reinterpret_cast<const uint8_t *>(words);
  Float32 *floats = nullptr;
  if (element.getFloat32Array(floats).good() && floats) return reinterpret_cast<const uint8_t *>(floats);
  Float64 *doubles = nullptr;
  if (element.getFloat64Array(doubles).good() && doubles) return reinterpret_cast<const uint8_t *>(doubles);
  throw Failure{CDCM_DAMAGED, "The pixel data cannot be read"};
}

}  // namespace

cdcm_object *cdcm_open(const uint8_t *bytes, size_t count, int *status, char *message, size_t size) {
  cdcm_object *object = nullptr;
  *status = guarded(message, size, [&] {
    object = new cdcm_object();
    parse(object, bytes, count);
  });
  if (*status != CDCM_OK) {
    delete object;
    return nullptr;
  }
  return object;
}

void cdcm_close(cdcm_object *object) { delete object; }
void cdcm_info_of(const cdcm_object *object, cdcm_info *info) { *info = object->info; }

int cdcm_native_pixels(cdcm_object *object, const uint8_t **out, size_t *outCount, char *message, size_t size) {
  return guarded(message, size, [&] {
    static const DcmTagKey tags[] = {DCM_PixelData, DCM_PixelData, DCM_FloatPixelData, DCM_DoubleFloatPixelData};
    DcmElement *element = object->info.pixel_kind ? find(object->dataset, tags[object->info.pixel_kind]) : nullptr;
    if (!element || object->info.is_encapsulated) throw Failure{CDCM_DECODE, "There are no native pixels"};
    *out = littleEndianBytes(*element, *outCount);
  });
}

int cdcm_item(cdcm_object *object, uint32_t index, const uint8_t **out, size_t *outCount, char *message, size_t size) {
  return guarded(message, size, [&] {
    DcmPixelSequence *sequence = encapsulated(object);
    DcmPixelItem *item = nullptr;
    if (!sequence || sequence->getItem(item, index).bad() || !item) throw Failure{CDCM_DAMAGED, "A fragment is missing"};
    *outCount = item->getLength();
    Uint8 *bytes = nullptr;
    if (*outCount && item->getUint8Array(bytes).bad()) throw Failure{CDCM_DAMAGED, "A fragment cannot be read"};
    *out = bytes;
  });
}

int cdcm_decode(
    cdcm_object *object, const uint8_t **out, size_t *outCount, int *planar, char *photometric, size_t photometricSize, char *message,
    size_t size) {
  return guarded(message, size, [&] {
    OFCondition condition = object->dataset.chooseRepresentation(EXS_LittleEndianExplicit, nullptr);
    if (condition == EC_MemoryExhausted) throw Failure{CDCM_MEMORY, "Not enough memory"};
    DcmElement *element = condition.good() ? find(object->dataset, DCM_PixelData) : nullptr;
    if (!element) throw Failure{CDCM_DECODE, "The compressed pixel data does not decode"};
    *out = littleEndianBytes(*element, *outCount);
    *planar = number(object->dataset, DCM_PlanarConfiguration) == 1;
    copyText(object->dataset, DCM_PhotometricInterpretation, photometric, photometricSize);
  });
}
