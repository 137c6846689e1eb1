#pragma once
#include "CDCMTK.h"

#include "dcmtk/config/osconfig.h"

#include "dcmtk/dcmdata/dctk.h"

#include <cstdio>
#include <new>

/// A status with its sentence. The sentences are ours: DCMTK's may quote values.
struct Failure {
  int status;
  const char *text;
};

inline int report(const Failure &failure, char *message, size_t size) {
  if (message && size) std::snprintf(message, size, "%s", failure.text);
  return failure.status;
}

/// Runs `body`, which returns nothing or throws `Failure`, and turns every exception into a status.
template <typename Body>
int guarded(char *message, size_t size, Body body) {
  try {
    body();
    return CDCM_OK;
  } catch (const Failure &failure) {
    return report(failure, message, size);
  } catch (const std::bad_alloc &) {
    return report({CDCM_MEMORY, "Not enough memory"}, message, size);
  } catch (...) {
    return report({CDCM_DAMAGED, "The object cannot be processed"}, message, size);
  }
}
