#include "ptp/phc/phc_error.h"

namespace pollux::phc {

std::string_view describe(PhcError error) noexcept {
  switch (error) {
    case PhcError::kBusy:
      return "the clock takes no more reads just now";
    case PhcError::kGone:
      return "the clock is unplugged";
    case PhcError::kSlow:
      return "reading the clock took too long to know when it was read";
    case PhcError::kUneven:
      return "the system clock was stepped, or its stamps do not fit, while the clock was read";
    case PhcError::kUnsupported:
      return "the device cannot be compared with the system's clocks and is no time source";
    case PhcError::kFailed:
      break;
  }
  return "the clock could not be read";
}

}  // namespace pollux::phc
