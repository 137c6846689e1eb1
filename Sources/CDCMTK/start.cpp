#include "guard.hpp"

#include "dcmtk/dcmdata/dcrleerg.h"
#include "dcmtk/dcmdata/dcrledrg.h"
#include "dcmtk/dcmjpeg/djdecode.h"
#include "dcmtk/dcmjpeg/djencode.h"
#include "dcmtk/dcmjpls/djdecode.h"
#include "dcmtk/dcmjpls/djencode.h"
#include "dcmtk/oflog/oflog.h"

#include <mutex>

int cdcm_start(char *message, size_t size) {
  return guarded(message, size, [] {
    static std::once_flag once;
    std::call_once(once, [] {
      // A log line may quote a value, and standard error belongs to the program.
      OFLog::configure(OFLogger::OFF_LOG_LEVEL);
      DJDecoderRegistration::registerCodecs(EDC_never, EUC_never, EPC_colorByPixel, OFTrue);
      DJLSDecoderRegistration::registerCodecs(EJLSUC_never, EJLSPC_colorByPixel);
      DJEncoderRegistration::registerCodecs(ECC_lossyYCbCr, EUC_never);
      DJLSEncoderRegistration::registerCodecs(0, 0, 0, 0, OFTrue, 0, OFTrue, EJLSUC_never);
      DcmRLEEncoderRegistration::registerCodecs(OFFalse);
    });
    if (!dcmDataDict.isDictionaryLoaded()) throw Failure{CDCM_DICTIONARY, "DCMTK's data dictionary is not installed"};
  });
}
