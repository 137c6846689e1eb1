#include "object.hpp"

#include <cstring>

namespace {

uint16_t little16(const uint8_t *p) { return static_cast<uint16_t>(p[0] | p[1] << 8); }
uint32_t little32(const uint8_t *p) { return static_cast<uint32_t>(little16(p)) | static_cast<uint32_t>(little16(p + 2)) << 16; }

bool isVR(const uint8_t *p) {
  static const char known[] =
      "AEASATCSDADSDTFLFDISLOLTOBODOFOLOVOWPNSHSLSQSSSTSVTMUCUIULUNURUSUTUV";
  for (const char *vr = known; *vr; vr += 2)
    if (p[0] == vr[0] && p[1] == vr[1]) return true;
  return false;
}

bool hasLongLength(const uint8_t *vr) {
  static const char known[] = "OBODOFOLOVOWSQSVUCUNURUTUV";
  for (const char *p = known; *p; p += 2)
    if (vr[0] == p[0] && vr[1] == p[1]) return true;
  return false;
}

/// Walks group 0002, always Explicit VR Little Endian (PS3.10 section 7.1). Returns the offset of the first byte after it.
size_t walkMeta(const uint8_t *bytes, size_t count, size_t offset, std::string &transferSyntax) {
  while (count - offset >= 8 && little16(bytes + offset) == 2) {
    const uint8_t *head = bytes + offset;
    size_t length, headSize = 8;
    if (isVR(head + 4)) {
      if (hasLongLength(head + 4)) {
        if (count - offset < 12) throw Failure{CDCM_TRUNCATED, "The File Meta Information is cut off"};
        length = little32(head + 8);
        headSize = 12;
      } else {
        length = little16(head + 6);
      }
    } else {
      length = little32(head + 4);
    }
    if (length > count - offset - headSize) throw Failure{CDCM_TRUNCATED, "The File Meta Information is cut off"};
    if (little16(head + 2) == 0x0010) {
      transferSyntax.assign(reinterpret_cast<const char *>(head + headSize), length < 64 ? length : 64);
      while (!transferSyntax.empty() && (transferSyntax.back() == 0 || transferSyntax.back() == ' ')) transferSyntax.pop_back();
    }
    offset += headSize + length;
  }
  return offset;
}

/// What the first element looks like: a VR in letters means explicit, a group number of 0x0100 or more in little-endian order big-endian.
E_TransferSyntax guess(const uint8_t *bytes, size_t count, bool afterMeta) {
  if (count < 8) throw Failure{CDCM_NOT_DICOM, "There is no dataset"};
  bool explicitVR = isVR(bytes + 4);
  uint16_t group = little16(bytes);
  if (explicitVR) return group >= 0x0100 && bytes[0] == 0 ? EXS_BigEndianExplicit : EXS_LittleEndianExplicit;
  if (afterMeta) return EXS_LittleEndianImplicit;
  if (group == 0 || group > 0x0100 || little32(bytes + 4) > count)
    throw Failure{CDCM_NOT_DICOM, "There is no File Meta Information, and the bytes do not begin like a dataset"};
  return EXS_LittleEndianImplicit;
}

}  // namespace

Layout findLayout(const uint8_t *bytes, size_t count) {
  Layout layout;
  bool preamble = count >= 132 && std::memcmp(bytes + 128, "DICM", 4) == 0;
  size_t start = preamble ? 132 : 0;
  layout.offset = walkMeta(bytes, count, start, layout.transferSyntax);
  layout.hasMeta = preamble && !layout.transferSyntax.empty();
  const uint8_t *dataset = bytes + layout.offset;
  size_t left = count - layout.offset;
  if (layout.transferSyntax.empty()) {
    layout.container = guess(dataset, left, layout.offset > start);
    layout.transferSyntax = DcmXfer(layout.container).getXferID();
    return layout;
  }
  layout.container = DcmXfer(layout.transferSyntax.c_str()).getXfer();
  if (layout.container == EXS_Unknown) {
    // Registered syntaxes that DCMTK 3.6.7 does not know (HTJ2K, Deflated Image Frame, JPEG XL) are all encapsulated and explicit.
    if (layout.transferSyntax.rfind("1.2.840.10008.1.2.", 0) != 0) throw Failure{CDCM_UNSUPPORTED, "The transfer syntax is not known"};
    layout.container = EXS_JPEG2000;
  }
  // Some writers name an explicit syntax and write implicit, or the reverse; the bytes win for uncompressed syntaxes.
  bool plain = layout.container == EXS_LittleEndianImplicit || layout.container == EXS_LittleEndianExplicit;
  if (plain && left >= 8) layout.container = isVR(dataset + 4) ? EXS_LittleEndianExplicit : EXS_LittleEndianImplicit;
  return layout;
}
