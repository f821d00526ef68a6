// What an NTP request is worth: version, mode and length to a verdict. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/responder/packet.h"
#include "dataplane/responder/port_policy.h"
#include "dataplane/wire/ntp_header.h"

namespace pollux::responder {

// What the first octet of a request asks for.
struct FlagsRule {
  Verdict verdict = Verdict::drop_mode;
  bool is_usual = false;  // a client's request, answered whatever the policy and the source port
  std::uint8_t reply_flags = 0;  // version and mode of the reply
};

// XOR with this makes a server's mode of a client's, and nothing else of version and mode.
inline constexpr std::uint8_t kModeTurn = wire::kModeClient ^ wire::kModeServer;

// RFC 5905 §9.2 for a server that keeps no associations; index is version and mode, the low six
// bits of the first octet.
constexpr FlagsRule rule_for(std::uint8_t version, std::uint8_t mode) noexcept {
  const auto answer = [version](std::uint8_t reply_mode, bool is_usual) {
    return FlagsRule{Verdict::reply_plain, is_usual, wire::make_flags(0, version, reply_mode)};
  };
  if (version == 5) return {Verdict::drop_version5};
  if (version == 0 || version > 5) return {Verdict::drop_version};
  if (mode == wire::kModeClient) return answer(wire::kModeServer, true);
  // Old Windows clients ask in symmetric mode; they are answered without keeping state.
  if (mode == wire::kModeSymmetricActive) return answer(wire::kModeSymmetricPassive, false);
  // Version 1 had no mode field (RFC 1059); zero bits from a client mean a request.
  if (version == 1 && mode == wire::kModeReserved) return answer(wire::kModeServer, false);
  return {Verdict::drop_mode};
}

inline constexpr auto kFlagsRules = [] {
  std::array<FlagsRule, 64> rules{};
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const auto flags = static_cast<std::uint8_t>(i);
    rules[i] = rule_for(wire::version_of(flags), wire::mode_of(flags));
  }
  return rules;
}();

// Longest chain of extension fields that is read (RFC 7822 §4: many fields are suspect).
inline constexpr int kMaximumFields = 16;

// RFC 8915 §5.3: echoed in every reply; its body has at least 32 octets.
inline constexpr std::uint16_t kUniqueIdentifier = 0x0104;
inline constexpr std::size_t kMinimumIdentifierBody = 32;

// RFC 8915 §5.4 to §5.6: where one of these is, and there are keys, the request is NTS's.
inline constexpr std::uint16_t kNtsCookie = 0x0204;
inline constexpr std::uint16_t kNtsPlaceholder = 0x0304;
inline constexpr std::uint16_t kNtsAuthenticator = 0x0404;

// Judges what follows the header of a request that is longer than the header; `ntp` is the header.
// Notes the field to echo in `packet`.
[[nodiscard]] Verdict classify_trailer_of(Packet& packet, const std::byte* ntp, std::size_t length,
                                          const PortPolicy& policy) noexcept;

// Judges `length` octets of UDP payload, at least one. Sets what the reply needs in `packet`.
[[nodiscard]] inline Verdict classify_ntp(Packet& packet, const std::byte* ntp, std::size_t length,
                                          std::uint16_t source_port,
                                          const PortPolicy& policy) noexcept {
  const std::uint8_t flags = wire::load_u8(ntp);
  const FlagsRule rule = kFlagsRules[flags & 0x3fU];
  if (!rule.is_usual) [[unlikely]] {
    if (rule.verdict != Verdict::reply_plain) return rule.verdict;
    const std::uint8_t mode = wire::mode_of(flags);
    if (mode == wire::kModeSymmetricActive && !policy.answers_symmetric())
      return Verdict::drop_mode;
    // From port 123 a version 1 packet without a mode is a symmetric peer or another server (RFC
    // 5905 §9.1).
    if (mode == wire::kModeReserved && source_port == wire::kNtpPort) return Verdict::drop_mode;
  }
  if (length < wire::kNtpHeaderLength) [[unlikely]]
    return Verdict::drop_short;
  packet.reply_flags = rule.reply_flags;
  packet.echo_length = 0;
  packet.sealed_length = 0;
  if (length == wire::kNtpHeaderLength) [[likely]]
    return Verdict::reply_plain;
  return classify_trailer_of(packet, ntp, length, policy);
}

}  // namespace pollux::responder
