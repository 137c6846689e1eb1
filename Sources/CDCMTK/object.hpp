#pragma once
#include "guard.hpp"

#include <string>

/// Where the dataset begins and how it is encoded, found from the bytes alone.
struct Layout {
  size_t offset = 0;
  std::string transferSyntax;
  E_TransferSyntax container = EXS_Unknown;  ///< what DCMTK is told; an encapsulated syntax that it does not know reads like one that it knows
  bool hasMeta = false;
};

/// Reads preamble and File Meta Information; guesses the encoding when they are missing. Throws Failure.
Layout findLayout(const uint8_t *bytes, size_t count);

struct cdcm_object {
  Layout layout;
  DcmDataset dataset;
  cdcm_info info;
};

