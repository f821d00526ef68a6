// Why a hardware clock could not be read. Plain values, any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace pollux::phc {

enum class PhcError : std::uint8_t {
  kBusy,         // EBUSY, EAGAIN: the device takes no more reads just now; ask later
  kGone,         // ENODEV: unplugged, the descriptor is closed; reopen() looks for it
  kSlow,         // the round took longer than 5 ms: nothing can be said of when it was
  kUneven,       // the stamp clock did not run straight: stepped, or not the one that was asked for
  kUnsupported,  // the device offers no way to be read against the system's clocks
  kFailed,       // anything else; errno is kept
};

// A sentence without an end mark, for the log.
[[nodiscard]] std::string_view describe(PhcError error) noexcept;

}  // namespace pollux::phc
