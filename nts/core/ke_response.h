// The server's answer to a request for keys, RFC 8915 §4.1, and what the two sides' keys are
// exported with. Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "nts/core/aead_id.h"
#include "nts/core/cookie.h"
#include "nts/core/ke_request.h"
#include "nts/core/server_name.h"

namespace pollux::nts {

inline constexpr std::string_view kAlpnProtocol = "ntske/1";                          // §4
inline constexpr std::string_view kExporterLabel = "EXPORTER-network-time-security";  // §4.3

enum class Direction : std::uint8_t { kClientToServer = 0, kServerToClient = 1 };

// RFC 8915 §5.1: protocol (2), AEAD (2), direction (1). Without record 1024 clients of AEAD 30
// export with the number 15, see RecordType.
using ExporterContext = std::array<std::byte, 5>;
[[nodiscard]] ExporterContext exporter_context(AeadId aead, bool compliant_gcm_siv_exporter,
                                               Direction direction) noexcept;

inline constexpr std::size_t kMostCookies = 8;
inline constexpr std::size_t kLargestResponse =
    6 * kRecordHeaderLength + 3 * sizeof(std::uint16_t) + kLongestServerName +
    kMostCookies * (kRecordHeaderLength + kLongestCookie);

struct KeResponse {
  // 1 to kMostCookies, end to end, each cookie_length(*request.aead) octets.
  std::span<const std::byte> cookies;
  // is_server_name(); empty: the client asks the host that it already talks to.
  std::string_view server;
  std::uint16_t port = 123;  // 123 is left out
};

// The records of the answer to a good request. Without an AEAD in common, or NTPv4, it has neither
// cookies nor a server (§4.1.2, §4.1.5). Nothing where the cookies or the server are not what they
// have to be, or `buffer` is too short, which kLargestResponse octets never are.
[[nodiscard]] std::optional<std::span<const std::byte>> write_response(
    const KeRequest& request, const KeResponse& response, std::span<std::byte> buffer) noexcept;

// An Error record and the end of the message (§4.1.3).
[[nodiscard]] std::span<const std::byte> write_error(KeError error,
                                                     std::span<std::byte, 10> buffer) noexcept;

}  // namespace pollux::nts
