// What becomes of a frame. One enumeration, generated with names and help from verdict.def. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pollux::responder {

enum class Verdict : std::uint8_t {
#define VERDICT(name, kind, help) name,
#include "dataplane/responder/verdict.def"
#undef VERDICT
};

enum class VerdictKind : std::uint8_t { reply, kernel, drop };

struct VerdictInfo {
  std::string_view name;
  VerdictKind kind;
  std::string_view help;
};

inline constexpr std::array kVerdicts{
#define VERDICT(name, kind, help) VerdictInfo{#name, VerdictKind::kind, help},
#include "dataplane/responder/verdict.def"
#undef VERDICT
};

inline constexpr std::size_t kVerdictCount = kVerdicts.size();

[[nodiscard]] constexpr std::size_t index(Verdict verdict) noexcept {
  return static_cast<std::size_t>(verdict);
}
[[nodiscard]] constexpr const VerdictInfo& info(Verdict verdict) noexcept {
  return kVerdicts[index(verdict)];
}

// verdict.def lists the replies first, then what is the kernel's, so that workers need one
// comparison.
[[nodiscard]] constexpr bool is_reply(Verdict verdict) noexcept {
  return verdict < Verdict::to_kernel;
}
static_assert([] {
  for (std::size_t i = 0; i < kVerdictCount; ++i) {
    if (is_reply(static_cast<Verdict>(i)) != (kVerdicts[i].kind == VerdictKind::reply))
      return false;
  }
  return true;
}());
static_assert(index(Verdict::reply_plain) == 0);

}  // namespace pollux::responder
